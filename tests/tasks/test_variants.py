"""Variants: a step late, noisy, heavier; told apart, refused where they make no sense, cloned as they are."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.errors import UsageError
from hlearn.tasks import open_environment, resolve_task
from hlearn.tasks.simulators import simulator_of
from hlearn.tasks.variants import HARD, read_variant

OWN = "tests.tasks.cloned_environments"


def _returns(env_id: str, variant: str | None, pushes: list[list[float]], seed: int = 4) -> list[float]:
    environment = open_environment(resolve_task(env_id, variant=variant))
    seen = np.zeros(environment.observation.shape)
    environment.reset(seed, seen)
    try:
        return [environment.step(np.array(push), seen)[0] for push in pushes]
    finally:
        environment.close()


def test_text_is_read_and_written() -> None:
    variant = read_variant("mass=1.2, delay=1")
    assert (variant.delay, variant.mass, str(variant)) == (1, 1.2, "delay=1,mass=1.2")
    assert str(read_variant("robust")) == HARD
    assert str(read_variant("delay=0")) == str(read_variant("")) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("wind=1", "expected name=value"),
        ("mass", "expected name=value"),
        ("mass=heavy", "a number above 0"),
        ("mass=0", "a number above 0"),
        ("delay=0.5", "whole number"),
        ("action_noise=nan", "from 0 to 2"),
        ("mass=1,mass=2", "twice"),
    ],
)
def test_what_cannot_be_is_said(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read_variant(text)


def test_physics_are_mujocos_alone_and_noise_is_for_numbers() -> None:
    with pytest.raises(UsageError, match="MuJoCo's environments only"):
        resolve_task("CartPole-v1", variant="mass=1.2")
    with pytest.raises(UsageError, match="vectors of floats"):
        resolve_task("ALE/Breakout-v5", variant="observation_noise=1")


def test_an_action_comes_late() -> None:
    walk = f"{OWN}:Walk-v0"
    pushes = [[1.0], [-0.5], [0.25], [0.0]]
    assert _returns(walk, "delay=1", pushes)[1:] == _returns(walk, None, pushes)[:3]


def test_noise_belongs_to_the_seed() -> None:
    walk = f"{OWN}:Walk-v0"
    pushes = [[0.0]] * 5
    noisy = _returns(walk, "action_noise=0.5", pushes)
    assert noisy == _returns(walk, "action_noise=0.5", pushes)
    assert noisy != _returns(walk, "action_noise=0.5", pushes, seed=5)
    assert noisy != _returns(walk, None, pushes)


def test_a_mixture_has_the_variant_now_and_then() -> None:
    walk = f"{OWN}:Walk-v0"
    same = [
        _returns(walk, "delay=2,mixed=0.5", [[1.0]], seed) == _returns(walk, None, [[1.0]], seed)
        for seed in range(24)
    ]
    assert 4 < sum(same) < 20


def test_bodies_get_heavier_and_back() -> None:
    pushes = np.random.default_rng(0).uniform(-1, 1, size=(20, 6)).tolist()
    plain, heavy = (_returns("HalfCheetah-v5", v, pushes) for v in (None, "mass=1.2"))
    assert plain != heavy
    assert plain == _returns("HalfCheetah-v5", "mass=1.2,mixed=1e-9", pushes)


@pytest.mark.parametrize("variant", ["delay=2", "mass=1.3,friction=0.7", "delay=1,gravity=0.8"])
def test_clones_are_late_and_heavy_too(variant: str) -> None:
    environment = open_environment(resolve_task("HalfCheetah-v5", variant=variant))
    simulator = simulator_of(environment, "it")
    seen = np.zeros(environment.observation.shape)
    environment.reset(4, seen)
    simulator.begin(9)
    plans = np.random.default_rng(0).uniform(-1, 1, size=(2, 8, 6))
    for action in plans[1]:
        environment.step(action, seen)
    state = simulator.present()
    quick = simulator.rollout([state] * 2, plans, observe="none")
    slow = simulator.rollout([state] * 2, plans, observe="all", keep=True)
    later = simulator.rollout([slow.states[0]], plans[1:], observe="all")
    real = [environment.step(action, seen)[0] for action in [*plans[0], *plans[1]]]
    assert real == [*slow.rewards[0], *later.rewards[0]]
    assert quick.rewards[0].tolist() == real[:8]
    environment.close()
