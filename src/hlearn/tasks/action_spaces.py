"""Gymnasium's action spaces translated to what programs return: an index, or a flat float vector."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from hlearn.errors import UsageError
from hlearn.tasks.environment import ActionSpace, Box, Discrete
from hlearn.tasks.space_parts import Path, choices, leaves

MAX_PRODUCT = 64  # a product of discrete actions up to this size becomes one discrete action

_DISCRETE = (spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)

Reader = Callable[[Any], Any]


def action_space(space: spaces.Space[Any], names: tuple[str, ...] = ()) -> tuple[ActionSpace, Reader]:
    """Translates an action space.

    A Discrete action is its index from 0. A product of few discrete actions (MultiDiscrete, MultiBinary, a Dict or
    Tuple of discrete ones) becomes one index, the last component running fastest; its names say what each stands for. A
    Box action is a flat float vector, clipped to the bounds; so are the parts of a Dict or Tuple, one after the other,
    where one of them is a box, and products of more than 64 discrete actions: a choice of n is a number from 0 to n
    there, rounded down.

    Returns:
        The action space, and a function from a program's action to the environment's.

    Raises:
        UsageError: the space, or a part of it, is of another kind.
    """
    if isinstance(space, spaces.Discrete):
        n, start = int(space.n), int(space.start)
        return Discrete(n=n, names=names), (int if start == 0 else lambda action: int(action) + start)
    if isinstance(space, spaces.Box):
        return _box(space)
    parts = list(leaves(space, ()))
    whole = bool(parts) and all(isinstance(leaf, _DISCRETE) for _, leaf in parts)
    if whole and math.prod(int(n) for _, leaf in parts for n in _counts(leaf)) <= MAX_PRODUCT:
        return _product(space, parts, names)
    if parts and all(isinstance(leaf, (*_DISCRETE, spaces.Box)) for _, leaf in parts):
        return _numbers(space, parts)
    told = ", ".join(f"{'.'.join(map(str, path)) or 'it'} ({type(leaf).__name__})" for path, leaf in parts)
    raise UsageError(
        f"action space {space}: expected Discrete, MultiDiscrete, MultiBinary, Box, or a Dict or Tuple of these; got "
        f"{told or 'no parts'}. Wrap the environment so that it takes such actions"
    )


def _product(
    space: spaces.Space[Any], parts: Sequence[tuple[Path, spaces.Space[Any]]], names: tuple[str, ...]
) -> tuple[ActionSpace, Reader]:
    """Every combination of discrete parts as one index."""
    counts = [_counts(leaf) for _, leaf in parts]
    sizes = [int(n) for part in counts for n in part]
    n = math.prod(sizes)
    rows = [np.array(np.unravel_index(i, sizes)) for i in range(n)]
    ends = np.cumsum([len(part) for part in counts]).tolist()

    def value(row: np.ndarray) -> Any:
        pieces = np.split(row, ends[:-1])
        return _nested(space, iter([_discrete(leaf, p) for (_, leaf), p in zip(parts, pieces, strict=True)]))

    def called(row: np.ndarray) -> str:
        pieces = np.split(row, ends[:-1])
        told = []
        for (path, leaf), piece in zip(parts, pieces, strict=True):
            number = " ".join(map(str, np.ravel(_discrete(leaf, piece))))
            named = any(isinstance(key, str) for key in path)
            told.append(f"{'.'.join(map(str, path))}={number}" if named else number)
        return ", ".join(told)

    # A fresh value each time: environments may keep the action they were given.
    return Discrete(n=n, names=names or tuple(map(called, rows))), lambda action: value(rows[int(action)])


def _numbers(
    space: spaces.Space[Any], parts: Sequence[tuple[Path, spaces.Space[Any]]]
) -> tuple[ActionSpace, Reader]:
    """Boxes and discrete parts as one box."""
    made = [_box(leaf) if isinstance(leaf, spaces.Box) else _choices(leaf) for _, leaf in parts]
    ends = np.cumsum([len(box.low) for box, _ in made]).tolist()

    def read(action: Any) -> Any:
        pieces = np.split(np.asarray(action, dtype=np.float64), ends[:-1])
        return _nested(space, iter([reader(p) for (_, reader), p in zip(made, pieces, strict=True)]))

    low, high = (tuple(x for box, _ in made for x in getattr(box, side)) for side in ("low", "high"))
    return Box(low=low, high=high), read


def _choices(space: spaces.Space[Any]) -> tuple[Box, Reader]:
    """A discrete part as numbers: a choice of n is a number from 0 to n, rounded down."""
    counts = _counts(space)

    def read(action: Any) -> Any:
        return _discrete(space, np.clip(np.floor(action), 0, counts - 1).astype(np.int64))

    return Box(low=(0.0,) * len(counts), high=tuple(counts.astype(float).tolist())), read


def _nested(space: spaces.Space[Any], values: Iterator[Any]) -> Any:
    """Puts the values of the parts back into the shape of the space."""
    if isinstance(space, spaces.Dict):
        return {key: _nested(part, values) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(_nested(part, values) for part in space.spaces)
    return next(values)


def _counts(space: spaces.Space[Any]) -> np.ndarray:
    """How many values each component of a discrete part takes, int64[n]."""
    return np.array([space.n]) if isinstance(space, spaces.Discrete) else choices(space)  # type: ignore[arg-type]


def _discrete(space: spaces.Space[Any], row: np.ndarray) -> Any:
    """A discrete part's own value for numbers that count from 0."""
    if isinstance(space, spaces.Discrete):
        return np.int64(row[0] + space.start)
    return (np.reshape(row, space.shape or ()) + getattr(space, "start", 0)).astype(space.dtype)


def _box(space: spaces.Box) -> tuple[Box, Reader]:
    low, high = (np.asarray(bound, dtype=np.float64).ravel() for bound in (space.low, space.high))
    shape, dtype = space.shape, np.dtype(space.dtype)
    whole = np.issubdtype(dtype, np.integer)

    def read(action: Any) -> np.ndarray:
        value: np.ndarray = np.minimum(np.maximum(action, low), high)
        if whole:
            value = np.rint(value)
        # A fresh array each time: environments may keep the action they were given.
        return value.astype(dtype).reshape(shape)

    return Box(low=tuple(low.tolist()), high=tuple(high.tolist())), read
