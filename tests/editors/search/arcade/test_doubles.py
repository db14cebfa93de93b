"""Candidates that would play a known episode again are not played."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hlearn.editors.search.arcade import hypotheses
from hlearn.editors.search.arcade.behaviors import ACROSS
from hlearn.editors.search.arcade.doubles import Doubles
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.joint import Draw
from hlearn.editors.search.arcade.portfolio import Arm, Origin, Portfolio
from hlearn.editors.search.arcade.roster import Roster
from hlearn.editors.search.race import Arena, Runner
from hlearn.evaluate.api import Recording
from hlearn.records import Program
from tests.editors.search.arcade.guesses import ram_pool
from tests.editors.search.plain_lab import PlainLab


def follower(deadband: float = 1.0) -> Genome:
    home, pool = ram_pool()
    assert home.across is not None
    steered = hypotheses.steering(home.across, pool.signals[:1], ACROSS)
    follow = next(b for b in steered if b.kind == "follow")
    return replace(home, behaviors=(follow,)).turned((0, "deadband"), deadband, "test")


def test_who_acts_alike_to_the_end_of_an_episode_is_a_double() -> None:
    lab = PlainLab("ALE/Breakout-v5", steps=100_000)
    roster, doubles = Roster(lab), Doubles()
    first, alike, other = (roster.runner(follower(d)) for d in (1.0, 1.01, 9.0))
    assert not doubles.has(first), "nothing is known yet"
    arena = Arena(lab, max_steps=300, first=doubles.keep)
    arena.run([first], 2)
    assert doubles.has(first)
    assert doubles.has(alike), "another constant, no other action"
    assert not doubles.has(other)
    arena.run([alike, other], 1)
    assert alike.scores == first.scores[:1]
    assert alike.steps == first.steps[:1]
    assert doubles.found == 2


def test_programs_that_fail_or_draw_are_played_and_the_room_is_kept() -> None:
    roster, doubles = Roster(PlainLab("ALE/Breakout-v5", steps=1_000)), Doubles(room=2_000)
    idle, pushing = roster.runners([Genome(), Genome(behaviors=(hypotheses.blind(ACROSS)[0],))])
    seen = np.zeros((10, 128), np.uint8)

    def kept(runner: Runner, action: int, score: float) -> None:
        runner.scores = [score]
        acted = np.full(10, action)
        doubles.keep(runner, Recording(observations=seen, actions=acted, rewards=np.zeros(10)))

    kept(idle, 0, 1.0)
    assert doubles.has(idle)
    assert not doubles.has(pushing)
    for source in ("raise ValueError", f"import random\n{idle.program.source}"):
        assert not doubles.has(Runner(number=9, program=Program(source=source), what=None))
    kept(pushing, roster.buttons.index("RIGHT"), 2.0)
    assert not doubles.has(idle), "there is room for one of them, and it scored less"


def test_a_portfolio_plays_nobody_twice() -> None:
    lab = PlainLab("ALE/Breakout-v5", steps=40_000)
    roster = Roster(lab)
    draw = Draw(owns={}, targets=(), signs=(), rhythms=(), world=None, directions=(), rng=lab.rng)
    guesses = [follower(1.0 + 0.01 * n) for n in range(4)]
    arm = Arm(origin=Origin.PLAIN, waiting=roster.runners(guesses))
    portfolio = Portfolio(roster, Arena(lab, max_steps=200), draw, [arm])
    portfolio._play_first(arm, portfolio._brood(arm))
    (played,) = arm.field
    assert played.note == str(follower()), "of those who acted alike one"
    double, other = arm.waiting = roster.runners([follower(1.05), follower(9.0)])
    brood = portfolio._brood(arm)
    assert other in brood
    assert double not in brood
    assert "more would have done the same" in portfolio.told()


def test_those_who_leave_what_is_known_alike_wait_for_one_of_them() -> None:
    lab = PlainLab("ALE/Breakout-v5", steps=40_000)
    roster, doubles = Roster(lab), Doubles()
    near, alike, wide = roster.runners([follower(1.0), follower(1.01), follower(9.0)])
    assert doubles.unlike([near, alike, wide]) == [near], "nothing is known"
    arena = Arena(lab, max_steps=200, first=doubles.keep)
    arena.run([near], 1)
    assert doubles.unlike([near, alike, wide]) == [wide]
    drawing = Runner(number=9, program=Program(source=f"import random\n{near.program.source}"), what=None)
    assert doubles.unlike([drawing, wide]) == [drawing, wide]
