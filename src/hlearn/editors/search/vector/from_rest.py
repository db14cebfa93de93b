"""Linear feedback of a body that begins at rest: several starts in very short episodes, of which the best goes on.

Feedback finds the swing that suits the body by itself, and soon: in the first hundred steps after a start a body
shows whether it gets anywhere. Which swing it finds is luck, so several begin, and half of them leave.
"""

from __future__ import annotations

import math

from hlearn.editors.api import Lab
from hlearn.editors.search.lane import TuningRun
from hlearn.editors.search.trials import PairedComparison
from hlearn.editors.search.vector.opening import HORIZON, MERCY
from hlearn.editors.search.vector.shares import FROM_REST
from hlearn.editors.search.vector.standing import DECIDE
from hlearn.editors.search.vector.template import Template
from hlearn.probe.vector.sketch import VectorFindings

STARTS = 6
GENERATIONS = 24  # of each lane before half of them leave
SHORT = HORIZON // 2  # environment steps to which episodes are capped at first
DOUBLINGS = 2  # before episodes are whole
STILL = 0.6  # size of the first pushes, in full ones


def feedback_lane(lab: Lab, trials: PairedComparison, sketch: VectorFindings, family: Template) -> TuningRun:
    """The best of several lanes of linear feedback that begin with no push at all.

    Args:
        lab: where they play; with a small budget there are fewer lanes.
        trials: where candidates are compared.
        sketch: what the probe found.
        family: linear feedback.
    """
    population = 4 + int(3 * math.log(len(family.knobs)))
    listened = max(1.0, len(family.knobs) / len(sketch.axes))  # numbers per push, whose chances add up
    affordable = FROM_REST * lab.remaining / (GENERATIONS * population * SHORT)
    count = max(1, min(STARTS, int(affordable / 2)))  # as much again for those that go on

    lanes = [
        TuningRun(
            lab,
            trials,
            family,
            sigma=STILL / math.sqrt(listened),
            episodes=1,
            decide=DECIDE,
            population=population,
            horizon=SHORT,
            doublings=DOUBLINGS,
            forgiven=MERCY * sketch.fall,
        )
        for _ in range(count)
    ]
    while len(lanes) > 1:
        for n, lane in enumerate(lanes):
            lab.say(f"{lane.tunable.name} from rest: {lane.standing}, start {n + 1} of {len(lanes)}")
            for _ in range(GENERATIONS):
                lane.step()
        lanes.sort(key=lambda lane: -lane.pace)
        lanes = lanes[: (len(lanes) + 1) // 2 if len(lanes) > 2 else 1]
    return lanes[0]
