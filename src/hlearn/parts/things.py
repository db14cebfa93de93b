"""Things told by a console's bytes: where each one is, what it is, how it moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from hlearn.parts.placed import Placed
from hlearn.parts.ram import fine_coarse

JUMP = 16.0  # a larger change between two looks is another thing, not a motion (pixels)
CODES: Mapping[str, np.ndarray] = {
    "plain": np.arange(256),
    "fine_coarse": np.array([fine_coarse(b) for b in range(256)]),
    "double": np.arange(256) * 2,
    "half": np.arange(256) // 2,
    "minus": -np.arange(256),
}


class Thing(NamedTuple):
    """What is seen of a thing: its kind, its place (pixels), its velocity (pixels per step)."""

    kind: str
    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0


class Place:
    """A coordinate: a byte, decoded, plus a shift; or always the same.

    Args:
        byte: which byte; None for a coordinate that does not change.
        plus: added to the decoded byte (pixels), or the coordinate itself.
        code: how the byte holds it, a key of :data:`CODES`.
    """

    __slots__ = ("_byte", "_table")

    def __init__(self, byte: int | None, plus: float = 0.0, code: str = "plain") -> None:
        self._byte = 0 if byte is None else byte
        self._table = [float(v) + plus for v in (CODES[code] if byte is not None else np.zeros(256))]

    def see(self, obs: np.ndarray) -> float:
        """The coordinate now (pixels)."""
        return self._table[int(obs[self._byte])]


class Slot:
    """A place in memory for one thing.

    Args:
        x: its coordinates.
        y: the same.
        kind: what is there, or the byte that tells and the kind by that byte's value (others: nothing is there).
    """

    __slots__ = ("_kind", "_kinds", "x", "y")

    def __init__(self, kind: str | tuple[int, Mapping[int, str]], x: Place, y: Place) -> None:
        self.x, self.y = x, y
        self._kind = kind if isinstance(kind, str) else kind[0]
        self._kinds: Mapping[int, str] = {} if isinstance(kind, str) else kind[1]

    def see(self, obs: np.ndarray) -> Thing | None:
        """What is there now, without its velocity; None if nothing is."""
        kind = self._kind if isinstance(self._kind, str) else self._kinds.get(int(obs[self._kind]))
        return None if kind is None else Thing(kind, self.x.see(obs), self.y.see(obs))


class Things:
    """Sees what all slots hold, or follows what detectors saw, with velocities; create it in ``setup``.

    Args:
        slots: where to look.
        smooth: share of the newest change in a velocity.
    """

    __slots__ = ("_last", "_slots", "_smooth")

    def __init__(self, slots: Sequence[Slot] = (), smooth: float = 0.5) -> None:
        self._slots = tuple(slots)
        self._smooth = smooth
        self._last: list[Thing | None] = []

    def see(self, obs: np.ndarray, steps: int = 1) -> list[Thing]:
        """Everything that is there now.

        Args:
            obs: the bytes.
            steps: how many steps ago it looked before.
        """
        return self._moving([slot.see(obs) for slot in self._slots], steps)

    def follow(self, seen: Sequence[tuple[str, Placed | None]], steps: int = 1) -> list[Thing]:
        """What detectors saw, each a kind and a place or None, always in the same order; else as :meth:`see`."""
        return self._moving([None if at is None else Thing(kind, at.x, at.y) for kind, at in seen], steps)

    def _moving(self, now: list[Thing | None], steps: int) -> list[Thing]:
        before = self._last or [None] * len(now)
        for at, (thing, last) in enumerate(zip(now, before, strict=True)):
            if thing is None or last is None or last.kind != thing.kind:
                continue
            dx, dy = thing.x - last.x, thing.y - last.y
            if abs(dx) <= JUMP and abs(dy) <= JUMP:
                vx = last.vx + self._smooth * (dx / steps - last.vx)
                vy = last.vy + self._smooth * (dy / steps - last.vy)
                now[at] = Thing(thing.kind, thing.x, thing.y, vx, vy)
        self._last = now
        return [thing for thing in now if thing is not None]
