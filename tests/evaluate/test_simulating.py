"""A program's handle: what it may ask for, what is counted, and what becomes of misuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from hlearn.evaluate.api import Job, Limits, Record, Result
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.records import Episode, Failure, FailureKind, Program
from hlearn.tasks import Task, resolve_task

_HEAD = (
    "import numpy as np\nfrom hlearn.policy import ComposedPolicy, RulePolicy, controller, rule, simulator\n"
)
_GREEDY = (
    _HEAD
    + """
class Greedy(ComposedPolicy):
    low, high = -2.0, 2.0

    @controller
    def push(self, s):
        plans = np.repeat(np.linspace(-2, 2, 5)[:, None, None], 4, axis=1)
        out = self.model.rollout(plans, observe="all")
        assert out.observations.shape == (5, 4, 3) and out.rewards.shape == (5, 4)
        return [float(plans[out.returns.argmax(), 0, 0])]
"""
)


def _misusing(body: str, base: str = "ComposedPolicy") -> Program:
    return Program(
        source=_HEAD + f"\nclass P({base}):\n    @controller\n    def push(self, s):\n        {body}\n"
    )


def _play(task: Task, program: Program, seeds: Sequence[int] = (1,), **limits: int) -> list[Result]:
    with IsolatedEvaluator(task, limits=replace(Limits(), **limits)) as evaluator:
        return evaluator.run([Job(program=program, seed=s, max_steps=30) for s in seeds])


@pytest.fixture(scope="module")
def pendulum() -> Task:
    return resolve_task("Pendulum-v1", model="simulator")


def test_simulated_steps_are_counted_and_both_evaluators_agree(pendulum: Task) -> None:
    program = Program(source=_GREEDY)
    isolated = _play(pendulum, program, (1, 2, 1))
    with InProcessEvaluator(pendulum) as here:
        local = here.run([Job(program=program, seed=s, max_steps=30) for s in (1, 2)])
    outcomes = [r.outcome for r in isolated]
    assert all(isinstance(o, Episode) for o in outcomes)
    assert [o.planner_steps for o in outcomes] == [30 * 5 * 4] * 3
    assert [o.env_steps for o in outcomes] == [30] * 3
    assert outcomes[0].score == outcomes[2].score
    assert [r.outcome.score for r in local] == [o.score for o in outcomes[:2]]
    assert isinstance(outcomes[0], Episode)
    assert outcomes[0].thought_s > 0.0
    idle = Program(
        source=_HEAD + "class P(ComposedPolicy):\n    @controller\n    def push(self, s): return [0.0]\n"
    )
    assert outcomes[0].score > _play(pendulum, idle)[0].outcome.score


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (
            "self.model.rollout(np.zeros((600, 400, 1)))",
            FailureKind.REFUSED,
            "200,000 steps for one decision",
        ),
        ("self.model.rollout(np.zeros((2, 3, 2)))", FailureKind.CRASHED, "expected actions float"),
        ("self.model.rollout(np.full((1, 1, 1), np.nan))", FailureKind.CRASHED, "finite"),
        ("self.model.rollout(np.zeros((1, 1, 1)), start=7)", FailureKind.REFUSED, "no kept state 7"),
        ("self.model.rollout(np.zeros((30000, 1, 1)), keep=True)", FailureKind.REFUSED, "may keep 20,000"),
        ("self.model.step([0.0])", FailureKind.CRASHED, "no attribute 'step'"),
        ("self.model._door._say(b'w')", FailureKind.CRASHED, "broke the connection"),
        (
            "self.model._door._models._head[:4] = -1; self.model._door._say(b'm')",
            FailureKind.REFUSED,
            "cannot be read",
        ),
    ],
)
def test_misuse_is_a_typed_failure_and_the_run_goes_on(
    pendulum: Task, body: str, kind: FailureKind, said: str
) -> None:
    with IsolatedEvaluator(pendulum) as evaluator:
        bad, good = evaluator.run(
            [Job(program=p, seed=1, max_steps=5) for p in (_misusing(body), Program(source=_GREEDY))]
        )
    assert isinstance(bad.outcome, Failure)
    assert (bad.outcome.kind, said in bad.outcome.message) == (kind, True), bad.outcome.message
    assert isinstance(good.outcome, Episode)


def test_a_handle_is_refused_where_the_task_grants_none() -> None:
    outcome = _play(resolve_task("Pendulum-v1"), Program(source=_GREEDY))[0].outcome
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.REFUSED
    assert "--model simulator" in outcome.message


def test_a_program_may_call_something_of_its_own_model() -> None:
    own = _HEAD + (
        "class P(ComposedPolicy):\n    def setup(self):\n        self.model = 1.0\n"
        "    @controller\n    def push(self, s): return [self.model]\n"
    )
    assert isinstance(_play(resolve_task("Pendulum-v1"), Program(source=own))[0].outcome, Episode)


def test_there_is_no_state_before_the_first_decision(pendulum: Task) -> None:
    early = _HEAD + (
        "class P(ComposedPolicy):\n    def setup(self):\n        self.model.rollout(np.zeros((1, 1, 1)))\n"
        "    @controller\n    def push(self, s): return [0.0]\n"
    )
    outcome = _play(pendulum, Program(source=early))[0].outcome
    assert isinstance(outcome, Failure)


def test_kept_states_and_handles_end_with_their_episode(pendulum: Task) -> None:
    hoarder = _HEAD + (
        "class P(ComposedPolicy):\n"
        "    @controller\n    def push(self, s):\n"
        "        if not hasattr(np, 'kept'):\n"
        "            np.kept = (self.model, self.model.rollout(np.zeros((1, 1, 1)), keep=True).states)\n"
        "        old, states = np.kept\n"
        "        if old is not self.model:\n"
        "            if not old.alive:\n"
        "                return [1.0]\n"
        "        old.rollout(np.zeros((1, 1, 1)), start=states)\n"
        "        return [0.0]\n"
    )
    job = Job(program=Program(source=hoarder), seed=1, max_steps=3, record=Record.ACTIONS)
    try:
        with InProcessEvaluator(pendulum) as evaluator:
            first, second = evaluator.run([job, replace(job, seed=2)])
    finally:
        del np.kept  # type: ignore[attr-defined]
    assert first.recording is not None
    assert second.recording is not None
    assert first.recording.actions.tolist() == [[0.0]] * 3
    assert second.recording.actions.tolist() == [[1.0]] * 3


def test_states_that_were_kept_are_gone_on_from(pendulum: Task) -> None:
    tree = _HEAD + (
        "class P(ComposedPolicy):\n    @controller\n    def push(self, s):\n"
        "        plan = np.linspace(-1, 1, 6).reshape(1, 6, 1)\n"
        "        whole = self.model.rollout(plan, observe='all')\n"
        "        half = self.model.rollout(plan[:, :3], keep=True)\n"
        "        rest = self.model.rollout(plan[:, 3:], start=half.states, observe='all')\n"
        "        self.model.release(half.states)\n"
        "        assert (whole.observations[0, 3:] == rest.observations[0]).all()\n"
        "        return [0.0]\n"
    )
    assert isinstance(_play(pendulum, Program(source=tree), kept_states=1)[0].outcome, Episode)


def test_discrete_actions_are_checked() -> None:
    task = resolve_task("CartPole-v1", model="simulator")
    source = _HEAD + "class P(RulePolicy):\n    @rule\n    def go(self, s):\n        {}\n"
    good = source.format("return int(self.model.rollout([[0, 0], [1, 1]]).returns.argmax())")
    bad = source.format("self.model.rollout([[5]])")
    assert isinstance(_play(task, Program(source=good))[0].outcome, Episode)
    outcome = _play(task, Program(source=bad))[0].outcome
    assert isinstance(outcome, Failure)
    assert "expected actions in [0, 2)" in outcome.message
