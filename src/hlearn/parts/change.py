"""Detectors of change: has what used to hold stopped holding?

Each is fed one number per step or per episode (an error of prediction, a score) and says whether it changed. They are
calibrated on the first numbers, which are taken as normal, unless the normal mean and spread are given.
"""

from __future__ import annotations

import math

import numpy as np


class _Normal:
    """Mean and spread of what is normal: given, or of the first numbers (Welford, 1962)."""

    def __init__(self, mean: float | None, spread: float | None, warm: int) -> None:
        if (mean is None) != (spread is None):
            raise ValueError("expected mean and spread, or neither of them")
        self._given = mean is not None
        self.mean = 0.0 if mean is None else mean
        self._squares, self._count, self._warm = 0.0, 0, warm
        self._spread = spread

    def ready(self, value: float) -> bool:
        """Whether it is calibrated; takes the number in where not."""
        if self._given or self._count >= self._warm:
            return True
        self._count += 1
        step = value - self.mean
        self.mean += step / self._count
        self._squares += step * (value - self.mean)
        return False

    @property
    def spread(self) -> float:
        if self._spread is not None:
            return max(self._spread, 1e-12)
        return max(math.sqrt(self._squares / max(self._count - 1, 1)), 1e-9 + 1e-6 * abs(self.mean))


class Cusum:
    """Cumulative sum (Page, 1954): how far numbers lie above, or below, of normal, in spreads, summed up.

    Args:
        slack: spreads that are forgiven each time; half of the smallest change that matters.
        threshold: the sum at which it changed. With slack 0.5, known mean and
            spread, 8 gives a false
            alarm in some tens of thousands of numbers, 5 in some hundreds.
        upward: whether a rise counts.
        downward: whether a fall counts.
        warm: how many first numbers are normal.
        mean: what is normal, where it is known.
        spread: its standard deviation.
        most: one number counts for so many spreads at most.
    """

    def __init__(
        self,
        *,
        slack: float = 0.5,
        threshold: float = 8.0,
        upward: bool = True,
        downward: bool = False,
        warm: int = 30,
        mean: float | None = None,
        spread: float | None = None,
        most: float = 4.0,
    ) -> None:
        self._slack, self._threshold, self._most = slack, threshold, most
        self._up, self._down = upward, downward
        self._normal = _Normal(mean, spread, warm)
        self.high = self.low = 0.0
        self.changed = False

    def update(self, value: float) -> bool:
        """Takes the next number in; returns whether it changed, from then on until :meth:`clear`."""
        value = float(value)
        if not math.isfinite(value):
            self.changed = True
        elif self._normal.ready(value):
            score = (value - self._normal.mean) / self._normal.spread
            score = min(max(score, -self._most), self._most)
            self.high = max(0.0, self.high + score - self._slack)
            self.low = max(0.0, self.low - score - self._slack)
            self.changed |= (self._up and self.high > self._threshold) or (
                self._down and self.low > self._threshold
            )
        return self.changed

    def clear(self) -> None:
        """Begins anew with the same calibration."""
        self.high = self.low = 0.0
        self.changed = False


class PageHinkley:
    """Page-Hinkley's test of a rise of the mean (Page, 1954; Hinkley, 1971), against the mean of all numbers so far.

    Args:
        delta: rise that is forgiven, in spreads.
        threshold: spreads, summed up, at which it changed.
        warm: how many first numbers give the spread.
        downward: look for a fall instead.
    """

    def __init__(
        self, *, delta: float = 0.25, threshold: float = 20.0, warm: int = 30, downward: bool = False
    ) -> None:
        self._delta, self._threshold, self._sign = delta, threshold, -1.0 if downward else 1.0
        self._normal = _Normal(None, None, warm)
        self._count, self._mean, self._sum, self._least = 0, 0.0, 0.0, 0.0
        self.changed = False

    def update(self, value: float) -> bool:
        """Takes the next number in; returns whether it changed."""
        value = self._sign * float(value)
        if not math.isfinite(value):
            self.changed = True
            return True
        if not self._normal.ready(value):
            return self.changed
        score = (value - self._normal.mean) / self._normal.spread
        self._count += 1
        self._mean += (score - self._mean) / self._count
        self._sum += score - self._mean - self._delta
        self._least = min(self._least, self._sum)
        self.changed |= self._sum - self._least > self._threshold
        return self.changed


class Dynamics:
    """How an environment answers, as a linear map: next = A [observation, products, action, 1], with its usual error.

    It is what a program compares with what happens: an error above the usual one says that the environment changed,
    and of several the one with the smallest error says which environment this is.

    Args:
        weights: float64[m, n] as :func:`features` has m components and the observation n.
        error: float64[n], the usual error of each component (standard deviation).
        actions: how many discrete actions there are, 0 where actions are vectors.
        strange: surprise, as a mean over a :class:`Recognizer`'s window, above which this is another environment.
    """

    def __init__(
        self,
        weights: np.ndarray,
        error: np.ndarray,
        actions: int | np.ndarray,
        strange: float | np.ndarray = 20.0,
    ) -> None:
        self.strange = float(strange)
        self._weights = np.asarray(weights, np.float64)
        self._error = np.maximum(np.asarray(error, np.float64), 1e-9)
        self._actions = int(actions)

    @classmethod
    def fit(
        cls,
        observations: np.ndarray,
        actions: np.ndarray,
        following: np.ndarray,
        *,
        count: int,
        ridge: float = 1e-6,
    ) -> Dynamics:
        """Fits the map to steps by ridge regression.

        Args:
            observations: float64[T, n].
            actions: int64[T] or float64[T, k].
            following: float64[T, n], the observation after each.
            count: of discrete actions, 0 where actions are vectors.
            ridge: how much weights are pulled to 0, relative to the features' size.
        """
        rows = np.stack([features(o, a, count) for o, a in zip(observations, actions, strict=True)])
        scale = np.maximum(np.abs(rows).max(axis=0), 1e-9)
        scaled = rows / scale
        moved = following - observations
        gram = scaled.T @ scaled + ridge * len(rows) * np.eye(rows.shape[1])
        weights = np.linalg.solve(gram, scaled.T @ moved) / scale[:, None]
        error = np.sqrt(((rows @ weights - moved) ** 2).mean(axis=0))
        return cls(weights, error + 1e-6 * np.maximum(np.abs(moved).max(axis=0), 1e-6), count)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """What an asset holds to make it again: ``Dynamics(**arrays)``."""
        return {
            "weights": self._weights,
            "error": self._error,
            "actions": np.array(self._actions),
            "strange": np.array(self.strange),
        }

    def surprise(self, observation: np.ndarray, action: object, following: np.ndarray) -> float:
        """Mean squared error of one step in usual errors: about 1 where nothing changed; each component 100 at most."""
        return float(np.minimum(self._squares(observation, action, following), 100.0).mean())

    def unlikelihood(self, observation: np.ndarray, action: object, following: np.ndarray) -> float:
        """Twice the mean negative logarithm of one step's likelihood, up to a constant.

        Errors are taken as Student's t with 3 degrees of freedom, for an observation outside of what was fitted is not
        yet another world; who expects little is surprised little, and so is less likely where more can be known.
        """
        squares = self._squares(observation, action, following)
        return float((2 * np.log(self._error) + 4 * np.log1p(squares / 3)).mean())

    def _squares(self, observation: np.ndarray, action: object, following: np.ndarray) -> np.ndarray:
        row = features(observation, action, int(self._actions))
        error = (following - observation - row @ self._weights) / self._error
        return np.asarray(error * error)


def features(observation: np.ndarray, action: object, count: int) -> np.ndarray:
    """Observation, its products of two, the action (one of ``count``, or a vector), action times observation, and 1."""
    seen = np.asarray(observation, np.float64)
    done = np.zeros(count) if count else np.asarray(action, np.float64).ravel()
    if count:
        done[int(action)] = 1.0  # type: ignore[call-overload]
    products = np.outer(seen, seen)[np.triu_indices(len(seen))] if len(seen) <= 24 else np.empty(0)
    crossed = np.outer(done, seen).ravel() if len(seen) * len(done) <= 400 else np.empty(0)
    return np.concatenate([seen, products, done, crossed, [1.0]])


_MARGIN = 0.1  # by which the likelihood of another world must be better, twice the mean logarithm


class Recognizer:
    """Which of several known environments this is, and whether it is any of them, from what actions bring.

    Args:
        known: their dynamics, by name.
        window: steps that a choice rests on, the last ones.
        patience: steps before the first choice; the first of ``known`` stands until then.
        strange: mean surprise over the window above which it is none of them; None: as each of ``known`` has it.
    """

    def __init__(
        self,
        known: dict[str, Dynamics],
        *,
        window: int = 24,
        patience: int = 3,
        strange: float | None = None,
    ) -> None:
        self._known, self._window, self._strange = known, window, strange
        self.patience = patience
        self._surprises: list[list[float]] = []
        self._costs: list[list[float]] = []
        self._last: tuple[np.ndarray, object] | None = None
        self.choice = next(iter(known))

    @property
    def surprise(self) -> float:
        """Mean surprise of the present choice over the window."""
        if not self._surprises:
            return 0.0
        place = list(self._known).index(self.choice)
        return float(np.mean([row[place] for row in self._surprises]))

    @property
    def is_strange(self) -> bool:
        """Whether none of the known environments answers so."""
        limit = self._known[self.choice].strange if self._strange is None else self._strange
        return len(self._surprises) >= self.patience and self.surprise > limit

    def see(self, observation: np.ndarray) -> str:
        """Takes the observation that followed the last action in; returns the name of what this is most like."""
        if self._last is not None:
            before, action = self._last
            step = before, action, observation
            self._surprises.append([d.surprise(*step) for d in self._known.values()])
            self._costs.append([d.unlikelihood(*step) for d in self._known.values()])
            del self._surprises[: -self._window], self._costs[: -self._window]
            if len(self._costs) >= self.patience:
                costs = np.mean(self._costs, axis=0)
                names = list(self._known)
                best = int(costs.argmin())
                if costs[best] < costs[names.index(self.choice)] - _MARGIN:
                    self.choice = names[best]
        return self.choice

    def did(self, observation: np.ndarray, action: object) -> None:
        """Notes what was done, and when."""
        self._last = np.array(observation, np.float64), action
