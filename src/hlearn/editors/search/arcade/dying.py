"""The first sign of a lost life: a number that shows the player dying long before a counter goes down.

Consoles keep the frame of the explosion, or how long it still lasts, in a byte that rests at one value otherwise. Where
it leaves that value before every loss, always as long before, that is when the accident happened.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

WINDOW = 240  # steps before a loss in which its first sign lies
AFTER = 40  # steps after one in which what it set off may still show
LEAST = 3  # losses
SHOWN = 0.8  # share of losses that must show it
AGREE = 0.7  # share of these that must show it equally long before
STEADY = 6  # steps by which they may differ
CALM = 0.001  # share of the other steps that may show such values


def first_signs(observations: Sequence[np.ndarray], lost: Sequence[np.ndarray]) -> list[np.ndarray]:
    """When each lost life was first shown.

    Args:
        observations: uint8[T, n] per episode.
        lost: bool[T] per episode, which decisions cost a life.

    Returns:
        int[losses] per episode: the step of the first sign, that of the loss itself where nothing shows it earlier.
    """
    moments = [np.flatnonzero(gone) for gone in lost]
    if sum(len(m) for m in moments) < LEAST:
        return moments
    near = [_near(m, len(o)) for m, o in zip(moments, observations, strict=True)]
    calm = np.concatenate([o[~n] for o, n in zip(observations, near, strict=True)])
    if len(calm) < WINDOW:
        return moments
    best, found = 0.0, moments
    for byte in range(calm.shape[1]):
        usual = np.bincount(calm[:, byte], minlength=256) > CALM * len(calm)
        if usual.sum() > 128 or usual.all():
            continue
        signs = [_signs(~usual[o[:, byte]], m) for o, m in zip(observations, moments, strict=True)]
        lags = np.concatenate([m - s for m, s in zip(moments, signs, strict=True)])
        seen = lags[lags > 0]
        if len(seen) < max(LEAST, SHOWN * len(lags)):
            continue
        middle = float(np.median(seen))
        if middle > best and (np.abs(seen - middle) <= STEADY).mean() >= AGREE:
            best = middle
            found = [
                np.where(np.abs(m - s - middle) <= STEADY, s, m - round(middle)).clip(0)
                for m, s in zip(moments, signs, strict=True)
            ]
    return found


def _near(moments: np.ndarray, length: int) -> np.ndarray:
    """Which steps lie about a loss, bool[length]."""
    near = np.zeros(length, dtype=bool)
    for moment in moments:
        near[max(0, moment - WINDOW) : moment + AFTER] = True
    return near


def _signs(unusual: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """The first step before each loss from which on unusual values are seen; the loss itself where there are none."""
    signs = moments.copy()
    before = 0
    for at, moment in enumerate(moments):
        start = max(before, moment - WINDOW)
        steps = np.flatnonzero(unusual[start : moment + 1])
        if len(steps):
            signs[at] = start + steps[0]
        before = moment + AFTER
    return signs
