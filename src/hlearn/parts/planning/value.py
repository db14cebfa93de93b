"""What lies beyond a planner's horizon: a value fitted from returns that a program saw itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Value:
    """Return to come as a weighted sum of what is seen: ``weights @ (observation - centre) / scale``, within bounds.

    Args:
        weights: float[n].
        centre: float[n], 0 if None.
        scale: float[n], 1 if None.
        most: the value is held within plus and minus so much: far from what was seen, a line knows nothing.
    """

    def __init__(
        self,
        weights: Sequence[float] | np.ndarray,
        *,
        centre: Sequence[float] | np.ndarray | None = None,
        scale: Sequence[float] | np.ndarray | None = None,
        most: float = np.inf,
    ) -> None:
        self.weights = np.asarray(weights, np.float64)
        self.centre = np.zeros(len(self.weights)) if centre is None else np.asarray(centre, np.float64)
        self.scale = np.ones(len(self.weights)) if scale is None else np.asarray(scale, np.float64)
        self.most = most

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Returns the value of each, float64[B], of observations [B, n]."""
        z = np.clip((observations - self.centre) / self.scale, -3.0, 3.0)
        value: np.ndarray = np.clip(z @ self.weights, -self.most, self.most)
        return value

    @classmethod
    def fitted(
        cls,
        observations: np.ndarray | Sequence[np.ndarray],
        rewards: np.ndarray | Sequence[np.ndarray],
        horizon: int = 50,
        ridge: float = 1.0,
    ) -> Value:
        """Fits a value to one episode or several: the sum of the next ``horizon`` rewards, less its mean.

        Args:
            observations: float[T, n], before each decision; or one such array for each episode.
            rewards: float[T]; or one such array for each episode.
            horizon: rewards that count.
            ridge: how strongly weights are drawn to 0.
        """
        several = np.ndim(rewards[0]) > 0
        episodes = zip(observations, rewards, strict=True) if several else [(observations, rewards)]
        targets, places = [], []
        for looked, paid in episodes:
            sums = np.concatenate([[0.0], np.cumsum(paid)])
            last = max(1, len(paid) - horizon)
            targets.append((sums[horizon : horizon + last] - sums[:last])[: len(looked)])
            places.append(np.asarray(looked)[: len(targets[-1])])
        target, seen = np.concatenate(targets), np.concatenate(places)
        centre, scale = seen.mean(axis=0), seen.std(axis=0) + 1e-6
        z = np.clip((seen - centre) / scale, -3.0, 3.0)
        weights = np.linalg.solve(z.T @ z + ridge * np.eye(z.shape[1]), z.T @ (target - target.mean()))
        return cls(weights, centre=centre, scale=scale, most=float(3.0 * target.std() + 1e-9))
