"""``hl eval``, ``hl gate``, ``hl compress``."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CORRIDOR, command, hl
from tests.cli.programs import BROKEN, LEFT, SEEK


def test_eval_measures_the_program_as_it_stands(system: Path) -> None:
    said = hl("eval", system, "--episodes", 6, "--workers", 1, "--json")
    assert said.code == 0
    data = said.data
    assert data["mean"] == data["iqm"] == 10.0 and data["completed"] == 6 and data["split"] == "dev"
    assert len(data["episodes"]) == 6 and data["iqm_interval"] == [10.0, 10.0]
    (system / "policy.py").write_text(LEFT)
    other = hl("eval", system, "--episodes", 6, "--workers", 1, "--json")
    assert other.data["mean"] < 10.0 and other.data["played"] == 6


def test_eval_that_is_stopped_says_that_what_was_measured_is_kept(system: Path) -> None:
    running = subprocess.Popen(
        command("eval", system, "--episodes", 3000, "--workers", 1),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    ledger, before = system / "ledger.jsonl", (system / "ledger.jsonl").stat().st_size
    until = time.monotonic() + 60
    while ledger.stat().st_size == before and time.monotonic() < until:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "What was measured until now is kept" in out
    assert ledger.stat().st_size > before


def test_what_the_ledger_knows_is_not_played_again(system: Path) -> None:
    first = hl("eval", system, "--episodes", 6, "--workers", 1, "--json").data
    again = hl("eval", system, "--episodes", 6, "--workers", 1, "--json").data
    assert first["played"] > 0 and again["played"] == 0
    assert again["episodes"] == first["episodes"]


def test_each_look_at_holdout_is_recorded(system: Path) -> None:
    before = hl("report", system, "--no-picture", "--json").data["holdout_uses"]
    assert hl("eval", system, "--split", "holdout", "--episodes", 3, "--workers", 1).code == 0
    assert hl("report", system, "--no-picture", "--json").data["holdout_uses"] == before + 1


def test_gate_episodes_are_not_shown_one_by_one(system: Path) -> None:
    said = hl("eval", system, "--split", "gate", "--episodes", 3, "--workers", 1, "--json")
    assert said.code == 0 and said.data["episodes"] == [] and said.data["mean"] == 10.0


def test_a_failing_program_is_shown_with_its_traceback(system: Path) -> None:
    (system / "policy.py").write_text(BROKEN)
    said = hl("eval", system, "--episodes", 2, "--workers", 1)
    assert said.code == 1
    assert "FAILED: crashed" in said.out and "lost my way" in said.out


def test_a_program_that_is_not_text_is_wrong_usage(system: Path) -> None:
    (system / "policy.py").write_bytes(b"\xff\xfe\x00")
    said = hl("eval", system)
    assert said.code == 2 and "UTF-8" in said.err


def test_the_gate_turns_a_worse_edit_down_and_leaves_it_in_place(system: Path) -> None:
    (system / "policy.py").write_text(LEFT)
    said = hl("gate", system, "--workers", 1, "--json", "--note", "always left")
    assert said.code == 1 and said.data["decision"] in ("rejected", "undecided")
    assert (system / "policy.py").read_text() == LEFT
    again = hl("gate", system, "--workers", 1, "--note", "always left")
    assert again.code == 1, "what was turned down is not the champion"
    assert list((system / "memory" / "rejected").glob("*.patch"))
    assert hl("history", system, "--json").data["trials"][-1]["note"] == "always left"


def test_the_gate_judges_no_edit_that_comes_with_fewer_cases(system: Path) -> None:
    case = next((system / "cases").glob("*.json"))
    case.unlink()
    (system / "policy.py").write_text(LEFT)
    said = hl("gate", system, "--workers", 1)
    assert said.code == 2 and f"cases/{case.name}" in said.err and "checkout HEAD -- cases/" in said.err


def test_nothing_is_judged_by_a_system_that_does_not_stand_as_it_was_left(system: Path) -> None:
    git = ["git", "-C", str(system), "-c", "user.name=a", "-c", "user.email=a@b"]
    head = subprocess.run(
        [*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    (system / "policy.py").write_text(LEFT)
    for harm, named in {
        "echo 'def test_ok(): pass' > tests/test_policy.py": "tests/test_policy.py",
        "rm tests/test_policy.py": "tests/test_policy.py",
        "echo '# more' >> hl.toml": "hl.toml",
        "git update-ref --no-deref HEAD $(git rev-list HEAD | tail -1)": "HEAD of",
        "git add policy.py; git commit -qm mine": "past the gate",
    }.items():
        subprocess.run(["sh", "-c", harm.replace("git ", f"{' '.join(git)} ")], cwd=system, check=True)
        for verb in (("gate", system), ("learn", CORRIDOR, "--resume", "--out", system)):
            said = hl(*verb, "--workers", 1)
            assert said.code == 2, (harm, said.err)
            assert named in said.err and f"git -C {system}" in said.err
        subprocess.run([*git, "update-ref", "HEAD", head], check=True)
        subprocess.run([*git, "checkout", "-q", "HEAD", "--", "tests", "hl.toml"], check=True)
    assert hl("gate", system, "--workers", 1).code == 1


def test_the_gate_takes_a_simpler_edit_as_a_commit_that_can_be_rolled_back(system: Path) -> None:
    simpler = SEEK.replace('''
    @rule
    def never(self, s):
        return 0 if self.here > 99 else None
''', "")  # fmt: skip
    (system / "policy.py").write_text(simpler)
    said = hl("gate", system, "--workers", 1, "--json")
    assert said.code == 0, said.err
    assert said.data["decision"] == "accepted"
    log = subprocess.run(
        ["git", "-C", system, "log", "--format=%H"], capture_output=True, text=True, check=True
    )
    assert said.data["trials"][0]["commit"] in log.stdout
    changed = hl("diff", system, 1, 2, "--json")
    assert "-    def never(self, s):" in changed.data["diff"]
    back = hl("rollback", system, 1, "--json")
    assert back.code == 0 and (system / "policy.py").read_text() == SEEK
    assert hl("history", system, "--json").data["rollbacks"][0]["trial"] == 1
    assert hl("rollback", system, 1).code == 2


def test_the_champion_itself_is_no_edit(system: Path) -> None:
    said = hl("gate", system)
    assert said.code == 2 and "edit it first" in said.err


def test_learning_goes_on_after_an_edit_was_judged(system: Path, tmp_path: Path) -> None:
    (system / "policy.py").write_text(LEFT)
    assert hl("gate", system, "--workers", 1).code == 1
    (tmp_path / "seek.py").write_text(SEEK)
    said = hl(
        *("learn", CORRIDOR, "--resume", "--out", system, "--holdout-episodes", 2, "--workers", 1, "--json"),
        *("--editor", f"command:cp {tmp_path / 'seek.py'} policy.py"),
    )
    assert said.code == 0, said.err
    assert hl("report", system, "--no-picture", "--json").data["runs"][-1]["run"] == 3


def test_compress_drops_the_rule_that_never_speaks(system: Path) -> None:
    said = hl("compress", system, "--workers", 1, "--json")
    assert said.code == 0, said.err
    assert said.data["accepted"] == 1 and said.data["size"] < said.data["size_before"]
    left = (system / "policy.py").read_text()
    assert "def never" not in left and "def left" in left and "def right" in left
    assert hl("compress", system, "--workers", 1).code == 1


def test_the_first_program_of_an_empty_system(tmp_path: Path) -> None:
    made = hl("init", CORRIDOR, tmp_path / "own", "--json")
    assert made.code == 0 and made.data["access"] == "vector"
    for verb in ("eval", "gate", "replay", "compress"):
        said = hl(verb, tmp_path / "own")
        assert (
            said.code == 2 and f"hl learn {CORRIDOR} " in said.err and f"--out {tmp_path / 'own'}" in said.err
        )
    assert hl("history", tmp_path / "own").code == 0
    (tmp_path / "own" / "policy.py").write_text(SEEK)
    assert hl("gate", tmp_path / "own", "--workers", 1).code == 0
    assert hl("init", CORRIDOR, tmp_path / "own").code == 2


def test_an_editor_measures_through_its_run(system: Path, tmp_path: Path) -> None:
    (tmp_path / "better.py").write_text(SEEK + "\n# measured before it was proposed\n")
    call = f"{sys.executable} -m hlearn.cli.main"
    script = f"test -e {tmp_path}/eval && exit\ncp {tmp_path}/better.py policy.py\n"
    for name, words in {
        "eval": "eval . --episodes 4 --json",
        "again": "eval . --episodes 4 --json",
        "fails": "failures . --episodes 4 --json",
        "gate": "gate .",
        "peek": "eval . --split gate",
        "main": f"eval {system} --split holdout",
        "other": "eval . --program /etc/hostname --episodes 0",
        "nobody": "eval . --episodes 1",
    }.items():
        unset = "env -u HL_LAB " if name == "nobody" else ""
        script += f"{unset}{call} {words} > {tmp_path}/{name} 2>&1; echo rc=$? >> {tmp_path}/{name}\n"
    (tmp_path / "agent.sh").write_text(script)
    run = ("learn", CORRIDOR, "--resume", "--out", system, "--steps", 30_000, "--holdout-episodes", 0)
    editor = f"command:PYTHONPATH={':'.join(_python_path())} sh {tmp_path / 'agent.sh'}"
    before = sum(r["env_steps"] for r in _episodes(system))
    said = hl(*run, "--json", "--editor", editor, "--workers", 1)
    heard = {p.name: p.read_text() for p in tmp_path.iterdir() if p.is_file() and not p.suffix}
    first, again = (json.loads(heard[n].splitlines()[-2]) for n in ("eval", "again"))
    assert first["mean"] == again["mean"] == 10
    assert (first["played"], again["played"], again["played_steps"]) == (4, 0, 0)
    assert first["played_steps"] > 0
    fails = json.loads(heard["fails"].splitlines()[-2])
    assert (fails["episodes"], fails["scores"]) == (4, [10, 10, 10, 10])
    assert "the gate judges it next" in heard["gate"]
    assert "--split dev only" in heard["peek"]
    assert (
        "--split dev only" in heard["main"] or "is no system" in heard["main"]
    )  # hidden, where there are walls
    assert "HL_LAB" in heard["nobody"]
    assert all(f"rc={2 if n not in ('eval', 'again', 'fails') else 0}" in text for n, text in heard.items())
    assert "tampering" not in said.err, said.err
    assert len(hl("history", system, "--json").data["trials"]) >= 2
    rows = [e for e in _episodes(system) if e["split"] == "dev" and e["program"] == first["program_sha256"]]
    seeds = [e["seed"] for e in rows]
    assert len(seeds) == len(set(seeds)) >= 4  # recorded once
    assert all(e["run"] > 0 for e in rows)
    assert sum(r["env_steps"] for r in _episodes(system)) > before


def test_a_byte_order_mark_and_windows_line_ends_are_committed_as_they_are(system: Path) -> None:
    data = b"\xef\xbb\xbf" + SEEK.strip().replace("\n", "\r\n").encode() + b"\r\n\r\n# once more\r\n"
    champion = subprocess.run(
        ["git", "-C", system, "cat-file", "blob", "HEAD:policy.py"], capture_output=True, check=True
    ).stdout
    (system / "policy.py").write_bytes(LEFT.replace("\n", "\r\n").encode())
    assert hl("gate", system, "--workers", 1).code == 1  # worse
    (system / "policy.py").write_bytes(data)
    said = hl("gate", system, "--workers", 1)
    assert "does not parse" not in said.out and said.code in (0, 1), said.err
    assert (system / "policy.py").read_bytes() == data
    held = subprocess.run(
        ["git", "-C", system, "cat-file", "blob", "HEAD:policy.py"], capture_output=True, check=True
    ).stdout
    assert held == (data if said.code == 0 else champion)
    again = hl("gate", system, "--workers", 1)
    assert again.code == (2 if said.code == 0 else 1)


def _episodes(system: Path) -> list[dict[str, Any]]:
    """Every recorded episode with what its row says of it."""
    found = []
    for line in (system / "ledger.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["event"] == "measured":
            data = row["data"]
            about = {k: data[k] for k in ("run", "program", "split", "purpose")}
            found += [about | {"env_steps": 0} | outcome for outcome in data["outcomes"]]
    return found


def _python_path() -> list[str]:
    root = Path(__file__).parents[2]
    return [str(root / "src"), str(root)]


def test_who_measures_without_the_key_is_told(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HLEARN_STATE", str(tmp_path / "another machine"))
    monkeypatch.delenv("HLEARN_KEY")
    said = hl("eval", system, "--split", "holdout", "--episodes", 2, "--workers", 1)
    assert said.code == 0 and "is not on this machine" in said.out and "a new key" in said.out
