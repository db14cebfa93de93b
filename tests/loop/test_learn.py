"""The loop, end to end, with a scripted editor."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from hlearn import learn
from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.editors.scripted import ScriptedEditor
from hlearn.errors import OutputExists, UsageError
from hlearn.evaluate.api import Job
from hlearn.lab import RunStatus
from hlearn.ledger import Decision, HoldoutUsed, Measured, Purpose, RunEnded, RunStarted, Spent, Trial
from hlearn.loop.blind import blind_program
from hlearn.records import Access, Outcome, Protocol, Split
from hlearn.system import System
from hlearn.system.acting import act_on, check
from hlearn.tasks import Task
from hlearn.tasks.environment import Box, Discrete
from hlearn.tasks.seeds import split_of
from tests.loop.climber import CARTPOLE, Climber

HEAD = "class P:\n    def reset(self, seed): pass\n    def act(self, o): "
LEFT, LEAN, GOOD = (f"{HEAD}return {x}\n" for x in ("0", "int(o[2] > 0)", "int(o[2] + 0.5 * o[3] > 0)"))
CRASH = f"{HEAD}return 1 / 0\n"
IMPORTS = f"import socket\n{LEFT}"


class Listener:
    def __init__(self) -> None:
        self.standings: list[RunStatus] = []
        self.trials: list[Trial] = []
        self.notes: list[str] = []
        self.outcomes = 0

    def said(self, text: str, standing: RunStatus) -> None:
        self.standings.append(standing)

    def playing(self, purpose: Purpose, done: int, jobs: int, standing: RunStatus) -> None:
        self.standings.append(standing)

    def measured(self, purpose: Purpose, outcomes: Sequence[Outcome], standing: RunStatus) -> None:
        self.standings.append(standing)
        self.outcomes += len(outcomes)

    def judged(self, trial: Trial, standing: RunStatus) -> None:
        self.trials.append(trial)
        self.standings.append(standing)

    def noted(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory):
    out = tmp_path_factory.mktemp("learn") / "system"
    listener = Listener()
    result = learn(
        CARTPOLE,
        out=out,
        editor=ScriptedEditor([LEFT, CRASH, IMPORTS, LEAN, LEAN, GOOD, LEAN]),
        steps=100_000,
        target=600.0,
        workers=1,
        holdout=4,
        progress=listener,
    )
    return out, result, listener


def test_what_is_better_is_kept_and_the_rest_is_remembered(learnt) -> None:
    out, _, listener = learnt
    assert [t.decision for t in listener.trials] == [
        Decision.ACCEPTED,
        Decision.REJECTED,
        Decision.REJECTED,
        Decision.ACCEPTED,
        Decision.REJECTED,
        Decision.ACCEPTED,
        Decision.REJECTED,
    ]
    assert (out / "policy.py").read_text() == GOOD
    assert sorted(p.name for p in (out / "memory" / "rejected").glob("*")) == [
        ".gitkeep",
        "0002.patch",
        "0003.patch",
        "0005.patch",
        "0007.patch",
    ]
    assert "may not import socket" in (out / "memory" / "rejected" / "0003.patch").read_text()
    assert (out / "failures" / "0002-crashed.md").is_file()
    assert [c.trial for c in System.open(out).history()] == [1, 4, 6]
    log = subprocess.run(
        ["git", "status", "--porcelain"], cwd=out, capture_output=True, text=True, check=True
    )
    assert log.stdout == ""


def test_ids_and_names_of_editors_will_do(tmp_path: Path) -> None:
    result = learn("CartPole-v1", out=tmp_path / "s", steps=2_000, workers=1, holdout=1)
    assert (result.task, result.editor) == ("CartPole-v1", "search")
    with pytest.raises(UsageError, match="choose search or command"):
        learn("CartPole-v1", out=tmp_path / "t", editor="codexx")


def test_the_result_adds_up(learnt) -> None:
    out, result, listener = learnt
    ledger = System.open(out).ledger
    measured = [r.event for r in ledger.rows if isinstance(r.event, Measured)]
    learning = sum(e.cost for e in measured if e.purpose is not Purpose.REPORT)
    golden = next(r.event.env_steps for r in ledger.rows if isinstance(r.event, Spent))
    assert result.env_steps == learning + golden
    assert result.holdout_env_steps == sum(e.env_steps for e in measured if e.purpose is Purpose.REPORT)
    assert (result.trials, result.accepted, result.holdout_episodes) == (7, 3, 4)
    assert result.score == result.best_dev == 500.0
    assert result.blind_replay is not None
    assert result.blind_replay < 200
    assert result.why == "nothing more to try"
    assert result.target_reached is False
    assert result.steps_to_target is None
    assert listener.outcomes == sum(len(e.outcomes) for e in measured)
    assert listener.standings[-1].budget.spent == result.env_steps
    assert listener.standings[-1].champion_score == 500.0
    json.dumps(result.as_json(), allow_nan=False)


def test_every_split_is_used_for_its_purpose_alone(learnt) -> None:
    out, result, _ = learnt
    rows = [r.event for r in System.open(out).ledger.rows]
    for event in rows:
        if isinstance(event, Measured):
            assert {split_of(o.seed) for o in event.outcomes} == {event.split}
            allowed = {
                Purpose.EDIT: {Split.DEV},
                Purpose.GATE: {Split.GATE},
                Purpose.CASE: {Split.GATE, Split.DEV},
                Purpose.REPORT: {Split.HOLDOUT, Split.DEV},
            }
            assert event.split in allowed[event.purpose]
    used = next(e for e in rows if isinstance(e, HoldoutUsed))
    assert (used.program, used.episodes) == (result.program_sha256, 4)
    run = next(e for e in rows if isinstance(e, RunStarted))
    assert dict(run.versions)["gymnasium"]


def test_a_target_ends_the_run(tmp_path: Path) -> None:
    editor = ScriptedEditor([LEAN, GOOD, LEFT])
    result = learn(CARTPOLE, out=tmp_path / "s", editor=editor, target=400.0, workers=1, holdout=2)
    assert result.why == "target reached"
    assert result.target_reached
    assert result.trials == 2
    assert result.steps_to_target is not None
    assert result.steps_to_target <= result.env_steps


MOODY = """
class P:
    def reset(self, seed):
        self.mood = None

    def act(self, o):
        self.mood = float(o[0]) if self.mood is None else self.mood
        return int(o[2] + 0.5 * o[3] > 0) if self.mood > -0.025 else 0
"""  # plays well from three starts of four


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_target_must_stand_on_more_seeds_than_made_the_champion(tmp_path: Path, seed: int) -> None:
    editor = ScriptedEditor([MOODY])
    result = learn(CARTPOLE, out=tmp_path / "s", editor=editor, target=300.0, seed=seed, workers=1, holdout=0)
    assert result.accepted == 1
    assert not result.target_reached, "two good episodes made the champion; of 32 some are bad"


def test_a_finished_run_is_only_reported_and_more_steps_start_another(tmp_path: Path) -> None:
    out = tmp_path / "s"
    first = learn(CARTPOLE, out=out, editor=ScriptedEditor([LEAN]), steps=30_000, workers=1, holdout=2)
    again = learn(
        CARTPOLE, out=out, editor=ScriptedEditor([GOOD]), steps=30_000, workers=1, holdout=2, resume=True
    )
    assert (again.trials, again.program_sha256) == (1, first.program_sha256)
    more = learn(
        CARTPOLE, out=out, editor=ScriptedEditor([GOOD]), steps=60_000, workers=1, holdout=2, resume=True
    )
    assert (more.trials, more.accepted) == (2, 2)
    assert (out / "policy.py").read_text() == GOOD
    assert more.env_steps > first.env_steps
    starts = [r.event for r in System.open(out).ledger.rows if isinstance(r.event, RunStarted)]
    assert [(s.run, s.steps) for s in starts] == [(1, 30_000), (2, 60_000)]
    assert starts[1].spent == first.env_steps


def test_a_spent_budget_ends_the_run_with_the_best_so_far(tmp_path: Path) -> None:
    result = learn(CARTPOLE, out=tmp_path / "s", editor=Climber(), steps=3_000, workers=1, holdout=2)
    assert result.why == "budget spent"
    assert result.accepted >= 1
    assert result.env_steps <= 3_000 * 1.3


def test_an_editor_that_goes_in_circles_is_stopped(tmp_path: Path) -> None:
    editor = ScriptedEditor([LEFT] * 100, dev_episodes=0)
    result = learn(CARTPOLE, out=tmp_path / "s", editor=editor, workers=1, holdout=0)
    assert result.why == "nothing more to try"
    assert result.trials < 30


class Interrupted(ScriptedEditor):
    """Ctrl-C comes with the second proposal."""

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        if brief.champion is not None:
            lab.measure([Job(program=brief.champion, seed=lab.seeds(5, 1)[0])])
            raise KeyboardInterrupt
        return super().propose(brief, lab)


def test_ctrl_c_keeps_everything(tmp_path: Path) -> None:
    out = tmp_path / "s"
    result = learn(CARTPOLE, out=out, editor=Interrupted([LEAN, GOOD]), workers=1, holdout=2)
    assert result.interrupted
    assert result.score is None
    assert result.accepted == 1
    rows = System.open(out).ledger.rows
    assert not any(isinstance(r.event, RunEnded) for r in rows)
    done = learn(CARTPOLE, out=out, editor=ScriptedEditor([LEAN, GOOD]), workers=1, holdout=2, resume=True)
    assert not done.interrupted
    assert (done.trials, done.accepted, done.score) == (2, 2, 500.0)


def test_a_folder_in_use_and_another_task_are_refused(tmp_path: Path, learnt) -> None:
    out, _, _ = learnt
    with pytest.raises(OutputExists, match="--resume"):
        learn(CARTPOLE, out=out, editor=ScriptedEditor([]))
    other = Task(env_id="MountainCar-v0", access=Access.VECTOR, protocol=Protocol.STANDARD)
    with pytest.raises(UsageError, match="learns CartPole-v1"):
        learn(other, out=out, editor=ScriptedEditor([]), resume=True)


def test_without_any_program_there_is_no_score(tmp_path: Path) -> None:
    result = learn(CARTPOLE, out=tmp_path / "s", editor=ScriptedEditor([CRASH]), workers=1)
    assert result.score is None
    assert result.program_sha256 is None
    assert not (tmp_path / "s" / "policy.py").exists()


@pytest.mark.parametrize("space", [Discrete(n=4, names=("NOOP", "FIRE", "LEFT", "RIGHT")), Discrete(n=3)])
def test_a_blind_program_replays_and_then_does_nothing(space: Discrete) -> None:
    actions = np.array([1, 1, 2, 0, 2, 2], dtype=np.int64)
    program = blind_program(actions, space)
    assert check(program.source) == []
    assert act_on(program.source, np.zeros((8, 2)), seed=0) == [1, 1, 2, 0, 2, 2, 0, 0]


def test_a_blind_program_of_a_box_is_exact() -> None:
    actions = np.array([[0.1, -1e-17], [0.1, -1e-17], [math.pi, 2.0]])
    program = blind_program(actions, Box(low=(-4.0, -4.0), high=(4.0, 4.0)))
    assert act_on(program.source, np.zeros((4, 2)), seed=0) == [*actions.tolist(), [0.0, 0.0]]


def test_an_evaluator_that_is_open_already_is_told_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected what makes one"):
        learn("CartPole-v1", out=tmp_path / "s", evaluator=object(), steps=100)  # type: ignore[arg-type]
    assert not (tmp_path / "s").exists()
