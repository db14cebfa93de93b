"""The portfolio: plain evolution keeps its share, who finds most gets the rest, the hopeless leave early."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from hlearn.editors.search.arcade import hypotheses, shares
from hlearn.editors.search.arcade.behaviors import ACROSS
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.joint import Draw
from hlearn.editors.search.arcade.portfolio import LONG, Arm, Origin, Portfolio
from hlearn.editors.search.arcade.roster import Roster
from hlearn.editors.search.race import Arena, Runner, careful
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
    assert [careful(r) for r in arms.ranked] == sorted((careful(r) for r in arms.ranked), reverse=True)
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


def test_where_episodes_are_long_who_falls_behind_at_once_leaves_early(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lab = PlainLab("ALE/Breakout-v5", steps=100_000)
    arms = portfolio(lab, other=lambda _: None)
    early: dict[int, float] = {}
    monkeypatch.setattr(arms, "_promise", lambda runners: [early[r.number] for r in runners])

    def runner(number: int, steps: int, first: float) -> Runner:
        early[number] = first
        program = Program(source=str(number))
        return Runner(number=number, program=program, what=Genome(), scores=[5.0], steps=[steps])

    slow, quick = runner(98, 1, 3.0), runner(99, 1, 4.0)
    arms.arms[0].field = [runner(n, 2 * LONG, float(n)) for n in range(8)]
    assert arms._promising([slow, quick]) == [quick]
    arms.arms[0].field = [runner(n, 2 * LONG, 10.0 * (n % 2)) for n in range(8)]
    assert arms._promising([slow, quick]) == [slow, quick], "so early hardly anybody can be told from another"
    arms.arms[0].field = [runner(n, LONG // 2, float(n)) for n in range(8)]
    assert arms._promising([slow, quick]) == [slow, quick], "episodes are short anyway"
