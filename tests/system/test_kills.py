"""A kill between two steps that belong together: the next command finishes or undoes what was begun."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hlearn import learn
from hlearn.editors.command import CommandEditor
from hlearn.editors.scripted import ScriptedEditor
from hlearn.evidence.verifying import CheckState, verify_system
from hlearn.ledger import Committed, Decision, Event, Measured, RunEnded, RunResumed, Trial
from hlearn.records import Program
from hlearn.system import System
from tests.cli.conftest import CORRIDOR, Said, hl
from tests.cli.programs import LEFT, SEEK
from tests.system.kills import run_killed

MOST = 60  # steps; no command here has as many
SHORT = "class W:\n    def reset(self, s): pass\n    def act(self, o): return int(o[1] > o[0]) * 2 + int(o[1] < o[0])\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A system with two accepted programs."""
    folder = tmp_path_factory.mktemp("made")
    hl("init", CORRIDOR, folder / "s")
    for name, source in (("left", LEFT), ("seek", SEEK)):
        (folder / f"{name}.py").write_text(source)
        assert hl("gate", folder / "s", "--program", folder / f"{name}.py", "--workers", 1).code == 0
    return folder / "s"


def tree(path: Path) -> dict[str, str]:
    """What HEAD holds of what is judged, and what the folder does."""
    git = ["git", "-C", str(path)]
    listed = subprocess.check_output(
        [*git, "ls-tree", "-r", "HEAD", "policy.py", "tests", "cases"], text=True
    )
    said = subprocess.check_output(
        [*git, "status", "--short", "--", "policy.py", "tests", "cases"], text=True
    )
    return {"HEAD": listed, "status": said}


def check_whole(path: Path) -> None:
    """Nothing is half done: each accepted trial is committed once, and ledger, commits and folder agree."""
    system = System.open(path)
    events = [r.event for r in system.ledger.rows]
    accepted = [e.trial for e in events if isinstance(e, Trial) and e.decision is Decision.ACCEPTED]
    committed = [e.trial for e in events if isinstance(e, Committed)]
    assert committed == accepted == sorted(set(accepted))
    assert [c.trial for c in system.history() if not c.rolled_back] == accepted
    found = verify_system(path, replay=0)
    assert {c.state for c in found.checks} == {CheckState.HOLDS}, found.checks
    rejected = {e.trial for e in events if isinstance(e, Trial) and e.decision is not Decision.ACCEPTED}
    assert {int(p.stem) for p in (path / "memory" / "rejected").glob("*.patch")} == rejected
    paid = [
        (e.program, o.seed, e.caps, e.purpose) for e in events if isinstance(e, Measured) for o in e.outcomes
    ]
    assert len(paid) == len(set(paid)), "an episode was paid twice"


def every_kill(
    made: Path | None, tmp_path: Path, command: Callable[[Path], object], after: Callable[[Path], object]
) -> list[Path]:
    """Kills a command in front of every step, then runs another; returns the systems that came of it."""
    ends = []
    for step in range(MOST):
        path = tmp_path / f"killed-{step}"
        if made is not None:
            shutil.copytree(made, path)
        killed = run_killed(lambda path=path: command(path), step)  # type: ignore[misc]
        after(path)
        ends.append(path)
        if not killed:
            return ends
    raise AssertionError(f"the command has more than {MOST} steps")


def test_a_rollback_is_done_or_undone(made: Path, tmp_path: Path) -> None:
    ends = every_kill(made, tmp_path, lambda path: System.open(path).rollback(1), write)
    assert len(ends) > 5
    before, after = tree(made), tree(ends[-1])
    for path in ends:
        check_whole(path)
        assert tree(path) in (before, after), path
        if tree(path) == before:
            System.open(path).rollback(1)
            assert tree(path) == after
    assert sum(tree(path) == after for path in ends) == len(ends)


def settle(path: Path) -> None:
    """What a run does with an accepted and a rejected proposal, and at its end."""
    system = System.open(path)
    with system.exclusive():
        for number, source, decision in ((3, SHORT, Decision.ACCEPTED), (4, LEFT + "\n", Decision.REJECTED)):
            champion, program = system.champion(), Program(source=source)
            assert champion is not None
            system.add_program(program, "a try")
            files = (("tests/test_mine.py", "def test_mine(): pass\n"),) if number == 3 else ()
            trial = Trial(
                run=3,
                trial=number,
                program=program.sha256,
                champion=champion.sha256,
                note="a try",
                decision=decision,
                reasons=("because",),
                files=files,
            )
            system.ledger.append(trial)
            if decision is Decision.ACCEPTED:
                system.commit(trial, program)
            else:
                system.memory.remember(trial, program, champion)
        system.ledger.append(RunEnded(run=3, why="nothing more to try"))
        system.close_run("Run 3 ends: nothing more to try")


def write(path: Path) -> None:
    """Whatever hl writes next."""
    with System.open(path).exclusive():
        pass


def test_a_verdict_is_carried_out_whole_and_a_run_s_end_is_committed(made: Path, tmp_path: Path) -> None:
    ends = every_kill(made, tmp_path, settle, write)
    assert len(ends) > 12
    for path in ends:
        check_whole(path)
        system = System.open(path)
        trials = [r.event.trial for r in system.ledger.rows if isinstance(r.event, Trial)]
        assert tree(path) == tree(ends[-1] if 3 in trials else made), path
        assert (path / "tests" / "test_mine.py").exists() == (3 in trials)
        if any(isinstance(r.event, RunEnded) and r.event.run == 3 for r in system.ledger.rows):
            committed = system.git.show("HEAD", "ledger.jsonl")
            assert committed is not None and '"run_ended"' in committed.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_an_edit_by_hand_is_judged_again_or_its_verdict_is_carried_out(made: Path, tmp_path: Path) -> None:
    (tmp_path / "short.py").write_text(SHORT)

    def gate(path: Path) -> Said:
        said = hl("gate", path, "--program", tmp_path / "short.py", "--workers", 1, "--steps", 50_000)
        assert said.code == 0 or "is the committed champion" in said.err, said
        return said

    ends = every_kill(made, tmp_path, gate, gate)
    assert len(ends) > 6
    for path in ends:
        check_whole(path)
        assert tree(path)["status"] == ""
        champion = System.open(path).champion()
        assert champion is not None and champion.source == SHORT


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_person_s_edit_outlives_what_a_kill_left(made: Path, tmp_path: Path) -> None:
    (tmp_path / "short.py").write_text(SHORT)
    mine = LEFT + "# mine, not judged\n"

    def gate(path: Path) -> None:
        hl("gate", path, "--program", tmp_path / "short.py", "--workers", 1, "--steps", 50_000)

    def look(path: Path) -> None:
        (path / "policy.py").write_text(mine)
        assert hl("eval", path, "--episodes", 1, "--workers", 1).code == 0
        assert (path / "policy.py").read_text() == mine

    for path in every_kill(made, tmp_path, gate, look):
        system = System.open(path)
        accepted = [r for r in system.ledger.rows if isinstance(r.event, Trial)][2:]
        champion = system.champion()
        assert champion is not None and (champion.source == SHORT) == bool(accepted)


def _events(path: Path) -> list[Event]:
    """What the ledger says, without what a kill may leave in it: when, how long, and that a run was resumed."""
    plain: list[Event] = []
    for row in System.open(path).ledger.rows:
        event = row.event
        if isinstance(event, RunResumed):
            continue
        for name, nothing in (("commit", ""), ("seconds", 0.0), ("overhead_s", 0.0)):
            if hasattr(event, name):
                event = dataclasses.replace(event, **{name: nothing})  # type: ignore[arg-type]
        plain.append(event)
    return plain


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_run_of_a_deterministic_editor_ends_as_if_it_had_not_been_killed(tmp_path: Path) -> None:
    def run(path: Path) -> None:
        editor = ScriptedEditor([LEFT, SEEK, LEFT + "\n"])
        learn(CORRIDOR, out=path, editor=editor, steps=30_000, workers=1, holdout=2, resume=True)

    ends = every_kill(None, tmp_path, run, run)
    assert len(ends) > 20
    for path in ends:
        check_whole(path)
        assert _events(path) == _events(ends[-1]), path
        assert tree(path) == tree(ends[-1])


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_run_of_a_coding_agent_loses_no_accepted_program(made: Path, tmp_path: Path) -> None:
    (tmp_path / "short.py").write_text(SHORT)
    line = f"cp {tmp_path / 'short.py'} policy.py && echo 'def test_mine(): pass' > tests/test_mine.py"

    def run(path: Path) -> None:
        editor = CommandEditor(line, proposals=1)
        learn(CORRIDOR, out=path, editor=editor, steps=60_000, workers=1, holdout=0, resume=True)

    for path in every_kill(made, tmp_path, run, run):
        check_whole(path)
        champion = System.open(path).champion()
        assert champion is not None and champion.source == SHORT
        assert (path / "tests" / "test_mine.py").exists()
        assert tree(path)["HEAD"].count("test_mine.py") == 1
