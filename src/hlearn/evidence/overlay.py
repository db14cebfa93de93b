"""What a program sees, drawn onto the picture: boxes, places, lines, and its named state beside it.

How a value is drawn is said in its trace (:mod:`hlearn.policy.drawing`); whatever says nothing is written as text only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from hlearn.evaluate.api import Trace
from hlearn.foreign_text import safe_line
from hlearn.replays.columns import META

COLOURS = ((255, 214, 0), (0, 229, 255), (255, 64, 129), (118, 255, 3), (255, 145, 0), (179, 136, 255))
_PANEL_PX = 190
_ROW_PX = 15
_MOST = 40  # shapes of a picture
_FAR = 1e5  # pixels


class DrawnShape(NamedTuple):
    """Something to draw, in pixels of the environment's own picture.

    Attributes:
        kind: as in :data:`hlearn.policy.drawing.SHAPES`.
        points: x and y of each place; of a box its left upper and right lower corner.
        colour: number in :data:`COLOURS`.
    """

    name: str
    kind: str
    points: tuple[tuple[float, float], ...]
    colour: int


def shapes_of(trace: Trace) -> list[DrawnShape]:
    """Everything in a trace that says how it is drawn."""
    declared = trace.get("drawn")
    by_name = declared if isinstance(declared, Mapping) else {}
    shapes: list[DrawnShape] = []
    for place, (name, value) in enumerate((n, v) for n, v in trace.items() if n not in META):
        shapes += _shapes(safe_line(name, 40), value, by_name.get(name), place % len(COLOURS))
    return shapes[:_MOST]


def _shapes(name: str, value: object, how: object, colour: int) -> list[DrawnShape]:
    if isinstance(how, list) and len(how) == 5 and isinstance(how[0], str):
        kind, *numbers = how
        if not all(_number(n) for n in numbers):
            return []
        scale, offset = (numbers[0], numbers[1]), (numbers[2], numbers[3])
    elif isinstance(value, Mapping) and isinstance(value.get("drawn"), str):
        kind, scale, offset = str(value["drawn"]), (1.0, 1.0), (0.0, 0.0)
    elif isinstance(value, list) and value and all(isinstance(v, Mapping) and "drawn" in v for v in value):
        return [shape for v in value for shape in _shapes(name, v, None, colour)]
    else:
        return []
    points = _points(kind, value)
    moved = tuple((x * scale[0] + offset[0], y * scale[1] + offset[1]) for x, y in points)
    if not moved or not all(abs(x) < _FAR and abs(y) < _FAR for x, y in moved):
        return []
    return [DrawnShape(name, kind, moved, colour)]


def _points(kind: str, value: object) -> list[tuple[float, float]]:
    """The places of a value, none where it has another form than its kind asks for."""
    if kind in ("column", "row"):
        number = value if _number(value) else _field(value, "x" if kind == "column" else "y")
        if not isinstance(number, (int, float)):
            return []
        return [(float(number), 0.0)] if kind == "column" else [(0.0, float(number))]
    if kind in ("place", "box"):
        x, y = _field(value, "x", 0), _field(value, "y", 1)
        if x is None or y is None:
            return []
        if kind == "place":
            return [(x, y)]
        width, height = _field(value, "width", 2) or 1.0, _field(value, "height", 3) or 1.0
        return [(x - width / 2, y - height / 2), (x + width / 2, y + height / 2)]
    if kind in ("line", "path") and isinstance(value, list):
        if len(value) == 4 and all(_number(v) for v in value):
            value = [value[:2], value[2:]]
        places = [(_field(v, "x", 0), _field(v, "y", 1)) for v in value[:64]]
        return [(x, y) for x, y in places if x is not None and y is not None]
    return []


def _field(value: object, name: str, place: int = 0) -> float | None:
    if isinstance(value, Mapping):
        found = value.get(name)
    elif isinstance(value, Sequence) and not isinstance(value, str) and place < len(value):
        found = value[place]
    else:
        found = None
    return float(found) if isinstance(found, (int, float)) and _number(found) else None


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def draw_shapes(picture: np.ndarray, shapes: Sequence[DrawnShape], factor: float = 1.0) -> None:
    """Draws shapes onto a picture, in place.

    Args:
        picture: uint8[height, width, 3], RGB.
        shapes: in pixels of the unenlarged picture.
        factor: by which it was enlarged.
    """
    height, width = picture.shape[:2]
    for shape in shapes:
        colour = COLOURS[shape.colour]
        points = [(round(x * factor), round(y * factor)) for x, y in shape.points]
        x, y = points[0]
        if shape.kind == "box":
            cv2.rectangle(picture, points[0], points[1], colour, 1)
        elif shape.kind == "place":
            cv2.drawMarker(picture, (x, y), colour, cv2.MARKER_CROSS, 12, 1)
        elif shape.kind == "column":
            cv2.line(picture, (x, 0), (x, height - 1), colour, 1)
            y = 12
        elif shape.kind == "row":
            cv2.line(picture, (0, y), (width - 1, y), colour, 1)
            x = 2
        else:
            cv2.polylines(picture, [np.array(points, np.int32)], False, colour, 1)
        where = (min(max(x + 3, 0), width - 30), min(max(y - 3, 9), height - 2))
        cv2.putText(picture, shape.name, where, cv2.FONT_HERSHEY_SIMPLEX, 0.35, colour, 1, cv2.LINE_AA)


def state_panel(trace: Trace, height: int) -> np.ndarray:
    """The named state as text on black, uint8[height, 190, 3]."""
    panel = np.zeros((height, _PANEL_PX, 3), np.uint8)
    rows = [(name, value) for name, value in trace.items() if name not in META]
    for place, (name, value) in enumerate(rows[: max(0, height // _ROW_PX - 1)]):
        text = f"{safe_line(name, 16)} {_short(value)}"[:28]
        colour = COLOURS[place % len(COLOURS)]
        cv2.putText(
            panel, text, (6, 14 + _ROW_PX * place), cv2.FONT_HERSHEY_SIMPLEX, 0.36, colour, 1, cv2.LINE_AA
        )
    return panel


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return " ".join(_short(v) for k, v in value.items() if k != "drawn")
    if isinstance(value, list):
        return " ".join(_short(v) for v in value[:6])
    return "-" if value is None else safe_line(str(value), 20)
