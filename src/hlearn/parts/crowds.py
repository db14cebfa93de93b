"""Many things of one kind that move."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from hlearn.parts.motion import Moving
from hlearn.parts.placed import Placed


class Motions:
    """Velocities of many things of one kind, by matching each with the nearest of the steps before.

    Args:
        reach: how far one of them can move in a step (pixels, along x or y).
        memory: steps for which something unseen is remembered (things that blink need 1 or more).
    """

    __slots__ = ("_past", "memory", "reach")

    def __init__(self, reach: float = 8.0, memory: int = 0) -> None:
        self.reach = reach
        self.memory = memory
        self._past: list[tuple[int, float, float]] = []  # steps since it was seen, x, y

    def update(self, things: Sequence[Placed]) -> list[Moving]:
        """The same things in the same order, with velocities ((0, 0) where new). Call it once per step."""
        past = self._past
        used: set[int] = set()
        moving = []
        for thing in things:
            x, y = thing.x, thing.y
            best, found = math.inf, -1
            for i, (age, px, py) in enumerate(past):
                dx, dy, reach = abs(x - px), abs(y - py), self.reach * age
                distance = (dx + dy) / age
                if distance < best and dx <= reach and dy <= reach and i not in used:
                    best, found = distance, i
            if found < 0:
                moving.append(Moving(x, y, 0.0, 0.0))
            else:
                used.add(found)
                age, px, py = past[found]
                moving.append(Moving(x, y, (x - px) / age, (y - py) / age))
        kept = [(age + 1, x, y) for i, (age, x, y) in enumerate(past) if age <= self.memory and i not in used]
        self._past = [(1, m.x, m.y) for m in moving] + kept
        return moving


def rising(moving: Iterable[Moving]) -> list[Moving]:
    """Those that move upward."""
    return [m for m in moving if m.vy < 0]


def falling(moving: Iterable[Moving]) -> list[Moving]:
    """Those that move downward."""
    return [m for m in moving if m.vy > 0]
