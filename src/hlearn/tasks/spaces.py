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
LARGE_IMAGE = 2_000  # numbers: an image with more is left out where there are other parts to go by

_DISCRETE = (spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)

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
    each translated in the same way; the specification names them. What has no fixed length (Text, Sequence, Graph) and
    large images beside numbers are left out of it, and named there too.

    Returns:
        The specification, and a function that writes an observation into a buffer of that shape.

    Raises:
        UsageError: the space, or every part of it, has no fixed length.
    """
    if natural_access(space) is Access.PIXELS:
        assert space.shape is not None
        return ObservationSpec(shape=space.shape, dtype="uint8"), _copy
    if isinstance(space, spaces.Dict | spaces.Tuple):
        leaves = list(_leaves(space, ()))
        kept, left_out = _kept(leaves)
        if kept:
            known = [(low, high) for _, low, high in kept]
            ends = np.cumsum([len(low) for low, _ in known]).tolist()
            parts = [
                Part(name=name, start=end - len(low), size=len(low))
                for name, (low, _), end in zip(_names([p for p, _, _ in kept]), known, ends, strict=True)
            ]
            low, high = (np.concatenate([bound[side] for bound in known]) for side in (0, 1))
            return _vector(low, high, parts, left_out), _parts_writer([path for path, _, _ in kept], parts)
    elif (bounds_ := _bounds(space)) is not None:
        flat = isinstance(space, spaces.Discrete) or len(space.shape or ()) == 1
        return _vector(*bounds_), _copy if flat else _copy_flat
    raise UsageError(
        f"observation space {space}: expected one of fixed length (Box, Discrete, MultiDiscrete, MultiBinary, or a "
        "Dict or Tuple of these); wrap the environment so that it gives such an observation"
    )


def action_space(space: spaces.Space[Any], names: tuple[str, ...] = ()) -> tuple[ActionSpace, Reader]:
    """Translates an action space.

    A Discrete action is its index from 0. A product of few discrete actions (MultiDiscrete, MultiBinary, a Dict or
    Tuple of discrete ones) becomes one index, the last component running fastest; its names say what each stands for. A
    Box action is a flat float vector, clipped to the bounds; so are the boxes of a Dict or Tuple, one after the other.

    Returns:
        The action space, and a function from a program's action to the environment's.

    Raises:
        UsageError: the space is of another kind, a mixture, or a product of more than 64 actions.
    """
    if isinstance(space, spaces.Discrete):
        n, start = int(space.n), int(space.start)
        return Discrete(n=n, names=names), (int if start == 0 else lambda action: int(action) + start)
    if isinstance(space, spaces.Box):
        return _box(space)
    leaves = list(_leaves(space, ()))
    if leaves and all(isinstance(leaf, _DISCRETE) for _, leaf in leaves):
        return _product(space, leaves, names)
    if leaves and all(isinstance(leaf, spaces.Box) for _, leaf in leaves):
        return _boxes(space, leaves)
    told = ", ".join(f"{'.'.join(map(str, path)) or 'it'} ({type(leaf).__name__})" for path, leaf in leaves)
    raise UsageError(
        f"action space {space}: expected Discrete, Box, or a small product of discrete actions (MultiDiscrete, "
        f"MultiBinary, or a Dict or Tuple of discrete parts alone or of boxes alone); got {told or 'no parts'}. Wrap "
        "the environment so that it takes such actions"
    )


def _product(
    space: spaces.Space[Any], leaves: Sequence[tuple[Path, spaces.Space[Any]]], names: tuple[str, ...]
) -> tuple[ActionSpace, Reader]:
    """Every combination of discrete parts as one index."""
    counts = [_counts(leaf) for _, leaf in leaves]
    sizes = [int(n) for part in counts for n in part]
    n = math.prod(sizes)
    if n > MAX_PRODUCT:
        raise UsageError(
            f"action space {space}: a product of {n} actions; expected at most {MAX_PRODUCT}. "
            "Wrap the environment with fewer actions, or with a Box action space"
        )
    rows = [np.array(np.unravel_index(i, sizes)) for i in range(n)]
    ends = np.cumsum([len(part) for part in counts]).tolist()

    def value(row: np.ndarray) -> Any:
        pieces = np.split(row, ends[:-1])
        return _nested(space, iter([_discrete(leaf, p) for (_, leaf), p in zip(leaves, pieces, strict=True)]))

    def called(row: np.ndarray) -> str:
        pieces = np.split(row, ends[:-1])
        told = []
        for (path, leaf), piece in zip(leaves, pieces, strict=True):
            number = " ".join(map(str, np.ravel(_discrete(leaf, piece))))
            named = any(isinstance(key, str) for key in path)
            told.append(f"{'.'.join(map(str, path))}={number}" if named else number)
        return ", ".join(told)

    # A fresh value each time: environments may keep the action they were given.
    return Discrete(n=n, names=names or tuple(map(called, rows))), lambda action: value(rows[int(action)])


def _boxes(
    space: spaces.Space[Any], leaves: Sequence[tuple[Path, spaces.Space[Any]]]
) -> tuple[ActionSpace, Reader]:
    """Several boxes as one."""
    made = [_box(leaf) for _, leaf in leaves if isinstance(leaf, spaces.Box)]
    ends = np.cumsum([len(box.low) for box, _ in made]).tolist()

    def read(action: Any) -> Any:
        pieces = np.split(np.asarray(action, dtype=np.float64), ends[:-1])
        return _nested(space, iter([reader(p) for (_, reader), p in zip(made, pieces, strict=True)]))

    low, high = (tuple(x for box, _ in made for x in getattr(box, side)) for side in ("low", "high"))
    return Box(low=low, high=high), read


def _nested(space: spaces.Space[Any], values: Iterator[Any]) -> Any:
    """Puts the values of the leaves back into the shape of the space."""
    if isinstance(space, spaces.Dict):
        return {key: _nested(part, values) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(_nested(part, values) for part in space.spaces)
    return next(values)


def _counts(space: spaces.Space[Any]) -> np.ndarray:
    """How many values each component of a discrete part takes, int64[n]."""
    return np.array([space.n]) if isinstance(space, spaces.Discrete) else _choices(space)  # type: ignore[arg-type]


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


def _kept(
    leaves: Sequence[tuple[Path, spaces.Space[Any]]],
) -> tuple[list[tuple[Path, np.ndarray, np.ndarray]], list[str]]:
    """Which parts become numbers (with the bounds of each component), and which are left out, in words."""
    kept: list[tuple[Path, np.ndarray, np.ndarray]] = []
    left_out: list[str] = []
    plain = any(_bounds(leaf) is not None and not _is_large_image(leaf) for _, leaf in leaves)
    for path, leaf in leaves:
        bounds, name = _bounds(leaf), ".".join(map(str, path))
        if bounds is None:
            left_out.append(f"{name} ({type(leaf).__name__}: no fixed length)")
        elif plain and _is_large_image(leaf):
            left_out.append(
                f"{name} (an image of {'x'.join(map(str, leaf.shape or ()))}: too large for a vector)"
            )
        elif len(bounds[0]):
            kept.append((path, *bounds))
    return kept, left_out


def _is_large_image(space: spaces.Space[Any]) -> bool:
    return natural_access(space) is Access.PIXELS and math.prod(space.shape or ()) > LARGE_IMAGE


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


def _vector(
    low: np.ndarray, high: np.ndarray, parts: Sequence[Part] = (), left_out: Sequence[str] = ()
) -> ObservationSpec:
    return ObservationSpec(
        shape=(len(low),),
        dtype="float64",
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        parts=tuple(parts),
        left_out=tuple(left_out),
    )


def _copy(observation: Any, out: np.ndarray) -> None:
    out[...] = observation


def _copy_flat(observation: Any, out: np.ndarray) -> None:
    out[:] = np.ravel(observation)
