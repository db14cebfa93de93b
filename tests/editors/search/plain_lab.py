"""A lab without system and ledger: plays in-process, counts steps, nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Job, Result
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.records import Split
from hlearn.tasks import open_environment, resolve_task
from hlearn.tasks.seeds import split_seeds


class PlainLab:
    """A :class:`hlearn.editors.api.Lab` for tests."""

    def __init__(self, env_id: str, *, steps: int, seed: int = 0, target: float | None = None) -> None:
        self.task = resolve_task(env_id, target=target)
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
        return max(0, self._steps - self.spent)

    def grant(self, steps: int) -> None:
        """Gives so many environment steps more than were used."""
        self._steps = self.spent + steps

    def seeds(self, start: int, count: int) -> list[int]:
        return split_seeds(Split.DEV, self._seed, start, count)

    def measure(self, jobs: Sequence[Job]) -> list[Result]:
        results = []
        for job in jobs:
            if job not in self._known:
                if self.remaining <= 0:
                    raise BudgetExhausted("spent")
                self._known[job] = self._evaluator.run([job])[0]
                self.spent += self._known[job].outcome.env_steps
            results.append(self._known[job])
        return results

    def say(self, text: str) -> None:
        self.said.append(text)
