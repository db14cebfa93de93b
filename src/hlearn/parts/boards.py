"""Boards: where things stand among rows and columns of cells, read from an observation that was flattened.

A *thing* is a channel of the board, or a value in a channel: pieces of one sort, wherever they stand. Rows count
downwards and columns to the right, from 0. What is nowhere is taken to be where it was seen last.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class CellGrid:
    """A table of cells within a flat observation, in C order.

    Args:
        rows: how many there are.
        columns: how many there are.
        channels: numbers per cell.
        start: the component of the observation that the board begins with.
        outside: whether channels come before rows and columns, instead of after them.
    """

    def __init__(
        self, rows: int, columns: int, channels: int = 1, *, start: int = 0, outside: bool = False
    ) -> None:
        self.rows, self.columns, self.channels = rows, columns, channels
        self.stretch = slice(start, start + rows * columns * channels)
        self._outside = outside
        self._last: dict[tuple[int, float | None], tuple[float, float]] = {}
        self._last_gap: dict[tuple[Any, ...], tuple[float, float]] = {}

    def table(self, obs: np.ndarray, channel: int = 0) -> np.ndarray:
        """Returns one channel of the board, [rows, columns]."""
        flat = obs[self.stretch]
        if self._outside:
            outside: np.ndarray = flat.reshape(self.channels, self.rows, self.columns)[channel]
            return outside
        inside: np.ndarray = flat.reshape(self.rows, self.columns, self.channels)[:, :, channel]
        return inside

    def cells(self, obs: np.ndarray, channel: int = 0, value: float | None = None) -> np.ndarray:
        """Returns the places of a thing, int[n, 2] (row, column): where the channel has the value, or is not 0."""
        table = self.table(obs, channel)
        return np.argwhere(table != 0 if value is None else table == value)

    def count(self, obs: np.ndarray, channel: int = 0, value: float | None = None) -> float:
        """Returns in how many cells a thing is."""
        return float(len(self.cells(obs, channel, value)))

    def row(self, obs: np.ndarray, channel: int = 0, value: float | None = None) -> float:
        """Returns the mean row of a thing."""
        return self._place(obs, channel, value)[0]

    def column(self, obs: np.ndarray, channel: int = 0, value: float | None = None) -> float:
        """Returns the mean column of a thing."""
        return self._place(obs, channel, value)[1]

    def rows_to(
        self, obs: np.ndarray, own: tuple[int, float | None], other: tuple[int, float | None]
    ) -> float:
        """Returns how many rows below one thing the nearest cell of another is; negative above it."""
        return self._gap(obs, own, other)[0]

    def columns_to(
        self, obs: np.ndarray, own: tuple[int, float | None], other: tuple[int, float | None]
    ) -> float:
        """Returns how many columns to the right of one thing the nearest cell of another is; negative to its left."""
        return self._gap(obs, own, other)[1]

    def _place(self, obs: np.ndarray, channel: int, value: float | None) -> tuple[float, float]:
        cells, thing = self.cells(obs, channel, value), (channel, value)
        if len(cells):
            row, column = cells.mean(axis=0).tolist()
            self._last[thing] = row, column
        return self._last.get(thing, (0.5 * (self.rows - 1), 0.5 * (self.columns - 1)))

    def _gap(
        self, obs: np.ndarray, own: tuple[int, float | None], other: tuple[int, float | None]
    ) -> tuple[float, float]:
        cells = self.cells(obs, *other)
        if len(cells):
            gaps = cells - np.array(self._place(obs, *own))
            row, column = gaps[np.abs(gaps).sum(axis=1).argmin()].tolist()
            self._last_gap[own, other] = row, column
        return self._last_gap.get((own, other), (0.0, 0.0))
