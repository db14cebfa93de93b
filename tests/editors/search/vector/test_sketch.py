from __future__ import annotations

import pytest

from hlearn.editors.search.vector.probing import probe
from hlearn.probe.vector.limbs import find_limbs
from hlearn.probe.vector.sketch import ANGLE, CHANGE, FLAG, VectorFindings
from tests.editors.search.plain_lab import PlainLab


def sketch_of(env_id: str) -> VectorFindings:
    return probe(PlainLab(env_id, steps=100_000))


def rates(sketch: VectorFindings) -> dict[str | None, int]:
    return {s.rate_of: s.indices[0] for s in sketch.signals if s.rate_of}


def test_rates_and_the_two_directions_of_cartpole():
    sketch = sketch_of("CartPole-v1")
    assert rates(sketch) == {"x0": 1, "x2": 3}
    assert sketch.neutral is None
    assert [(a.plus, a.minus) for a in sketch.axes] == [(1, 0)]
    assert {name for name, _ in sketch.axes[0].drives[:2]} == {"x0_rate", "x2_rate"}


@pytest.mark.parametrize("env_id", ["MountainCar-v0", "Acrobot-v1"])
def test_the_neutral_action_lies_between_two_opposite_ones(env_id):
    sketch = sketch_of(env_id)
    assert sketch.neutral == 1
    assert [(a.plus, a.minus) for a in sketch.axes] == [(2, 0)]


def test_angles_of_acrobot_with_their_rates():
    sketch = sketch_of("Acrobot-v1")
    assert [s.indices for s in sketch.signals if s.kind == ANGLE] == [(0, 1), (2, 3)]
    assert rates(sketch) == {"angle0": 4, "angle1": 5}


def test_a_pair_and_a_single_action_of_the_lander():
    sketch = sketch_of("LunarLander-v3")
    assert sketch.neutral == 0
    assert sorted((a.plus, a.minus) for a in sketch.axes if a.minus is not None) == [(3, 1)]
    assert [a.plus for a in sketch.axes if a.minus is None] == [2]
    assert rates(sketch) == {"x0": 2, "x1": 3, "x4": 5}


def test_channel_of_the_pendulum():
    sketch = sketch_of("Pendulum-v1")
    assert rates(sketch) == {"angle0": 2}
    assert (sketch.axes[0].low, sketch.axes[0].high) == (-2.0, 2.0)
    assert sketch.axes[0].drives[0][0] == "angle0_rate"


def test_two_alike_legs_of_the_walker():
    sketch = sketch_of("BipedalWalker-v3")
    limbs = find_limbs(sketch)
    assert limbs is not None
    assert {p.name: p.indices for p in limbs.parts} == {
        "joint0": (4, 9),
        "joint0_rate": (5, 10),
        "joint1": (6, 11),
        "joint1_rate": (7, 12),
        "contact": (8, 13),
    }
    assert [s.indices[0] for s in sketch.signals if s.kind == FLAG] == [8, 13]
    assert limbs.channels == ((0, 1), (2, 3))


def test_a_discrete_task_has_no_limbs():
    assert find_limbs(sketch_of("CartPole-v1")) is None


def test_numbers_without_a_rate_get_a_change():
    sketch = sketch_of("tests.editors.search.own_environments:Ice-v0")
    assert [s.name for s in sketch.signals if s.kind == CHANGE] == ["x0_change"]


def test_the_price_of_a_fall():
    assert sketch_of("BipedalWalker-v3").fall == 100.0
    assert sketch_of("CartPole-v1").fall == 0.0
