"""What counts as an action: how a program's return value becomes a number or a vector."""

from __future__ import annotations

from typing import Any

import numpy as np


class BadAction(ValueError):
    """A program returned something that is no action of its task."""


def index_of(action: Any) -> int:
    """Returns a discrete action as int.

    Raises:
        BadAction: it is no integer (bool, float and None are none), or not within 64 bits.
    """
    if isinstance(action, (int, np.integer)) and not isinstance(action, bool):
        value = int(action)
        if -(2**63) <= value < 2**63:
            return value
    raise BadAction(f"expected an int, got {type(action).__name__} {_short(action)}")


def vector_of(action: Any, size: int) -> np.ndarray:
    """Returns a box action as float64[size].

    Raises:
        BadAction: it is no sequence of ``size`` numbers.
    """
    try:
        array = np.asarray(action)
    except ValueError:
        raise BadAction(f"expected {size} floats, got {type(action).__name__} {_short(action)}") from None
    if array.dtype.kind not in "fiu" or array.shape != (size,):
        raise BadAction(
            f"expected {size} floats, got {type(action).__name__} {_short(action)} (shape {array.shape})"
        )
    return array.astype(np.float64, copy=False)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
