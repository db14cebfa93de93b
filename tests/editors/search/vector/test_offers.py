"""Choosing among offers, and levels of a box that is not round 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hlearn.editors.api import Brief, Proposal
from hlearn.editors.search.vector import VectorSearch
from hlearn.editors.search.vector.offers import find_columns
from hlearn.editors.search.vector.opening import body_families
from hlearn.editors.search.vector.probing import play_probe, probe
from hlearn.editors.search.vector.short import observations_of
from hlearn.evaluate.api import Job
from hlearn.tasks.environment import ObservationSpec, Part
from tests.editors.search.plain_lab import PlainLab

OWN = "tests.editors.search.own_environments"


def _last(lab: PlainLab) -> Proposal:
    brief = Brief(
        task=lab.task, observation=lab.observation, actions=lab.actions, champion=None, champion_dev=None
    )
    return list(VectorSearch(brief, lab).proposals())[-1]


def _fresh(lab: PlainLab, proposal: Proposal) -> float:
    lab.grant(20_000)
    results = lab.measure([Job(program=proposal.program, seed=s) for s in lab.seeds(800_000, 50)])
    return float(np.mean([r.outcome.score for r in results]))


def test_of_a_dozen_offers_the_best_that_is_there_is_taken() -> None:
    lab = PlainLab(f"{OWN}:Shop-v0", steps=6_000)
    columns = find_columns(lab.observation, 12, observations_of(play_probe(lab)))
    assert [c.source for c in columns if not c.flags][:2] == ["obs[0:12]", "obs[12:24]"]
    assert [c.source for c in columns if c.flags] == ["obs[25:37]"]
    last = _last(PlainLab(f"{OWN}:Shop-v0", steps=6_000))
    assert _fresh(lab, last) > 6.5  # three of the best values for money are 6.8; at random -7
    assert len(last.program.source.splitlines()) < 40


def test_a_table_by_rows_has_its_columns_in_strides() -> None:
    seen = np.random.default_rng(1).uniform(size=(30, 16))
    spec = ObservationSpec(
        shape=(16,),
        dtype="float64",
        parts=(Part(name="head", start=0, size=1), Part(name="rows", start=1, size=15)),
    )
    sources = [c.source for c in find_columns(spec, 5, [seen])]
    assert {"obs[1:6]", "obs[6:11]", "obs[11:16]", "obs[1:14:3]", "obs[2:15:3]", "obs[3:16:3]"} <= set(
        sources
    )
    assert not find_columns(spec, 3, [seen])


def test_channels_that_push_one_way_alone_are_no_joints() -> None:
    sketch = probe(PlainLab(f"{OWN}:Orders-v0", steps=2_000, seed=1))
    assert not body_families(replace(sketch, axes=sketch.axes * 3), "Orders")


def test_a_level_between_wide_bounds_is_found_and_tuned() -> None:
    lab = PlainLab(f"{OWN}:Orders-v0", steps=8_000)
    last = _last(lab)
    assert _fresh(lab, last) > 9.0  # of 10, for 410 of 3,200 each day
