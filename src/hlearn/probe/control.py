"""Which actions move a thing: its velocity against the direction held on the joystick.

Two measures, both counted by the times a direction was taken up, since frames in between are not independent:
the share of the variance that directions explain, which needs no meaning of the names (RIGHT may move a paddle
up); and how often it goes where the name says when it moves at all, which walls do not spoil.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hlearn.probe.scene import Axis, Drive

_MAX_LAG = 4
_CERTAIN = 2.5  # standard errors above chance
_STEADY = 3  # frames an action must have been held: a sticky repeat survives so long with probability 0.016


def directions(names: tuple[str, ...], count: int) -> np.ndarray:
    """Numbers the direction that each action commands; actions that differ only in FIRE share a number.

    Args:
        names: action names as ALE spells them, "" or none where unknown (then every action stands alone).
        count: how many actions there are.

    Returns:
        int64[count].
    """
    if len(names) != count or not any("LEFT" in n or "RIGHT" in n or "UP" in n or "DOWN" in n for n in names):
        return np.arange(count)
    ways = [(("RIGHT" in n) - ("LEFT" in n), ("DOWN" in n) - ("UP" in n)) for n in names]
    index = {w: i for i, w in enumerate(dict.fromkeys(ways))}
    return np.array([index[w] for w in ways])


class Agreement(NamedTuple):
    """How often a thing goes the way that is commanded.

    Attributes:
        share: mean over the times a direction was taken up (0 to 1, chance 0.5).
        certainty: standard errors above chance.
    """

    share: float
    certainty: float


def agreement(
    axis: Axis, t: np.ndarray, velocity: np.ndarray, actions: np.ndarray, names: tuple[str, ...]
) -> Agreement:
    """Compares the signs of velocities with the commands' directions, at the lag that fits best.

    Args:
        axis: the direction that is measured.
        t: frame of each sample, int64[n].
        velocity: change from ``t`` to ``t + 1``, float64[n].
        actions: the action chosen after each frame, int64[T].
        names: action names by index.
    """
    plus, minus = ("RIGHT", "LEFT") if axis is Axis.X else ("DOWN", "UP")
    want = np.array([(plus in n) - (minus in n) for n in names])[actions]
    segment = np.cumsum(np.diff(want, prepend=want[:1]) != 0)
    best = Agreement(0.5, 0.0)
    for lag in range(_MAX_LAG + 1):
        at = np.maximum(t - lag, 0)
        told = (want[at] != 0) & (velocity != 0)
        if told.sum() < 20:
            continue
        _, which = np.unique(segment[at][told], return_inverse=True)
        right = np.bincount(which, np.sign(velocity[told]) == want[at][told]) / np.bincount(which)
        share = float(right.mean())
        found = Agreement(share, (share - 0.5) * 2 * len(right) ** 0.5)
        best = max(best, found, key=lambda a: a.certainty)
    return best


def find_drive(
    axis: Axis,
    t: np.ndarray,
    position: np.ndarray,
    velocity: np.ndarray,
    actions: np.ndarray,
    starts: np.ndarray,
    names: tuple[str, ...],
) -> Drive | None:
    """Measures how the action held explains a velocity.

    Args:
        axis: the direction that is measured.
        t: frame of each sample, int64[n].
        position: where the thing was at ``t`` along the axis, float64[n] (pixels).
        velocity: its change from ``t`` to ``t + 1``, float64[n].
        actions: the action chosen after frame ``t``, int64[T].
        starts: bool[T], the first frames of episodes.
        names: action names by index.

    Returns:
        The drive, with ``explained`` corrected for the number of times an action was taken up; None where there
        are too few samples or nothing moved.
    """
    if len(t) < 40 or velocity.std() < 1e-6:
        return None
    way = directions(names, len(names))[actions]
    turn = np.ones(len(way), bool)
    turn[1:] = way[1:] != way[:-1]
    turn |= starts
    held = np.arange(len(way)) - np.maximum.accumulate(np.where(turn, np.arange(len(way)), 0))
    segment = np.cumsum(turn)
    low, high = np.percentile(position, [1, 99])
    free = (position > low + 1.5) & (position < high - 1.5) if high - low > 6 else np.ones(len(t), bool)

    best: Drive | None = None
    raw = []
    for lag in range(_MAX_LAG + 1):
        at = np.maximum(t - lag, 0)
        raw.append(_explained(way[at], segment[at], velocity))
        steady = (held[at] >= _STEADY) & (t >= lag)
        score = _explained(way[at][steady], segment[at][steady], velocity[steady])
        if best is None or score > best.explained + 0.02:
            use = steady & free if (steady & free).sum() >= 40 else steady
            speed = _means(actions[at][use], velocity[use], len(names))
            best = Drive(axis=axis, speed=speed, lag=lag, explained=round(max(score, 0.0), 3))
    assert best is not None
    follows = agreement(axis, t, velocity, actions, names)
    return Drive(
        axis=axis,
        speed=best.speed,
        lag=int(np.argmax(raw)),
        explained=best.explained,
        agreement=round(follows.share, 3) if follows.certainty >= _CERTAIN else 0.5,
    )


def _explained(way: np.ndarray, segment: np.ndarray, velocity: np.ndarray) -> float:
    """Adjusted share of variance between directions; the sample size is the number of segments."""
    n = len(np.unique(segment))
    if len(way) < 20:
        return 0.0
    kinds, inverse = np.unique(way, return_inverse=True)
    if n <= 2 * len(kinds):
        return 0.0
    total = ((velocity - velocity.mean()) ** 2).sum()
    if total < 1e-9:
        return 0.0
    counts = np.bincount(inverse)
    means = np.bincount(inverse, velocity) / counts
    between = (counts * (means - velocity.mean()) ** 2).sum()
    return float(1 - (1 - between / total) * (n - 1) / (n - len(kinds)))


def _means(actions: np.ndarray, velocity: np.ndarray, count: int) -> tuple[float, ...]:
    """Mean velocity per action, 0.0 for an action that was never held."""
    counts = np.bincount(actions, minlength=count)
    sums = np.bincount(actions, velocity, minlength=count)
    return tuple(round(float(s / c), 2) if c else 0.0 for s, c in zip(sums, counts, strict=True))
