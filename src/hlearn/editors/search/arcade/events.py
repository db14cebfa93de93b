"""When lives were lost and points won, in recorded play.

The counter of lives often goes down long after the accident, when the player has been shown dying for a while; the
accident lies where that was first shown, or where the player's position stopped changing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hlearn.editors.search.arcade.signals import Signal
from hlearn.evaluate.api import Recording

LEAST = 3  # events from which something is read
STILL = 12  # steps without a change of the player's position that tell an accident from the counter
JUST = 2  # steps before the first sign of an accident at which it is read: what it sets off must not count


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """A recorded episode as numbers.

    Attributes:
        series: values per signal key, float[T]; nan where not seen.
        lost: bool[T], whether the decision after each value cost a life.
        gained: bool[T], whether it brought points.
        shown: int[losses], the steps at which lives lost were first shown, None if that is not known.
    """

    series: Mapping[str, np.ndarray]
    lost: np.ndarray
    gained: np.ndarray
    shown: np.ndarray | None = None


class Reading(NamedTuple):
    """Recorded episodes as numbers; which of these may be coordinates, and which are signs beside them."""

    plays: list[Trajectory]
    signals: tuple[Signal, ...]
    signs: tuple[Signal, ...]


def lives_lost(recording: Recording) -> np.ndarray:
    """Which decisions cost a life as the environment tells it, bool[T]."""
    lives = recording.lives.astype(int)
    return np.asarray(np.diff(lives, prepend=lives[:1]) < 0)


def accidents(plays: Sequence[Trajectory], owns: Sequence[Signal]) -> list[np.ndarray]:
    """The steps at which lives were lost in earnest, per play: before the player is shown dying.

    Args:
        plays: recorded episodes.
        owns: the player's coordinates.
    """
    counted = [np.flatnonzero(p.lost) for p in plays]
    still = [_still(p, steps, owns) for p, steps in zip(plays, counted, strict=True)]
    every = np.concatenate(still) if still else np.empty(0)
    long = np.sort(every[every >= STILL])
    shown = len(long) >= max(LEAST, 0.25 * len(every))
    dying = int(long[len(long) // 5]) if shown else 0  # most of them: a pause before an accident lengthens it
    found = []
    for play, steps, pause in zip(plays, counted, still, strict=True):
        moment = np.where(shown & (pause >= dying - 2), steps - dying, steps)
        if play.shown is not None:
            moment = np.where(steps - play.shown >= STILL, play.shown, moment)
        found.append(np.maximum(moment - JUST, 0))
    return found


def _still(play: Trajectory, steps: np.ndarray, owns: Sequence[Signal]) -> np.ndarray:
    """How long the player had not moved at some steps."""
    changed = np.zeros(len(play.lost), dtype=bool)
    for own in owns:
        changed[:-1] |= np.nan_to_num(np.diff(play.series[own.key])) != 0  # nan: out of sight
    moved = np.flatnonzero(changed)
    last = np.searchsorted(moved, steps) - 1
    return np.where(last >= 0, steps - moved[np.maximum(last, 0)], 0) if len(moved) else np.zeros(len(steps))


def gains(plays: Sequence[Trajectory]) -> list[np.ndarray]:
    """The steps just before points were won, per play; one where they came in a row."""
    found = []
    for play in plays:
        steps = np.flatnonzero(play.gained)
        apart = np.diff(steps, prepend=-STILL) >= STILL
        found.append(np.maximum(steps[apart] - JUST, 0))
    return found


class Events:
    """Values in events and at all times, stacked over plays."""

    def __init__(
        self, plays: Sequence[Trajectory], moments: Sequence[np.ndarray], deaths: Sequence[np.ndarray]
    ) -> None:
        self.plays = plays
        self.moments = moments
        self.count = sum(len(m) for m in moments)
        self._alive = []
        for play, steps in zip(plays, deaths, strict=True):
            alive = np.ones(len(play.lost), dtype=bool)
            for start, end in zip(steps, np.flatnonzero(play.lost), strict=True):
                alive[start + 1 : end + 1] = False
            self._alive.append(alive)

    def at(self, key: str, before: int = 0) -> np.ndarray:
        """float[events]: the values at the events, or some steps before."""
        parts = [
            p.series[key][np.maximum(m - before, 0)] for p, m in zip(self.plays, self.moments, strict=True)
        ]
        return np.concatenate(parts)

    def usual(self, key: str) -> np.ndarray:
        """float[T]: the values at all times in which the player lived."""
        return np.concatenate([p.series[key][a] for p, a in zip(self.plays, self._alive, strict=True)])
