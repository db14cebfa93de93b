"""Gymnasium's spaces translated to what programs see: one flat vector or image in, an index or a float vector out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces

from hlearn.errors import UsageError
from hlearn.records import Access
from hlearn.tasks.environment import ActionSpace, Box, Discrete, ObservationSpec

MAX_PRODUCT = 64  # a product of discrete actions up to this size becomes one discrete action

Writer = Callable[[Any, np.ndarray], None]
Reader = Callable[[Any], Any]


def natural_access(space: spaces.Space[Any]) -> Access:
    """Returns pixels for an image (uint8[height, width, channels]), vector for everything else."""
    image = isinstance(space, spaces.Box) and len(space.shape) == 3 and space.dtype == np.uint8
    return Access.PIXELS if image else Access.VECTOR


def observation_spec(space: spaces.Space[Any]) -> tuple[ObservationSpec, Writer]:
    """Translates an observation space.

    Images stay as they are. Everything else becomes a float64 vector: a Box is flattened in C order, a
    Discrete observation is a vector of one component (the number of the state, not one-hot), MultiDiscrete and
    MultiBinary are their numbers in order, and Dict and Tuple are flattened by ``gymnasium.spaces.flatten``
    (parts in the order of the space, Discrete parts one-hot).

    Returns:
        The specification, and a function that writes an observation into a buffer of that shape.

    Raises:
        UsageError: the space has no fixed length (Text, Sequence, Graph).
    """
    if natural_access(space) is Access.PIXELS:
        assert space.shape is not None
        return ObservationSpec(shape=space.shape, dtype="uint8"), _copy
    if isinstance(space, spaces.Box):
        low, high = space.low.ravel(), space.high.ravel()
        return _vector(low, high), _copy if len(space.shape) == 1 else _copy_flat
    if isinstance(space, spaces.Discrete):
        start = int(space.start)
        return _vector([start], [start + int(space.n) - 1]), _copy
    if isinstance(space, spaces.MultiDiscrete | spaces.MultiBinary):
        counts = _choices(space)
        first = np.ravel(space.start) if isinstance(space, spaces.MultiDiscrete) else 0 * counts
        return _vector(first, first + counts - 1), _copy_flat
    if isinstance(space, spaces.Dict | spaces.Tuple) and space.is_np_flattenable:
        flat = spaces.flatten_space(space)
        assert isinstance(flat, spaces.Box)

        def copy_parts(observation: Any, out: np.ndarray) -> None:
            out[:] = spaces.flatten(space, observation)

        return _vector(flat.low, flat.high), copy_parts
    raise UsageError(
        f"observation space {space}: expected one of fixed length (Box, Discrete, MultiDiscrete, MultiBinary, or a "
        "Dict or Tuple of these); wrap the environment so that it gives such an observation"
    )


def action_space(space: spaces.Space[Any], names: tuple[str, ...] = ()) -> tuple[ActionSpace, Reader]:
    """Translates an action space.

    A Discrete action is its index from 0. A product of few discrete actions (MultiDiscrete, MultiBinary) becomes one
    index, the last component running fastest. A Box action is a flat float vector, clipped to the bounds.

    Returns:
        The action space, and a function from a program's action to the environment's.

    Raises:
        UsageError: the space is of another kind, or a product of more than 64 actions.
    """
    if isinstance(space, spaces.Discrete):
        n, start = int(space.n), int(space.start)
        return Discrete(n=n, names=names), (int if start == 0 else lambda action: int(action) + start)
    if isinstance(space, spaces.MultiDiscrete | spaces.MultiBinary):
        sizes = _choices(space).tolist()
        n = math.prod(sizes)
        if n > MAX_PRODUCT:
            raise UsageError(
                f"action space {space}: a product of {n} actions; expected at most {MAX_PRODUCT}. "
                "Wrap the environment with fewer actions, or with a Box action space"
            )
        first = getattr(space, "start", 0)
        table = [
            (np.reshape(np.unravel_index(i, sizes), space.shape) + first).astype(space.dtype)
            for i in range(n)
        ]
        return Discrete(n=n), lambda action: table[int(action)].copy()
    if isinstance(space, spaces.Box):
        return _box(space)
    raise UsageError(
        f"action space {space}: expected Discrete, Box, or a small MultiDiscrete or MultiBinary; "
        "wrap the environment so that it takes such actions"
    )


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


def _choices(space: spaces.MultiDiscrete[Any] | spaces.MultiBinary) -> np.ndarray:
    """Returns how many values each component takes, int64[n]."""
    if isinstance(space, spaces.MultiDiscrete):
        return np.ravel(space.nvec).astype(np.int64)
    return np.full(math.prod(space.shape), 2, dtype=np.int64)


def _vector(low: Any, high: Any) -> ObservationSpec:
    lows, highs = (np.asarray(bound, dtype=np.float64).tolist() for bound in (low, high))
    return ObservationSpec(shape=(len(lows),), dtype="float64", low=tuple(lows), high=tuple(highs))


def _copy(observation: Any, out: np.ndarray) -> None:
    out[...] = observation


def _copy_flat(observation: Any, out: np.ndarray) -> None:
    out[:] = np.ravel(observation)
