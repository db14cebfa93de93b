"""Bad input: a clear message, the right exit code, nothing lost."""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from hlearn.ledger import Note
from hlearn.system import System
from tests.cli.conftest import CORRIDOR, hl, process
from tests.cli.programs import LEFT


def _messages(*arguments: object) -> tuple[int, str]:
    said = hl(*arguments)
    assert "Traceback" not in said.err
    return said.code, said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["CartPol-v1"], "did you mean CartPole-v1?"),
        (["ALE/Brekout-v5"], "did you mean ALE/Breakout-v5"),
        (["hlearn.testing.toys:Seek-v3"], "did you mean hlearn.testing.toys:Seek-v0?"),
        (
            ["hlearn.testing.toys:Walk-v0"],
            "registers hlearn.testing.toys:Corridor-v0, hlearn.testing.toys:Seek-v0",
        ),
        (["no_such_module:Env-v0"], "no module no_such_module"),
        (["CartPole-v1", "--access", "ram"], "choose access vector"),
        (["CartPole-v1", "--protocol", "sticky"], "choose standard"),
        (["ALE/Breakout-v5", "--access", "vector"], "choose ram or pixels"),
        (["ALE/Breakout-v5", "--protocol", "bumpy"], "no protocol bumpy"),
        (["CartPole-v1", "--env", "slip=3"], "does not take the arguments slip=3"),
        (["CartPole-v1", "--env", "slip"], "expected KEY=VALUE"),
        (["CartPole-v1", "--env", "slip=[1]"], "expected a number, true, false or text"),
        (["CartPole-v1", "--env", "a=1", "--env", "a=2"], "--env a is given twice"),
        (["CartPole-v1", "--env", "render_mode=human"], "render_mode cannot be set here"),
        (["ALE/Pong-v5", "--env", "frameskip=2"], "frame skip and sticky actions belong to the protocol"),
        (["CartPole-v1", "--editor", "magic"], "no editor magic; choose search or command:"),
        (["CartPole-v1", "--editor", "command:"], "command of the editor is empty"),
        (["CartPole-v1", "--target", "nan"], "target is nan, expected a score"),
        (["CartPole-v1", "--target", "inf"], "target is inf, expected a score"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_one_paragraph(arguments: list[str], words: str) -> None:
    code, text = _messages("learn", *arguments)
    assert code == 2
    assert words in text
    assert not Path("runs").exists()


def test_who_names_a_file_of_a_system_or_a_folder_of_systems_is_told_which(system: Path) -> None:
    for inside in ("policy.py", "cases", "no/such"):
        code, text = _messages("report", system / inside)
        assert code == 2 and text.rstrip().endswith(f"belongs to one; name that: {system}")
    code, text = _messages("report", system.parent)
    assert code == 2 and f"holds some; name one: {system.name}" in text
    code, text = _messages("report", system.parent / "absent")
    assert code == 2 and "create one with: hl init TASK" in text


def test_an_error_is_a_json_object_too() -> None:
    said = hl("learn", "CartPol-v1", "--json")
    assert said.code == 2
    assert said.data["error"] == "UnknownTask" and said.data["exit_code"] == 2


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "needs_more.py").write_text("import a_package_that_is_not_installed\n")
    monkeypatch.syspath_prepend(tmp_path)
    code, text = _messages("learn", "needs_more:Env-v0")
    assert code == 2 and "pip install a_package_that_is_not_installed" in text


def test_an_unknown_option_is_exit_code_2() -> None:
    assert hl("learn", CORRIDOR, "--stps", 3).code == 2


def test_an_out_that_is_not_empty_is_refused_and_untouched(system: Path) -> None:
    before = sorted(p.name for p in system.iterdir())
    code, text = _messages("learn", CORRIDOR, "--out", system)
    assert code == 2 and "--resume" in text
    assert sorted(p.name for p in system.iterdir()) == before


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").touch()
    for arguments in (["learn", CORRIDOR, "--resume", "--out"], ["eval"], ["report"], ["gate"]):
        code, text = _messages(*arguments, tmp_path / "thesis")
        assert code == 2 and "no system" in text, text


def test_a_folder_of_other_files_is_not_told_to_be_resumed(tmp_path: Path, system: Path) -> None:
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "chapter.tex").touch()
    for arguments in (["learn", CORRIDOR, "--out"], ["init", CORRIDOR]):
        code, text = _messages(*arguments, thesis)
        assert code == 2 and "no system" in text and "choose another folder" in text, text
        assert "--resume" not in text
    code, text = _messages("learn", CORRIDOR, "--out", system.parent)
    assert code == 2 and f"Systems in {system.parent}: system" in text


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.tex"
    thesis.touch()
    for command in ("eval", "history", "report", "replay"):
        code, text = _messages(command, thesis)
        assert code == 2 and "no system" in text, text
    for arguments in (
        ["learn", CORRIDOR, "--out"],
        ["learn", CORRIDOR, "--resume", "--out"],
        ["init", CORRIDOR],
    ):
        code, text = _messages(*arguments, thesis)
        assert code == 2 and "is a file, not a folder" in text and "go on" not in text, text
        code, text = _messages(*arguments, thesis / "system")
        assert code == 2 and "choose another" in text, text
    assert thesis.read_bytes() == b""


def test_init_with_a_target_that_is_no_number_writes_nothing(tmp_path: Path) -> None:
    code, text = _messages("init", CORRIDOR, tmp_path / "s", "--target", "nan")
    assert code == 2 and "target is nan" in text
    assert not (tmp_path / "s").exists()


def test_a_target_in_hl_toml_that_is_no_number_is_refused(system: Path) -> None:
    config = system / "hl.toml"
    config.write_text(re.sub(r"target = .*", "target = nan", config.read_text()))
    code, text = _messages("learn", CORRIDOR, "--resume", "--out", system)
    assert code == 2 and f"{config}: target is nan" in text


def test_init_of_a_folder_that_is_not_empty_names_no_option_that_it_lacks(system: Path) -> None:
    code, text = _messages("init", CORRIDOR, system)
    assert code == 2 and "is not empty" in text and "--out" not in text and "hl learn --resume" in text


def test_a_folder_where_nothing_can_be_made_is_refused() -> None:
    for arguments in (["learn", CORRIDOR, "--out", "/proc/x/y"], ["init", CORRIDOR, "/proc/x/y"]):
        code, text = _messages(*arguments)
        assert code == 2 and "/proc/x/y cannot be made" in text, text


@pytest.mark.parametrize(("name", "words"), [("a.xyz", "such an ending"), ("folder", "is a folder")])
def test_a_picture_that_cannot_be_is_refused_before_anything_is_written(
    system: Path, tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.iterdir())
    code, text = _messages("report", system, "--png", tmp_path / name)
    assert code == 2 and words in text
    assert sorted(tmp_path.iterdir()) == before


def test_report_tells_its_story_even_if_the_picture_cannot_be_written(system: Path) -> None:
    (system / "report.png").mkdir()
    said = hl("report", system)
    assert said.code == 2 and "mean 10" in said.out and "report.png is a folder" in said.err


def test_a_picture_that_may_not_be_written_is_wrong_usage(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "report.png")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", refuse)
    said = hl("report", system)
    assert said.code == 2 and "mean 10" in said.out
    assert "report.png: cannot write the picture (Permission denied)" in said.err


@pytest.mark.parametrize("name", ["ledger.jsonl", "hl.lock"])
def test_files_of_somebody_else_are_wrong_usage_that_names_them(
    system: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    plain_open = os.open

    def refusing(path: str | Path, flags: int, *rest: int, **options: int) -> int:
        if str(path).endswith(name) and flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return plain_open(path, flags, *rest, **options)

    monkeypatch.setattr(os, "open", refusing)  # a test that runs as root is refused nothing
    (system / "policy.py").write_text(LEFT)
    code, text = _messages("gate", system, "--workers", 1)
    assert code == 2 and name in text and "Permission denied" in text and "unexpected" not in text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_system_of_another_user_is_wrong_usage_that_says_so(system: Path) -> None:
    os.chown(system, 12345, -1)
    os.chown(system / ".git", 12345, -1)
    code, text = _messages("history", system)
    assert code == 2 and "belongs to another user" in text


def test_resuming_with_another_seed_is_refused(system: Path) -> None:
    code, text = _messages("learn", CORRIDOR, "--resume", "--out", system, "--seed", 7)
    assert code == 2 and "learns with seed 0, not 7" in text


def test_resuming_another_task_is_refused(system: Path) -> None:
    code, text = _messages("learn", "CartPole-v1", "--resume", "--out", system)
    assert code == 2 and "Corridor-v0" in text


def test_a_full_disk_is_a_harness_fault_that_loses_nothing(system: Path) -> None:
    ledger = system / "ledger.jsonl"
    opened = System.open(system)
    with opened.exclusive():
        while ledger.stat().st_size < 2_000_000:  # larger than what the workers' own files need
            opened.ledger.append(Note(text="x" * 2_000_000))
    before = ledger.read_bytes()
    limit = len(before) + 100
    arguments = ["eval", system, "--episodes", 9, "--workers", 1, "--json"]
    done = process(
        arguments,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY)),
    )
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["error"] == "StorageFull"
    assert "no space" in done.stderr
    assert ledger.read_bytes() == before
    assert process(arguments).returncode == 0
    assert ledger.read_bytes().startswith(before)


def test_a_torn_last_line_is_said_and_repaired(system: Path) -> None:
    ledger = system / "ledger.jsonl"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + b'{"data":{"acc')
    said = hl("eval", system, "--episodes", 9, "--workers", 1)
    assert said.code == 0 and "is torn" in said.out
    assert ledger.read_bytes().startswith(whole) and ledger.read_bytes().endswith(b"}\n")
    assert "is torn" not in hl("history", system).out


def test_an_edited_past_line_is_a_harness_fault_that_names_the_line(system: Path) -> None:
    ledger = system / "ledger.jsonl"
    lines = ledger.read_text().splitlines(keepends=True)
    number = next(i for i, line in enumerate(lines) if '"score":10.0' in line)
    lines[number] = lines[number].replace('"score":10.0', '"score":99.0', 1)
    ledger.write_text("".join(lines))
    for arguments in (["report", system], ["learn", CORRIDOR, "--resume", "--out", system], ["gate", system]):
        code, text = _messages(*arguments)
        assert code == 3 and f"line {number + 1} does not follow" in text and "hl verify DIR" in text


def test_a_system_of_a_newer_schema_is_refused(system: Path) -> None:
    config = system / "hl.toml"
    config.write_text(re.sub(r"schema = \d+", "schema = 99", config.read_text()))
    code, text = _messages("eval", system)
    assert code == 2 and "schema 99" in text and "upgrade" in text


def test_an_unexpected_error_is_exit_code_3_with_the_traceback_in_a_file(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("of our own making")

    monkeypatch.setattr("hlearn.evidence.history.summarize_run", fail)
    said = hl("report", system, "--json")
    assert said.code == 3 and "hl doctor" in said.err and "Traceback" not in said.err


@pytest.mark.parametrize("name", ["ledger.jsonl", "hl.toml", "programs/pack"])
def test_a_pipe_in_place_of_a_file_is_named_and_not_waited_for(system: Path, name: str) -> None:
    (system / name).unlink()
    os.mkfifo(system / name)
    code, text = _messages("verify", system)
    assert code in (1, 2) or "pipe" in text
    said = hl("eval", system, "--episodes", 1)
    assert said.code in (2, 3) and name in said.err and "pipe" in said.err


def test_a_program_without_end_is_too_large(system: Path) -> None:
    said = hl("eval", system, "--program", "/dev/zero", "--episodes", 1)
    assert said.code == 2 and "at most" in said.err


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_output_to_a_full_disk_is_told_without_a_traceback(system: Path, more: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "hlearn.cli.main", "history", str(system), *more],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert (
        "cannot be written" in done.stderr and "Traceback" not in done.stderr and "report" not in done.stderr
    )


def test_a_log_on_a_full_disk_takes_nobody_the_answer(system: Path) -> None:
    for words, code in (["history", str(system)], 0), (["eval", "/nowhere"], 2):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "hlearn.cli.main", *words, "--json"],
                stdout=subprocess.PIPE,
                stderr=full,
                text=True,
                check=False,
            )
        assert done.returncode == code and json.loads(done.stdout.splitlines()[-1])
