"""An environment's habits spoil no number, and one that does not come back is named."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from hlearn.errors import EnvironmentFault
from hlearn.evaluate.api import Job, Limits
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.records import Access, Episode, Failure, Program, Protocol
from hlearn.tasks.task import Task

from .processes import descendants, gone

COPIES = "class C:\n def reset(self, seed): pass\n def act(self, obs): return int(obs[0])\n"
SPINS = (
    "class S:\n def reset(self, seed): self.t = 0\n def act(self, obs):\n"
    "  self.t += 1\n  while self.t > 5: pass\n  return 1\n"
)
LIMITS = Limits(action_s=0.5, env_s=1.0)


def _task(habit: str) -> Task:
    return Task(
        env_id="tests.tasks.odd_environments:Odd-v0",
        access=Access.VECTOR,
        protocol=Protocol.STANDARD,
        kwargs=(("habit", habit),),
    )


@pytest.mark.parametrize(
    "habit",
    [
        *(
            "chdir in constructor",
            "print in step",
            "thread in constructor",
            "signals in reset",
            "errors in reset",
        ),
        *(
            "fork in step",
            "close in constructor",
            "world in constructor",
            "dawdle in step",
            "dawdle in constructor",
        ),
    ],
)
def test_habits_change_nothing(habit: str) -> None:
    before = descendants(os.getpid())
    with IsolatedEvaluator(_task(habit), limits=LIMITS) as evaluator:
        good, bad, again = evaluator.run(
            [Job(program=Program(source=s), seed=7) for s in (COPIES, SPINS, COPIES)]
        )
        started = descendants(os.getpid()) - before
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert isinstance(good.outcome, Episode) and isinstance(again.outcome, Episode)
    assert good.outcome.score == again.outcome.score == 10
    assert isinstance(bad.outcome, Failure) and bad.outcome.kind == "timed_out", bad.outcome
    assert gone(started)


@pytest.mark.parametrize(
    ("habit", "method"),
    [
        ("hang in constructor", "its constructor"),
        ("hang in reset", r"reset\(\)"),
        ("spin in step", r"step\(\)"),
        ("lock in step", r"step\(\)"),
    ],
)
def test_what_does_not_come_back_is_named(habit: str, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hlearn.evaluate.isolated._SILENCE_S", 1.0)
    before = descendants(os.getpid())
    evaluator = IsolatedEvaluator(_task(habit), limits=LIMITS)
    with pytest.raises(
        EnvironmentFault, match=rf"Odd-v0 did not come back from {method} within 1 s.*--env-timeout"
    ):
        evaluator.run([Job(program=Program(source=COPIES), seed=7)])
    assert gone(descendants(os.getpid()) - before)


def test_an_alarm_that_goes_off_late_is_the_environments() -> None:
    thinks = COPIES.replace("return int", "[0 for _ in range(4 * 10**6)]; return int")
    with (
        pytest.raises(EnvironmentFault, match=r"outside of its methods: TimeoutError: the simulator is late"),
        IsolatedEvaluator(_task("alarm in reset"), limits=LIMITS) as evaluator,
    ):
        evaluator.run([Job(program=Program(source=thinks), seed=7)])


def test_returns_that_no_float_holds_are_the_environments() -> None:
    with (
        pytest.raises(EnvironmentFault, match=r"rewards of .*Odd-v0 add up to inf .* Scale the rewards"),
        IsolatedEvaluator(_task("huge rewards")) as evaluator,
    ):
        evaluator.run([Job(program=Program(source=COPIES), seed=7)])


def test_what_is_printed_costs_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with IsolatedEvaluator(_task("print in step")) as evaluator:
        evaluator.run([Job(program=Program(source=COPIES), seed=7)])
        [worker] = evaluator._pool
        assert "chatter" in worker.output.end()
        assert len(worker.output.end()) <= 8_000
        assert not list(tmp_path.iterdir())
