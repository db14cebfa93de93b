from __future__ import annotations

import pytest

from hlearn.editors.search.prune import thin
from hlearn.editors.search.trials import PairedComparison
from hlearn.editors.search.vector.families import urge_families
from hlearn.editors.search.vector.gaits import gait_families, linear_body, rhythm
from hlearn.editors.search.vector.patterns import pattern
from hlearn.editors.search.vector.probing import probe
from hlearn.evaluate.api import Job
from hlearn.policy.rewriting import read_params
from hlearn.policy.source import check_source
from hlearn.probe.vector.limbs import find_limbs
from hlearn.probe.vector.naming import class_name
from hlearn.records import Episode
from tests.editors.search.plain_lab import PlainLab

TASKS = [
    "CartPole-v1",
    "MountainCarContinuous-v0",
    "Acrobot-v1",
    "Pendulum-v1",
    "LunarLander-v3",
    "LunarLanderContinuous-v3",
    "BipedalWalker-v3",
]


@pytest.mark.parametrize("env_id", TASKS)
def test_every_family_writes_a_program_that_plays(env_id):
    lab = PlainLab(env_id, steps=200_000)
    sketch = probe(lab)
    templates = urge_families(sketch, class_name(env_id))
    limbs = find_limbs(sketch)
    if limbs is not None:
        templates += [
            *gait_families(sketch, limbs, "Walker"),
            linear_body(sketch, "Walker"),
            rhythm(sketch, "Walker"),
            pattern(sketch, "Walker"),
        ]
    for template in templates:
        values = {k.name: k.start + 0.5 * k.spread for k in template.knobs}
        program = template.program(values, origin="Candidate 1: test.")
        assert check_source(program.source) == []
        assert set(read_params(program.source)) == set(values)
        (result,) = lab.measure([Job(program=program, seed=lab.seeds(0, 1)[0], max_steps=50)])
        assert isinstance(result.outcome, Episode), result.outcome


def test_a_dropped_term_is_gone_from_the_program():
    sketch = probe(PlainLab("CartPole-v1", steps=10_000))
    template = urge_families(sketch, "Cart")[0]
    shorter = template.drop("push0_x0")
    source = shorter.program({k.name: 1.0 for k in shorter.knobs}).source
    assert "x0_rate" in source
    assert "obs[0]" not in source


@pytest.mark.parametrize(
    ("env_id", "name"), [("my_package:MyEnv-v0", "MyEnv"), ("ALE/Pong-v5", "Pong"), ("2048-v0", "Policy2048")]
)
def test_class_names(env_id, name):
    assert class_name(env_id) == name


def test_where_single_drops_cost_too_much_the_weakest_terms_go_together():
    lab = PlainLab("CartPole-v1", steps=100_000)
    family = urge_families(probe(lab), "Cart")[0]
    trials = PairedComparison(lab)
    strong = {"push0_x2": 8.0, "push0_x2_rate": 2.0, "push0_x0_rate": 0.5, "push0_x0": 0.2}
    values = {k.name: strong.get(k.name, 1e-6) for k in family.knobs}
    best = trials.candidate(family, values, "balanced")
    trials.play([best], 4)
    thinner = thin(trials, family, best, episodes=4)
    assert "push0_bias" in thinner.dropped
    assert thinner.best.mean >= best.mean == 500.0
    assert "bias" not in thinner.best.program.source


def test_a_sum_that_lost_all_its_terms_is_not_written():
    sketch = probe(PlainLab("Hopper-v5", steps=20_000))
    body = rhythm(sketch, "Hopper")
    for name in [k for k in body.droppable if k.startswith("steady1_")]:
        body = body.drop(name)
    source = body.program({k.name: 0.5 for k in body.knobs}).source
    assert "steady1" not in source and "+ s.steady0" in source
