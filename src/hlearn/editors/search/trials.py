"""Candidates on trial: a fixed list of development seeds on which a challenger has to beat the best so far."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hlearn.editors.api import Lab
from hlearn.editors.search.knobs import Tunable
from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Job, Record, Result
from hlearn.records import Episode, Evaluation, Outcome, Program, Split

TRIAL_SEEDS = 500_000  # where in the run's development seeds the list begins; tuning stays below


@dataclass(slots=True)
class Candidate:
    """A program with the numbers it was written from.

    Attributes:
        number: candidates on trial are numbered as they come.
        outcomes: on the first seeds of the list.
    """

    number: int
    program: Program
    values: dict[str, float]
    note: str = ""
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def scores(self) -> np.ndarray:
        """float[episodes], -inf where the program failed."""
        return np.array([o.score if isinstance(o, Episode) else -math.inf for o in self.outcomes])

    @property
    def mean(self) -> float:
        """Mean score so far, -inf before the first."""
        return float(self.scores.mean()) if self.outcomes else -math.inf

    @property
    def length(self) -> float:
        """Mean environment steps of an episode so far, 0 before the first."""
        return float(np.mean([o.env_steps for o in self.outcomes])) if self.outcomes else 0.0

    def evaluation(self) -> Evaluation:
        """The outcomes as development scores of a proposal."""
        return Evaluation(program=self.program.sha256, split=Split.DEV, outcomes=tuple(self.outcomes))


class PairedComparison:
    """Plays candidates on the list of seeds, each seed at most once per candidate.

    Attributes:
        contender: the challenger whose contest goes on, or was broken off by the budget's end.
        learner: is told every result with the steps of its episode; None: steps are not recorded.
    """

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.count = 0
        self.learner: Callable[[Result], None] | None = None
        self.contender: Candidate | None = None

    def candidate(self, tunable: Tunable, values: Mapping[str, float], note: str) -> Candidate:
        """Numbers a candidate and writes its program, which names the number."""
        self.count += 1
        program = tunable.program(values, origin=f"Candidate {self.count}: {note}.")
        return Candidate(number=self.count, program=program, values=dict(values), note=note)

    def written(self, program: Program, note: str) -> Candidate:
        """Numbers a candidate that is written already."""
        self.count += 1
        return Candidate(number=self.count, program=program, values={}, note=note)

    def play(self, candidates: Sequence[Candidate], episodes: int) -> None:
        """Gives every candidate at least so many episodes, in one batch.

        Raises:
            BudgetExhausted: nothing is left; what was played before is kept.
        """
        jobs, owners = [], []
        for candidate in candidates:
            have = len(candidate.outcomes)
            for seed in self.lab.seeds(TRIAL_SEEDS + have, max(0, episodes - have)):
                record = Record.NOTHING if self.learner is None else Record.STEPS
                jobs.append(
                    Job(
                        program=candidate.program,
                        seed=seed,
                        record=record,
                        max_steps=self.lab.longest,
                        together=True,
                    )
                )
                owners.append(candidate)
        if not jobs:
            return
        try:
            results: Sequence[Result | None] = self.lab.measure(jobs)
        except BudgetExhausted as spent:
            _give(owners, spent.results)
            raise
        _give(owners, results)
        for result in results:
            if self.learner is not None and result is not None:
                self.learner(result)

    def challenge(
        self, challenger: Candidate, best: Candidate | None, episodes: int, *, dear: bool = False
    ) -> bool:
        """Whether the challenger is better than the best; unpromising ones leave after a few episodes.

        Args:
            challenger: gets further episodes.
            best: whom to beat, None if there is none: then anything that does not fail is better.
            episodes: how many decide at most (4, 8, 16, ... are played until then).
            dear: whether episodes are so few that it leaves as soon as it is not ahead; at least two decide, for
                one says nothing of luck.
        """
        self.contender = challenger
        if dear and best is not None:
            better = not self._falls_behind(challenger, best) and self._contest(
                challenger, best, max(2, episodes)
            )
        else:
            better = self._contest(challenger, best, episodes)
        self.contender = None
        return better

    def _falls_behind(self, challenger: Candidate, best: Candidate) -> bool:
        """Whether it is not ahead, neither on the seeds that both played nor of all that the best has scored."""
        for count in (1, 2):
            self.play([challenger, best], count)
            if compare(challenger, best)[0] <= 0.0 and challenger.mean <= best.mean:
                return True
        return False

    def _contest(self, challenger: Candidate, best: Candidate | None, episodes: int) -> bool:
        count = min(4, episodes)
        while True:
            self.play([challenger] if best is None else [challenger, best], count)
            if best is None:
                return math.isfinite(challenger.mean)
            gap, error = compare(challenger, best)
            if not math.isfinite(challenger.mean) or gap < -error:
                return False
            if count >= episodes:
                return gap > 0.0
            count = min(2 * count, episodes)


def _give(owners: Sequence[Candidate], results: Sequence[Result | None]) -> None:
    """Gives candidates their outcomes; a gap ends a candidate's list, for the n-th belongs to the n-th seed."""
    short: set[int] = set()
    for owner, result in zip(owners, results, strict=False):
        if result is None:
            short.add(owner.number)
        elif owner.number not in short:
            owner.outcomes.append(result.outcome)


def compare(challenger: Candidate, best: Candidate) -> tuple[float, float]:
    """Mean paired difference on the seeds that both played, and its standard error (0 for fewer than two)."""
    count = min(len(challenger.outcomes), len(best.outcomes))
    ours, theirs = challenger.scores[:count], best.scores[:count]
    if count == 0 or not np.isfinite(ours).all():
        return -math.inf, 0.0
    if not np.isfinite(theirs).all():
        return math.inf, 0.0
    gaps = ours - theirs
    error = float(gaps.std(ddof=1)) / math.sqrt(count) if count > 1 else abs(float(gaps[0]))
    return float(gaps.mean()), error


def saturated(candidate: Candidate, floor: float, least: int = 8) -> bool:
    """Whether nothing can be gained: every episode ran into the time limit with the same positive score.

    Args:
        candidate: whose episodes are looked at.
        floor: what random pushes scored.
        least: episodes at least.
    """
    scores = candidate.scores
    whole = all(isinstance(o, Episode) and o.truncated for o in candidate.outcomes)
    return (
        len(scores) >= least and whole and bool((scores == scores[0]).all()) and scores[0] > max(0.0, floor)
    )
