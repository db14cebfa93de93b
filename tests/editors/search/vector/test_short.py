"""Short programs first, from what the probe saw: rules, gains, gaps; and wide observations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hlearn.editors.api import Brief, Proposal
from hlearn.editors.search.vector import VectorSearch
from hlearn.editors.search.vector.probing import probe
from hlearn.evaluate.api import Job
from hlearn.probe.vector.gaps import find_gaps
from hlearn.probe.vector.wide import MOST
from hlearn.tasks.environment import ObservationSpec, Part
from tests.editors.search.plain_lab import PlainLab

OWN = "tests.editors.search.own_environments"


def _proposals(lab: PlainLab) -> list[Proposal]:
    brief = Brief(
        task=lab.task, observation=lab.observation, actions=lab.actions, champion=None, champion_dev=None
    )
    return list(VectorSearch(brief, lab).proposals())


def test_a_pole_is_balanced_by_a_few_lines_within_a_small_budget() -> None:
    lab = PlainLab("CartPole-v1", steps=20_000, seed=7)
    last = _proposals(lab)[-1]
    assert last.dev is not None and last.dev.mean == 500.0
    methods = last.program.source[last.program.source.index("@") :]
    assert len([line for line in methods.splitlines() if line.strip()]) <= 15
    lab.grant(50_000)
    fresh = lab.measure([Job(program=last.program, seed=s) for s in lab.seeds(800_000, 30)])
    assert np.mean([r.outcome.score for r in fresh]) > 490.0


def test_a_first_program_comes_early_where_episodes_are_dear() -> None:
    lab = PlainLab("MountainCar-v0", steps=100_000)
    brief = Brief(
        task=lab.task, observation=lab.observation, actions=lab.actions, champion=None, champion_dev=None
    )
    next(VectorSearch(brief, lab).proposals())
    assert lab.spent <= 0.05 * 100_000


def test_reaching_is_learnt_from_the_gap_between_named_parts() -> None:
    lab = PlainLab(f"{OWN}:Arm-v0", steps=30_000)
    gaps = [s.name for s in probe(PlainLab(f"{OWN}:Arm-v0", steps=30_000)).signals if s.kind == "gap"]
    assert "goal0_from_hand0" in gaps and "goal1_from_hand1" in gaps
    last = _proposals(lab)[-1]
    assert "goal0_from_hand0" in last.program.source
    lab.grant(10_000)
    fresh = lab.measure([Job(program=last.program, seed=s) for s in lab.seeds(800_000, 20)])
    assert np.mean([r.outcome.score for r in fresh]) > -20.0  # fifty steps, at -1 each until it is there


def test_what_rests_and_what_moves_makes_gaps_where_nothing_has_a_name() -> None:
    lab = PlainLab("hlearn.testing.toys:Seek-v0", steps=30_000)
    sketch = probe(lab)
    assert [s.indices for s in sketch.signals if s.kind == "gap"] == [(2, 0), (3, 1)]
    assert find_gaps(sketch.signals, lab.observation, []) == []


def test_a_set_point_is_told_by_the_reward_from_all_that_it_could_be_compared_with() -> None:
    sketch = probe(PlainLab(f"{OWN}:Tank-v0", steps=40_000, seed=3))
    assert [s.name for s in sketch.signals if s.kind == "gap"] == ["setpoint_from_levels1"]
    own = next(s for s in sketch.signals if s.name == "levels0").indices[0]
    seen = np.random.default_rng(0).uniform(0.0, 1.0, (100, len(sketch.signals) + 1))
    spec = PlainLab(f"{OWN}:Tank-v0", steps=1).observation
    unpaid = find_gaps(sketch.signals[:4], spec, [seen], [seen[:, own]])
    assert unpaid == []  # nothing rests, and a pump's opening less a level means nothing


def test_single_numbers_are_compared_where_they_are_of_one_kind() -> None:
    numbers = {
        "hour": (0.0, 23.0),
        "radiator": (0.0, 30.0),
        "room_temperature": (-10.0, 40.0),
        "outside_temperature": (-40.0, 50.0),
        "left": (0.0, 9.0),
        "right": (0.0, 9.0),
    }
    low, high = zip(*numbers.values(), strict=True)
    spec = ObservationSpec(
        shape=(6,),
        dtype="float64",
        low=low,
        high=high,
        parts=tuple(Part(name=name, start=i, size=1) for i, name in enumerate(numbers)),
    )
    seen = np.random.default_rng(0).uniform(low, high, (200, 6))
    assert {frozenset(s.indices) for s in find_gaps([], spec, [seen])} == {
        frozenset((2, 3)),
        frozenset((4, 5)),
    }
    unbounded = replace(spec, low=(-np.inf,) * 6, high=(np.inf,) * 6)
    assert frozenset((0, 2)) not in {frozenset(s.indices) for s in find_gaps([], unbounded, [seen])}


def test_of_ten_thousand_numbers_those_that_matter_are_looked_at() -> None:
    lab = PlainLab(f"{OWN}:Wide-v0", steps=20_000)
    sketch = probe(lab)
    assert {7_000, 7_001} <= {i for s in sketch.signals for i in s.indices}
    assert len({i for s in sketch.signals for i in s.indices}) <= MOST
