"""What a search begins with: the families that fit the sketch, and lanes for them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hlearn.editors.api import Lab
from hlearn.editors.search.knobs import SourceKnobs
from hlearn.editors.search.lane import TuningRun
from hlearn.editors.search.trials import PairedComparison
from hlearn.editors.search.tune import scatter
from hlearn.editors.search.vector.gaits import gait_families, linear_body, rhythm
from hlearn.editors.search.vector.patterns import pattern
from hlearn.editors.search.vector.shares import OPENING
from hlearn.editors.search.vector.standing import DECIDE
from hlearn.editors.search.vector.template import Template
from hlearn.probe.vector.limbs import find_limbs
from hlearn.probe.vector.sketch import VectorFindings
from hlearn.records import Program

MANY_AXES = 3  # box channels from which a task is taken for a body with joints
HORIZON = 250  # environment steps to which a body's episodes are capped at first
MERCY = 0.9  # share of a fall's price that does not count while episodes are capped
STARTS = (6, 6, 2)  # lanes of the first family, of the second, of each other one
SCATTERED = 50  # random settings per start from which the starts are chosen
SCATTER_SEEDS = 400_000  # index of the development seeds they play
BRACKET = ((6, 5), (10, 2), (16, 1))  # generations of each lane, how many lanes go on after them
LEAST = (3, 2)  # of both, however small the budget is


def written_lane(lab: Lab, trials: PairedComparison, program: Program) -> TuningRun | None:
    """A lane for the parameters of a program that somebody wrote; None where it has none."""
    knobs = SourceKnobs.read(program)
    if not knobs.knobs:
        return None
    start = {k.name: k.start for k in knobs.knobs}
    lane = TuningRun(lab, trials, knobs, start=start, sigma=0.5, decide=DECIDE)
    lane.challenge(start)
    return lane


def body_families(sketch: VectorFindings, title: str) -> list[Template]:
    """Families for a body with joints, gaits before plain feedback; empty for other tasks.

    A joint is pushed both ways: a channel that cannot be (an order, a valve, a throttle) is no joint.
    """
    if any(a.low >= 0.0 or a.high <= 0.0 for a in sketch.axes if not sketch.discrete):
        return []
    limbs = find_limbs(sketch)
    families = gait_families(sketch, limbs, title) if limbs is not None else []
    if not sketch.discrete and len(sketch.axes) >= MANY_AXES:
        first = (
            1 if limbs is not None and limbs.find("contact") else 0
        )  # taking turns comes first where feet are felt
        families[first:first] = [pattern(sketch, title), rhythm(sketch, title)]
        families.append(linear_body(sketch, title))
    return families


def body_lane(
    lab: Lab,
    trials: PairedComparison,
    sketch: VectorFindings,
    families: Sequence[Template],
    *,
    population: int,
    turn: int,
) -> TuningRun:
    """A lane for a body with joints: the best of scattered starts of all families of gaits.

    Episodes are capped at first; with a small budget there are fewer starts.

    Args:
        lab: where it plays.
        trials: where candidates are compared.
        sketch: what the probe found.
        families: what is tuned; the first ones get more starts.
        population: programs per generation.
        turn: how many such lanes there were before; each plays other seeds.
    """
    forgiven = MERCY * sketch.fall
    counts = [STARTS[min(n, len(STARTS) - 1)] for n in range(len(families))]
    sizes = [sum(counts), *(stay for _, stay in BRACKET)]
    generations = sum(size * each for size, (each, _) in zip(sizes, BRACKET, strict=False))
    whole = HORIZON * (sum(counts) * SCATTERED + population * generations)
    share = min(1.0, OPENING * lab.remaining / whole)

    def begin(family: Template, start: dict[str, float]) -> TuningRun:
        return TuningRun(
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

    lanes: list[TuningRun] = []
    for family, count in zip(families, counts, strict=True):
        lab.say(f"{family.name}: scattered starts")
        some = max(1, round(share * count))
        starts = scatter(
            lab,
            family,
            count=some * max(8, round(share * SCATTERED)),
            first_seed=SCATTER_SEEDS + 10 * turn,
            horizon=HORIZON,
            finalists=some,
            forgiven=forgiven,
        )
        lanes += [begin(family, start) for start in starts]
    for generations, stay in BRACKET:
        each = max(LEAST[0], round(math.sqrt(share) * generations)) if share < 1.0 else generations
        for n, lane in enumerate(lanes):
            lab.say(f"{lane.tunable.name}: {lane.standing}, start {n + 1} of {len(lanes)}")
            for _ in range(each):
                lane.step()
        lanes.sort(key=lambda lane: -lane.level)
        lanes = lanes[: max(min(LEAST[1], stay), round(share * stay))]
    return lanes[0]
