"""A planner for what moves in cycles: what was played lately is tried again, over and over, and improved.

A gait, a stroke or a swing comes back after a few decisions. Sequences that repeat the last few actions cost next to
nothing beside those that are drawn, and where there is a cycle the best of them is better than a plan that was moved on
by a step and has no end yet. Around the best, noise is drawn at few knots, as by predictive sampling (Howell et al.
2022), and the mean of the best draws is taken, as by the cross-entropy method.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hlearn.parts.planning.nominal import Simulating
from hlearn.parts.planning.sampling import RandomShooting

_SHRINK = 0.6  # of the noise from round to round


class Cyclic(RandomShooting):
    """Begins from the best of the base's plan, the last plan and the cycles of what was played, and draws around it.

    Args:
        rounds: how often; the samples are shared among the rounds and the cycles.
        shortest: cycle that is tried, in decisions.
        longest: the longest one.
        elites: part of the draws whose mean is tried.
        **options: as for random shooting.

    Attributes:
        repeated: decisions of this episode that began from a cycle.
    """

    def __init__(
        self,
        *,
        rounds: int = 1,
        shortest: int = 3,
        longest: int = 10,
        elites: float = 0.2,
        **options: float | int | Callable[[np.ndarray], np.ndarray] | None,
    ) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.rounds = max(1, int(rounds))
        self.shortest = max(1, int(shortest))
        self.longest = max(self.shortest, int(longest))
        self.elites = elites
        self.repeated = 0
        self._played: list[np.ndarray] = []

    def _search(self, model: Simulating, base: np.ndarray, last: np.ndarray, begun: float) -> np.ndarray:
        cycles = self._cycles(last)
        if len(cycles) > self.samples // 2:  # evenly short and long ones
            cycles = [cycles[i] for i in np.linspace(0, len(cycles) - 1, self.samples // 2).astype(int)]
        plans = self._within(np.stack([base, last, *cycles]), base)
        returns = self.returns(model, plans)
        of_base, start = returns[0], int(np.argmax(returns))
        self.repeated += start > 1
        centre, size = plans[start], 1.0
        count = max(2, (self.samples - len(plans)) // self.rounds - 1)
        best = np.argsort(-returns, kind="stable")[:2]
        plans, returns = plans[best], returns[best]
        for number in range(1, self.rounds + 1):
            drawn = self._within(centre + size * self.spread * self._noise(count, base), base)
            plans = np.concatenate([plans, drawn])
            returns = np.concatenate([returns, self.returns(model, drawn)])
            best = np.argsort(-returns, kind="stable")[: max(2, int(self.elites * count))]
            plans, returns = plans[best], returns[best]
            centre, size = plans.mean(axis=0), size * _SHRINK
            if number < self.rounds and self._late(begun, number):
                break
        plans = np.concatenate([plans, centre[None]])
        first = self._take(plans, np.append(returns, self.returns(model, centre[None])), of_base)
        self._played = [*self._played, first][-self.longest :]
        return first

    def _cycles(self, last: np.ndarray) -> list[np.ndarray]:
        """What was played, again and again; and the first half of the last plan, with such an end."""
        played = np.array(self._played).reshape(-1, last.shape[1])
        half = self.horizon // 2
        begun = np.concatenate([played, last[:half]])
        periods = range(self.shortest, self.longest + 1)
        whole = [np.resize(played[-p:], last.shape) for p in periods if p <= len(played)]
        ends = [
            np.concatenate([last[:half], np.resize(begun[-p:], last[half:].shape)])
            for p in periods
            if p + half <= len(begun)
        ]
        return [*whole, *ends]
