"""A lane of the race: one tunable, its tuner, and its best candidate so far."""

from __future__ import annotations

import math
from collections.abc import Mapping

from hlearn.editors.api import Lab
from hlearn.editors.search.trials import Candidate, Trials
from hlearn.editors.search.tune import Tunable, Tuner

PATIENCE = 6  # generations without a better best before more episodes are played per program
MOST_EPISODES = 16  # per program and generation
RECENT = 3  # generations
FORMER = 3  # bests of before that stay in the running
CENTRE_EVERY = 3  # generations between trials of the distribution's centre


class Lane:
    """Tunes one tunable a generation at a time and keeps the best that stood the trials.

    Args:
        start: values to begin at; also the first candidate on trial, if given.
        sigma: first step size in the knobs' spreads.
        best: whom to beat, None for the first candidate.
        floor: what random pushes score; see :class:`Tuner`.
        decide: episodes on which a challenger is compared with the best.
    """

    def __init__(
        self,
        lab: Lab,
        trials: Trials,
        tunable: Tunable,
        *,
        start: Mapping[str, float] | None = None,
        sigma: float = 1.0,
        episodes: int = 2,
        decide: int = 16,
        population: int | None = None,
        best: Candidate | None = None,
        floor: float = math.inf,
    ) -> None:
        self.lab = lab
        self.trials = trials
        self.tunable = tunable
        self.decide = decide
        self.best = best
        self.former: list[Candidate] = []
        self.done = False
        self.spent = 0
        self.quiet = 0
        self.tuner = Tuner(
            lab, tunable, start=start, sigma=sigma, episodes=episodes, population=population, floor=floor
        )

    @property
    def mean(self) -> float:
        """The best candidate's mean score, -inf where there is none."""
        return self.best.mean if self.best is not None else -math.inf

    @property
    def climbing(self) -> bool:
        """Whether a better best came within the last few generations."""
        return not self.done and self.quiet < RECENT

    def step(self) -> bool:
        """Plays one generation and its trial; returns whether there is a better best.

        Raises:
            BudgetExhausted: the best so far is kept.
        """
        before = self.lab.remaining
        try:
            return self._step()
        finally:
            self.spent += before - self.lab.remaining

    def _step(self) -> bool:
        played = self.tuner.step()
        values = played[0].values
        if self.tuner.generation % CENTRE_EVERY == 0 and self.tuner.generation > 2 * CENTRE_EVERY:
            values = self.tuner.centre
        better = self.challenge(values)
        self.quiet = 0 if better else self.quiet + 1
        if self.quiet >= PATIENCE:
            if self.tuner.episodes < MOST_EPISODES and not self.tuner.tied:
                self.tuner.episodes = min(2 * self.tuner.episodes, MOST_EPISODES)
                self.quiet = 0
            elif self.quiet >= 2 * PATIENCE:
                self.done = True
        self.done = self.done or self.tuner.converged
        return better

    def challenge(self, values: Mapping[str, float]) -> bool:
        """Tries values against the best; returns whether they replace it."""
        note = f"{self.tunable.name}, generation {self.tuner.generation}"
        challenger = self.trials.candidate(self.tunable, values, note)
        if self.trials.challenge(challenger, self.best, self.decide):
            if self.best is not None:
                self.former = [*self.former, self.best][-FORMER:]
            self.best = challenger
            return True
        return False
