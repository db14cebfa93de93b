"""Who leads a search: luck on one episode is no lead, and a cut episode counts onward."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from hlearn.editors.search.arcade.behaviors import PRESS, Behavior
from hlearn.editors.search.arcade.first_race import idle_winner
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.roster import Roster
from hlearn.editors.search.arcade.standing import Leaderboard
from hlearn.editors.search.race import Arena, Runner, clearly_better
from hlearn.evaluate.api import Job, Result
from hlearn.records import Episode, Program
from hlearn.testing.labs import ScriptedLab

LUCKY, STEADY = [9.0, 0.0, 1.0, 1.0, 1.0], [5.0, 5.0, 5.0, 5.0, 5.0]


class Candidates:
    """What a standing needs of a roster."""

    deterministic = False

    def __init__(self, lab: Any) -> None:
        self.lab = lab
        self.everyone: list[Runner] = []

    def measured(self) -> list[Runner]:
        return self.everyone


def standing(lab: ScriptedLab) -> tuple[Leaderboard, Runner, Runner]:
    arena = Arena(lab)
    lucky, steady = (
        Runner(number=n, program=Program(source=s), what=None) for n, s in ((1, "lucky"), (2, "steady"))
    )
    arena.run([lucky, steady], 1)
    return Leaderboard(cast(Roster, Candidates(lab)), arena, [lucky, steady]), lucky, steady


def test_a_leader_must_stand_on_several_episodes() -> None:
    found, lucky, steady = standing(ScriptedLab({"lucky": LUCKY, "steady": STEADY}))
    assert found.champion is lucky
    found.prove(4, allowance=1000)
    assert found.champion is steady
    assert len(steady.scores) == 4
    assert len(lucky.scores) == 2, "no episode more than it takes to see"


def test_proof_costs_no_more_than_allowed() -> None:
    lab = ScriptedLab({"lucky": LUCKY, "steady": STEADY})
    found, _, _ = standing(lab)
    before = lab.remaining
    found.prove(4, allowance=15)
    assert before - lab.remaining == 20


class LongLab(ScriptedLab):
    """Every episode runs into its cap, with so many lives left as the environment tells."""

    lives = 0

    def measure(self, jobs: Any) -> list[Result]:
        return [
            Result(_cut(job, r.outcome.score, self.lives), None)
            for job, r in zip(jobs, super().measure(jobs), strict=True)
        ]


def _cut(job: Job, score: float, lives: int) -> Episode:
    steps = job.max_steps or 10
    return Episode(
        seed=job.seed,
        score=score,
        length=steps,
        env_steps=steps,
        terminated=False,
        truncated=False,
        stopped=True,
        lives=lives,
    )


@pytest.mark.parametrize(("cap", "counted"), [(None, 5.0), (500, 10.0)])
def test_an_episode_that_is_cut_counts_onward_and_is_told_as_measured(
    cap: int | None, counted: float
) -> None:
    lab = LongLab({"steady": STEADY})
    steady = Runner(number=1, program=Program(source="steady"), what=None)
    Arena(lab, max_steps=cap, onward=2.0).run([steady], 1)
    assert steady.mean == counted
    assert steady.told == "5.0 over 1 dev episodes"


@pytest.mark.parametrize(("lives", "counted"), [(1, 6.0), (3, 10.0), (5, 25.0)])
def test_what_a_cut_episode_may_still_bring_depends_on_the_lives_left(lives: int, counted: float) -> None:
    lab = LongLab({"steady": STEADY})
    lab.lives = lives
    steady = Runner(number=1, program=Program(source="steady"), what=None)
    Arena(lab, max_steps=500, onward=2.0, most_lives=5).run([steady], 1)
    assert steady.mean == pytest.approx(counted)


def test_on_its_last_life_nothing_more_is_expected_where_the_last_one_counts_0() -> None:
    lab = LongLab({"steady": STEADY})
    arena = Arena(lab, max_steps=500, onward=2.0)
    fresh, last = (Runner(number=n, program=Program(source="steady"), what=None) for n in (1, 2))
    for runner, lab.lives in ((fresh, 3), (last, 0)):
        arena.run([runner], 1)
    assert last.mean == 5.0 < fresh.mean


def test_points_lost_are_no_promise_of_more() -> None:
    lab = LongLab({"loser": [-5.0]})
    lab.lives = 3
    loser = Runner(number=1, program=Program(source="loser"), what=None)
    Arena(lab, max_steps=500, onward=2.0).run([loser], 1)
    assert loser.mean == -10.0


def test_at_the_target_who_keeps_more_lives_leads() -> None:
    lab = LongLab({"careful": [5.0] * 2, "daring": [5.0] * 2})
    lab.task = replace(lab.task, target=5.0)
    careful, daring = (
        Runner(number=n, program=Program(source=s), what=None) for n, s in ((1, "careful"), (2, "daring"))
    )
    for runner, lives in ((careful, 4), (daring, 1)):
        lab.lives = lives
        Arena(lab).run([runner], 2)
    assert careful.measured == daring.measured == [5.0, 5.0]
    assert clearly_better(careful, daring)


def test_at_the_budgets_end_a_large_lead_over_few_seeds_counts() -> None:
    lab = ScriptedLab({"lucky": LUCKY, "steady": STEADY})
    found, lucky, steady = standing(lab)
    found.arena.run([steady], 2)
    cast(Any, found.roster).everyone = [lucky, steady]
    found.arena.run([lucky], 4)
    found.champion = lucky
    assert found.likeliest([lucky], "nobody") is steady
    assert found.champion is steady
    assert found.likeliest([lucky, steady], "nobody") is None
    assert found.likeliest([lucky], steady.program.sha256) is None, "whoever reigns must be beaten"


def test_whoever_plays_like_one_that_was_proposed_is_not_proposed() -> None:
    lab = ScriptedLab({"lucky": LUCKY, "steady": STEADY, "twin": LUCKY})
    found, lucky, steady = standing(lab)
    twin = Runner(number=3, program=Program(source="twin"), what=None)
    found.arena.run([lucky, twin], 3)
    cast(Any, found.roster).everyone = [lucky, steady, twin]
    assert found.likeliest([lucky, steady], "nobody") is None


def test_doing_nothing_leads_where_chance_loses_and_it_does_not() -> None:
    idle = Runner(number=1, program=Program(source="a = 1"), what=Genome(), scores=[0.0], steps=[9])
    other = Runner(
        number=2,
        program=Program(source="a = 2"),
        what=Genome(behaviors=(Behavior(kind="press", channel=PRESS),)),
        scores=[2.0],
        steps=[9],
    )
    assert idle_winner([other, idle], -3.0) is idle
    assert idle_winner([other, idle], 0.5) is None
    assert idle_winner([other], -3.0) is None
    idle.scores = [-9.0]
    assert idle_winner([other, idle], -3.0) is None
