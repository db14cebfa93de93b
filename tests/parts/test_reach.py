"""Where something that answers late comes to rest."""

from __future__ import annotations

import numpy as np

from hlearn.parts import Reach, toward


def glide(steps: int, target: float, *, predicts: bool) -> list[float]:
    """A thing that moves 3 pixels per command, one step late, and as much again one step later."""
    reach = Reach((6.0, 3.0))
    position, before, earlier, places = 0.0, 0, 0, []
    for _ in range(steps):
        rest = reach.rest(position, before) if predicts else position
        command = toward(rest, target, 3.5)
        position += 3.0 * before + 3.0 * earlier
        before, earlier = command, before
        places.append(position)
    return places


def test_it_stops_in_time_where_plain_control_swings() -> None:
    plain = np.array(glide(80, 60, predicts=False))[40:]
    told = np.array(glide(80, 60, predicts=True))[40:]
    assert np.ptp(plain) > 6
    assert np.ptp(told) == 0
    assert abs(told[-1] - 60) <= 6


def test_without_pending_motion_the_present_place_is_told() -> None:
    assert Reach(()).rest(12.5, 1) == 12.5


def test_commands_are_forgotten_when_carried_out() -> None:
    reach = Reach((2.0, 1.0))
    assert [reach.rest(0, c) for c in (1, 0, 0)] == [2.0, 1.0, 0.0]


def test_a_command_may_lower_the_position() -> None:
    assert Reach((-2.0,)).rest(10, -1) == 12.0


def test_what_moves_coasts_and_a_jump_does_not() -> None:
    reach = Reach((), (1.0, 0.5))
    assert [reach.rest(p, 0) for p in (10, 14, 16)] == [10, 18, 20]
    assert reach.rest(100, 0) == 101
