"""Numbers that a program reckons from several components of the observation: which they are, and how late they come.

A weighted sum goes along with its largest part, so what :mod:`hlearn.failures.relations` says of one component alone
would call it scaled or turned round although nothing is wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hlearn.failures.relations import LAGS, Relation

WIDEST = 64  # components; a wider observation (a console's memory) holds every number somewhere
_ROWS = 4_000  # decisions of an episode that are looked at
_PER_UNKNOWN = 5  # rows for each weight that is fitted
_LEFT = 0.3  # share of what one component leaves unexplained that several may leave, where it is a sum
_EXACT = 1e-4  # share unexplained below which one component is all there is
_LATE_LEFT, _LATE_BETTER = 0.02, 0.1  # unexplained at the right lag, and as a share of that at none


def unexplained(values: Sequence[np.ndarray], seen: Sequence[np.ndarray]) -> np.ndarray | None:
    """Share of each number's variance that a weighted sum of all components leaves, for each lag.

    The components of the decision before are weighed as well, so that speeds are sums too.

    Args:
        values: float64[T, m] for each episode; NaN where a number is not known.
        seen: float64[T, n] for each episode.

    Returns:
        float64[LAGS, m], 1 where nothing is known; None where the observation is too wide or there are too few rows.
    """
    if not seen or not 0 < seen[0].shape[1] <= WIDEST:
        return None
    rows = []
    for lag in range(LAGS):
        pairs = [
            (v[lag + 1 : _ROWS], np.hstack([s[1 : len(s) - lag], s[: len(s) - lag - 1]])[: _ROWS - lag - 1])
            for v, s in zip(values, seen, strict=True)
            if len(v) > lag + 2
        ]
        if not pairs:
            return None
        v, x = np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])
        if len(v) < _PER_UNKNOWN * (x.shape[1] + 1):
            return None
        rows.append(_left(v, x))
    return np.stack(rows)


def unexplained_now(values: Sequence[np.ndarray], seen: Sequence[np.ndarray]) -> np.ndarray:
    """The same for the components of the very decision alone, float64[m]; 1 where nothing is known."""
    count = values[0].shape[1]
    if not seen or not 0 < seen[0].shape[1] <= WIDEST:
        return np.ones(count)
    v, x = np.concatenate([c[:_ROWS] for c in values]), np.concatenate([s[:_ROWS] for s in seen])
    return _left(v, x) if len(v) >= _PER_UNKNOWN * (x.shape[1] + 1) else np.ones(count)


def _left(values: np.ndarray, x: np.ndarray) -> np.ndarray:
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0))[:, spread > 1e-9] / spread[spread > 1e-9]
    left = np.ones(values.shape[1])
    whole = np.isfinite(values).all(axis=0) & (values.std(axis=0) > 1e-12)
    if not whole.any() or not x.shape[1]:
        return left
    v = values[:, whole] - values[:, whole].mean(axis=0)
    weights = np.linalg.lstsq(x, v, rcond=1e-8)[0]
    left[whole] = ((v - x @ weights) ** 2).sum(axis=0) / (v**2).sum(axis=0)
    return left


def is_sum(relation: Relation, left: float) -> bool:
    """Whether a number is a sum of which one component tells the most.

    Args:
        relation: to the component that explains it best.
        left: share that all components leave, by :func:`unexplained`.
    """
    alone = 1 - relation.agreement**2
    return alone > _EXACT and left < _LEFT * alone


def sum_lag(left: np.ndarray) -> int:
    """Decisions by which a sum is late; 0 where it is not, or is no sum.

    Args:
        left: float64[LAGS], by :func:`unexplained`.
    """
    # The decision before is weighed as well, so what is late by 3 is explained at lag 2 already.
    best = int(np.flatnonzero(left <= 1.2 * left.min() + 1e-9)[-1])
    return best if left[best] < _LATE_LEFT and left[best] < _LATE_BETTER * left[0] else 0


def mirrors(values: Sequence[np.ndarray], seen: Sequence[np.ndarray]) -> bool:
    """Whether a number that never changes in an episode is one of the components, which does not change either.

    Args:
        values: float64[T] for each episode.
        seen: float64[T, n] for each episode.
    """
    if (
        not seen
        or not 0 < seen[0].shape[1] <= WIDEST
        or any(len(v) and not (v == v[0]).all() for v in values)
    ):
        return False
    same = [
        np.isclose(v[:, None], s, atol=1e-9).all(axis=0) for v, s in zip(values, seen, strict=True) if len(v)
    ]
    return bool(np.logical_and.reduce(same).any()) if same else False
