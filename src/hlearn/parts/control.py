"""From an error to a push: which way to steer, with a band in which to rest."""

from __future__ import annotations

from collections.abc import Sequence


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


def dodge(position: float, hazards: Sequence[float], radius: float, low: float, high: float) -> int | None:
    """Returns the direction (-1, 0, 1) to the nearest place between ``low`` and ``high`` that is clear of all hazards.

    A place is clear if every hazard is ``radius`` or more away. None: the present place is clear. 0: no place is.
    """
    if all(abs(position - hazard) >= radius for hazard in hazards):
        return None
    edges = [edge for hazard in hazards for edge in (hazard - radius, hazard + radius)]
    clear = [e for e in edges if low <= e <= high and all(abs(e - h) >= radius for h in hazards)]
    if not clear:
        return 0
    nearest = min(clear, key=lambda edge: abs(edge - position))
    return toward(position, nearest)
