"""Racing: who leaves, who leads, and that no seed is bought twice."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from hlearn.editors.search.race import Arena, Runner, better, clearly_better, hopeless
from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Record
from hlearn.records import Program
from hlearn.testing.labs import ScriptedLab


def runner(scores: Sequence[float] = (), steps: int = 100, source: str = "") -> Runner:
    return Runner(
        number=1, program=Program(source=source), what=None, scores=list(scores), steps=[steps] * len(scores)
    )


def test_a_runner_without_scores() -> None:
    assert runner().mean == -math.inf
    assert runner().spread == runner().cost == runner([4]).spread == 0.0


def test_better_compares_the_seeds_that_both_have() -> None:
    assert better(runner([5, 6]), runner([4, 6, 100]))
    assert not better(runner([4, 6]), runner([4, 7, -100]))
    assert not better(runner([-math.inf]), runner([0]))


def test_of_equal_scores_the_much_shorter_is_better() -> None:
    assert better(runner([5], steps=80), runner([5], steps=100))
    assert not better(runner([5], steps=95), runner([5], steps=100))


def test_clearly_better_needs_a_lead_beyond_noise() -> None:
    assert clearly_better(runner([10, 11]), runner([1, 2]))
    assert not clearly_better(runner([10]), runner([1]))
    assert not clearly_better(runner([0, 20]), runner([1, 15]))
    assert not clearly_better(runner([-math.inf, 5]), runner([1, 2]))


def test_hopeless() -> None:
    champion = runner([10, 12, 11, 13])
    assert not hopeless(runner(), champion, 0.0)
    assert hopeless(runner([-math.inf]), champion, 100.0)
    assert hopeless(runner([2]), champion, 0.25)
    assert not hopeless(runner([9.9]), champion, 0.25)
    assert hopeless(runner([9, 11, 10, 12]), champion, 3.0), "the same gap on every seed is no noise"
    assert not hopeless(runner([4, 20, 5, 16]), champion, 0.25)


def test_an_arena_buys_each_seed_once_and_keeps_failures_out() -> None:
    lab = ScriptedLab({"good": [1, 2, 3, 4], "bad": [math.nan] * 4})
    good, bad = runner(source="good"), runner(source="bad")
    arena = Arena(lab, max_steps=50, stall_steps=20)
    arena.run([good, bad], 2)
    assert good.scores == [1, 2]
    assert bad.scores == [-math.inf, -math.inf]
    arena.run([good, bad], 4)
    assert good.scores == [1, 2, 3, 4]
    assert len(bad.scores) == 2
    assert sorted(j.seed for j in lab.jobs if j.program == good.program) == [0, 1, 2, 3]
    assert {(j.max_steps, j.stall_steps, j.record) for j in lab.jobs} == {(50, 20, Record.NOTHING)}
    arena.run([good], 3)
    assert len(lab.jobs) == 6


def test_what_was_measured_before_the_budget_ended_is_kept() -> None:
    lab = ScriptedLab({"a": [1, 2], "b": [3, 4]}, steps=25)
    a, b = runner(source="a"), runner(source="b")
    with pytest.raises(BudgetExhausted):
        Arena(lab).run([a, b], 2)
    assert a.scores == [1, 2]
    assert b.scores == [3]


def test_traced_episodes_are_shown() -> None:
    lab = ScriptedLab({"a": [1, 2]})
    shown: list[int] = []
    Arena(lab, watch=lambda r, _: shown.append(r.number)).run([runner(source="a")], 2)
    assert shown == [1, 1]
