"""Planners that draw sequences of box actions around a plan: random shooting, iCEM, MPPI.

Literature: Pinneri et al., "Sample-efficient cross-entropy method for real-time planning" (2020); Williams et al.,
"Model predictive path integral control" (2017).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from hlearn.parts.planning.noise import coloured, knotted
from hlearn.parts.planning.nominal import Simulating

Bound = float | Sequence[float] | np.ndarray


class RandomShooting:
    """Draws sequences around the base's plan, plays them in the model, and takes the first action of the best.

    The base's own plan and what is left of the last plan are among them, so that a plan is only left for a better one.

    Args:
        horizon: actions that it looks ahead.
        samples: sequences per decision.
        spread: standard deviation of the noise, in parts of the half range of an action.
        colour: of the noise (:func:`hlearn.parts.planning.noise.coloured`).
        knots: moments at which noise is drawn instead (:func:`hlearn.parts.planning.noise.knotted`); 0: none.
        substeps: steps of the physics for an action, where the model can be played more coarsely; 0: as the
            environment does.
        low: smallest action, a number or one per channel; finite.
        high: largest action.
        limit: how far an action may be from the base's, in parts of the half range; inf: anywhere.
        value: of the state after the horizon, None for none.
        discount: weight of a reward per step ahead.
        ms: deadline in milliseconds, inf for none: rounds that would come later are left out.
        seed: of its draws.

    Attributes:
        plan: the best sequence of the last decision, float64[horizon, n]; None at first.
        worth: its return in the model.
        gain: what that is above the base's.
    """

    rounds = 1

    def __init__(
        self,
        *,
        horizon: int,
        samples: int,
        spread: float = 0.3,
        colour: float = 2.0,
        knots: int = 0,
        substeps: int = 0,
        low: Bound = -1.0,
        high: Bound = 1.0,
        limit: float = np.inf,
        value: Callable[[np.ndarray], np.ndarray] | None = None,
        discount: float = 1.0,
        ms: float = np.inf,
        seed: int = 0,
    ) -> None:
        self.horizon, self.samples = max(1, int(horizon)), max(1, int(samples))
        self.low, self.high = np.asarray(low, np.float64), np.asarray(high, np.float64)
        self.half = 0.5 * (self.high - self.low)
        if not (np.isfinite(self.half).all() and (self.half > 0).all()):
            raise ValueError(f"expected finite bounds, low below high, got {low} and {high}")
        self.spread, self.colour = spread * self.half, colour
        self.knots, self.substeps = min(max(0, int(knots)), self.horizon), max(0, int(substeps))
        self.limit = limit * self.half if np.isfinite(limit) else None
        self.value, self.discount, self.ms = value, discount, ms
        self.rng = np.random.default_rng(seed)
        self.plan: np.ndarray | None = None
        self.worth = self.gain = 0.0
        self._weights = discount ** np.arange(self.horizon)

    def decide(self, model: Simulating, base: np.ndarray) -> np.ndarray:
        """Returns the action to play now, float64[n].

        Args:
            model: simulates; where it is not alive the base's action is returned.
            base: the base's plan, float64[horizon, n].
        """
        if not model.alive:
            return np.asarray(base[0], np.float64)
        base = np.clip(np.asarray(base, np.float64), self.low, self.high)
        begun = time.perf_counter()
        last = base
        if self.plan is not None:
            last = np.concatenate([self.plan[1:], base[-1:]])
        return self._search(model, base, self._within(last[None], base)[0], begun)

    def _search(self, model: Simulating, base: np.ndarray, last: np.ndarray, begun: float) -> np.ndarray:
        noise = self.spread * self._noise(self.samples, base)
        plans = self._within(np.concatenate([base[None], last[None], last + noise]), base)
        returns = self.returns(model, plans)
        return self._take(plans, returns, returns[0])

    def _noise(self, count: int, base: np.ndarray) -> np.ndarray:
        if self.knots:
            return knotted(self.rng, count, base.shape[0], base.shape[1], self.knots)
        return coloured(self.rng, count, base.shape[0], base.shape[1], self.colour)

    def _take(self, plans: np.ndarray, returns: np.ndarray, of_base: float) -> np.ndarray:
        best = int(np.argmax(returns))
        self.plan, self.worth = plans[best], float(returns[best])
        self.gain = self.worth - float(of_base)
        first: np.ndarray = plans[best, 0].copy()
        return first

    def _within(self, plans: np.ndarray, base: np.ndarray) -> np.ndarray:
        if self.limit is not None:
            plans = np.clip(plans, base - self.limit, base + self.limit)
        clipped: np.ndarray = np.clip(plans, self.low, self.high)
        return clipped

    def returns(self, model: Simulating, plans: np.ndarray) -> np.ndarray:
        """What sequences bring in the model, the value after the horizon included, float64[B]."""
        coarse = {"substeps": self.substeps} if self.substeps else {}
        out = model.rollout(plans, observe="none" if self.value is None else "last", **coarse)
        total: np.ndarray = out.rewards @ self._weights
        if self.value is not None:
            beyond = self.value(out.observations) * self.discount**self.horizon
            total = total + np.where(out.ended, 0.0, beyond)
        return np.where(np.isnan(total), -np.inf, total)

    def _late(self, begun: float, rounds: int) -> bool:
        """Whether another round like those before would come after the deadline."""
        spent = 1000.0 * (time.perf_counter() - begun)
        return spent * (rounds + 1) / rounds > self.ms


class ICEM(RandomShooting):
    """The cross-entropy method as iCEM does it: coloured noise, elites that are kept and shifted, the best is played.

    Args:
        rounds: how often the distribution is drawn from and fitted again; the samples are shared among them.
        elites: part of the samples that the distribution is fitted to.
        keep: part of the elites that stay for the next round, and for the next decision.
        momentum: part of the old mean and deviation that stays.
        decay: factor of the samples from round to round.
        **options: as for random shooting.
    """

    def __init__(
        self,
        *,
        rounds: int = 3,
        elites: float = 0.1,
        keep: float = 0.3,
        momentum: float = 0.1,
        decay: float = 1.25,
        **options: float | int | Callable[[np.ndarray], np.ndarray] | None,
    ) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.rounds = max(1, int(rounds))
        self.elites, self.keep, self.momentum = elites, keep, momentum
        shares = np.array([decay**-r for r in range(self.rounds)])
        self._counts = np.maximum(2, np.round(self.samples * shares / shares.sum()).astype(int))
        self._kept: np.ndarray | None = None

    def _search(self, model: Simulating, base: np.ndarray, last: np.ndarray, begun: float) -> np.ndarray:
        mean, deviation = last.copy(), np.broadcast_to(self.spread, base.shape).copy()
        kept = np.concatenate([base[None], last[None]])
        if self._kept is not None:
            ends = np.repeat(base[None, -1:], len(self._kept), axis=0)
            kept = np.concatenate([kept, np.concatenate([self._kept[:, 1:], ends], axis=1)])
        of_base = -np.inf
        known = np.empty(0)  # returns of those kept, once they were played
        for number, count in enumerate(self._counts, 1):
            noise = self._noise(int(count), base)
            drawn = mean + deviation * noise
            if number == self.rounds and number > 1:
                drawn[0] = mean
            new = self._within(drawn if len(known) else np.concatenate([kept, drawn]), base)
            returns = self.returns(model, new)
            if number == 1:
                of_base = returns[0]
            plans, returns = (
                (np.concatenate([kept, new]), np.concatenate([known, returns]))
                if len(known)
                else (new, returns)
            )
            order = np.argsort(-returns, kind="stable")[: max(2, int(self.elites * count))]
            elites = plans[order]
            mean = self.momentum * mean + (1.0 - self.momentum) * elites.mean(axis=0)
            deviation = self.momentum * deviation + (1.0 - self.momentum) * elites.std(axis=0)
            stay = order[: max(1, int(np.ceil(self.keep * len(order))))]
            kept, known = plans[stay], returns[stay]
            if number < self.rounds and self._late(begun, number):
                break
        self._kept = kept
        return self._take(kept, known, of_base)


class MPPI(RandomShooting):
    """Model predictive path integral control: the plan moves to the mean of what was drawn, weighted by returns.

    Args:
        rounds: how often.
        temperature: of the weights, in standard deviations of the returns; small: the best alone counts.
        **options: as for random shooting.
    """

    def __init__(
        self,
        *,
        rounds: int = 1,
        temperature: float = 0.3,
        **options: float | int | Callable[[np.ndarray], np.ndarray] | None,
    ) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.rounds = max(1, int(rounds))
        self.temperature = temperature

    def _search(self, model: Simulating, base: np.ndarray, last: np.ndarray, begun: float) -> np.ndarray:
        mean, of_base, count = last, -np.inf, max(2, self.samples // self.rounds)
        best, most = base, -np.inf
        for number in range(1, self.rounds + 1):
            noise = self.spread * self._noise(count, base)
            plans = self._within(np.concatenate([base[None], mean[None], mean + noise]), base)
            returns = self.returns(model, plans)
            of_base = returns[0] if number == 1 else of_base
            top = float(returns.max())
            if top > most:
                best, most = plans[int(np.argmax(returns))], top
            if not np.isfinite(top):
                break
            fine = np.isfinite(returns)
            scale = max(self.temperature * float(returns[fine].std()), 1e-12)
            weights = np.where(fine, np.exp(np.where(fine, returns - top, 0.0) / scale), 0.0)
            mean = np.tensordot(weights / weights.sum(), plans, axes=1)
            if number < self.rounds and self._late(begun, number):
                break
        both = np.stack([mean, best])
        return self._take(both, self.returns(model, both), of_base)
