"""Linear feedback: pushes as weighted sums of what is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


class LinearFeedback:
    """``push = gains @ (observation - centre) / scale + bias``, held within the bounds.

    Args:
        gains: float[n_actions, n_observations].
        bias: float[n_actions], 0 if None.
        centre: float[n_observations], 0 if None.
        scale: float[n_observations], 1 if None; never 0.
        low: smallest push.
        high: largest push.
    """

    def __init__(
        self,
        gains: Sequence[Sequence[float]] | np.ndarray,
        *,
        bias: Sequence[float] | None = None,
        centre: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        low: float = -1.0,
        high: float = 1.0,
    ) -> None:
        matrix = np.atleast_2d(np.asarray(gains, dtype=np.float64))
        if scale is not None:
            matrix = matrix / np.asarray(scale, dtype=np.float64)
        offset = np.zeros(len(matrix)) if bias is None else np.asarray(bias, dtype=np.float64)
        if centre is not None:
            offset = offset - matrix @ np.asarray(centre, dtype=np.float64)
        self.gains = matrix
        self.bias = offset
        self.low = low
        self.high = high

    def __call__(self, observation: Sequence[float] | np.ndarray) -> np.ndarray:
        """Returns the push, float[n_actions]."""
        push = self.gains @ np.asarray(observation, dtype=np.float64) + self.bias
        clipped: np.ndarray = np.clip(push, self.low, self.high)
        return clipped


def strongest(urges: Mapping[int, float], threshold: float = 0.0) -> int | None:
    """Returns the action with the largest urge above ``threshold``, None if there is none; ties go to the first."""
    best, level = None, threshold
    for action, urge in urges.items():
        if urge > level:
            best, level = action, urge
    return best
