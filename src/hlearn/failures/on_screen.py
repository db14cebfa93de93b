"""Numbers that a program reads from a console's memory, held against what moves on the screen.

A program on memory sees no picture; whoever develops it may look at both. Where a number is a place, something moves on
the screen at that place, by some offset, whenever the number moves. How much more often it does than at other moments
is the agreement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.evidence.overlay import DrawnShape, draw_shapes
from hlearn.evidence.replay import rendered
from hlearn.failures.episodes import MinedEpisode
from hlearn.tasks.registry import open_apart
from hlearn.tasks.task import Task

MOST = 400  # decisions of an episode that are looked at
_OFFSETS = range(-100, 101)  # pixels
_NEAR = 2  # pixels by which a movement may be beside the place
_FEWEST = 20  # movements
_VALUES = 6  # different ones, below which a number is no place
_EQUAL = 0.01  # agreement by which offsets are alike: the middle one is taken
AGREES = 0.5  # from which a number is taken for a place
_SHEET = 8  # pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenCheck:
    """One number against the screen.

    Attributes:
        name: of the number.
        axis: "column" or "row".
        offset: pixels to add to the number.
        agreement: 1 where something moves there whenever the number does, 0 where no more often than otherwise.
        moves: movements of the number that were looked at.
    """

    name: str
    axis: str
    offset: int
    agreement: float
    moves: int

    @property
    def is_place(self) -> bool:
        """Whether it agrees."""
        return self.agreement >= AGREES


def screen_of(task: Task, episode: MinedEpisode, most: int = MOST) -> list[np.ndarray]:
    """The pictures before the first decisions of an episode, uint8[height, width, 3] each.

    Raises:
        UsageError: the environment cannot render.
    """
    environment = open_apart(task, render=True)
    observation = np.zeros(environment.observation.shape, environment.observation.dtype)
    pictures = []
    try:
        environment.reset(episode.world_seed, observation)
        for action in episode.recording.actions[:most]:
            pictures.append(rendered(environment).copy())
            environment.step(int(action) if np.ndim(action) == 0 else action, observation)
    finally:
        environment.close()
    return pictures


def check_on_screen(episode: MinedEpisode, pictures: Sequence[np.ndarray]) -> tuple[ScreenCheck, ...]:
    """Checks every number of an episode that may be a place, the best agreement first."""
    if len(pictures) < 2:
        return ()
    stack = np.stack(pictures).astype(np.int16).sum(axis=3)
    changed = np.abs(np.diff(stack, axis=0)) > 0  # between decision t and t + 1
    moving = {"column": _near(changed.any(axis=1)), "row": _near(changed.any(axis=2))}
    found = []
    for name, column in episode.columns.numbers.items():
        value = column[: len(pictures)]
        moved = np.flatnonzero(np.nan_to_num(np.diff(value)) != 0)
        if len(moved) < _FEWEST or len(np.unique(value[np.isfinite(value)])) < _VALUES:
            continue
        checks = [_along(name, axis, value, moved, table) for axis, table in moving.items()]
        found.append(max(checks, key=lambda c: c.agreement))
    return tuple(sorted(found, key=lambda c: -c.agreement))


def _near(changed: np.ndarray) -> np.ndarray:
    """Whether something changes within some pixels of each place, bool[T, places]."""
    near = changed.copy()
    for by in range(1, _NEAR + 1):
        near[:, by:] |= changed[:, :-by]
        near[:, :-by] |= changed[:, by:]
    return near


def _along(name: str, axis: str, value: np.ndarray, moved: np.ndarray, moving: np.ndarray) -> ScreenCheck:
    """The offset at which something moves most surely whenever a number does."""
    size = moving.shape[1]
    usual = moving.mean(axis=0)  # how often something moves at each place, whatever the number does
    found: dict[int, float] = {}
    for offset in _OFFSETS:
        places = np.round(value[moved + 1] + offset)
        inside = np.isfinite(places) & (places >= 0) & (places < size)
        if inside.mean() < 0.9:
            continue
        at = places[inside].astype(int)
        hits, chance = float(moving[moved[inside], at].mean()), float(usual[at].mean())
        found[offset] = (hits - chance) / (1 - chance) if chance < 1 else 0.0
    most = max(found.values(), default=0.0)
    best = [offset for offset, agreement in found.items() if agreement > most - _EQUAL]
    return ScreenCheck(
        name=name,
        axis=axis,
        offset=best[len(best) // 2] if best else 0,
        agreement=max(most, 0.0),
        moves=len(moved),
    )


def draw_on_screen(
    episode: MinedEpisode, pictures: Sequence[np.ndarray], checks: Sequence[ScreenCheck]
) -> list[np.ndarray]:
    """Some pictures of the episode with a line at each number that agrees."""
    shown = []
    for step in np.linspace(0, len(pictures) - 1, min(_SHEET, len(pictures))).astype(int):
        picture = np.ascontiguousarray(pictures[step].repeat(2, axis=0).repeat(2, axis=1))
        lines = [
            DrawnShape(c.name, c.axis, ((at, 0.0) if c.axis == "column" else (0.0, at),), place % 6)
            for place, c in enumerate(checks)
            if c.is_place and np.isfinite(at := float(episode.columns.numbers[c.name][step]) + c.offset)
        ]
        draw_shapes(picture, lines, 2.0)
        shown.append(picture)
    return shown
