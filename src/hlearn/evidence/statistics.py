"""What a list of scores says: mean, range, interquartile mean, and how sure one can be of it.

The interquartile mean (IQM) and its percentile bootstrap interval follow Agarwal et al., "Deep Reinforcement Learning
at the Edge of the Statistical Precipice" (2021); with one task the runs are its episodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2_000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Statistics of n scores (higher is better).

    Attributes:
        count: how many.
        mean: arithmetic mean.
        low: smallest score.
        high: largest score.
        iqm: mean of the middle half.
        iqm_interval: 95 % bootstrap interval of ``iqm``.
        mean_interval: 95 % bootstrap interval of ``mean``.
    """

    count: int
    mean: float
    low: float
    high: float
    iqm: float
    iqm_interval: tuple[float, float]
    mean_interval: tuple[float, float]


def interquartile_mean(scores: np.ndarray) -> np.ndarray:
    """Mean of the middle half along the last axis; the quarter cut from either end may cut a score in part.

    Args:
        scores: float64[..., n], n at least 1.

    Returns:
        float64[...]
    """
    ordered = np.sort(scores, axis=-1)
    n = ordered.shape[-1]
    # Score i of the sorted n stands for the quantiles i/n to (i+1)/n; its weight is what lies in 1/4 to 3/4.
    edges = np.clip(np.arange(n + 1) / n, 0.25, 0.75)
    weights = np.diff(edges) * 2
    return np.asarray(ordered @ weights)


def summarize(scores: Sequence[float], *, rng: np.random.Generator | None = None) -> Summary | None:
    """Returns the statistics of some scores, None where there are none.

    Args:
        scores: finite, in any order.
        rng: for the bootstrap; the same scores give the same intervals where None.
    """
    if not scores:
        return None
    values = np.asarray(scores, dtype=np.float64)
    rng = rng or np.random.default_rng(0)
    drawn = values[rng.integers(len(values), size=(RESAMPLES, len(values)))]
    return Summary(
        count=len(values),
        mean=float(values.mean()),
        low=float(values.min()),
        high=float(values.max()),
        iqm=float(interquartile_mean(values)),
        iqm_interval=_interval(interquartile_mean(drawn)),
        mean_interval=_interval(drawn.mean(axis=-1)),
    )


def _interval(drawn: np.ndarray) -> tuple[float, float]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail))
    return float(low), float(high)
