"""A second ahead: a handful of ways to go on, weighed in the program's own model of what moves."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from hlearn.parts.things import Thing

STRIDE = 4  # steps between two looks
FADES = 0.95  # worth of what happens a stride later
HIT = 100.0  # what touching a thing that kills costs
TAKEN = 10.0  # what touching a thing that pays brings
LEVEL = 3.0  # what standing level with a thing that pays so brings, over all strides
ROOM, AMPLE = (
    0.5,
    2.0,
)  # what keeping a berth more away is worth: who makes way early may be late; and up to where
CELL, GRID = 8.0, 48  # pixels of a place, and how many there are either way, for where it has been
LONG_AGO = 150  # looks after which a place counts as new again
STAY = 0.02  # what going on as before is worth: ends dithering


class Foresight:
    """Weighs ways to go on: a first direction, and a second one from some point on.

    The model is plain: what moves goes on as it goes, and the player goes where it is steered.

    Args:
        moves: directions that can be steered, (across, down) of -1, 0, 1.
        speed: pixels per step that steering moves the player, across and down.
        low: smallest coordinates of the player, ``high`` the largest (pixels).
        horizon: how far it looks ahead (steps).
    """

    def __init__(
        self,
        moves: Sequence[tuple[int, int]],
        *,
        speed: tuple[float, float],
        low: tuple[float, float],
        high: tuple[float, float],
        horizon: float = 40.0,
    ) -> None:
        strides = max(2, round(horizon / STRIDE))
        turns = sorted({max(1, strides // 4), max(1, strides // 2)})
        ways = [(a, turn, b) for a in moves for turn in turns for b in moves if a != b or turn == turns[0]]
        self._first = [a for a, _, _ in ways]
        self._time = np.arange(1, strides + 1)
        self._fades = FADES**self._time
        steps = np.array([[a if t < turn else b for t in range(strides)] for a, turn, b in ways], dtype=float)
        self._paths = np.cumsum(steps * np.array(speed) * STRIDE, axis=1)
        self._low, self._high = np.array(low), np.array(high)
        self._worth = np.zeros(len(ways))
        self._reached = self._paths
        self._me = (0.0, 0.0)
        self._before: int | None = None
        self._wait = 0
        self._aim: tuple[int, int] | None = None
        self._visited = np.full((GRID, GRID), -LONG_AGO)
        self._looks = 0
        self._was = (0.0, 0.0)

    def due(self) -> bool:
        """Whether it is time to look again; to be asked once per step."""
        self._wait -= 1
        if self._wait < 0:
            self._wait = STRIDE - 1
            return True
        return False

    def begin(self, x: float, y: float) -> None:
        """Starts to weigh from where the player is (pixels)."""
        self._me = (x, y)
        self._reached = np.clip(self._paths + np.array((x, y)), self._low, self._high)
        self._worth = np.zeros(len(self._first))
        if self._before is not None:
            self._worth[self._before] += STAY
        self._aim = None

    def keep_clear(self, things: Sequence[Thing], kinds: Collection[str], wide: float, high: float) -> None:
        """Never into what kills: within ``wide`` pixels across and ``high`` down of it."""
        gaps = self._gaps(things, kinds)
        if gaps is not None:
            clear = np.maximum(gaps[..., 0] / max(wide, 1.0), gaps[..., 1] / max(high, 1.0)).min(axis=2)
            self._worth -= HIT * ((clear < 1.0) * self._fades).max(axis=1)
            self._worth += ROOM * np.minimum(clear.min(axis=1), AMPLE)

    def take(
        self, things: Sequence[Thing], kinds: Collection[str], wide: float, high: float, near: float
    ) -> None:
        """Into what pays; ``near`` is what coming a screen nearer is worth."""
        gaps = self._gaps(things, kinds)
        if gaps is not None:
            hit = (gaps[..., 0] < wide) & (gaps[..., 1] < high)
            self._worth += TAKEN * (hit * self._fades[:, None]).max(axis=1).sum(axis=1)
            self._worth -= near * gaps[:, -1].sum(axis=-1).min(axis=1) / 100.0

    def line_up(
        self, things: Sequence[Thing], kinds: Collection[str], axis: int, window: float, flight: float
    ) -> None:
        """Level with what pays so, where it will be when a shot arrives.

        Args:
            things: what is seen.
            kinds: what pays.
            axis: 0: above or below it; 1: beside it.
            window: how far off still counts (pixels).
            flight: how long a shot flies (steps).
        """
        told = [t for t in things if t.kind in kinds]
        if not told:
            return
        at = np.array([(t.x, t.vx) if axis == 0 else (t.y, t.vy) for t in told])
        there = at[:, 0] + at[:, 1] * (self._time[:, None] * STRIDE + flight)
        gaps = np.abs(self._reached[:, :, None, axis] - there)
        level = (gaps < window).any(axis=2)
        self._worth += LEVEL * (level * self._fades).sum(axis=1) / len(self._time)
        self._worth -= gaps[:, -1].min(axis=1) / 100.0
        for thing, now in zip(told, at[:, 0] + at[:, 1] * flight, strict=True):
            if abs(now - self._me[axis]) < window + STRIDE:
                away = (thing.y - self._me[1]) if axis == 0 else (thing.x - self._me[0])
                turn = 1 if away > 0 else -1
                self._aim = (0, turn) if axis == 0 else (turn, 0)

    def roam(self, worth: float) -> None:
        """What going where it has not been lately is worth; where it was steered and did not come, there is a wall."""
        self._looks += 1
        cells = np.clip(self._reached // CELL, 0, GRID - 1).astype(int)
        here = np.clip(np.array(self._me) // CELL, 0, GRID - 1).astype(int)
        self._visited[here[0], here[1]] = self._looks
        way = self._first[self._before] if self._before is not None else (0, 0)
        if any(way) and abs(self._me[0] - self._was[0]) + abs(self._me[1] - self._was[1]) < 1.0:
            for far in (1, 2):
                wall = np.clip(here + far * np.array(way), 0, GRID - 1)
                self._visited[wall[0], wall[1]] = self._looks
        self._was = self._me
        fresh = np.minimum(1.0, (self._looks - self._visited[cells[..., 0], cells[..., 1]]) / LONG_AGO)
        self._worth += worth * (fresh * self._fades).mean(axis=1)

    def go(self, across: float, down: float) -> None:
        """What getting a screen further this way is worth."""
        gone = self._reached[:, -1] - np.array(self._me)
        self._worth += (gone[:, 0] * across + gone[:, 1] * down) / 100.0

    def hold(self, x: float, y: float, worth: float) -> None:
        """What being a screen nearer to a place is worth."""
        self._worth -= worth * np.abs(self._reached[:, -1] - np.array((x, y))).sum(axis=1) / 100.0

    @property
    def aim(self) -> tuple[int, int] | None:
        """The direction of something that is level now, None if nothing is."""
        return self._aim

    def best(self) -> tuple[int, int]:
        """The first direction of the best way to go on."""
        self._before = int(self._worth.argmax())
        return self._first[self._before]

    def _gaps(self, things: Sequence[Thing], kinds: Collection[str]) -> np.ndarray | None:
        """Pixels between player and things, float[ways, strides, things, 2]; None where there are none."""
        told = np.array([t[1:] for t in things if t.kind in kinds])
        if not len(told):
            return None
        there = told[:, :2] + told[:, 2:] * (self._time * STRIDE)[:, None, None]
        return np.abs(self._reached[:, :, None, :] - there)
