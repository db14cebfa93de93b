"""What a search begins with: the families that fit the sketch, and lanes for them."""

from __future__ import annotations

from collections.abc import Sequence

from hlearn.editors.api import Lab
from hlearn.editors.search.knobs import SourceKnobs
from hlearn.editors.search.lane import Lane
from hlearn.editors.search.trials import Trials
from hlearn.editors.search.tune import scatter
from hlearn.editors.search.vector.gaits import gait_families, linear_body, rhythm
from hlearn.editors.search.vector.limbs import find_limbs
from hlearn.editors.search.vector.sketch import Sketch
from hlearn.editors.search.vector.standing import DECIDE
from hlearn.editors.search.vector.template import Template
from hlearn.records import Program

MANY_AXES = 3  # box channels from which a task is taken for a body with joints
HORIZON = 250  # environment steps to which a body's episodes are capped at first
MERCY = 0.9  # share of a fall's price that does not count while episodes are capped
STARTS = (6, 6, 2)  # lanes of the first family, of the second, of each other one
SCATTERED = 50  # random settings per start from which the starts are chosen
SCATTER_SEEDS = 400_000  # index of the development seeds they play
BRACKET = ((20, 6), (5, 10), (2, 16))  # lanes that are left, generations for each; the best goes on


def written_lane(lab: Lab, trials: Trials, program: Program) -> Lane | None:
    """A lane for the parameters of a program that somebody wrote; None where it has none."""
    knobs = SourceKnobs.read(program)
    if not knobs.knobs:
        return None
    start = {k.name: k.start for k in knobs.knobs}
    lane = Lane(lab, trials, knobs, start=start, sigma=0.5, decide=DECIDE)
    lane.challenge(start)
    return lane


def body_families(sketch: Sketch, title: str) -> list[Template]:
    """Families for a body with joints; empty for other tasks."""
    limbs = find_limbs(sketch)
    families = gait_families(sketch, limbs, title) if limbs is not None else []
    if not sketch.discrete and len(sketch.axes) >= MANY_AXES:
        families[1:1] = [rhythm(sketch, title)]
        families.append(linear_body(sketch, title))
    return families


def body_lane(
    lab: Lab, trials: Trials, sketch: Sketch, families: Sequence[Template], *, population: int, turn: int
) -> Lane:
    """A lane for a body with joints: the best of scattered starts of all families, episodes capped at first.

    Args:
        lab: where it plays.
        trials: where candidates are compared.
        sketch: what the probe found.
        families: what is tuned; the first ones get more starts.
        population: programs per generation.
        turn: how many such lanes there were before; each plays other seeds.
    """
    forgiven = MERCY * sketch.fall
    lanes: list[Lane] = []
    for n, family in enumerate(families):
        lab.say(f"{family.name}: scattered starts")
        count = STARTS[min(n, len(STARTS) - 1)]
        starts = scatter(
            lab,
            family,
            count=count * SCATTERED,
            first_seed=SCATTER_SEEDS + 10 * turn,
            horizon=HORIZON,
            finalists=count,
            forgiven=forgiven,
        )
        lanes += [
            Lane(
                lab,
                trials,
                family,
                start=start,
                sigma=0.4,
                episodes=1,
                decide=DECIDE,
                population=population,
                horizon=HORIZON,
                forgiven=forgiven,
            )
            for start in starts
        ]
    for count, generations in BRACKET:
        lanes = sorted(lanes, key=lambda lane: -lane.level)[:count]
        for n, lane in enumerate(lanes):
            lab.say(f"{lane.tunable.name}: {lane.standing}, start {n + 1} of {len(lanes)}")
            for _ in range(generations):
                lane.step()
    return max(lanes, key=lambda lane: lane.level)
