"""Things on the screen, and ways to choose among them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple, Protocol, TypeVar


class Placed(Protocol):
    """Anything with a position in pixels: a Blob, a Point, a track."""

    @property
    def x(self) -> float:
        """Pixels from the left edge."""

    @property
    def y(self) -> float:
        """Pixels from the top edge."""


P = TypeVar("P", bound="Placed")


class Blob(NamedTuple):
    """One connected region: its centre and the size of its bounding box, in pixels.

    A region that covers columns 10 to 13 has ``x`` 11.5 and ``width`` 4.
    """

    x: float
    y: float
    width: int
    height: int

    @property
    def left(self) -> float:
        """The first column covered."""
        return self.x - (self.width - 1) / 2

    @property
    def right(self) -> float:
        """The last column covered."""
        return self.x + (self.width - 1) / 2

    @property
    def top(self) -> float:
        """The first row covered."""
        return self.y - (self.height - 1) / 2

    @property
    def bottom(self) -> float:
        """The last row covered."""
        return self.y + (self.height - 1) / 2


Blob.__hl_drawn__ = "box"  # type: ignore[attr-defined]  # hlearn.policy.drawing; no field of the record


def nearest(blobs: Iterable[P], point: Placed | None) -> P | None:
    """The blob whose centre is nearest to ``point``; None where there is no blob or no point."""
    if point is None:
        return None
    px, py = point.x, point.y
    return min(blobs, key=lambda b: (b.x - px) ** 2 + (b.y - py) ** 2, default=None)


def nearest_x(blobs: Iterable[P], point: Placed | None) -> P | None:
    """The blob nearest to ``point`` along x alone (whatever has to be dodged or shot next above the player)."""
    if point is None:
        return None
    px = point.x
    return min(blobs, key=lambda b: abs(b.x - px), default=None)


def nearest_y(blobs: Iterable[P], point: Placed | None) -> P | None:
    """The blob nearest to ``point`` along y alone."""
    if point is None:
        return None
    py = point.y
    return min(blobs, key=lambda b: abs(b.y - py), default=None)


def largest(blobs: Iterable[Blob]) -> Blob | None:
    """The blob with the largest bounding box."""
    return max(blobs, key=lambda b: b.width * b.height, default=None)


def highest(blobs: Iterable[P]) -> P | None:
    """The blob nearest to the top of the screen."""
    return min(blobs, key=lambda b: b.y, default=None)


def lowest(blobs: Iterable[P]) -> P | None:
    """The blob nearest to the bottom of the screen."""
    return max(blobs, key=lambda b: b.y, default=None)


def leftmost(blobs: Iterable[P]) -> P | None:
    """The blob nearest to the left edge."""
    return min(blobs, key=lambda b: b.x, default=None)


def rightmost(blobs: Iterable[P]) -> P | None:
    """The blob nearest to the right edge."""
    return max(blobs, key=lambda b: b.x, default=None)


def others(blobs: Iterable[P], point: Placed | None, radius: float) -> list[P]:
    """The blobs whose centre is further than ``radius`` pixels from ``point`` (all of them without a point)."""
    if point is None:
        return list(blobs)
    px, py = point.x, point.y
    return [b for b in blobs if math.hypot(b.x - px, b.y - py) > radius]
