"""Feedback from a state to a continuous push: proportional-derivative control, bang-bang, limits, a held switch."""

from __future__ import annotations

import math


def limited(value: float, limit: float) -> float:
    """Returns ``value`` held within ``-limit`` and ``limit`` (limit >= 0)."""
    return -limit if value < -limit else limit if value > limit else value


def bang(urge: float, size: float = 1.0, deadband: float = 0.0) -> float:
    """Returns full push (``size``) in the direction of ``urge``, 0 within ``deadband``."""
    if urge > deadband:
        return size
    if urge < -deadband:
        return -size
    return 0.0


def pd(target: float, position: float, rate: float, stiffness: float, damping: float) -> float:
    """Returns the push of a spring towards ``target`` with damping.

    Args:
        target: where to be, in the unit of ``position``.
        position: where it is.
        rate: its rate of change.
        stiffness: push per unit of error.
        damping: push per unit of rate.
    """
    return stiffness * (target - position) - damping * rate


def wrapped(angle: float) -> float:
    """Returns the same angle within -pi (included) and pi, in radians."""
    return (angle + math.pi) % (2.0 * math.pi) - math.pi


class Latch:
    """On above ``high``, off below ``low``, otherwise as before: a switch that does not chatter."""

    __slots__ = ("high", "low", "on")

    def __init__(self, low: float, high: float, *, on: bool = False) -> None:
        if low > high:
            raise ValueError(f"low must not exceed high, got {low} and {high}")
        self.low = low
        self.high = high
        self.on = on

    def next(self, value: float) -> bool:
        """Takes the next value and returns whether the switch is on."""
        if value > self.high:
            self.on = True
        elif value < self.low:
            self.on = False
        return self.on


class Change:
    """How much a number changed since the last step; 0 at first."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: float | None = None

    def next(self, value: float) -> float:
        """Takes the next value and returns the change."""
        change = 0.0 if self._last is None else value - self._last
        self._last = value
        return change
