"""Frozen dataclasses to plain JSON and back, with no loss and no NaN in the JSON.

Fields that hold their default are left out, so rows stay short and a new field with a default needs no new
schema. A float that JSON cannot hold becomes ``{"float": "nan"}`` (or ``inf``, ``-inf``): never null, never 0.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from enum import Enum
from functools import cache
from typing import Any, cast

import numpy as np

from hlearn.records import Episode, Failure

_SHOWN = 120  # characters of a value that a message shows
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def shown(value: object) -> str:
    """A value for a message, however long, deep or odd it is."""
    try:
        text = ascii(value)
    except (ValueError, RecursionError):  # an integer of many digits, a deep nest
        text = f"a {type(value).__name__} that cannot be written out"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def encode(value: object) -> Json:
    """Returns the plain JSON value of a dataclass, enum, tuple or scalar.

    Raises:
        TypeError: the value has no JSON form here.
    """
    if isinstance(value, Enum):
        return cast(Json, value.value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str) and not isinstance(value, Enum):
        return _clean(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"float": repr(float(value))}
    if isinstance(value, (tuple, list)):
        return [encode(v) for v in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: encode(v) for f in _fields(type(value)) if (v := getattr(value, f.name)) is not f.default
        }
    raise TypeError(f"{type(value).__name__} has no form in the ledger: {value!r}")


def decode(hint: Any, data: Json) -> Any:
    """Rebuilds a value of type ``hint`` from what :func:`encode` wrote.

    Raises:
        TypeError: the data does not fit the type (a field is missing, unknown or of another type).
        ValueError: an enum has no such member.
    """
    if hint is float:
        return _float(data)
    if hint in (int, bool, str):
        if type(data) is not hint:
            raise TypeError(f"expected {hint.__name__}, got {shown(data)}")
        return _clean(data) if isinstance(data, str) else data
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(typing.get_args(hint), data)
    if origin is tuple:
        if not isinstance(data, list):
            raise TypeError(f"expected a list, got {shown(data)}")
        args = typing.get_args(hint)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(decode(args[0], v) for v in data)
        return tuple(decode(a, v) for a, v in zip(args, data, strict=True))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(data)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(data, dict):
            raise TypeError(f"expected an object for {hint.__name__}, got {shown(data)}")
        hints = _hints(hint)
        unknown = data.keys() - hints.keys()
        if unknown:
            raise TypeError(f"{hint.__name__} has no field {sorted(unknown)}")
        return hint(**{name: decode(hints[name], v) for name, v in data.items()})
    raise TypeError(f"no reading of {hint!r}")


def _clean(text: str) -> str:
    """A text that every file and terminal takes: lone surrogates, which UTF-8 has no form for, become U+FFFD."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _float(data: Json) -> float:
    if isinstance(data, dict) and data.keys() == {"float"}:
        return float(str(data["float"]))
    if isinstance(data, (int, float)) and not isinstance(data, bool):
        try:
            return float(data)
        except OverflowError:
            raise TypeError(f"expected a number, got {shown(data)}") from None
    raise TypeError(f"expected a number, got {shown(data)}")


def _decode_union(options: tuple[Any, ...], data: Json) -> Any:
    if data is None and type(None) in options:
        return None
    if set(options) == {Episode, Failure}:
        return decode(Failure if isinstance(data, dict) and "kind" in data else Episode, data)
    for option in options:
        if option is type(None):
            continue
        try:
            return decode(option, data)
        except (TypeError, ValueError):
            continue
    raise TypeError(f"{shown(data)} is none of {options}")


@cache
def _fields(cls: type) -> tuple[dataclasses.Field[Any], ...]:
    return tuple(f for f in dataclasses.fields(cls) if f.init)


@cache
def _hints(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {f.name: hints[f.name] for f in _fields(cls)}
