"""``hl learn`` from the outside."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import pty
import re
import signal
import subprocess
import termios
import time
from pathlib import Path

from rich.console import Console

from hlearn.cli.progress import Lines
from hlearn.learning import LearnResult
from tests.cli.conftest import CORRIDOR, Said, command, hl, process
from tests.cli.programs import LEFT, SEEK

Words = tuple[object, ...]


def test_learning_ends_with_a_score_a_program_and_what_to_try_next(learnt: tuple[Path, Said]) -> None:
    system, said = learnt
    assert said.code == 0
    assert said.data.keys() == {f.name for f in dataclasses.fields(LearnResult)}
    assert said.data["score"] == 10.0 and said.data["target_reached"] is True
    assert said.data["holdout_episodes"] == 4 and said.data["accepted"] == 1
    assert "access vector (default), protocol standard (default)" in said.err
    assert f"hl replay {system}" in said.err
    assert f"{system}/policy.py" in re.sub(r"[\s│]+", "", said.err)  # the box folds a long path
    assert (system / "policy.py").read_text() == SEEK


def test_stdout_is_one_json_object_and_has_no_nan(learnt: tuple[Path, Said]) -> None:
    _, said = learnt
    assert len(said.out.splitlines()) == 1
    json.loads(said.out, parse_constant=lambda name: (_ for _ in ()).throw(ValueError(name)))


def test_a_missed_target_is_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "left.py").write_text(LEFT)
    said = hl(
        *("learn", CORRIDOR, "--editor", f"command:cp {tmp_path / 'left.py'} policy.py", "--steps", 5_000),
        *("--holdout-episodes", 2, "--target", 9, "--workers", 1, "--json"),
    )
    assert said.code == 1 and said.data["target_reached"] is False
    assert Path("runs/hlearn.testing.toys-Corridor-v0-vector-standard-s0/policy.py").exists()
    assert "missed" in said.err


def test_no_program_at_all_is_exit_code_1() -> None:
    said = hl("learn", CORRIDOR, "--editor", "command:true", "--steps", 500, "--out", "nothing", "--json")
    assert said.code == 1 and said.data["score"] is None and said.data["program_sha256"] is None
    assert "No program was accepted" in said.err


def test_resume_takes_over_what_the_system_was_started_with(system: Path) -> None:
    said = hl("learn", CORRIDOR, "--resume", "--out", system, "--holdout-episodes", 4, "--json")
    assert said.code == 0
    assert said.data["target"] == 9 and said.data["editor"].startswith("command:cp ")
    assert "at most 20,000 environment steps" in said.err


def test_a_resumed_run_says_what_there_is(system: Path) -> None:
    said = hl("learn", CORRIDOR, "--resume", "--out", system, "--holdout-episodes", 1)
    assert "so far: 1 trial, 1 accepted, " in said.out


def test_resuming_where_nothing_is_says_so_and_names_systems_nearby(system: Path) -> None:
    typo = system.parent / "sistem"
    said = hl("learn", CORRIDOR, "--editor", "command:true", "--steps", 500, "--resume", "--out", typo)
    assert said.code == 2 and f"nothing to go on with: {typo} does not exist" in said.err
    assert f"Systems in {system.parent}: system" in said.err
    assert not typo.exists()
    typo.mkdir()
    assert f"{typo} is empty" in hl("learn", CORRIDOR, "--resume", "--out", typo).err


def test_resuming_in_the_usual_place_where_nothing_is_says_so() -> None:
    said = hl("learn", CORRIDOR, "--resume", "--steps", 500, "--json")
    assert said.code == 2 and said.data["error"] == "UsageError"
    assert "runs/hlearn.testing.toys-Corridor-v0-vector-standard-s0 does not exist" in said.err
    assert "Systems in" not in said.err


def test_arguments_of_the_environment_are_part_of_the_task(tmp_path: Path) -> None:
    (tmp_path / "seek.py").write_text(SEEK)
    arguments: Words = (
        "learn",
        CORRIDOR,
        "--editor",
        f"command:cp {tmp_path / 'seek.py'} policy.py",
        "--steps",
        5_000,
    )
    arguments += ("--holdout-episodes", 2, "--workers", 1, "--json")
    said = hl(*arguments, "--env", "goals=3")
    system = Path("runs/hlearn.testing.toys-Corridor-v0-goals-3-vector-standard-s0")
    assert said.data["score"] == 3.0 and "(goals=3)" in said.err
    again = hl(*arguments, "--resume", "--out", system)
    assert again.data["score"] == 3.0
    other = hl(*arguments, "--resume", "--out", system, "--env", "goals=4")
    assert other.code == 2
    assert "goals=3), not" in other.err and "goals=4)" in other.err
    assert hl("eval", system, "--episodes", 1, "--json").data["mean"] == 3.0


def test_lines_go_on_within_a_long_episode() -> None:
    now = [0.0]
    file = io.StringIO()
    lines = Lines("CartPole-v1", Console(file=file), monotonic=lambda: now[0])
    lines.still()
    assert file.getvalue() == ""
    now[0] = 31.0
    lines.still()
    lines.still()
    assert file.getvalue().count("\n") == 1
    assert "31 s since the last result | opening and trying the environment" in file.getvalue()


def test_ctrl_c_keeps_everything_and_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "edit.sh").write_text("touch started; sleep 60\n")
    arguments: Words = (
        "learn",
        CORRIDOR,
        "--editor",
        f"command:sh {tmp_path / 'edit.sh'}",
        "--steps",
        5_000,
    )
    arguments += ("--out", tmp_path / "s", "--workers", 1, "--json")
    running = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    for line in running.stderr:
        if "running sh" in line:
            break
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert json.loads(out.splitlines()[-1])["why"] == "interrupted"
    assert f"hl learn {CORRIDOR} --resume --out {tmp_path / 's'}" in err
    assert "Traceback" not in err
    (tmp_path / "seek.py").write_text(SEEK)
    again = process(
        [
            *("learn", CORRIDOR, "--resume", "--out", tmp_path / "s", "--holdout-episodes", 2),
            *("--editor", f"command:cp {tmp_path / 'seek.py'} policy.py", "--json"),
        ]
    )
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout.splitlines()[-1])["score"] == 10.0


def test_a_terminal_gets_a_live_panel(tmp_path: Path) -> None:
    (tmp_path / "seek.py").write_text(SEEK)
    (tmp_path / "edit.sh").write_text(f"sleep 1; cp {tmp_path / 'seek.py'} policy.py\n")
    master, slave = pty.openpty()
    arguments: Words = (
        "learn",
        CORRIDOR,
        "--editor",
        f"command:sh {tmp_path / 'edit.sh'}",
        "--steps",
        5_000,
    )
    arguments += ("--out", tmp_path / "s", "--holdout-episodes", 2, "--workers", 1)
    running = subprocess.Popen(
        command(*arguments),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
    )
    os.close(slave)
    shown = b""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            shown += os.read(master, 65536)
        except OSError:  # the other end is closed
            break
    assert running.wait(30) == 0
    text = shown.decode(errors="replace")
    assert "trying" in text and "running sh" in text and "Ctrl-C stops and keeps everything" in text
    assert "trial 1 accepted (10)" in text and "Try next:" in text


def test_ctrl_c_in_a_terminal_is_not_drawn_into_the_panel(tmp_path: Path) -> None:
    (tmp_path / "edit.sh").write_text("sleep 60\n")
    master, slave = pty.openpty()
    arguments: Words = (
        "learn",
        CORRIDOR,
        "--editor",
        f"command:sh {tmp_path / 'edit.sh'}",
        "--steps",
        5_000,
    )
    running = subprocess.Popen(
        ["setsid", "--ctty", *command(*arguments, "--out", tmp_path / "s", "--workers", 1)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "30"},
    )
    before = termios.tcgetattr(slave)
    shown, typed = b"", False
    until = time.monotonic() + 60
    while b"Stopped after" not in shown and time.monotonic() < until:
        shown += os.read(master, 65536)
        if not typed and b"running sh" in shown:
            typed = os.write(master, b"\x03") == 1
    assert running.wait(30) == 130
    assert b"^C" not in shown
    assert termios.tcgetattr(slave) == before
    os.close(slave)
    os.close(master)
