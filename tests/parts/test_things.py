"""Things told by bytes, and the second ahead that is weighed with them."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.parts import Foresight, Place, Slot, Thing, Things, fine_coarse

FOUR = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))


def ram(**values: int) -> np.ndarray:
    obs = np.zeros(128, np.uint8)
    for name, value in values.items():
        obs[int(name[1:])] = value
    return obs


def test_places_are_read_as_memory_holds_them() -> None:
    obs = ram(b3=0x47)
    assert Place(3).see(obs) == 0x47
    assert Place(3, 2.5, "fine_coarse").see(obs) == fine_coarse(0x47) + 2.5
    assert Place(3, 0, "half").see(obs) == 0x47 // 2
    assert Place(3, 200, "minus").see(obs) == 200 - 0x47
    assert Place(None, 33).see(obs) == 33


def test_a_byte_tells_what_a_slot_holds() -> None:
    slot = Slot((5, {1: "bird", 2: "egg"}), Place(0), Place(1))
    assert slot.see(ram(b0=10, b1=20, b5=2)) == Thing("egg", 10, 20)
    assert slot.see(ram(b0=10, b1=20, b5=9)) is None


def test_things_move_and_a_jump_is_another_thing() -> None:
    things = Things((Slot("bird", Place(0), Place(None, 50)),))
    things.see(ram(b0=40), 4)
    for x in (44, 48, 52, 56, 60, 64):
        (seen,) = things.see(ram(b0=x), 4)
    assert seen.vx == pytest.approx(1.0, abs=0.1)
    (jumped,) = things.see(ram(b0=120), 4)
    assert jumped.vx == 0.0


EDGE = ((0, 0), (1, 0), (-1, 0))


def best(
    *things: Thing,
    moves: tuple[tuple[int, int], ...] = FOUR,
    clear: tuple[str, ...] = (),
    take: tuple[str, ...] = (),
) -> tuple[int, int]:
    ahead = Foresight(moves, speed=(1.0, 1.0), low=(0, 0), high=(160, 200), horizon=40)
    ahead.begin(80, 100)
    ahead.keep_clear(things, clear, 8, 8)
    ahead.take(things, take, 6, 6, 2.0)
    return ahead.best()


def test_it_leaves_the_way_of_what_comes() -> None:
    falling = Thing("bomb", 82, 80, 0.0, 1.0)
    assert best(falling, moves=EDGE, clear=("bomb",)) == (-1, 0), "the near side of a bomb that comes down"
    assert best(falling) == (0, 0), "nobody said that it kills"
    passing = Thing("bomb", 20, 80, 0.0, 1.0)
    assert best(passing, clear=("bomb",)) in ((0, 0), (1, 0)), "it will pass"


def test_it_goes_where_something_will_be() -> None:
    assert best(Thing("coin", 110, 100), take=("coin",)) == (1, 0)
    assert best(Thing("coin", 80, 160, 0.0, -1.0), take=("coin",))[0] == 0
    guarded = (Thing("coin", 110, 100), Thing("bomb", 95, 100))
    assert best(*guarded, take=("coin",), clear=("bomb",)) != (1, 0), "not through what kills"


def test_it_lines_up_where_the_shot_will_meet() -> None:
    ahead = Foresight(((0, 0), (1, 0), (-1, 0)), speed=(1.0, 0.0), low=(0, 0), high=(160, 200), horizon=40)
    ahead.begin(80, 180)
    ahead.line_up([Thing("bird", 40, 20, 0.0, 0.0)], ("bird",), 0, 4, 8)
    assert ahead.best() == (-1, 0)
    assert ahead.aim is None
    ahead.begin(80, 180)
    ahead.line_up([Thing("bird", 72, 20, 1.0, 0.0)], ("bird",), 0, 4, 8)
    assert ahead.aim == (0, -1), "level when the shot arrives"


def test_it_looks_again_every_fourth_step() -> None:
    ahead = Foresight(FOUR, speed=(1.0, 1.0), low=(0, 0), high=(160, 200))
    assert [ahead.due() for _ in range(9)] == [True, *[False] * 3, True, *[False] * 3, True]


def test_it_roams_where_it_has_not_been_and_turns_at_walls() -> None:
    ahead = Foresight(FOUR, speed=(1.0, 1.0), low=(0, 0), high=(160, 160), horizon=16)
    x, y, places = 80, 80, set()
    for _ in range(400):
        ahead.begin(x, y)
        ahead.roam(4.0)
        across, down = ahead.best()
        if not 60 <= x + 4 * across <= 100:  # walls that the model knows nothing of
            across = 0
        x, y = x + 4 * across, min(160, max(0, y + 4 * down))
        places.add((x // 8, y // 8))
    assert len(places) > 60, "most of the corridor was seen"
