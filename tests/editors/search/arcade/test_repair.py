"""A champion that gets stuck is mended before anything else, at a bounded price."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.repair import TRIED, WATCHED, repair
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.arcade.standing import Leaderboard
from hlearn.editors.search.race import Arena
from hlearn.evaluate.api import Job, Result
from hlearn.records import Episode
from tests.editors.search.arcade.guesses import kinds, ram_pool
from tests.editors.search.plain_lab import PlainLab

LEAST = 1.5  # px of spread that leave every orbit
STEPS = 50  # of an episode


class OrbitLab(PlainLab):
    """A game whose last point needs an aim that varies."""

    def measure(self, jobs: Sequence[Job]) -> list[Result]:
        self.spent += STEPS * len(jobs)
        return [Result(_episode(job), None) for job in jobs]


def _episode(job: Job) -> Episode:
    found = re.search(r"intercept_spread = Param\(([-\d.]+)", job.program.source)
    assert found is not None
    free = float(found[1]) >= LEAST
    return Episode(
        seed=job.seed,
        score=864.0 if free else 428.0,
        length=STEPS,
        env_steps=STEPS,
        terminated=False,
        truncated=False,
        stopped=True,
        lives=4,
    )


def started(spread: float) -> tuple[Roster, Leaderboard]:
    home, pool = ram_pool()
    meet = next(b for b in kinds(pool)["intercept"] if b.option == 1)
    genome: Genome = replace(home, behaviors=(meet,)).turned((0, "spread"), spread, "calibration")
    genome = genome.turned((0, "deadband"), 4.0, "calibration")
    lab = OrbitLab("ALE/Breakout-v5", steps=100_000, target=864.0)
    roster = Roster(lab)
    champion = roster.runner(genome)
    arena = Arena(lab, stall_steps=lab.stall)
    arena.run([champion], TRIED)
    return roster, Leaderboard(roster, arena, [champion])


def spread_of(genome: Genome) -> float:
    return dict(genome.behaviors[0].knobs)["spread"].value


def test_who_gets_stuck_is_replaced_by_one_that_aims_more_widely() -> None:
    roster, standing = started(spread=0.1)
    before = standing.champion
    assert repair(roster, standing) is standing.champion is not before
    assert spread_of(genome_of(standing.champion)) == pytest.approx(2.4)
    assert f"repair: {WATCHED} got stuck, aim more widely" in roster.lab.said  # type: ignore[attr-defined]


def test_what_does_not_get_stuck_is_watched_once_and_left_alone() -> None:
    roster, standing = started(spread=2.0)
    before, spent = standing.champion, roster.lab.remaining
    assert repair(roster, standing) is before
    assert spent - roster.lab.remaining == WATCHED * STEPS


def test_nothing_new_is_tried_beyond_the_allowance() -> None:
    roster, standing = started(spread=0.1)
    before, spent = standing.champion, roster.lab.remaining
    repair(roster, standing, allowance=-1)
    assert standing.champion is before
    assert spent == roster.lab.remaining
