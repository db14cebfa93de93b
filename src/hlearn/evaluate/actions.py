"""What counts as an action: how a program's return value becomes a number or a vector."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np


class BadAction(ValueError):
    """A program returned something that is no action of its task."""


def index_of(action: Any) -> int:
    """Returns a discrete action as int; numpy's integers and 0-d integer arrays (as ``np.where`` gives) count.

    Raises:
        BadAction: it is no integer (bool, float, None and what holds several are none), or not within 64 bits.
    """
    if isinstance(action, np.ndarray) and action.ndim == 0:
        action = action[()]
    if isinstance(action, (int, np.integer)) and not isinstance(action, bool):
        value = int(action)
        if -(2**63) <= value < 2**63:
            return value
    raise BadAction(f"expected an int, got {type(action).__name__} {_short(action)}{_hint(action)}")


def vector_of(action: Any, size: int) -> np.ndarray:
    """Returns a box action as float64[size]; where that is one number, a plain number will do.

    Raises:
        BadAction: it is no sequence of ``size`` numbers.
    """
    try:
        array = np.asarray(action)
    except ValueError:
        raise BadAction(f"expected {size} floats, got {type(action).__name__} {_short(action)}") from None
    if size == 1 and array.ndim == 0:
        array = array[np.newaxis]
    if array.dtype == object and all(
        isinstance(v, (Real, Decimal)) and not isinstance(v, bool) for v in array.flat
    ):
        array = array.astype(np.float64)  # fractions and decimals
    if array.dtype.kind not in "fiu" or array.shape != (size,):
        raise BadAction(
            f"expected {size} floats, got {type(action).__name__} {_short(action)} (shape {array.shape})"
        )
    return array.astype(np.float64, copy=False)


def _hint(action: Any) -> str:
    """What to write instead, where that is plain."""
    if isinstance(action, (bool, np.bool_, float, np.floating)):
        return "; write int(...) around it if that is what is meant"
    if isinstance(action, (list, tuple, np.ndarray)) and np.size(action) == 1:
        return "; return the number in it"
    return ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
