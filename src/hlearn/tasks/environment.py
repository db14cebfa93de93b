"""The door that every environment goes through."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

WIDE = 1e6  # a bound beyond this is none
_TOLD = 40  # named parts that a text lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrete:
    """``n`` actions, numbered from 0; ``names`` are the environment's own where it has any ("FIRE", "LEFT")."""

    n: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A float vector; ``low`` and ``high`` per component (may be infinite)."""

    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def finite_bounds(self) -> tuple[tuple[float, float], ...]:
        """Bounds to draw from, per component: where there is none (or one beyond 1,000,000), pushes stay within 1.

        Where the other bound lies beyond that, within 1 of it.
        """
        return tuple(
            (min(-1.0, high - 1.0) if low < -WIDE else low, max(1.0, low + 1.0) if high > WIDE else high)
            for low, high in zip(self.low, self.high, strict=True)
        )


ActionSpace = Discrete | Box


def draw_action(actions: ActionSpace, rng: np.random.Generator) -> int | np.ndarray:
    """Draws an action evenly, for whoever plays at random without a program."""
    if isinstance(actions, Discrete):
        return int(rng.integers(actions.n))
    low, high = np.array(actions.finite_bounds).T
    drawn: np.ndarray = rng.uniform(low, high)
    return drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A named stretch of an observation vector: components ``start`` to ``start + size - 1``."""

    name: str
    start: int
    size: int

    @property
    def where(self) -> str:
        """How a program reads it."""
        return f"obs[{self.start}]" if self.size == 1 else f"obs[{self.start}:{self.start + self.size}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A stretch of an observation vector that was a table: its components follow each other in C order."""

    start: int
    shape: tuple[int, ...]

    @property
    def where(self) -> str:
        """How a program reads it."""
        size = math.prod(self.shape)
        return f"obs[{self.start}:{self.start + size}].reshape({', '.join(map(str, self.shape))})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationSpec:
    """Shape and dtype of what the program sees, with bounds per component for vectors (may be infinite).

    Attributes:
        parts: what the environment calls stretches of the vector (keys of a Dict, places in a Tuple), in order;
            empty where it names none. Each name is a Python identifier and occurs once.
        left_out: parts of the environment's observation that no vector can hold, and why, in words.
        grids: stretches of the vector that were tables of two or more dimensions.
    """

    shape: tuple[int, ...]
    dtype: str
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    parts: tuple[Part, ...] = ()
    left_out: tuple[str, ...] = ()
    grids: tuple[Grid, ...] = ()

    @property
    def legend(self) -> str:
        """Which components are what, in Markdown; empty where the environment names none and nothing is a table."""
        said = ", ".join(f"`{p.name}` {p.where}" for p in self.parts[:_TOLD])
        said += f" and {len(self.parts) - _TOLD} more" if len(self.parts) > _TOLD else ""
        tables = ", ".join(f"`{g.where}`" for g in self.grids[:_TOLD])
        return "; ".join(s for s in (said, f"a table: {tables}" if tables else "") if s)


class Description(NamedTuple):
    """What an environment shows and takes, which is all that is known before an episode."""

    observation: ObservationSpec
    actions: ActionSpace


class Environment(Protocol):
    """One environment instance in the trusted process. Observations are written into the caller's buffer."""

    @property
    def observation(self) -> ObservationSpec:
        """What it shows."""

    @property
    def actions(self) -> ActionSpace:
        """What it takes."""

    def reset(self, seed: int, out: np.ndarray) -> int:
        """Starts a clean episode (the same whatever was played before) and writes the first observation.

        Returns:
            Environment steps consumed by the start (no-ops and FIRE on Atari, 0 elsewhere).
        """

    def step(self, action: int | np.ndarray, out: np.ndarray) -> tuple[float, bool, bool, int]:
        """Plays one decision and writes the observation.

        Returns:
            Reward (raw), terminated, truncated, environment steps consumed (frames).
        """

    def lives(self) -> int:
        """Returns how many lives are left (Gymnasium's ``info["lives"]``), 0 if the environment says nothing."""

    def render(self) -> np.ndarray:
        """Returns the present picture, uint8[height, width, 3]."""

    def close(self) -> None:
        """Releases what the environment holds."""
