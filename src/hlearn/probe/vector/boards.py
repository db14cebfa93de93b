"""Boards within observations: which things stand on them, which one pushes move, and where the others are from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.parts.boards import CellGrid
from hlearn.probe.vector.sketch import GAP, PLAIN, Feature, SignalReading
from hlearn.tasks.environment import Grid

SIDES = (3, 40)  # rows and columns of a board, fewest and most
MOST_CHANNELS = 16
MOST_VALUES = 12  # of a channel whose values are sorts of things
MOST_THINGS = 8
COMMON = 0.5  # of the cells, from which on a value is the ground
ALONE = 0.9  # of the steps, in which what is moved stands in one cell
MOVED = 0.05  # of how its place changes, that the push explains at least
FEWEST = 40  # steps

TOLD = {
    "row": "Row of {0}.",
    "column": "Column of {0}.",
    "count": "Cells of {0}.",
    "rows_to": "Rows from {0} down to the nearest cell of {1}.",
    "columns_to": "Columns from {0} to the right, to the nearest cell of {1}.",
}

Thing = tuple[int, float | None]  # a channel, and the value that counts (None: any but 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardReading(SignalReading):
    """How one number is read from a board.

    Attributes:
        make: arguments of :class:`hlearn.parts.boards.CellGrid`.
        method: which of its methods reads the number.
        things: what it is asked about.
    """

    make: tuple[int, int, int, int, bool]
    method: str
    things: tuple[Thing, ...]

    @property
    def told(self) -> str:
        """What it is, for its docstring."""
        first, last = (_called(t) for t in (self.things[0], self.things[-1]))
        return TOLD[self.method].format(first, last)

    def values(self, observations: np.ndarray) -> np.ndarray:
        """The number over an episode, float[T, d] -> float[T]."""
        rows, columns, channels, start, outside = self.make
        board = CellGrid(rows, columns, channels, start=start, outside=outside)
        ask = getattr(board, self.method)
        about = self.things[0] if len(self.things) == 1 else self.things
        return np.array([ask(o, *about) for o in observations], dtype=np.float64)


def find_board_signals(
    grids: Sequence[Grid], episodes: Sequence[np.ndarray], pushes: Sequence[np.ndarray]
) -> list[Feature]:
    """Signals for what stands on boards, of those that change.

    Args:
        grids: stretches of the observation that are tables.
        episodes: observations, float[T, d].
        pushes: the action as numbers, float[T, m], one column per discrete action.
    """
    found: list[Feature] = []
    for number, grid in enumerate(g for g in grids if _layout(g) is not None):
        found += _signals(grid, "board" if not number else f"board{number + 1}", episodes, pushes)
    return found


def _layout(grid: Grid) -> tuple[int, int, int, bool] | None:
    """Rows, columns, channels, and whether channels come first; None where a table is no board."""
    sides, outside = grid.shape, False
    if len(sides) == 2:
        sides = (*sides, 1)
    if len(sides) != 3:
        return None
    if sides[0] < min(sides[1:]):
        sides, outside = (sides[1], sides[2], sides[0]), True
    rows, columns, channels = sides
    fits = all(SIDES[0] <= side <= SIDES[1] for side in (rows, columns)) and channels <= MOST_CHANNELS
    return (rows, columns, channels, outside) if fits else None


def _signals(
    grid: Grid, name: str, episodes: Sequence[np.ndarray], pushes: Sequence[np.ndarray]
) -> list[Feature]:
    layout = _layout(grid)
    assert layout is not None
    rows, columns, channels, outside = layout
    make = (rows, columns, channels, grid.start, outside)
    text = f"{rows}, {columns}, {channels}" if channels > 1 else f"{rows}, {columns}"
    text += f", start={grid.start}" if grid.start else ""
    text += ", outside=True" if outside else ""
    setup = f"self.{name} = CellGrid({text})"

    def signal(label: str, method: str, *things: Thing, kind: str = PLAIN) -> Feature | None:
        reading = BoardReading(make=make, method=method, things=things)
        values = np.concatenate([reading.values(e) for e in episodes])
        if values.std() < 1e-9:
            return None
        asked = ", ".join(map(_said, things)) if len(things) > 1 else _said(things[0]).strip("()").rstrip(",")
        return Feature(
            name=label,
            source=f"self.{name}.{method}(obs, {asked})",
            indices=(),
            kind=kind,
            centre=float(values.mean()),
            scale=float(values.std()),
            setup=setup,
            goal=label.removesuffix("_rows_off").removesuffix("_columns_off") if kind == GAP else "",
            part=("boards", "CellGrid"),
            reading=reading,
        )

    board = CellGrid(rows, columns, channels, start=grid.start, outside=outside)
    things = list(_things(board, channels, episodes))
    own = _own(make, things, episodes, pushes)
    found: list[Feature | None] = []
    for thing in things:
        label = _label(thing, channels, name)
        if own is not None and thing != own:
            found.append(signal(f"{label}_rows_off", "rows_to", own, thing, kind=GAP))
            found.append(signal(f"{label}_columns_off", "columns_to", own, thing, kind=GAP))
        else:
            found.append(signal(f"{label}_row", "row", thing))
            found.append(signal(f"{label}_column", "column", thing))
        found.append(signal(f"{label}_count", "count", thing))
    return [f for f in found if f is not None]


def _said(thing: Thing) -> str:
    channel, value = thing
    return f"({channel}, None)" if value is None else f"({channel}, {value:g})"


def _called(thing: Thing) -> str:
    channel, value = thing
    return (
        f"plane {channel}"
        if value is None
        else f"kind {value:g}" + (f" in channel {channel}" if channel else "")
    )


def _label(thing: Thing, channels: int, name: str) -> str:
    channel, value = thing
    prefix = "" if name == "board" else f"{name}_"
    if value is None:
        return f"{prefix}plane{channel}"
    kind = f"kind{value:g}".replace("-", "minus").replace(".", "_")
    return f"{prefix}{kind}" if channels == 1 or channel == 0 else f"{prefix}{kind}_in{channel}"


def _things(board: CellGrid, channels: int, episodes: Sequence[np.ndarray]) -> Iterator[Thing]:
    """Things that are not everywhere and whose cells change, the rarest first; as many as may be."""
    seen = np.concatenate(list(episodes))
    seen = seen[:: max(1, len(seen) // 300)]
    found: list[tuple[float, Thing]] = []
    for channel in range(channels):
        tables = np.stack([board.table(o, channel) for o in seen])
        values = np.unique(tables)
        if len(values) > MOST_VALUES or not np.isfinite(values).all():
            continue
        asked: list[float | None] = (
            [None] if set(values.tolist()) <= {0.0, 1.0} else [float(v) for v in values]
        )
        for value in asked:
            there = tables != 0 if value is None else tables == value
            share = float(there.mean())
            if 0.0 < share < COMMON and (there != there[0]).any():
                found.append((share, (channel, value)))
    yield from [thing for _, thing in sorted(found, key=lambda f: f[0])[:MOST_THINGS]]


def _own(
    make: tuple[int, int, int, int, bool],
    things: Sequence[Thing],
    episodes: Sequence[np.ndarray],
    pushes: Sequence[np.ndarray],
) -> Thing | None:
    """The thing in one cell whose steps the pushes explain best; None where they explain nobody's."""
    pushed = np.concatenate([p[: len(e) - 1] for p, e in zip(pushes, episodes, strict=True)])
    if len(pushed) < FEWEST:
        return None
    best: tuple[float, Thing | None] = (MOVED, None)
    design = np.concatenate([pushed, np.ones((len(pushed), 1))], axis=1)
    for thing in things:
        count, *places = (
            [BoardReading(make=make, method=m, things=(thing,)).values(e) for e in episodes]
            for m in ("count", "row", "column")
        )
        if np.mean(np.concatenate(count) == 1.0) < ALONE:
            continue
        explained = 0.0
        for place in places:
            steps = np.concatenate([np.diff(p) for p in place])
            steps[np.abs(steps) > 2.0] = 0.0  # it began anew
            if steps.std() > 1e-9:
                left = steps - design @ np.linalg.lstsq(design, steps, rcond=None)[0]
                explained = max(explained, 1.0 - float(left.var() / steps.var()))
        best = max(best, (explained, thing), key=lambda b: b[0])
    return best[1]
