"""What Gymnasium's composed spaces are made of."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from gymnasium import spaces

Path = tuple[str | int, ...]  # keys of a Dict and places of a Tuple that lead to a part


def leaves(space: spaces.Space[Any], path: Path) -> Iterator[tuple[Path, spaces.Space[Any]]]:
    """The simple spaces within a Dict or Tuple with the keys and places that lead to them, in order."""
    if isinstance(space, spaces.Dict):
        for key, part in space.spaces.items():
            yield from leaves(part, (*path, key))
    elif isinstance(space, spaces.Tuple):
        for place, part in enumerate(space.spaces):
            yield from leaves(part, (*path, place))
    else:
        yield path, space


def choices(space: spaces.MultiDiscrete[Any] | spaces.MultiBinary) -> np.ndarray:
    """Returns how many values each component takes, int64[n]."""
    if isinstance(space, spaces.MultiDiscrete):
        return np.ravel(space.nvec).astype(np.int64)
    return np.full(math.prod(space.shape), 2, dtype=np.int64)
