"""Steering towards and away."""

from __future__ import annotations

import pytest

from hlearn.parts import away, toward


@pytest.mark.parametrize(
    ("position", "target", "turn"), [(0, 3, 0), (0, 3.1, 1), (0, -3, 0), (0, -3.1, -1), (5, 5, 0)]
)
def test_toward_rests_in_its_deadband(position: float, target: float, turn: int) -> None:
    assert toward(position, target, 3) == turn


def test_toward_without_deadband() -> None:
    assert (toward(1, 1), toward(1, 1.01), toward(1, 0.99)) == (0, 1, -1)


@pytest.mark.parametrize(
    ("position", "turn"), [(10, 1), (11, 1), (14.9, 1), (15, None), (9, -1), (5.1, -1), (5, None), (90, None)]
)
def test_away_speaks_only_within_its_radius(position: float, turn: int | None) -> None:
    assert away(position, 10, 5) == turn
