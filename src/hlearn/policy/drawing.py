"""How a value is drawn on the screen: said by the part whose type it is, or by the program at its detector.

A type says it by a class attribute ``__hl_drawn__`` (a :class:`hlearn.parts.blobs.Blob` is a box); a detector by
``@detect(drawn="column")``, or ``@detect(drawn=Drawn("column", offset=(-48, 0)))`` where it counts in other units than
pixels of the picture. Nothing is guessed from names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SHAPES = ("place", "box", "column", "row", "line", "path")


@dataclass(frozen=True, slots=True)
class Drawn:
    """How a value is drawn.

    Args:
        shape: "place" (x, y), "box" (centre x, y, width, height), "column" (an x), "row" (a y), "line" (two places) or
            "path" (several).
        scale: pixels per unit, across and down.
        offset: pixels, added after scaling.

    Raises:
        ValueError: another shape.
    """

    shape: str
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ValueError(f"drawn is {self.shape!r}, expected one of {', '.join(SHAPES)}")


def declared(drawn: str | Drawn) -> list[Any]:
    """A declaration as a trace carries it: shape, scale, offset."""
    how = Drawn(drawn) if isinstance(drawn, str) else drawn
    return [how.shape, *how.scale, *how.offset]
