"""Behaviour in time."""

from __future__ import annotations

import pytest

from hlearn.parts import Caution, LoopBreaker, Macro, Pulse, StateMachine, Sweep, Variety


def test_pulse() -> None:
    pulse = Pulse(4, 2)
    assert [pulse.next() for _ in range(9)] == [True, True, False, False] * 2 + [True]


def test_pulse_rounds_and_lasts_at_least_a_step() -> None:
    pulse = Pulse(2.6, 0.2)
    assert [pulse.next() for _ in range(6)] == [True, False, False] * 2


def test_sweep_turns_at_its_ends() -> None:
    sweep, place, turns = Sweep(10, 14), 12, []
    for _ in range(12):
        way = sweep.next(place)
        turns.append(way)
        place += way
    assert turns == [1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, -1]


def test_variety_changes_with_events_only_and_never_repeats() -> None:
    variety = Variety()
    assert variety.next(False) == 0.0
    first = variety.next(True)
    assert variety.next(True) == first == variety.next(False)
    values = []
    for _ in range(60):
        values.append(variety.next(True))
        variety.next(False)
    assert len(set(values)) == 60
    assert min(values) < -0.8
    assert max(values) > 0.8
    again = Variety()
    again.next(False)
    assert again.next(True) == first, "the sequence needs no seed"


def test_variety_dares_more_while_there_is_no_progress() -> None:
    def most(progress: list[object]) -> float:
        variety, values = Variety(), [0.0]
        for score in progress:
            values.append(abs(variety.next(True, score, 1.0, 1.5)))
            variety.next(False, score)
        return max(values)

    events = 120
    assert most([None] * events) <= 1.0
    assert most(list(range(events))) <= 1.0
    assert 2.0 < most([7] * 60) <= 2.5 < 4.0 < most([7] * 400)


def test_caution_after_what_was_not_met_until_the_next_was() -> None:
    caution = Caution()
    coming = [(True, 0), (False, 0), (True, 0)]  # met once, then it comes again ...
    assert not any(caution.next(*step) for step in coming)
    assert caution.next(False, 1), "... and is another one while it comes: it got past"
    assert caution.next(True, 1)
    assert not caution.next(False, 1), "met"
    assert not caution.next(True, 1)
    caution.next(False, 1)
    assert not caution.next(False, 2), "another one after a point won"
    assert not caution.next(True, 2)


def test_loop_breaker() -> None:
    breaker = LoopBreaker(patience=3)
    assert not any(breaker.stuck(i) for i in range(10))
    assert [breaker.stuck(i) for i in (1, 2, 3, 4)] == [False, False, True, True]
    assert not breaker.stuck("new")
    assert not breaker.stuck(1)


def test_loop_breaker_forgets_the_oldest() -> None:
    breaker = LoopBreaker(patience=1, memory=2)
    for situation in "abc":
        assert not breaker.stuck(situation)
    assert breaker.stuck("c")
    assert not breaker.stuck("a")


def test_macro() -> None:
    macro = Macro([(5, 2), (1, 1)])
    assert [macro.next() for _ in range(5)] == [5, 5, 1, None, None]
    macro.restart()
    assert macro.next() == 5
    loop = Macro([(5, 2), (1, 1)], loop=True)
    assert [loop.next() for _ in range(7)] == [5, 5, 1, 5, 5, 1, 5]


@pytest.mark.parametrize("moves", [[], [(1, 0)]])
def test_macro_refuses_empty_moves(moves: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="at least one step"):
        Macro(moves)


def test_state_machine() -> None:
    machine = StateMachine("wait", {("wait", "ball"): "play", ("play", "lost"): "wait"})
    assert (machine.feed(None), machine.age) == ("wait", 1)
    assert (machine.feed("lost"), machine.age) == ("wait", 2)
    assert (machine.feed("ball"), machine.age) == ("play", 0)
    assert (machine.feed("ball"), machine.age) == ("play", 1)
    assert (machine.feed("lost"), machine.age) == ("wait", 0)
