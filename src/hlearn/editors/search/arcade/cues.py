"""Cues: levels of numbers beyond which play goes clearly better or worse, and the way to steer that served best there.

A condition drawn at random is about nothing, mostly. What was played, by chance and by those who lead, tells which
conditions are about something: soon after them points came, or lives were lost, more often than elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN
from hlearn.editors.search.arcade.events import Trajectory
from hlearn.editors.search.arcade.signals import Signal

SOON = 60  # steps within which what comes is put down to a moment
APART = 15  # steps between two moments that are looked at: neighbours tell the same
LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)  # quantiles of a number that may be borders
LEAST = 20  # moments on either side of a border, and of a command
CLEAR = 3.0  # standard errors by which the sides must differ
FAIR = 1.5  # standard errors by which a command must do better than the others there
MOST = 16  # cues that are kept
COLUMNS = {ACROSS: 0, DOWN: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A condition that tells what comes.

    Attributes:
        sign: the number that it looks at.
        test: "<" or ">": the side on which it holds.
        level: the border.
        urges: per steering channel the command (-1 or 1) that clearly served better there than others; a channel is
            missing where none did.
        evidence: standard errors between the sides.
    """

    sign: Signal
    test: str
    level: float
    urges: Mapping[str, int]
    evidence: float


def find_cues(
    plays: Sequence[Trajectory], commands: Sequence[np.ndarray], signs: Sequence[Signal], most: int = MOST
) -> tuple[Cue, ...]:
    """Conditions after which points or lost lives come more often than elsewhere, the clearest first.

    Args:
        plays: recorded episodes, with every sign's values.
        commands: int[T, 2] per episode: across and down, as they were given.
        signs: what may be looked at; each gives one cue for points and one for lives at most.
        most: how many are returned at most.
    """
    if not plays:
        return ()
    moments = [np.arange(0, len(p.lost), APART) for p in plays]
    given = np.concatenate([c[m] for c, m in zip(commands, moments, strict=True)])
    fates = [
        np.concatenate([_soon(p.gained)[m] for p, m in zip(plays, moments, strict=True)]),
        -np.concatenate([_soon(p.lost)[m] for p, m in zip(plays, moments, strict=True)]),
    ]
    found: list[Cue] = []
    for fate in (f for f in fates if f.any()):
        told = []
        for sign in signs:
            seen = [
                p.series[sign.key][m] for p, m in zip(plays, moments, strict=True) if sign.key in p.series
            ]
            if len(seen) == len(plays):
                told.append(_cue(sign, np.concatenate(seen), fate, given))
        clear = sorted((c for c in told if c is not None), key=lambda c: -c.evidence)
        found += clear[: most // 2]
    return tuple(sorted(found, key=lambda c: -c.evidence))


def _soon(happened: np.ndarray) -> np.ndarray:
    """float[T]: whether it happens within the next :data:`SOON` steps."""
    count = np.concatenate([[0], np.cumsum(happened)])
    ends = np.minimum(np.arange(len(happened)) + SOON, len(happened))
    return (count[ends] > count[: len(happened)]).astype(float)


def _cue(sign: Signal, values: np.ndarray, fate: np.ndarray, given: np.ndarray) -> Cue | None:
    """The clearest border of one number; None where there is none."""
    seen = np.isfinite(values)
    best: tuple[float, str, float] | None = None
    for level in np.unique(np.quantile(values[seen], LEVELS)) if seen.any() else ():
        above = seen & (values > level)
        below = seen & (values <= level)
        if min(above.sum(), below.sum()) < LEAST:
            continue
        gap = float(fate[above].mean() - fate[below].mean())
        error = _error(fate[above], fate[below])
        test = ">" if above.sum() <= below.sum() else "<"  # the rarer side is the exception
        if abs(gap) > max(CLEAR, best[0] if best else 0.0) * error:
            best = abs(gap) / error, test, float(level)
    if best is None:
        return None
    evidence, test, level = best
    there = seen & ((values > level) if test == ">" else (values <= level))
    urges = {c: way for c, column in COLUMNS.items() if (way := _urge(fate[there], given[there, column]))}
    border = level if test == ">" else level + 0.5  # "<" shall hold at the level itself
    return Cue(sign=sign, test=test, level=border, urges=urges, evidence=evidence)


def _urge(fate: np.ndarray, given: np.ndarray) -> int:
    """The command after which things went clearly better than after the others; 0 where none is."""
    best, way = FAIR, 0
    for command in (-1, 1):
        mine, others = fate[given == command], fate[given != command]
        if min(len(mine), len(others)) >= LEAST:
            clear = float(mine.mean() - others.mean()) / _error(mine, others)
            best, way = (clear, command) if clear > best else (best, way)
    return way


def _error(one: np.ndarray, other: np.ndarray) -> float:
    """Standard error of the difference of two means if both came from one population.

    Not from each one's own spread: a side on which the same came every time would look infinitely certain. Moments lie
    closer than what comes is apart, so more.
    """
    overlap = SOON / APART
    spread = np.concatenate([one, other]).var()
    return float(np.sqrt(overlap * spread * (1 / len(one) + 1 / len(other)))) + 1e-3
