"""Labs without a system and a ledger, for trying editors: one that plays, and one that knows the scores beforehand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Job, Record, Recording, Result
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.records import Episode, Failure, FailureKind, Outcome, Planning, Program, Split
from hlearn.tasks import open_environment, resolve_task
from hlearn.tasks.environment import Discrete, ObservationSpec
from hlearn.tasks.seeds import split_seeds


class PlainLab:
    """A :class:`hlearn.editors.api.Lab` that plays in this process and counts steps, nothing else.

    Args:
        env_id: the task.
        steps: environment steps that may be spent.
        seed: of the run: development seeds and the editor's generator follow from it.
        target: score at which the task counts as solved.
        model: whether programs may simulate.

    Attributes:
        planning: how much they may; None for as much as is usual.
        spent: environment steps spent so far.
        said: what the editor said that it tries, oldest first.
    """

    def __init__(
        self,
        env_id: str,
        *,
        steps: int,
        seed: int = 0,
        target: float | None = None,
        model: str | None = None,
    ) -> None:
        self.task = resolve_task(env_id, target=target, model=model)
        self.planning: Planning | None = None
        environment = open_environment(self.task)
        self.observation = environment.observation
        self.actions = environment.actions
        environment.close()
        self.workers = 1
        self.longest: int | None = None
        self.stall = 9000
        self.rng = np.random.default_rng(seed)
        self.spent = 0
        self.said: list[str] = []
        self._steps = steps
        self._seed = seed
        self._evaluator = InProcessEvaluator(self.task)
        self._known: dict[Job, Result] = {}

    @property
    def remaining(self) -> int:
        """Environment steps left."""
        return max(0, self._steps - self.spent)

    def grant(self, steps: int) -> None:
        """Gives so many environment steps more than were used."""
        self._steps = self.spent + steps

    def seeds(self, start: int, count: int) -> list[int]:
        """Development seeds."""
        return split_seeds(Split.DEV, self._seed, start, count)

    def measure(self, jobs: Sequence[Job]) -> list[Result]:
        """Plays jobs that were not played before; known ones are free."""
        results: list[Result] = []
        for job in jobs:
            if job not in self._known:
                if self.remaining <= 0:
                    raise BudgetExhausted("spent", (*results, *[None] * (len(jobs) - len(results))))
                self._known[job] = self._evaluator.run([job])[0]
                self.spent += self._known[job].outcome.env_steps
            results.append(self._known[job])
        return results

    def say(self, text: str) -> None:
        """Keeps what was said."""
        self.said.append(text)


class ScriptedLab:
    """A :class:`hlearn.editors.api.Lab` that knows every score beforehand; an episode costs 10 steps.

    Args:
        scores: by a program's source, its score on seed 0, 1, 2, ...; NaN for a program that crashes there.
        steps: environment steps that may be spent.

    Attributes:
        jobs: everything that was measured, in order.
    """

    def __init__(self, scores: Mapping[str, Sequence[float]], *, steps: int = 10_000) -> None:
        self.task = resolve_task("CartPole-v1")
        self.observation = ObservationSpec(shape=(4,), dtype="float32")
        self.actions = Discrete(n=2)
        self.workers = 1
        self.longest: int | None = None
        self.stall = 9000
        self.rng = np.random.default_rng(0)
        self.jobs: list[Job] = []
        self._scores = {Program(source=s).sha256: v for s, v in scores.items()}
        self._left = steps

    @property
    def remaining(self) -> int:
        """Environment steps left."""
        return max(0, self._left)

    def seeds(self, start: int, count: int) -> list[int]:
        """The numbers themselves."""
        return list(range(start, start + count))

    def measure(self, jobs: Sequence[Job]) -> list[Result]:
        """Answers from the table."""
        results: list[Result] = []
        for job in jobs:
            if self._left <= 0:
                raise BudgetExhausted("spent", (*results, *[None] * (len(jobs) - len(results))))
            self._left -= 10
            self.jobs.append(job)
            score = self._scores[job.program.sha256][job.seed]
            outcome: Outcome = Episode(
                seed=job.seed, score=score, length=10, env_steps=10, terminated=True, truncated=False
            )
            if math.isnan(score):
                outcome = Failure(seed=job.seed, kind=FailureKind.CRASHED, message="", env_steps=10)
            none = np.zeros(0)
            recording = Recording(observations=none, actions=none, rewards=none)
            results.append(Result(outcome, recording if job.record is Record.TRACES else None))
        return results

    def say(self, text: str) -> None:
        """Says nothing to anybody."""
