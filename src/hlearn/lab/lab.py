"""What an editor measures with: the meter, narrowed to development seeds and to the editor's share of the budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import numpy as np

from hlearn.evaluate.api import Job, Result
from hlearn.lab.metered import MeteredEvaluator
from hlearn.lab.purse import Purse
from hlearn.lab.transcripts import keep_transcript
from hlearn.ledger import EditorRan, Purpose, Refusal, Refused
from hlearn.records import Budget, Cost, Split
from hlearn.system.copies import WorkingCopy
from hlearn.tasks.environment import ActionSpace, ObservationSpec
from hlearn.tasks.seeds import split_of, split_seeds
from hlearn.tasks.task import Task

SEEDS_PER_RUN = 1_000_000  # a later run of the same system begins at other seeds


class SystemLab:
    """A :class:`hlearn.editors.api.Lab` of one run.

    Args:
        task: what is learnt.
        observation: what a program sees.
        actions: what a program may do.
        meter: counts and records.
        workers: how many episodes are played side by side; the value that the run was started with, so that a
            resumed run goes the same way on another machine.
        budget: what is left, and what of it is kept for the gate.
        working_copy: makes a throw-away copy of the system, for editors that work on files.
        purse: what else the run may cost; no caps where None.
    """

    def __init__(
        self,
        *,
        task: Task,
        observation: ObservationSpec,
        actions: ActionSpace,
        meter: MeteredEvaluator,
        workers: int,
        budget: Callable[[], Budget],
        working_copy: Callable[[], AbstractContextManager[WorkingCopy]],
        purse: Purse | None = None,
    ) -> None:
        self.task = task
        self.observation = observation
        self.actions = actions
        self.workers = workers
        self.longest = meter.longest
        self.stall = meter.stall
        self.planning = meter.run.planning
        self.rng = np.random.default_rng([meter.run.seed, meter.run.run])
        self._meter = meter
        self._budget = budget
        self.working_copy = working_copy
        self.purse = purse or Purse()

    @property
    def remaining(self) -> int:
        """Environment steps left that editors may spend (what is kept for the gate is not among them).

        0 where nothing but failures was measured for long (:attr:`hlearn.lab.budget.BudgetAccount.hopeless`), and where
        money, tokens, time or simulated steps are used up.
        """
        account, planning = self._meter.account, self._meter.run.planning
        if (
            account.hopeless
            or self.purse.empty
            or (planning is not None and account.planner_steps >= planning.budget)
        ):
            return 0
        return self._budget().for_editor

    def seeds(self, start: int, count: int) -> list[int]:
        """Development seeds number ``start`` to ``start + count - 1`` of this run."""
        run = self._meter.run
        return split_seeds(Split.DEV, run.seed, start + (run.run - 1) * SEEDS_PER_RUN, count)

    def measure(self, jobs: Sequence[Job]) -> list[Result]:
        """Plays jobs on development seeds, counts their steps and records them in the ledger.

        Raises:
            BudgetExhausted: nothing is left to spend; what was played is recorded, and what these jobs brought before
                the end is in the exception's ``results``.
            ValueError: a seed is not a development seed.
        """
        for job in jobs:
            if split_of(job.seed) not in (Split.DEV, None):
                raise ValueError(
                    f"seed {job.seed} belongs to {split_of(job.seed)}; editors measure on dev seeds"
                )
        return self._meter.measure(jobs, Purpose.EDIT, left=lambda: self.remaining)

    def revisit(self, jobs: Sequence[Job]) -> list[Result]:
        """Plays episodes again that were paid for, with what is to be kept of them; charges and records nothing.

        Args:
            jobs: of episodes that :meth:`measure` has answered.
        """
        return self._meter.evaluator.run(jobs)

    @property
    def charged(self) -> tuple[int, int]:
        """Episodes and environment steps charged so far."""
        return self._meter.account.episodes, self._meter.spent

    def refused(self, why: str, kind: Refusal) -> None:
        """Writes down and shows why an editor's attempt is no proposal."""
        self._meter.ledger.append(Refused(run=self._meter.run.run, why=why, kind=kind))
        self.say(why.splitlines()[0])

    def ran(
        self,
        *,
        cost: Cost,
        status: int,
        fault: Refusal | None,
        said: str,
        transcript: bytes,
        editor: str = "",
        env_steps: int = 0,
    ) -> tuple[str, str] | None:
        """Writes down that a client of the editor has ended, and keeps what it said; returns where."""
        kept = keep_transcript(self._meter.recordings.folder, transcript)
        run = self._meter.run
        self._meter.ledger.append(
            EditorRan(
                run=run.run,
                editor=editor or run.editor,
                cost=cost,
                status=status,
                fault=fault,
                said=said,
                transcript=kept,
                env_steps=env_steps,
            )
        )
        self.purse.pay(cost)
        return kept

    def time_left(self) -> float:
        """Wall seconds that the run may still take, infinite without a cap."""
        return self.purse.seconds_left

    def money_left(self) -> float | None:
        """US dollars that the run may still cost, None without a cap."""
        return self.purse.usd_left

    def say(self, text: str) -> None:
        """Shows what is being tried, in a few words."""
        self._meter.say(text)
