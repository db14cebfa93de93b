"""Clones play on as the environment does, draw chances of their own, and never touch the environment."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hlearn.errors import UsageError
from hlearn.records import Model
from hlearn.tasks import open_environment, resolve_task
from hlearn.tasks.environment import Discrete, Environment
from hlearn.tasks.registry import traits
from hlearn.tasks.simulators import Simulator, simulator_of
from hlearn.tasks.simulators.gym import MujocoSimulator

OWN = "tests.tasks.cloned_environments"


def _opened(env_id: str, **options: object) -> tuple[Environment, Simulator, np.ndarray]:
    environment = open_environment(resolve_task(env_id, **options))  # type: ignore[arg-type]
    seen = np.zeros(environment.observation.shape, environment.observation.dtype)
    simulator = simulator_of(environment, env_id)
    environment.reset(11, seen)
    simulator.begin(5)
    return environment, simulator, seen


def _plans(environment: Environment, count: int, horizon: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    if isinstance(environment.actions, Discrete):
        return rng.integers(environment.actions.n, size=(count, horizon))
    low, high = np.array(environment.actions.finite_bounds).T
    return rng.uniform(low, high, size=(count, horizon, len(low)))


@pytest.mark.parametrize(
    ("env_id", "protocol"),
    [
        *((e, None) for e in ("HalfCheetah-v5", "Ant-v5", "Hopper-v5", "InvertedDoublePendulum-v5")),
        *((e, None) for e in ("CartPole-v1", "Pendulum-v1", "Acrobot-v1", "MountainCarContinuous-v0")),
        ("ALE/Breakout-v5", "article"),
        ("ALE/Qbert-v5", "article"),
        (f"{OWN}:Walk-v0", None),
        (f"{OWN}:Told-v0", None),
    ],
)
def test_a_clone_plays_on_bit_for_bit(env_id: str, protocol: str | None) -> None:
    environment, simulator, seen = _opened(env_id, protocol=protocol)
    plans = _plans(environment, 3, 6)
    for action in plans[2]:
        environment.step(action, seen)
    rolled = simulator.rollout([simulator.present()] * 3, plans, observe="all", keep=True)
    again = simulator.rollout([simulator.present()] * 3, plans[::-1], observe="all")
    assert rolled.observations is not None
    assert again.observations is not None
    np.testing.assert_array_equal(rolled.rewards, again.rewards[::-1])
    later = simulator.rollout([rolled.states[0]], plans[1:2], observe="all")
    for number, action in enumerate([*plans[0], *plans[1]]):
        reward, terminated, truncated, _ = environment.step(action, seen)
        source = rolled if number < 6 else later
        assert source.observations is not None
        assert reward == source.rewards[0, number % 6]
        np.testing.assert_array_equal(seen, source.observations[0, number % 6])
        if terminated or truncated:
            assert source.lengths[0] == number % 6 + 1
            break
    simulator.close()
    environment.close()


def test_clones_draw_chances_of_their_own_and_do_not_move_the_environment() -> None:
    environment, simulator, seen = _opened(f"{OWN}:Walk-v0", noise=1.0)
    plans = np.zeros((4, 5, 1))
    first = simulator.rollout([simulator.present()] * 4, plans)
    assert len(np.unique(first.rewards[:, -1])) == 4
    real = [environment.step(np.zeros(1), seen)[0] for _ in range(5)]
    assert not (first.rewards == real).all(axis=1).any()
    alone = open_environment(resolve_task(f"{OWN}:Walk-v0", noise=1.0))
    alone.reset(11, seen)
    assert [alone.step(np.zeros(1), seen)[0] for _ in range(5)] == real
    for each in (simulator, environment, alone):
        each.close()


def test_a_sticky_console_does_not_show_its_luck() -> None:
    environment, simulator, _ = _opened("ALE/Breakout-v5", protocol="sticky")
    plans = np.tile(np.array([[2] * 30 + [3] * 30]), (12, 1))
    ram = simulator.rollout([simulator.present()] * 12, plans).observations
    assert ram is not None
    assert len(np.unique(ram, axis=0)) > 3
    environment.close()


def test_the_time_limit_is_cloned_too() -> None:
    environment, simulator, seen = _opened(f"{OWN}:Walk-v0")
    for _ in range(15):
        environment.step(np.zeros(1), seen)
    rolled = simulator.rollout([simulator.present()], np.zeros((1, 9, 1)))
    assert rolled.lengths[0] == 5
    assert not rolled.ended[0]
    assert rolled.steps == 5


def test_what_is_no_number_ends_a_sequence_as_the_worst() -> None:
    _, simulator, _ = _opened(f"{OWN}:Broken-v0")
    rolled = simulator.rollout([simulator.present()] * 2, np.array([[[1.0]] * 9, [[-1.0]] * 9]))
    assert rolled.ended.tolist() == [True, False]
    assert rolled.rewards[0, rolled.lengths[0] - 1] == -np.inf


@pytest.mark.parametrize(
    ("env_id", "why"),
    [
        ("BipedalWalker-v3", "attribute world is a Box2D"),
        (f"{OWN}:Locked-v0", "attribute lock is a _thread.lock"),
        (f"{OWN}:Forgetful-v0", "part of its state is not copied"),
    ],
)
def test_what_cannot_be_cloned_is_said_before_anything_is_learnt(env_id: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        resolve_task(env_id, model="simulator")
    assert "--model none" in str(caught.value)


def test_the_model_is_part_of_a_tasks_identity() -> None:
    plain, simulated = resolve_task("CartPole-v1"), resolve_task("CartPole-v1", model="simulator")
    assert plain.model is Model.NONE
    assert plain.key != simulated.key
    with pytest.raises(UsageError, match="choose none or identified or simulator"):
        resolve_task("CartPole-v1", model="perfect")


@pytest.mark.parametrize(
    ("env_id", "within"),
    [
        ("HalfCheetah-v5", 0.0),
        ("Hopper-v5", 0.0),
        ("Walker2d-v5", 0.0),
        ("Swimmer-v5", 0.0),
        ("Ant-v5", 0.05),
    ],
)
def test_batches_in_c_bring_what_steps_bring(env_id: str, within: float) -> None:
    environment, simulator, seen = _opened(env_id)
    assert isinstance(simulator, MujocoSimulator)
    assert simulator.batched
    plans = _plans(environment, 12, 15)
    for action in plans[0]:
        environment.step(0.3 * action, seen)
    state = simulator.present()
    quick = simulator.rollout([state] * 12, plans, observe="none")
    steps = simulator.rollout([state] * 12, plans, observe="all")
    last = simulator.rollout([state] * 12, plans, observe="last")
    np.testing.assert_array_equal(quick.lengths, steps.lengths)
    np.testing.assert_array_equal(quick.ended, steps.ended)
    assert steps.observations is not None
    np.testing.assert_array_equal(last.observations, steps.observations[:, -1])
    gap = np.abs(quick.rewards.sum(axis=1) - steps.rewards.sum(axis=1))
    assert (gap <= within * steps.lengths + 1e-12 * (within == 0.0)).all()
    simulator.close()
    environment.close()


def test_how_long_a_decision_lasts_is_what_the_environment_says() -> None:
    rates = {e: traits(resolve_task(e)).decisions_per_second for e in ("HalfCheetah-v5", "CartPole-v1")}
    assert rates == {"HalfCheetah-v5": 20.0, "CartPole-v1": 50.0}


@pytest.mark.parametrize(("env_id", "part"), [("HalfCheetah-v5", 2 / 5), ("Ant-v5", 2 / 20)])
def test_coarse_physics_goes_a_similar_way_for_less_and_leaves_the_environment_as_it_is(
    env_id: str, part: float
) -> None:
    environment, simulator, seen = _opened(env_id)
    plans = np.repeat(_plans(environment, 40, 2), 3, axis=1)
    for action in plans[0]:
        environment.step(0.3 * action, seen)
    state = simulator.present()
    exact = simulator.rollout([state] * 40, plans, observe="none")
    coarse = simulator.rollout([state] * 40, plans, observe="none", substeps=2)
    again = simulator.rollout([state] * 40, plans, observe="none")
    np.testing.assert_array_equal(exact.rewards, again.rewards)
    assert exact.steps == 40 * 6
    assert coarse.steps == math.ceil(part * 40 * 6)
    sums = [rolled.rewards.sum(axis=1) for rolled in (exact, coarse)]
    assert np.corrcoef(*sums)[0, 1] > 0.8
    simulator.close()
    environment.close()


def test_a_simulator_without_coarse_physics_passes_it_over() -> None:
    environment, simulator, _ = _opened("Pendulum-v1")
    plans = _plans(environment, 3, 5)
    rolled = [simulator.rollout([simulator.present()] * 3, plans, substeps=n) for n in (0, 2)]
    np.testing.assert_array_equal(rolled[0].rewards, rolled[1].rewards)
    simulator.close()
    environment.close()
