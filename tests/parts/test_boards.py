"""Things on boards of cells."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.parts import CellGrid


def test_things_are_found_by_channel_and_by_value() -> None:
    table = np.zeros((4, 5, 2))
    table[1, 3, 0] = 1.0
    table[2, :2, 1] = 7.0
    board = CellGrid(4, 5, 2, start=3)
    obs = np.concatenate([[9.0, 9.0, 9.0], table.ravel(), [9.0]])
    assert (board.row(obs, 0), board.column(obs, 0), board.count(obs, 0)) == (1.0, 3.0, 1.0)
    assert (board.row(obs, 1, 7.0), board.column(obs, 1, 7.0), board.count(obs, 1, 7.0)) == (2.0, 0.5, 2.0)
    assert board.count(obs, 1, 8.0) == 0.0


def test_the_nearest_cell_is_told_from_ones_own() -> None:
    table = np.zeros((2, 5, 5))
    table[0, 2, 2] = 1.0
    table[1, 0, 2] = table[1, 4, 4] = 1.0
    board = CellGrid(5, 5, 2, outside=True)
    own, other = (0, None), (1, None)
    assert (board.rows_to(table.ravel(), own, other), board.columns_to(table.ravel(), own, other)) == (
        -2.0,
        0.0,
    )


@pytest.mark.parametrize("outside", [True, False])
def test_what_is_gone_is_where_it_was_last(outside: bool) -> None:
    board = CellGrid(5, 5, 1, outside=outside)
    there, gone = np.zeros(25), np.zeros(25)
    there[7] = 1.0
    assert (board.row(gone), board.column(gone)) == (2.0, 2.0)  # the middle, before anything was seen
    assert (board.row(there), board.column(there)) == (1.0, 2.0)
    assert (board.row(gone), board.column(gone)) == (1.0, 2.0)
    assert board.count(gone) == 0.0
