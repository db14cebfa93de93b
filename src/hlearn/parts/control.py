"""From an error to a push: which way to steer, with a band in which to rest."""

from __future__ import annotations


def toward(position: float, target: float, deadband: float = 0.0) -> int:
    """Returns the direction (-1, 0, 1) from ``position`` to ``target``, 0 within ``deadband``."""
    error = target - position
    if error > deadband:
        return 1
    if error < -deadband:
        return -1
    return 0


def away(position: float, hazard: float, radius: float) -> int | None:
    """Returns the direction (-1, 1) that leads away from ``hazard``, None if it is ``radius`` or more away."""
    error = position - hazard
    if error >= radius or error <= -radius:
        return None
    return 1 if error >= 0 else -1
