"""Where to aim is raced together with how to press."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from hlearn.editors.search.arcade.aiming import aims, race_aims, shifted
from hlearn.editors.search.arcade.behaviors import PRESS, Behavior
from hlearn.editors.search.arcade.calibrate import Calibration
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.evaluate.api import Job, Result
from hlearn.records import Episode
from tests.editors.search.arcade.guesses import kinds, ram_pool
from tests.editors.search.plain_lab import PlainLab

HELD = Behavior(kind="press", channel=PRESS)
BEST = 9.0  # px of offset at which a held button pays


class Court(PlainLab):
    """A game that pays for one aim, and only with the button held."""

    def measure(self, jobs: Any) -> list[Result]:
        return [Result(_episode(job), None) for job in jobs]


def _episode(job: Job) -> Episode:
    offset = float(re.search(r"intercept_offset = Param\(([-\d.]+)", job.program.source)[1])  # type: ignore[index]
    held = "def press" in job.program.source
    steps = job.max_steps or 10
    score = round(10 - abs(offset - BEST), 3) if held else 0.0
    return Episode(
        seed=job.seed,
        score=score,
        length=steps,
        env_steps=steps,
        terminated=False,
        truncated=False,
        stopped=True,
    )


@pytest.fixture
def measured() -> Calibration:
    home, pool = ram_pool()
    meet = next(b for b in kinds(pool)["intercept"] if b.option == 1)
    guess = replace(home, behaviors=(meet,))
    knobs = dict(meet.knobs)
    genome = guess.turned((0, "wall_low"), knobs["wall_low"].value + 2, "calibration").turned(
        (0, "deadband"), 2.0, "calibration"
    )
    return Calibration(
        guess=guess, genome=genome, at=0, low=-12.0, high=12.0, sharpness=1.0, source="calibration"
    )


def offset(genome: Genome) -> float:
    return dict(genome.behaviors[0].knobs)["offset"].value


def test_aims_are_the_middle_and_just_within_both_edges(measured: Calibration) -> None:
    middle, low, high = aims(measured)
    assert middle == measured.genome
    assert (offset(low), offset(high)) == (-10.2, 10.2)


def test_finer_aims_lie_around_the_best_and_between_the_walls_of_the_guess(measured: Calibration) -> None:
    *near, low_deadband, walls = shifted(measured.genome, 0, measured.guess, "calibration")
    assert len({offset(g) for g in near}) == 8
    assert (
        dict(low_deadband.behaviors[0].knobs)["deadband"].value
        < dict(measured.genome.behaviors[0].knobs)["deadband"].value
    )
    assert dict(walls.behaviors[0].knobs)["wall_low"] == dict(measured.guess.behaviors[0].knobs)["wall_low"]


def test_aim_and_button_are_found_together(measured: Calibration) -> None:
    lab = Court("ALE/Pong-v5", steps=100_000)
    found = race_aims(Roster(lab), [measured], [HELD])
    leader = genome_of(found[0])
    assert leader.on(PRESS) == (HELD,)
    assert offset(leader) == pytest.approx(BEST, abs=0.4)


class Luck(Court):
    """The same, in which whatever is held loses something on every third seed."""

    def measure(self, jobs: Any) -> list[Result]:
        results = super().measure(jobs)
        return [
            Result(replace(r.outcome, score=r.outcome.score / (1 + (j.seed % 3 == 0))), None)
            for r, j in zip(results, jobs, strict=True)
        ]


@pytest.mark.parametrize(("court", "closer"), [(Court, False), (Luck, True)])
def test_closer_aims_are_tried_where_the_best_one_loses_now_and_then(
    measured: Calibration, court: type[Court], closer: bool
) -> None:
    roster = Roster(court("ALE/Pong-v5", steps=100_000))
    race_aims(roster, [measured], [HELD])
    deadbands = {dict(genome_of(r).behaviors[0].knobs)["deadband"].value for r in roster.measured()}
    assert (len(deadbands) > 2) is closer  # what was measured, and with less calm
