"""Gymnasium's observation spaces translated to what programs see: one flat vector, or an image."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from hlearn.errors import UsageError
from hlearn.records import Access
from hlearn.tasks.environment import Grid, ObservationSpec, Part
from hlearn.tasks.space_parts import Path, choices, leaves

SMALLEST_SIDE = 8  # of a picture, in pixels
LARGE_IMAGE = 2_000  # numbers: an image with more is left out where there are other parts to go by

Writer = Callable[[Any, np.ndarray], None]


def natural_access(space: spaces.Space[Any]) -> Access:
    """Returns pixels for an image (uint8[height, width, channels]), vector for everything else.

    What has fewer than :data:`SMALLEST_SIDE` cells on two of its sides is no picture but a board.
    """
    bytes_ = isinstance(space, spaces.Box) and len(space.shape) == 3 and space.dtype == np.uint8
    image = bytes_ and sorted(space.shape or ())[1] >= SMALLEST_SIDE
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
        found = list(leaves(space, ()))
        kept, left_out = _kept(found)
        if kept:
            known = [(low, high) for _, low, high in kept]
            ends = np.cumsum([len(low) for low, _ in known]).tolist()
            parts = [
                Part(name=name, start=end - len(low), size=len(low))
                for name, (low, _), end in zip(_names([p for p, _, _ in kept]), known, ends, strict=True)
            ]
            low, high = (np.concatenate([bound[side] for bound in known]) for side in (0, 1))
            shapes = {path: leaf.shape or () for path, leaf in found}
            grids = [
                Grid(start=p.start, shape=shapes[path]) for p, (path, *_) in zip(parts, kept, strict=True)
            ]
            return _vector(low, high, parts, left_out, grids), _parts_writer(
                [path for path, _, _ in kept], parts
            )
    elif (bounds_ := _bounds(space)) is not None:
        flat = isinstance(space, spaces.Discrete) or len(space.shape or ()) == 1
        grids = [] if flat else [Grid(start=0, shape=space.shape or ())]
        return _vector(*bounds_, grids=grids), _copy if flat else _copy_flat
    raise UsageError(
        f"observation space {space}: expected one of fixed length (Box, Discrete, MultiDiscrete, MultiBinary, or a "
        "Dict or Tuple of these); wrap the environment so that it gives such an observation"
    )


def _bounds(space: spaces.Space[Any]) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns the smallest and the largest value of each component, float64[n]; None for a space of no fixed length."""
    if isinstance(space, spaces.Box):
        low, high = space.low.ravel(), space.high.ravel()
    elif isinstance(space, spaces.Discrete):
        low = np.array([space.start])
        high = low + space.n - 1
    elif isinstance(space, spaces.MultiDiscrete | spaces.MultiBinary):
        counts = choices(space)
        low = np.ravel(space.start) if isinstance(space, spaces.MultiDiscrete) else 0 * counts
        high = low + counts - 1
    else:
        return None
    return low.astype(np.float64), high.astype(np.float64)


def _kept(
    found: Sequence[tuple[Path, spaces.Space[Any]]],
) -> tuple[list[tuple[Path, np.ndarray, np.ndarray]], list[str]]:
    """Which parts become numbers (with the bounds of each component), and which are left out, in words."""
    kept: list[tuple[Path, np.ndarray, np.ndarray]] = []
    left_out: list[str] = []
    plain = any(_bounds(leaf) is not None and not _is_large_image(leaf) for _, leaf in found)
    for path, leaf in found:
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
            _copy_flat(value, out[place])

    return write


def _vector(
    low: np.ndarray,
    high: np.ndarray,
    parts: Sequence[Part] = (),
    left_out: Sequence[str] = (),
    grids: Sequence[Grid] = (),
) -> ObservationSpec:
    return ObservationSpec(
        shape=(len(low),),
        dtype="float64",
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        parts=tuple(parts),
        left_out=tuple(left_out),
        grids=tuple(g for g in grids if len(g.shape) > 1),
    )


def _copy(observation: Any, out: np.ndarray) -> None:
    out[...] = _numbers(observation, out)


def _copy_flat(observation: Any, out: np.ndarray) -> None:
    out[:] = _numbers(observation, out).ravel()


def _numbers(value: Any, out: np.ndarray) -> np.ndarray:
    """The numbers of an observation, as many as there is room for.

    numpy by itself would take None for NaN, text for the number that it spells, and repeat a single number.

    Raises:
        TypeError: something in it is no number.
        ValueError: it has more or fewer.
    """
    array = value if type(value) is np.ndarray else np.asarray(value)
    kind = array.dtype.kind
    if kind == "O":  # of mixed types; whatever passes for a number may be there
        odd = next((v for v in array.flat if v is None or isinstance(v, (str, bytes))), 0)
        if odd != 0:
            raise TypeError(f"expected numbers, got {odd!r:.40}")
    elif kind not in "biuf":
        raise TypeError(f"expected numbers, got {value!r:.40}")
    if array.size != out.size:
        raise ValueError(f"expected {out.size} numbers, got {array.size}")
    return array
