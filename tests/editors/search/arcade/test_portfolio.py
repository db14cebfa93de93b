"""The portfolio: plain evolution keeps its share, who finds most gets the rest, the hopeless leave early."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from hlearn.editors.search.arcade import hypotheses, shares
from hlearn.editors.search.arcade.behaviors import ACROSS
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.joint import Draw
from hlearn.editors.search.arcade.portfolio import PARENTS, SEEN, Arm, Origin, Portfolio
from hlearn.editors.search.arcade.roster import Roster
from hlearn.editors.search.race import Arena, Runner
from hlearn.records import Program
from tests.editors.search.arcade.guesses import ram_pool
from tests.editors.search.plain_lab import PlainLab


def drawn(rng: np.random.Generator) -> Draw:
    home, pool = ram_pool()
    assert home.across is not None
    return Draw(
        owns={ACROSS: [home.across]},
        targets=pool.signals[:3],
        signs=pool.signals,
        rhythms=hypotheses.presses(pool.signals[:1], has_button=True),
        world=None,
        directions=(),
        rng=rng,
    )


def portfolio(lab: PlainLab, *, other: Callable[[Draw], Genome | None]) -> Portfolio:
    draw, roster = drawn(lab.rng), Roster(lab)
    arms = (
        Arm(origin=Origin.PLAIN, fresh=lambda d: d.fresh()),
        Arm(origin=Origin.GUESSED, fresh=other, waiting=roster.runners([Genome()])),
    )
    return Portfolio(roster, Arena(lab, max_steps=200, stall_steps=150), draw, arms)


def test_plain_evolution_keeps_its_share_and_the_allowance_holds() -> None:
    lab = PlainLab("ALE/Breakout-v5", steps=40_000)
    arms = portfolio(lab, other=lambda d: d.fresh())
    arms.run(16_000)
    assert 16_000 <= lab.spent < 20_000
    assert sum(a.spent for a in arms.arms) == lab.spent
    assert arms.arms[0].spent > (shares.PLAIN - 0.1) * lab.spent
    assert all(a.field for a in arms.arms), "guesses and crossings had their turns"
    assert arms.ranked == sorted(arms.ranked, key=arms._order)
    assert len(arms.ranked[0].scores) > 1, "who leads plays on"
    assert "plain" in arms.told()


def test_who_enters_is_measured_whatever_it_promises() -> None:
    lab = PlainLab("ALE/Breakout-v5", steps=40_000)
    arms = portfolio(lab, other=lambda _: None)
    arms.enter(Origin.GUESSED, [Genome(), Genome()], 2)
    (entered,) = arms.arms[1].field
    assert len(entered.scores) == 2
    assert entered in arms.ranked


def test_where_nothing_more_can_be_drawn_it_ends() -> None:
    lab = PlainLab("ALE/Breakout-v5", steps=40_000)
    roster = Roster(lab)
    arms = (Arm(origin=Origin.PLAIN, fresh=lambda _: Genome()),)
    draw = Draw(owns={}, targets=(), signs=(), rhythms=(), world=None, directions=(), rng=lab.rng)
    Portfolio(roster, Arena(lab, max_steps=100), draw, arms).run(30_000)
    assert lab.spent < 30_000


def test_who_does_not_keep_up_with_who_leads_is_stopped_and_has_no_children() -> None:
    lab = PlainLab("ALE/Breakout-v5", steps=100_000)
    arms = portfolio(lab, other=lambda _: None)
    arms.arena.marks = (50, 100)
    assert arms._least() == (), "nobody leads yet"

    def runner(number: int, passed: tuple[float, float]) -> Runner:
        known = Runner(number=number, program=Program(source=str(number)), what=Genome())
        known.scores, known.passed, known.steps = [5.0], [passed], [200]
        return known

    field = arms.arms[0].field
    field += [runner(n, (0.0, float(n % 4))) for n in range(PARENTS)]
    assert arms._least() == (0.0, 1.0), "before many were seen, most must have had less there"
    field += [runner(100 + n, (0.0, float(n))) for n in range(SEEN)]
    for rank, known in enumerate(field):
        known.scores = [1000.0 - rank]
    assert arms._least() == (0.0, 0.5), "then who leads tells: the weaker ones of their episodes"
    field[0].passed.append(())
    assert arms._least() == (0.0, 0.5), "episodes that were played without marks say nothing"
    field[:] = [runner(n, (1000.0, 2000.0)) for n in range(90, 90 + SEEN)]
    (late,) = arms.roster.runners([Genome()])
    arms.arena.run([late], 1, arms._least())
    assert late.scores == [-math.inf]
    assert late.passed == [(late.measured[0],) * 2]
    assert late.steps[0] <= 51
    field.append(late)
    assert arms.ranked[-1] is late
    arms.crossed.field = [late]
    assert late not in arms._parents(arms.crossed), "who was stopped has no children"


def test_doing_the_same_all_the_time_is_tried_in_every_direction_with_and_without_the_button() -> None:
    eight = [(a, d) for a in (-1, 0, 1) for d in (-1, 0, 1) if a or d]
    assert len({Genome(behaviors=b) for b in hypotheses.constants(eight, has_button=True)}) == 18
    still, *sides = hypotheses.constants([(0, 0), (1, 0), (-1, 0)], has_button=False)
    assert still == () and [b[0].option for b in sides] == [1, -1]
