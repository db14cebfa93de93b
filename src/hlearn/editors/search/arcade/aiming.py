"""Where to aim: a ball met near an edge flies off steeply, which wins in one game and loses in another."""

from __future__ import annotations

from hlearn.editors.search.arcade.calibrate import Calibration
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.roster import Roster
from hlearn.editors.search.race import Arena, Runner

INSETS = (0.8, 1.1, 1.4, 1.7)  # deadbands between an edge and an aim within it
STEPS = 5000  # environment steps per episode: enough for some returns to be gained or lost
STEADY = 0.1  # px of spread: next to none, but it grows while nothing is gained
SEEDS = (1, 3)  # per aim, and for the better half


def aims(measured: Calibration) -> list[Genome]:
    """The middle with some spread, and places just within either edge."""
    genome, at, source = measured.genome, measured.at, measured.source
    deadband = dict(genome.behaviors[at].knobs)["deadband"].value
    middle = (measured.low + measured.high) / 2
    still = genome.turned((at, "spread"), STEADY, source)
    found = [genome]
    for inset in INSETS:
        for place in (measured.low + inset * deadband, measured.high - inset * deadband):
            if (place < middle) == (place - measured.low < measured.high - place) and abs(place - middle) > 1:
                found.append(still.turned((at, "offset"), round(place, 2), source))
    return found


def race_aims(roster: Roster, measured: Calibration) -> list[Runner]:
    """Races where to meet the ball in short episodes, best first; their scores are of short episodes.

    Raises:
        BudgetExhausted: nothing is left to spend.
    """
    arena = Arena(roster.lab, max_steps=STEPS)
    field = roster.runners(aims(measured))
    for runner in field:
        runner.scores, runner.measured, runner.steps = [], [], []
    for seeds in SEEDS:
        arena.run(field, seeds)
        field.sort(key=lambda r: (-len(r.scores), -r.mean, r.number))
        field = field[: max(1, (len(field) + 1) // 2)] if seeds != SEEDS[-1] else field
    return field
