"""Steering towards, away and clear."""

from __future__ import annotations

import pytest

from hlearn.parts import away, dodge, toward


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


@pytest.mark.parametrize(
    ("position", "hazards", "turn"),
    [
        (50, [], None),
        (50, [55], None),  # just clear
        (50, [54], -1),
        (50, [47], 1),
        (50, [47, 53.5], -1),  # between two: the nearer way out
        (12, [13], 1),  # the nearest way out lies beyond the border
        (50, [10 + 4 * i for i in range(24)], 0),  # nowhere is clear
    ],
)
def test_dodge_goes_to_the_nearest_clear_place(
    position: float, hazards: list[float], turn: int | None
) -> None:
    assert dodge(position, hazards, 5, 10, 100) == turn
