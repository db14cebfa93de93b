"""Velocity, tracks, bounces and landings."""

from __future__ import annotations

import pytest

from hlearn.parts import Moving, Speed, Tracker, landing, reflect


def seen(speed: Speed, positions: list[float]) -> list[float]:
    return [speed.see(p) for p in positions]


def test_speed_is_unknown_at_first_and_then_exact() -> None:
    assert seen(Speed(), [10, 12, 14, 16]) == [0.0, 2.0, 2.0, 2.0]


def test_speed_sees_through_uneven_steps() -> None:
    positions: list[float] = []
    x = 0
    for t in range(20):
        x += 1 + t % 2
        positions.append(x)
    assert seen(Speed(window=8), positions)[-1] == pytest.approx(1.5)


def test_a_turn_is_known_at_once() -> None:
    assert seen(Speed(), [10, 12, 14, 16, 14, 12]) == [0, 2, 2, 2, -2, -2]


def test_a_jump_starts_a_new_track() -> None:
    speed = Speed(jump=12)
    seen(speed, [10, 12, 14])
    assert seen(speed, [100, 99, 98]) == [0.0, -1.0, -1.0]


def test_what_stops_slows_down_within_the_window() -> None:
    speeds = seen(Speed(window=4), [0, 2, 4, 6, 8, 8, 8, 8, 8])
    assert speeds[4] == 2.0
    assert speeds[-1] == 0.0


def test_tracker_follows_both_coordinates() -> None:
    tracker = Tracker()
    tracker.see(10, 50)
    assert tracker.see(12, 47) == Moving(12, 47, 2.0, -3.0)


@pytest.mark.parametrize(
    ("position", "folded"), [(5, 5), (0, 0), (10, 10), (12, 8), (-3, 3), (23, 3), (-13, 7), (40, 0)]
)
def test_reflect_folds_like_bounces(position: float, folded: float) -> None:
    assert reflect(position, 0, 10) == folded


def test_reflect_between_walls_without_room() -> None:
    assert reflect(7, 4, 4) == 4


def test_landing_agrees_with_a_simulated_ball() -> None:
    x, y, vx, vy = 30.0, 10.0, 3.0, 2.0
    told = landing(x, vx, 100 - y, vy, 20, 60)
    while y < 100:
        x, y = x + vx, y + vy
        if not 20 <= x <= 60:
            x, vx = (40 - x if x < 20 else 120 - x), -vx
    assert told == pytest.approx(x)


def test_landing_of_what_does_not_approach_is_where_it_is() -> None:
    assert landing(30, 2, 50, 0, 0, 100) == 30
    assert landing(30, 2, 50, -1, 0, 100) == 30
    assert landing(30, 2, -50, -1, 0, 200) == 130


def test_after_a_bounce_the_speed_before_it_stands_turned_round() -> None:
    speed = Speed()
    assert seen(speed, [10, 12, 14, 16, 18, 17, 15, 13, 11])[4:] == [2, -2, -2, -2, -2]


def test_the_place_is_without_the_jitter_of_single_steps() -> None:
    speed = Speed(window=8)
    seen(speed, [2 * (t // 2) for t in range(20)])
    assert speed.place == pytest.approx(18.5, abs=0.3)


def test_jumps_are_counted() -> None:
    speed = Speed(jump=12)
    seen(speed, [10, 12, 14, 60, 62, 20])
    assert speed.jumps == 2
