"""A test class for each door: what everything behind it must keep to.

    from hlearn.testing.contracts import EnvironmentContract

    class TestMyEnvironment(EnvironmentContract):
        def make(self):
            return MyEnvironment()

pytest collects the subclass and runs the contract. hlearn's own tests use the same classes.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from hlearn.editors.api import Brief, Editor, Proposal
from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Evaluator, Job, Record
from hlearn.policy.base import Policy
from hlearn.policy.modules import check_program
from hlearn.records import Episode, Failure, FailureKind, Program
from hlearn.tasks.environment import ActionSpace, Discrete, Environment, ObservationSpec
from hlearn.testing.labs import PlainLab

_STEPS = 60  # decisions per episode of a contract


def _random_action(space: ActionSpace, rng: random.Random) -> Any:
    if isinstance(space, Discrete):
        return rng.randrange(space.n)
    bounds = zip(space.low, space.high, strict=True)
    return np.array([rng.uniform(max(low, -1e3), min(high, 1e3)) for low, high in bounds])


class EnvironmentContract:
    """What every environment keeps to (:class:`hlearn.tasks.environment.Environment`)."""

    def make(self) -> Environment:
        """Opens the environment; override it."""
        raise NotImplementedError

    def _episode(self, environment: Environment, seed: int, actions_seed: int) -> list[tuple[Any, ...]]:
        rng = random.Random(actions_seed)
        out = np.zeros(environment.observation.shape, environment.observation.dtype)
        log: list[tuple[Any, ...]] = [(environment.reset(seed, out), out.tobytes())]
        for _ in range(_STEPS):
            step = environment.step(_random_action(environment.actions, rng), out)
            log.append((*step, out.tobytes(), environment.lives()))
            if step[1] or step[2]:
                break
        return log

    def test_an_episode_is_the_same_whatever_was_played_before(self) -> None:
        environment = self.make()
        try:
            first = self._episode(environment, 7, 1)
            self._episode(environment, 8, 2)
            assert self._episode(environment, 7, 1) == first
        finally:
            environment.close()

    def test_another_instance_plays_the_same_episode(self) -> None:
        logs = []
        for _ in range(2):
            environment = self.make()
            logs.append(self._episode(environment, 3, 1))
            environment.close()
        assert logs[0] == logs[1]

    def test_what_is_told_of_a_step_has_the_right_kind(self) -> None:
        environment = self.make()
        out = np.zeros(environment.observation.shape, environment.observation.dtype)
        used = environment.reset(1, out)
        assert isinstance(used, int) and used >= 0
        action = _random_action(environment.actions, random.Random(0))
        reward, terminated, truncated, steps = environment.step(action, out)
        environment.close()
        assert isinstance(float(reward), float)
        assert terminated in (True, False) and truncated in (True, False)
        assert int(steps) >= 1

    def test_bounds_are_given_per_component_or_not_at_all(self) -> None:
        environment = self.make()
        spec = environment.observation
        environment.close()
        size = int(np.prod(spec.shape))
        assert len(spec.low) == len(spec.high) and len(spec.low) in (0, size)
        assert np.dtype(spec.dtype).itemsize > 0


_IDLE = """
class Idle:
    def reset(self, seed): pass
    def act(self, observation): return {action}
"""
_RAISES = """
class Raises:
    def reset(self, seed): pass
    def act(self, observation): raise ValueError("on purpose")
"""


class EvaluatorContract:
    """What every evaluator keeps to (:class:`hlearn.evaluate.api.Evaluator`).

    Attributes:
        action: an action of the evaluator's task, as source.
    """

    action = "0"

    def make(self) -> Evaluator:
        """Starts an evaluator of any task; override it."""
        raise NotImplementedError

    def _job(self, seed: int, *, source: str = _IDLE, **more: Any) -> Job:
        program = Program(source=source.format(action=self.action))
        return Job(program=program, seed=seed, max_steps=_STEPS, **more)

    def test_results_come_in_the_order_of_the_jobs(self) -> None:
        evaluator = self.make()
        try:
            heard: list[int] = []
            results = evaluator.run([self._job(s) for s in (5, 3, 9)], lambda r: heard.append(r.outcome.seed))
            assert [r.outcome.seed for r in results] == [5, 3, 9]
            assert sorted(heard) == [3, 5, 9]
        finally:
            evaluator.close()

    def test_the_same_job_gives_the_same_episode(self) -> None:
        evaluator = self.make()
        try:
            one, _, other = evaluator.run([self._job(4), self._job(6), self._job(4)])
            assert isinstance(one.outcome, Episode) and isinstance(other.outcome, Episode)
            assert one.outcome.score == other.outcome.score and one.outcome.length == other.outcome.length
        finally:
            evaluator.close()

    def test_a_failing_program_is_data(self) -> None:
        evaluator = self.make()
        try:
            (failed, fine) = evaluator.run([self._job(1, source=_RAISES), self._job(1)])
            assert isinstance(failed.outcome, Failure) and failed.outcome.kind is FailureKind.CRASHED
            assert "on purpose" in failed.outcome.message
            assert isinstance(fine.outcome, Episode)
        finally:
            evaluator.close()

    def test_a_recording_holds_every_decision_and_changes_nothing(self) -> None:
        evaluator = self.make()
        try:
            plain, kept = evaluator.run([self._job(2), self._job(2, record=Record.STEPS)])
            recording = kept.recording
            assert plain.recording is None and recording is not None
            assert kept.outcome.length == plain.outcome.length == len(recording.rewards)
            assert len(recording.observations) == len(recording.actions) == len(recording.rewards)
            assert kept.outcome.score == plain.outcome.score
        finally:
            evaluator.close()

    def test_nothing_to_play_is_no_result(self) -> None:
        evaluator = self.make()
        assert evaluator.run([]) == []
        evaluator.close()


class EditorContract:
    """What every editor keeps to (:class:`hlearn.editors.api.Editor`).

    Attributes:
        task: what it is tried on.
        steps: environment steps that it gets.
    """

    task = "hlearn.testing.toys:Corridor-v0"
    steps = 4_000

    def make(self) -> Editor:
        """Makes the editor; override it."""
        raise NotImplementedError

    def _proposals(self, lab: PlainLab, most: int = 3) -> list[Proposal]:
        brief = Brief(
            task=lab.task,
            observation=lab.observation,
            actions=lab.actions,
            champion=None,
            champion_dev=None,
        )
        editor, found = self.make(), []
        for _ in range(most):
            try:
                proposal = editor.propose(brief, lab)
            except BudgetExhausted:
                break
            if proposal is None:
                break
            found.append(proposal)
        return found

    def test_it_says_who_it_is_and_whether_it_repeats_itself(self) -> None:
        editor = self.make()
        assert isinstance(editor, Editor)
        assert editor.name and isinstance(editor.deterministic, bool)

    def test_what_it_proposes_may_be_run(self) -> None:
        for proposal in self._proposals(PlainLab(self.task, steps=self.steps)):
            assert not check_program(proposal.program)
            assert proposal.note

    def test_it_ends_when_the_budget_does(self) -> None:
        lab = PlainLab(self.task, steps=1)
        self._proposals(lab, most=20)

    def test_a_deterministic_one_proposes_the_same_again(self) -> None:
        if not self.make().deterministic:
            return
        runs = [self._proposals(PlainLab(self.task, steps=self.steps), most=2) for _ in range(2)]
        assert [p.program.sha256 for p in runs[0]] == [p.program.sha256 for p in runs[1]]


class PolicyContract:
    """What every policy keeps to (:class:`hlearn.policy.Policy`).

    Attributes:
        observation: what it is shown.
        actions: what it may answer.
    """

    observation = ObservationSpec(shape=(4,), dtype="float64")
    actions: ActionSpace = Discrete(n=2)

    def make(self) -> Policy:
        """Makes the policy; override it."""
        raise NotImplementedError

    def _answers(self, policy: Policy, seed: int) -> list[Any]:
        rng = np.random.default_rng(seed)
        policy.reset(seed)
        answers = []
        for _ in range(_STEPS):
            shown = rng.standard_normal(self.observation.shape).astype(self.observation.dtype)
            answers.append(np.asarray(policy.act(shown)).tolist())
        return answers

    def test_its_answers_are_actions(self) -> None:
        for answer in self._answers(self.make(), 1):
            if isinstance(self.actions, Discrete):
                assert 0 <= answer < self.actions.n
            else:
                assert np.shape(answer) == (len(self.actions.low),) and np.isfinite(answer).all()

    def test_reset_forgets_the_episode_before(self) -> None:
        policy = self.make()
        first = self._answers(policy, 5)
        self._answers(policy, 6)
        assert self._answers(policy, 5) == first
