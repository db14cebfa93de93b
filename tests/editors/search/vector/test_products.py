from __future__ import annotations

import numpy as np
import pytest

from hlearn.editors.search.vector.families import urge_families
from hlearn.editors.search.vector.probing import probe
from hlearn.editors.search.vector.products import polynomial, swing
from hlearn.policy import find_policy
from tests.editors.search.plain_lab import PlainLab

MIRRORED = {"Pendulum-v1": [1, -1, -1], "Acrobot-v1": [1, -1, 1, -1, -1, -1]}


@pytest.mark.parametrize("env_id", list(MIRRORED))
def test_a_swing_pushes_the_other_way_in_the_mirror(env_id):
    template = swing(probe(PlainLab(env_id, steps=10_000)), "Swing")
    assert template is not None
    rng = np.random.default_rng(0)
    values = {k.name: k.spread * rng.normal() for k in template.knobs}
    namespace: dict[str, object] = {"__name__": "swing"}
    exec(template.program(values).source, namespace)
    policy = find_policy(namespace, "swing")()
    policy.reset(0)
    idle = 1 if env_id == "Acrobot-v1" else 0.0
    for _ in range(20):
        seen = 0.3 * rng.normal(size=len(MIRRORED[env_id]))
        one = np.asarray(policy.act(seen)) - idle
        other = np.asarray(policy.act(seen * MIRRORED[env_id])) - idle
        assert one == pytest.approx(-other)


@pytest.mark.parametrize(
    ("env_id", "name", "terms"), [("MountainCar-v0", "cubic", 10), ("CartPole-v1", "quadratic", 15)]
)
def test_a_polynomial_weighs_all_products(env_id, name, terms):
    template = polynomial(probe(PlainLab(env_id, steps=10_000)), "Poly")
    assert template is not None
    assert template.name == name
    assert len(template.knobs) == terms


def test_products_are_of_distances_from_the_mean_where_that_is_not_0():
    template = polynomial(probe(PlainLab("MountainCar-v0", steps=10_000)), "Poly")
    assert template is not None
    source = template.program({k.name: 1.0 for k in template.knobs}).source
    assert "s.x0_off**2 * s.x0_rate" in source


def test_what_turns_has_a_swing_and_what_does_not_a_polynomial():
    families = {
        env_id: {f.name for f in urge_families(probe(PlainLab(env_id, steps=10_000)), "Any")}
        for env_id in ("Acrobot-v1", "MountainCarContinuous-v0", "LunarLander-v3")
    }
    assert "swing" in families["Acrobot-v1"]
    assert "cubic" in families["MountainCarContinuous-v0"]
    assert not families["LunarLander-v3"] & {"swing", "cubic", "quadratic"}
