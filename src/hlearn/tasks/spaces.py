"""Gymnasium's spaces translated to what programs see: one flat vector or image in, an index or a float vector out."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from hlearn.errors import UsageError
from hlearn.records import Access
from hlearn.tasks.environment import ActionSpace, Box, Discrete, ObservationSpec, Part

MAX_PRODUCT = 64  # a product of discrete actions up to this size becomes one discrete action

Writer = Callable[[Any, np.ndarray], None]
Reader = Callable[[Any], Any]
Path = tuple[str | int, ...]  # keys of a Dict and places of a Tuple that lead to a part


def natural_access(space: spaces.Space[Any]) -> Access:
    """Returns pixels for an image (uint8[height, width, channels]), vector for everything else."""
    image = isinstance(space, spaces.Box) and len(space.shape) == 3 and space.dtype == np.uint8
    return Access.PIXELS if image else Access.VECTOR


def observation_spec(space: spaces.Space[Any]) -> tuple[ObservationSpec, Writer]:
    """Translates an observation space.

    Images stay as they are. Everything else becomes a float64 vector: a Box is flattened in C order, a
    Discrete observation is a vector of one component (the number of the state, not one-hot), MultiDiscrete and
    MultiBinary are their numbers in order. The parts of a Dict or Tuple follow each other in the order of the space,
    each translated in the same way; the specification names them.

    Returns:
        The specification, and a function that writes an observation into a buffer of that shape.

    Raises:
        UsageError: the space, or a part of it, has no fixed length (Text, Sequence, Graph).
    """
    if natural_access(space) is Access.PIXELS:
        assert space.shape is not None
        return ObservationSpec(shape=space.shape, dtype="uint8"), _copy
    if isinstance(space, spaces.Dict | spaces.Tuple):
        leaves = list(_leaves(space, ()))
        bounds = [_bounds(leaf) for _, leaf in leaves]
        known = [b for b in bounds if b is not None]
        if leaves and len(known) == len(leaves):
            ends = np.cumsum([len(low) for low, _ in known]).tolist()
            parts = [
                Part(name=name, start=end - len(low), size=len(low))
                for name, (low, _), end in zip(_names([p for p, _ in leaves]), known, ends, strict=True)
            ]
            low, high = (np.concatenate([bound[side] for bound in known]) for side in (0, 1))
            return _vector(low, high, parts), _parts_writer([path for path, _ in leaves], parts)
    elif (bounds_ := _bounds(space)) is not None:
        flat = isinstance(space, spaces.Discrete) or len(space.shape or ()) == 1
        return _vector(*bounds_), _copy if flat else _copy_flat
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


def _bounds(space: spaces.Space[Any]) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns the smallest and the largest value of each component, float64[n]; None for a space of no fixed length."""
    if isinstance(space, spaces.Box):
        low, high = space.low.ravel(), space.high.ravel()
    elif isinstance(space, spaces.Discrete):
        low = np.array([space.start])
        high = low + space.n - 1
    elif isinstance(space, spaces.MultiDiscrete | spaces.MultiBinary):
        counts = _choices(space)
        low = np.ravel(space.start) if isinstance(space, spaces.MultiDiscrete) else 0 * counts
        high = low + counts - 1
    else:
        return None
    return low.astype(np.float64), high.astype(np.float64)


def _leaves(space: spaces.Space[Any], path: Path) -> Iterator[tuple[Path, spaces.Space[Any]]]:
    """The simple spaces within a Dict or Tuple with the keys and places that lead to them, in order."""
    if isinstance(space, spaces.Dict):
        for key, part in space.spaces.items():
            yield from _leaves(part, (*path, key))
    elif isinstance(space, spaces.Tuple):
        for place, part in enumerate(space.spaces):
            yield from _leaves(part, (*path, place))
    else:
        yield path, space


def _names(paths: Sequence[Path]) -> list[str]:
    """A different identifier for each path: ``("arm", "desired goal")`` becomes ``arm_desired_goal``."""
    names: list[str] = []
    for path in paths:
        words = [f"part{key}" if isinstance(key, int) else str(key) for key in path]
        name = re.sub(r"\W+", "_", "_".join(words), flags=re.ASCII).strip("_").lower()
        if not name or not name[0].isalpha() or keyword.iskeyword(name):
            name = f"part_{name}".rstrip("_")
        while name in names:
            name += "_again"
        names.append(name)
    return names


def _parts_writer(paths: Sequence[Path], parts: Sequence[Part]) -> Writer:
    places = [(path, slice(p.start, p.start + p.size)) for path, p in zip(paths, parts, strict=True)]

    def write(observation: Any, out: np.ndarray) -> None:
        for path, place in places:
            value = observation
            for key in path:
                value = value[key]
            out[place] = np.ravel(value)

    return write


def _vector(low: np.ndarray, high: np.ndarray, parts: Sequence[Part] = ()) -> ObservationSpec:
    return ObservationSpec(
        shape=(len(low),),
        dtype="float64",
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        parts=tuple(parts),
    )


def _copy(observation: Any, out: np.ndarray) -> None:
    out[...] = observation


def _copy_flat(observation: Any, out: np.ndarray) -> None:
    out[:] = np.ravel(observation)
