"""Variants: a step late, noisy, heavier; told apart, refused where they make no sense, cloned as they are."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.errors import UsageError
from hlearn.records import Access, Model
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


def _pictures(variant: str | None, seed: int = 4, count: int = 40) -> np.ndarray:
    environment = open_environment(resolve_task("ALE/Breakout-v5", access=Access.PIXELS, variant=variant))
    seen = np.zeros((210, 160, 3), np.uint8)
    shown = []
    try:
        environment.reset(seed, seen)
        for _ in range(count):
            environment.step(0, seen)
            shown.append(seen.copy())
    finally:
        environment.close()
    return np.array(shown)


def test_pictures_flicker_rustle_and_turn_their_colours() -> None:
    clear = _pictures(None)
    assert clear.any(axis=(1, 2, 3)).all()
    flickering = _pictures("flicker=0.3")
    black = ~flickering.any(axis=(1, 2, 3))
    assert 4 <= black.sum() <= 20
    assert np.array_equal(flickering[~black], clear[~black])
    assert np.array_equal(flickering, _pictures("flicker=0.3")), "flicker belongs to the seed"
    assert not np.array_equal(flickering, _pictures("flicker=0.3", seed=5))
    noise = _pictures("observation_noise=10").astype(int) - clear
    lit = clear > 40
    assert 8 < noise[lit].std() < 12
    turned = _pictures("hue=120")
    kinds = {
        tuple(c): tuple(t) for c, t in zip(clear[0].reshape(-1, 3), turned[0].reshape(-1, 3), strict=True)
    }
    coloured = [(c, t) for c, t in kinds.items() if max(c) - min(c) > 60]
    assert coloured and all(c != t for c, t in coloured)
    grey = [(c, t) for c, t in kinds.items() if max(c) == min(c)]
    assert grey and all(np.abs(np.subtract(c, t, dtype=int)).max() <= 2 for c, t in grey)
    assert np.array_equal(_pictures("hue=360"), clear)


def test_pictures_of_clones_flicker_too_with_chances_of_their_own() -> None:
    task = resolve_task("ALE/Breakout-v5", access=Access.PIXELS, variant="flicker=0.5", model=Model.SIMULATOR)
    environment = open_environment(task)
    seen = np.zeros((210, 160, 3), np.uint8)
    environment.reset(4, seen)
    simulator = simulator_of(environment, task.env_id)
    simulator.begin(5)
    rolled = simulator.rollout([simulator.present()], np.zeros((1, 30), np.int64), observe="all")
    assert rolled.observations is not None
    black = ~rolled.observations[0].any(axis=(1, 2, 3))
    assert 5 <= black.sum() <= 25
    environment.close()


@pytest.mark.parametrize("variant", ["flicker=0.1", "hue=60"])
def test_what_changes_pictures_is_refused_where_none_is_seen(variant: str) -> None:
    with pytest.raises(UsageError, match="access pixels"):
        resolve_task("ALE/Breakout-v5", variant=variant)
    with pytest.raises(UsageError, match=r"a chance from 0 to 1|degrees from 0"):
        read_variant(variant.split("=")[0] + "=400")


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
