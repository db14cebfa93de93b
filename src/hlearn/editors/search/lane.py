"""A lane of the race: one tunable, its tuner, and its best candidate so far."""

from __future__ import annotations

import math
from collections.abc import Mapping

from hlearn.editors.api import Lab
from hlearn.editors.search.knobs import widened
from hlearn.editors.search.prune import Prunable
from hlearn.editors.search.trials import Candidate, PairedComparison
from hlearn.editors.search.tune import Tuner

CAPPED_PATIENCE = 15  # generations in which capped episodes must bring this share of the gain so far
PROGRESS = 0.08
LOOK_EVERY = 12  # generations between trials while episodes are capped
PATIENCE = 6  # trials without a better best before more episodes are played per program
COSTLY_PATIENCE = 3  # the same for lanes whose episodes are long
DEAREST = 0.03  # share of the remaining budget that one generation may cost after that
MOST_EPISODES = 16  # per program and generation
RECENT = 3  # generations
FORMER = 3  # bests of before that stay in the running
CENTRE_EVERY = 3  # generations between trials of the distribution's centre
EARLY = 6  # generations whose best is tried too: later, the best of a generation is mostly lucky, the centre better


class TuningRun:
    """Tunes one tunable a generation at a time and keeps the best that stood the trials.

    Args:
        start: values to begin at; also the first candidate on trial, if given.
        sigma: first step size in the knobs' spreads.
        best: whom to beat, None for the first candidate.
        floor: what random pushes score; see :class:`Tuner`.
        decide: episodes on which a challenger is compared with the best.
        horizon: environment steps after which episodes are stopped at first, until that brings no more progress:
            getting anywhere comes before lasting, and costs less.
        doublings: how often they then get twice as long before they are whole.
        forgiven: the price of a fall, which does not count as long as episodes are stopped; see :class:`Tuner`.
    """

    def __init__(
        self,
        lab: Lab,
        trials: PairedComparison,
        tunable: Prunable,
        *,
        start: Mapping[str, float] | None = None,
        sigma: float = 1.0,
        episodes: int = 2,
        decide: int = 16,
        population: int | None = None,
        best: Candidate | None = None,
        floor: float = math.inf,
        horizon: int | None = None,
        doublings: int = 1,
        forgiven: float = 0.0,
    ) -> None:
        self.lab = lab
        self.trials = trials
        self.tunable = tunable
        self.decide = decide
        self.best = best
        self.former: list[Candidate] = []
        self.done = False
        self.costly = horizon is not None  # its episodes are long once they are whole
        self.doublings = doublings
        self.daring = horizon is not None  # falls are forgiven at first; then episodes get longer
        self.spent = 0
        self.quiet = 0
        self.level = -math.inf  # of the better ones of a generation, smoothed
        self._levels: list[float] = []  # one per generation while episodes are capped
        self.tuner = Tuner(
            lab,
            tunable,
            start=start,
            sigma=sigma,
            episodes=episodes,
            population=population,
            floor=floor,
            horizon=horizon,
            forgiven=forgiven,
        )

    @property
    def mean(self) -> float:
        """The best candidate's mean score, -inf where there is none."""
        return self.best.mean if self.best is not None else -math.inf

    @property
    def pace(self) -> float:
        """The level per step of a capped episode: lanes whose episodes differ in length can be compared."""
        return self.level / (self.tuner.horizon or 1)

    @property
    def standing(self) -> str:
        """In a few words, for progress lines."""
        if self.tuner.horizon is not None:
            capped = f"{self.level:.4g} in {self.tuner.horizon} steps"
            return capped if self.best is None else f"{capped}, {self.mean:.4g} in all"
        if self.best is None:
            return "nothing yet"
        return f"{self.mean:.4g}, this generation {self.level:.4g}" if self.costly else f"{self.mean:.4g}"

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
        before = self.lab.remaining
        played = self.tuner.step()
        cost = before - self.lab.remaining
        level = sum(p.mean for p in played[: max(1, len(played) // 4)]) / max(1, len(played) // 4)
        self.level = level if self.level == -math.inf else 0.8 * self.level + 0.2 * level
        if self.tuner.horizon is not None:
            return self._look()
        values = played[0].values
        early = self.tuner.generation <= EARLY
        if not early and self.tuner.generation % CENTRE_EVERY == 0:
            values = self.tuner.centre
        elif self.costly or not early:
            return False  # trials on whole episodes cost as much as a generation
        better = self.challenge(values)
        self.quiet = 0 if better else self.quiet + 1
        patience = COSTLY_PATIENCE if self.costly else PATIENCE
        if self.quiet >= patience:
            affordable = 2 * cost < DEAREST * self.lab.remaining
            if self.tuner.episodes < MOST_EPISODES and not self.tuner.tied and affordable:
                self.tuner.episodes = min(2 * self.tuner.episodes, MOST_EPISODES)
                self.quiet = 0
            elif self.quiet >= 2 * patience:
                self.done = True
        self.done = self.done or self.tuner.converged
        return better

    def _look(self) -> bool:
        """While episodes are capped: is there still progress, and what is the centre worth now and then?"""
        assert self.tuner.horizon is not None
        self._levels.append(self.level)
        gained = self.level - min(self._levels)
        settled = len(self._levels) > 2 * CAPPED_PATIENCE
        lately = self.level - self._levels[-1 - CAPPED_PATIENCE] if settled else gained
        if (settled and lately <= PROGRESS * gained) or self.tuner.converged:
            self.lengthen()
        if self.tuner.generation % LOOK_EVERY == 0 and self.tuner.stopped > 0.0:
            return self.challenge(self.tuner.centre, decide=4)
        return False

    def lengthen(self) -> None:
        """Stops episodes after twice as many steps, at last not at all."""
        self._levels, self.level = [], -math.inf
        if self.tuner.horizon is not None and self.doublings > 0:
            self.doublings -= 1
            self.daring = False  # first daring, now lasting
            self.tuner.forgiven = 0.0
            self.tuner.horizon *= 2
        else:
            self.tuner.horizon, self.quiet, self.tuner.episodes = None, 0, 1

    def challenge(self, values: Mapping[str, float], decide: int | None = None) -> bool:
        """Tries values against the best; returns whether they replace it."""
        note = f"{self.tunable.name}, generation {self.tuner.generation}"
        challenger = self.trials.candidate(self.tunable, values, note)
        if self.trials.challenge(challenger, self.best, decide or self.decide):
            if self.best is not None:
                self.former = [*self.former, self.best][-FORMER:]
            self.best = challenger
            self._widen(challenger.values)
            return True
        return False

    def _widen(self, values: Mapping[str, float]) -> None:
        """Tunes on from the best within wider bounds, where it leans on one."""
        knobs = tuple(widened(k, values[k.name]) for k in self.tunable.knobs)
        if knobs != self.tunable.knobs:
            self.tunable = self.tunable.with_knobs(knobs)
            self.tuner = self.tuner.restarted(self.tunable, values)
