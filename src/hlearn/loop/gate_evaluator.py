"""What the gate measures with in a run: gate seeds, paid from all that is left."""

from __future__ import annotations

from collections.abc import Sequence

from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Job, Result
from hlearn.gate import Gate
from hlearn.lab import MeteredEvaluator
from hlearn.lab.lab import SEEDS_PER_RUN, SystemLab
from hlearn.ledger import Purpose
from hlearn.loop.budget import BudgetSplit
from hlearn.records import Evaluation, Program, Split
from hlearn.tasks.registry import seed_matters
from hlearn.tasks.seeds import split_seeds

_DEV_EPISODES = 2  # what a brief says of a champion whose editor did not measure it
_PROOF = (4, 8, 16, 32)  # gate episodes on which a target must stand, looked at as they come


class RunGateEvaluator:
    """The :class:`hlearn.gate.GateEvaluator` of one run, and what else is asked of a champion.

    Args:
        meter: of the run; its task has the target of the run.
        lab: the editor's, for development seeds.
        split: divides what is left.
        gate: its rules for endless episodes.

    Attributes:
        first_seed: position in its split of the first seed: every race has its own beginning
            (:func:`hlearn.gate.first_seed_against`).
    """

    def __init__(self, meter: MeteredEvaluator, lab: SystemLab, split: BudgetSplit, gate: Gate) -> None:
        self._meter = meter
        self._lab = lab
        self._split = split
        self._gate = gate
        self._task = meter.task
        self.first_seed = (meter.run.run - 1) * SEEDS_PER_RUN

    def measure(self, jobs: Sequence[Job], purpose: Purpose) -> list[Result]:
        """Plays jobs for the gate, which may spend all that is left.

        Raises:
            BudgetExhausted: nothing is left to spend.
        """
        return self._meter.measure(jobs, purpose, left=lambda: self._split.budget.left)

    def seeds(self, start: int, count: int) -> list[int]:
        """Gate seeds; development seeds where the seed has no effect and the splits would hide nothing."""
        split = Split.GATE if seed_matters(self._task) else Split.DEV
        return split_seeds(split, self._meter.run.seed, self.first_seed + start, count)

    def spent(self) -> int:
        """Environment steps charged so far."""
        return self._meter.spent

    def holds(self, program: Program, target: float) -> bool:
        """Whether a program reaches the target on more gate seeds than those few that made it the champion."""
        if not seed_matters(self._task):
            return True
        for count in _PROOF:
            jobs = [self._job(program, seed, self._split.longest()) for seed in self.seeds(0, count)]
            try:
                results = self.measure(jobs, Purpose.GATE)
            except BudgetExhausted:
                return True  # nothing speaks against it, and nothing is left to learn with
            if sum(r.outcome.score for r in results) / count < target:
                return False
        return True

    def development(self, program: Program) -> Evaluation | None:
        """What the next brief says of a champion: cut like other episodes, for some would play on for ever."""
        jobs = [self._job(program, seed, self._lab.longest) for seed in self._lab.seeds(0, _DEV_EPISODES)]
        try:
            results = self._lab.measure(jobs)
        except BudgetExhausted:
            return None
        return Evaluation(program=program.sha256, split=Split.DEV, outcomes=tuple(r.outcome for r in results))

    def _job(self, program: Program, seed: int, longest: int | None) -> Job:
        return Job(
            program=program,
            seed=seed,
            max_steps=longest,
            stop_score=self._task.target,
            stall_steps=self._gate.stall_steps,
        )
