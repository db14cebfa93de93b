"""How numbers that a program says hang together with what it was shown: which component, how late, and when not.

A number may be a component itself, or its change over some decisions (a speed): ``value[t] = slope * x[t - lag] +
offset``, where ``x[t]`` is ``obs[t]`` or ``(obs[t] - obs[t - window]) / window``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

LAGS = 7  # decisions, from 0
WINDOWS = (0, 1, 2, 4, 8)  # decisions over which a change is taken; 0: the component itself
_ROWS = 4_000  # decisions of an episode that are looked at
_FEWEST = 24  # decisions in which a number must be known
_SIMPLER = 2e-3  # correlation by which a change must explain more than a component
_ITSELF = 0.015  # correlation by which a copy in other units must explain more than the value itself
_STILL = 15  # movements of what drives a number, during which it may not rest unseen
_FOLLOWS = 0.7  # share of those movements that a number follows otherwise
_TOGETHER = 0.6  # correlation of the movements, and share of the number's that are the other's too


class Relation(NamedTuple):
    """What explains a number best.

    Attributes:
        component: of the observation, -1 where none does.
        window: decisions over which its change is taken, 0 for the component itself.
        lag: decisions by which the number is late.
        agreement: correlation, 0 to 1.
        slope: of the relation.
        offset: of the relation.
        spread: standard deviation of what it leaves unexplained.
        same: whether the number is about as large as what explains it, and moves as far.
        rows: decisions that it was found in.
    """

    component: int = -1
    window: int = 0
    lag: int = 0
    agreement: float = 0.0
    slope: float = 0.0
    offset: float = 0.0
    spread: float = 0.0
    same: bool = False
    rows: int = 0

    @property
    def rank(self) -> float:
        """By which the best is chosen: a memory holds copies of a value, also mirrored; the value itself goes first."""
        return self.agreement + (_ITSELF if self.same else 0.0)


class Rest(NamedTuple):
    """A stretch in which a number does not move although what drives it does.

    Attributes:
        driver: component of the observation.
        start: row at which the longest stretch begins.
        decisions: how long it is.
        share: of the driver's movements that fall into such stretches.
    """

    driver: int
    start: int
    decisions: int
    share: float


def relations(values: Sequence[np.ndarray], seen: Sequence[np.ndarray]) -> list[Relation]:
    """The relation of each number, over several episodes.

    Args:
        values: float64[T, m] for each episode; NaN where a number is not known.
        seen: float64[T, n] for each episode.
    """
    count = values[0].shape[1] if values else 0
    best = [Relation()] * count
    if not count or not seen[0].shape[1]:
        return best
    for window in WINDOWS:
        for lag in range(LAGS):
            pairs = [
                _pair(v[:_ROWS], s[:_ROWS], window, lag)
                for v, s in zip(values, seen, strict=True)
                if len(v) > lag + window + 4
            ]
            if not pairs:
                continue
            v, x = np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])
            for place, found in enumerate(_best(v, x, window, lag)):
                margin = _SIMPLER if window and not best[place].window else 1e-6
                if found.rank > best[place].rank + margin:
                    best[place] = found
    return best


def agreement_now(values: Sequence[np.ndarray], seen: Sequence[np.ndarray], component: int) -> float:
    """Correlation of a number with a component of the same decision, 0 to 1.

    Args:
        values: float64[T] for each episode; NaN where the number is not known.
        seen: float64[T, n] for each episode.
        component: of the observation.
    """
    v = np.concatenate([c[:_ROWS] for c in values])
    x = np.concatenate([s[:_ROWS, component] for s in seen])
    known = np.isfinite(v)
    if known.sum() < _FEWEST or v[known].std() < 1e-12 or x[known].std() < 1e-12:
        return 0.0
    return abs(float(np.corrcoef(v[known], x[known])[0, 1]))


def _pair(values: np.ndarray, seen: np.ndarray, window: int, lag: int) -> tuple[np.ndarray, np.ndarray]:
    x = (seen[window:] - seen[: len(seen) - window]) / window if window else seen
    return values[window + lag :], x[: len(x) - lag]


def _best(values: np.ndarray, x: np.ndarray, window: int, lag: int) -> list[Relation]:
    """The component that correlates best with each column of values, where each column has gaps of its own."""
    known = np.isfinite(values)
    count = known.sum(axis=0).astype(float)
    means = np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1)
    v = np.where(known, values - means, 0.0)
    middle = x.mean(axis=0)
    x = x - middle
    weights = known.astype(float)
    sum_x, sum_xx, sum_xv = weights.T @ x, weights.T @ x**2, v.T @ x
    spread_x = sum_xx - sum_x**2 / np.maximum(count, 1)[:, None]
    spread_v = (v**2).sum(axis=0)
    size = np.sqrt(np.maximum(spread_x, 0) * spread_v[:, None])
    usable = (
        (spread_x > 1e-9)
        & (spread_v[:, None] > 1e-12 * np.maximum(count, 1)[:, None])
        & (count[:, None] >= _FEWEST)
    )
    related = np.where(usable, sum_xv / np.where(usable, size, 1.0), 0.0)
    slopes = np.where(usable, sum_xv / np.where(usable, spread_x, 1.0), 0.0)
    apart = np.abs(means[:, None] - (middle + sum_x / np.maximum(count, 1)[:, None]))
    wide = np.sqrt(spread_v / np.maximum(count, 1))[:, None]
    same = usable & (np.abs(slopes - 1) < 0.1) & (apart < 0.25 * wide)
    found = []
    for place, row in enumerate(related):
        k = int((np.abs(row) + _ITSELF * same[place]).argmax())
        strength = float(min(abs(row[k]), 1.0))
        if not strength:
            found.append(Relation())
            continue
        slope = float(sum_xv[place, k] / spread_x[place, k])
        offset = float(
            means[place] - slope * (middle[k] + sum_x[place, k] / count[place])
        )  # value = slope * x + offset
        left = float(np.sqrt(max(1 - strength**2, 0.0) * spread_v[place] / count[place]))
        found.append(
            Relation(k, window, lag, strength, slope, offset, left, bool(same[place, k]), int(count[place]))
        )
    return found


def rest_of(value: np.ndarray, seen: np.ndarray) -> Rest | None:
    """Where a number rests while what drives it moves; None where it does not, or nothing is known to drive it.

    A component drives a number where the number moves with it, in size and moment, outside of long rests.

    Args:
        value: float64[T].
        seen: float64[T, n].
    """
    value, seen = value[:_ROWS], seen[:_ROWS]
    if len(value) < 100 or not seen.shape[1] or not np.isfinite(value).any():
        return None
    moves, drives = np.diff(value), np.diff(seen, axis=0)
    moved = np.nan_to_num(moves) != 0
    if moved.sum() < 20:
        return None
    resting = _long_runs(~moved)
    awake = ~resting & np.isfinite(moves)
    if not resting.any() or awake.sum() < 40:
        return None
    changed = drives != 0
    follow = (changed & (moved & awake)[:, None]).sum(axis=0) / np.maximum(
        (changed & awake[:, None]).sum(axis=0), 1
    )
    together = (changed & (moved & awake)[:, None]).sum(axis=0) / max(int((moved & awake).sum()), 1)
    missed = (changed & resting[:, None]).sum(axis=0)
    likely = (follow >= _FOLLOWS) & (together >= _TOGETHER) & (missed >= _STILL)
    best, strength = -1, _TOGETHER
    for k in np.flatnonzero(likely):
        a, b = _ranked(moves[awake]), _ranked(drives[awake, k])
        if a.std() < 1e-12 or b.std() < 1e-12:
            continue
        related = abs(float(np.corrcoef(a, b)[0, 1]))
        if related > strength:
            best, strength = int(k), related
    if best < 0:
        return None
    start, count, most = 0, 0, 0
    for begin, stop in _runs(resting):
        missing = int(changed[begin:stop, best].sum())
        if missing > most:
            start, count, most = begin, stop - begin, missing
    if most < _STILL:
        return None
    share = float(missed[best] / max(int(changed[:, best].sum()), 1))
    return Rest(best, start, count, share)


def _ranked(moves: np.ndarray) -> np.ndarray:
    """Movements with the largest ones cut, so that one jump does not decide a correlation."""
    most = float(np.quantile(np.abs(moves), 0.95))
    return np.clip(moves, -most, most) if most else moves


def _long_runs(flags: np.ndarray) -> np.ndarray:
    """Only those runs of True that are as long as a rest must be."""
    kept = np.zeros(len(flags), bool)
    for start, stop in _runs(flags):
        if stop - start >= _STILL:
            kept[start:stop] = True
    return kept


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))
