"""The command editor: real commands in real worktrees."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from hlearn.editors.api import Editor
from hlearn.editors.command import CommandEditor
from hlearn.editors.table import make_editor
from hlearn.errors import UsageError
from hlearn.learn import learn
from hlearn.ledger import Measured, Refused, Trial
from hlearn.records import Access, Protocol
from hlearn.system import System
from hlearn.tasks import Task

CARTPOLE = Task(env_id="CartPole-v1", access=Access.VECTOR, protocol=Protocol.STANDARD)
HEAD = "class P:\n    def reset(self, seed): pass\n    def act(self, o): "
LEAN, GOOD = (f"{HEAD}return {x}\n" for x in ("int(o[2] > 0)", "int(o[2] + 0.5 * o[3] > 0)"))


def run(tmp_path: Path, command: str, **options) -> tuple[System, object]:
    options = {"dev_episodes": 1, "proposals": 1, "patience": 1} | options
    editor = CommandEditor(command, **options)
    out = tmp_path / "system"
    result = learn(CARTPOLE, out=out, editor=editor, steps=50_000, workers=1, holdout=0, resume=out.exists())
    return System.open(out), result


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    """A command that improves the program each time it is run, as an agent would."""
    (tmp_path / "lean.py").write_text(LEAN)
    (tmp_path / "good.py").write_text(GOOD)
    script = tmp_path / "agent.sh"
    script.write_text(
        f"""set -e
cp "$HL_BRIEF" {tmp_path}/brief-$(ls {tmp_path} | grep -c brief).md
env > {tmp_path}/env
if [ -e policy.py ]; then cp {tmp_path}/good.py policy.py; else cp {tmp_path}/lean.py policy.py; fi
echo "leans into the fall" > "$HL_NOTE"
echo 'def test_added(): pass' > tests/test_$$.py
echo '{{"why": "balance", "seed": 7, "min_score": 9}}' > cases/balance-$$.json
echo scratch > scratch.txt
exit 7
"""
    )
    return script


def test_a_command_writes_and_then_improves_the_program(tmp_path: Path, agent: Path, monkeypatch) -> None:
    monkeypatch.setenv("SECRET_THING", "1")
    monkeypatch.setenv("SOME_API_KEY", "2")
    system, _ = run(tmp_path, f"sh {agent}", proposals=2)
    champion = system.champion()
    assert champion is not None
    assert champion.source == GOOD
    trials = [r.event for r in system.ledger.rows if isinstance(r.event, Trial)]
    assert [(t.note, t.decision) for t in trials] == [("leans into the fall", "accepted")] * 2
    assert len(list((system.path / "tests").glob("test_*.py"))) == 3
    assert len([c for c in system.cases() if c.name.startswith("balance")]) == 2
    assert not (system.path / "scratch.txt").exists()
    first, second = (tmp_path / f"brief-{i}.md" for i in (0, 1))
    assert "There is none yet" in first.read_text()
    assert "| development seed | score |" in second.read_text()
    env = (tmp_path / "env").read_text()
    assert "SECRET_THING" not in env
    assert "SOME_API_KEY=2" in env
    assert any(isinstance(r.event, Measured) for r in system.ledger.rows)


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        ("echo >> hl.toml", "hl.toml"),
        ("echo '{}' >> ledger.jsonl", "ledger.jsonl"),
        ("rm tests/test_policy.py", "tests/test_policy.py"),
        ("echo 'def test_x(): pass' > tests/test_policy.py", "tests/test_policy.py"),
        ("rm AGENTS.md && git add -A && git -c user.name=a -c user.email=b commit -qm x", "AGENTS.md"),
        ("mv memory/notes.md memory/other.md", "memory/notes.md"),
    ],
)
def test_tampering_is_refused(tmp_path: Path, harm: str, named: str) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    editor = CommandEditor(f"cp {tmp_path}/good.py policy.py; {harm}", dev_episodes=0, patience=1)
    learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=10_000, workers=1, holdout=0)
    system = System.open(tmp_path / "s")
    assert system.champion() is None
    assert "refused as tampering" in editor.attempts[0]
    assert named in editor.attempts[0]
    assert not any(isinstance(r.event, Trial) for r in system.ledger.rows)


def test_history_moved_by_the_command_is_put_back(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    moves = "git -c user.name=a -c user.email=b commit -qam mine; git update-ref refs/heads/main HEAD"
    command = f"cp {tmp_path}/good.py policy.py; git add -A; {moves}"
    editor = CommandEditor(command, dev_episodes=0, patience=1)
    learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=10_000, workers=1, holdout=0)
    assert "moved the system's history" in editor.attempts[0]
    system = System.open(tmp_path / "s")
    assert system.champion() is None
    assert "mine" not in system.git("log", "--format=%s")
    system.verify()


def test_why_an_attempt_is_no_proposal_is_kept_and_told(tmp_path: Path) -> None:
    editor = CommandEditor("no-such-agent --now", dev_episodes=0, patience=1)
    result = learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=10_000, workers=1, holdout=0)
    assert result.refused is not None
    assert "exit status 127: a command was not found" in result.refused and "no-such-agent" in result.refused
    kept = [r.event for r in System.open(tmp_path / "s").ledger.rows if isinstance(r.event, Refused)]
    assert [k.why for k in kept] == [result.refused]


def test_a_link_is_no_program(tmp_path: Path) -> None:
    editor = CommandEditor("ln -s /etc/passwd policy.py", dev_episodes=0, patience=1)
    learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=10_000, workers=1, holdout=0)
    assert "not a plain file" in editor.attempts[0]


def test_a_command_that_changes_nothing_is_told_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    command = f"grep -q 'changed nothing' $HL_BRIEF && cp {tmp_path}/good.py policy.py; echo working hard"
    editor = CommandEditor(command, dev_episodes=0, patience=2, proposals=1)
    learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=10_000, workers=1, holdout=0)
    assert "working hard" in editor.attempts[0]
    assert System.open(tmp_path / "s").champion() is not None


def test_a_slow_command_is_ended_with_all_it_started(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    command = (
        f"cp {tmp_path}/good.py policy.py; (setsid sh -c 'echo $$ > {tmp_path}/pid; sleep 300' &); sleep 300"
    )
    began = time.monotonic()
    system, _ = run(tmp_path, command, limit_s=1.0)
    assert time.monotonic() - began < 20
    assert system.champion() is not None  # what was written before the limit counts
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_it_has_no_standard_input_and_may_have_a_private_home(tmp_path: Path) -> None:
    command = f"cat > {tmp_path}/stdin; ls -A $HOME > {tmp_path}/home"
    run(tmp_path, command, private_home=True)
    assert (tmp_path / "stdin").read_text() == ""
    assert (tmp_path / "home").read_text() == ""


def test_a_resumed_command_run_goes_on_from_the_champion(tmp_path: Path, agent: Path) -> None:
    system, _ = run(tmp_path, f"sh {agent}")
    spent = [r.event for r in system.ledger.rows if isinstance(r.event, Measured)]
    text = system.ledger.path.read_text().splitlines()
    assert json.loads(text[-1])["event"] == "run_ended"
    system.git("reset", "--quiet", "HEAD~1")
    system.ledger.path.write_text("\n".join(text[:-1]) + "\n")  # as if killed before the end
    system, _ = run(tmp_path, f"sh {agent}")
    champion = system.champion()
    assert champion is not None
    assert champion.source == GOOD
    measured = [r.event for r in system.ledger.rows if isinstance(r.event, Measured)]
    assert measured[: len(spent)] == spent
    assert [r.event.trial for r in system.ledger.rows if isinstance(r.event, Trial)] == [1, 2]


def test_the_table_lists_its_choices() -> None:
    editor: Editor = make_editor("command:'sh agent.sh'")
    assert editor.name == "command:sh agent.sh"
    assert make_editor("search").name == "search"
    for spec in ("codexx", "search:fast", ""):
        with pytest.raises(UsageError, match="choose search or command"):
            make_editor(spec)
    with pytest.raises(UsageError, match="empty"):
        make_editor("command:")
