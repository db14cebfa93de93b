"""Linear feedback of a body begins at rest, in short episodes, with weights that cannot drown everything."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hlearn.editors.search.trials import PairedComparison
from hlearn.editors.search.vector import from_rest
from hlearn.editors.search.vector.gaits import linear_body
from hlearn.editors.search.vector.probing import probe
from hlearn.editors.search.vector.template import Template
from hlearn.evaluate.api import Job
from hlearn.policy.source import check_source
from hlearn.probe.vector.sketch import VectorFindings
from hlearn.records import Episode
from tests.editors.search.plain_lab import PlainLab


@pytest.fixture(scope="module")
def lab() -> PlainLab:
    return PlainLab("Hopper-v5", steps=60_000)


@pytest.fixture(scope="module")
def sketch(lab: PlainLab) -> VectorFindings:
    return probe(lab)


@pytest.fixture(scope="module")
def family(sketch: VectorFindings) -> Template:
    return linear_body(sketch, "Hopper")


def _strengths(family: Template, values: dict[str, float]) -> list[float]:
    spreads = {k.name: k.spread for k in family.knobs}
    return [
        math.hypot(*(values[t.knob] / spreads[t.knob] for t in f.terms if t.factor != "1"))
        for f in family.formulas
    ]


def test_weights_of_a_sum_are_scaled_down_together_and_biases_stay(family: Template) -> None:
    rng = np.random.default_rng(1)
    wild = {k.name: 3.0 * k.spread * float(rng.standard_normal()) for k in family.knobs}
    kept = family.admissible(wild)
    assert all(s > 1.0 for s in _strengths(family, wild))
    assert np.allclose(_strengths(family, kept), 1.0)
    biases = [t.knob for f in family.formulas for t in f.terms if t.factor == "1"]
    assert biases and all(kept[b] == wild[b] for b in biases)
    tame = {k.name: 0.01 * k.spread for k in family.knobs}
    assert family.admissible(tame) == tame


def test_a_signal_counts_from_where_it_usually_is(lab: PlainLab, family: Template) -> None:
    factors = {t.factor for f in family.formulas for t in f.terms}
    assert factors & {"(s.x0 - 1.2)", "(s.x0 - 1.3)"}  # the height of the hopper
    program = family.program({k.name: 0.1 * k.spread for k in family.knobs})
    assert check_source(program.source) == []
    assert isinstance(lab.measure([Job(program=program, seed=1, max_steps=50)])[0].outcome, Episode)


def test_several_starts_race_and_one_goes_on_in_short_episodes(
    monkeypatch: pytest.MonkeyPatch, sketch: VectorFindings, family: Template
) -> None:
    lab = PlainLab("Hopper-v5", steps=80_000)
    monkeypatch.setattr(from_rest, "GENERATIONS", 1)
    monkeypatch.setattr(from_rest, "STARTS", 4)
    lane = from_rest.feedback_lane(lab, PairedComparison(lab), sketch, family)
    told = [text for text in lab.said if "from rest" in text]
    assert [text.rsplit(", ", 1)[1] for text in told] == [
        *(f"start {n} of 4" for n in (1, 2, 3, 4)),
        *(f"start {n} of 2" for n in (1, 2)),
    ]
    assert lane.tuner.generation == 2 and lane.tuner.horizon == from_rest.SHORT


def test_episodes_double_before_they_are_whole(
    lab: PlainLab, sketch: VectorFindings, family: Template
) -> None:
    lane = from_rest.feedback_lane(lab, PairedComparison(lab), sketch, family)
    horizons = []
    while lane.tuner.horizon is not None:
        horizons.append(lane.tuner.horizon)
        lane.lengthen()
    assert horizons == [from_rest.SHORT << n for n in range(from_rest.DOUBLINGS + 1)]
