"""Names to tasks, and Gymnasium's environments behind the door."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from hlearn.errors import MissingExtra, UnknownTask, UnsupportedAccess, UnsupportedProtocol, UsageError
from hlearn.records import Access, Protocol
from hlearn.tasks import Task, open_environment, resolve_task, seed_matters
from hlearn.tasks.environment import Box, Discrete, draw_action

ECHO = "tests.tasks.own_environments:hlearn-tests/Echo-v0"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Breakout", "ALE/Breakout-v5"),
        ("breakot", "ALE/Breakout-v5"),
        ("ALE/Pongg-v5", "ALE/Pong-v5"),
        ("up_n_down", "ALE/UpNDown-v5"),
        ("CartPole", "CartPole-v1"),
        ("CartPole-v7", "CartPole-v1"),
        ("BreakoutNoFrameskip-v4", "ALE/Breakout-v5"),
    ],
)
def test_an_unknown_name_suggests_near_ones(name: str, near: str) -> None:
    with pytest.raises(UnknownTask, match=near):
        resolve_task(name)


def test_an_unknown_name_without_near_ones_says_what_a_name_looks_like() -> None:
    with pytest.raises(UnknownTask, match="module:Id"):
        resolve_task("qqqqqqqq")


def test_an_unknown_module_says_so() -> None:
    with pytest.raises(UnknownTask, match="PYTHONPATH"):
        resolve_task("no_such_module_anywhere:Thing-v0")


def test_a_module_that_misses_a_package_says_how_to_install_it(tmp_path, monkeypatch) -> None:
    (tmp_path / "needs_more.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MissingExtra, match="pip install no_such_package"):
        resolve_task("needs_more:Thing-v0")


def test_a_missing_extra_says_how_to_install_it() -> None:
    with pytest.raises(MissingExtra, match="jax"):
        resolve_task("phys2d/CartPole-v0")


def test_defaults() -> None:
    assert resolve_task("ALE/Pong-v5") == Task(
        env_id="ALE/Pong-v5", access=Access.RAM, protocol=Protocol.STICKY
    )
    assert resolve_task("CartPole-v1", target=500.0) == Task(
        env_id="CartPole-v1", access=Access.VECTOR, protocol=Protocol.STANDARD, target=500.0
    )
    assert resolve_task(ECHO, observes="image").access is Access.PIXELS


def test_access_and_protocol_that_an_environment_lacks() -> None:
    with pytest.raises(UnsupportedAccess, match="choose access vector"):
        resolve_task("CartPole-v1", access="pixels")
    with pytest.raises(UnsupportedAccess, match="choose ram or pixels or vector"):
        resolve_task("CartPole-v1", access="smell")
    with pytest.raises(UnsupportedProtocol, match="Atari"):
        resolve_task("CartPole-v1", protocol="sticky")
    with pytest.raises(UnsupportedProtocol, match="sticky or article or v5"):
        resolve_task("ALE/Pong-v5", protocol="standard")


def test_arguments_reach_the_environment() -> None:
    assert resolve_task("LunarLander-v3", gravity=-5.0).kwargs == (("gravity", -5.0),)
    with pytest.raises(UsageError, match="no_such_argument"):
        resolve_task("LunarLander-v3", no_such_argument=1)


@pytest.mark.parametrize(
    ("env_id", "size", "actions"),
    [
        ("CartPole-v1", 4, 2),
        ("Acrobot-v1", 6, 3),
        ("LunarLander-v3", 8, 4),
        ("FrozenLake-v1", 1, 4),
        ("Blackjack-v1", 3, 2),
    ],
)
def test_discrete_control(env_id: str, size: int, actions: int) -> None:
    environment = open_environment(resolve_task(env_id))
    assert environment.observation.shape == (size,)
    assert environment.observation.dtype == "float64"
    assert environment.actions == Discrete(n=actions)


@pytest.mark.parametrize(
    ("env_id", "size", "actions"),
    [
        ("Pendulum-v1", 3, 1),
        ("BipedalWalker-v3", 24, 4),
        ("HalfCheetah-v5", 17, 6),
        ("MountainCarContinuous-v0", 2, 1),
    ],
)
def test_continuous_control(env_id: str, size: int, actions: int) -> None:
    environment = open_environment(resolve_task(env_id))
    assert environment.observation.shape == (size,)
    assert isinstance(environment.actions, Box)
    assert len(environment.actions.low) == actions
    logs = []
    for _ in range(2):
        out = np.zeros(size)
        rng = np.random.default_rng(0)
        log = [environment.reset(7, out)]
        for _ in range(30):
            log.append(environment.step(rng.uniform(-5, 5, actions), out))  # type: ignore[arg-type]
            log.append(out.tolist())  # type: ignore[arg-type]
        logs.append(log)
    assert logs[0] == logs[1]


def test_the_registered_time_limit_truncates() -> None:
    environment = open_environment(resolve_task("MountainCar-v0"))
    out = np.zeros(2)
    environment.reset(0, out)
    steps = 1
    while not any(environment.step(1, out)[1:3]):
        steps += 1
    assert steps == 200


@pytest.mark.parametrize(
    ("observes", "shape"),
    [
        ("grid", (6,)),
        ("image", (8, 9, 3)),
        ("state", (1,)),
        ("states", (2,)),
        ("bits", (4,)),
        ("mixed", (3,)),
    ],
)
def test_observations_become_vectors_or_images(observes: str, shape: tuple[int, ...]) -> None:
    environment = open_environment(resolve_task(ECHO, observes=observes))
    spec = environment.observation
    assert spec.shape == shape
    out = np.zeros(shape, dtype=spec.dtype)
    environment.reset(0, out)
    seen = environment._env.unwrapped.last_observation  # type: ignore[attr-defined]
    if observes == "mixed":
        assert out.tolist() == [*seen["speed"].tolist(), seen["where"]]  # in the order of the names
        assert [(p.name, p.start, p.size) for p in spec.parts] == [("speed", 0, 2), ("where", 2, 1)]
    else:
        assert out.ravel().tolist() == np.ravel(seen).tolist()
    if observes != "image":
        assert len(spec.low) == len(spec.high) == shape[0]
        assert all(low <= x <= high for low, x, high in zip(spec.low, out, spec.high, strict=True))


@pytest.mark.parametrize(
    ("acts", "action", "expected"),
    [
        ("discrete", 0, -1),
        ("discrete", np.int64(2), 1),
        ("product", 4, [1, 1]),
        ("box", [5.0, 0.5], [1.0, 0.5]),
        ("box", np.array([-np.inf, 1.5]), [-1.0, 1.5]),
    ],
)
def test_actions_reach_the_environment_in_its_own_terms(acts: str, action: object, expected: object) -> None:
    environment = open_environment(resolve_task(ECHO, acts=acts))
    out = np.zeros(environment.observation.shape)
    environment.reset(0, out)
    assert environment.step(action, out) == (1.0, False, False, 1)  # type: ignore[arg-type]
    got = environment._env.unwrapped.last_action  # type: ignore[attr-defined]
    assert np.array_equal(got, expected)  # type: ignore[arg-type]
    assert environment._env.action_space.contains(got)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["large product", "mixed"])
def test_products_and_mixtures_of_any_size_are_played(kind: str) -> None:
    environment = open_environment(resolve_task(ECHO, acts=kind))
    out = np.zeros(environment.observation.shape)
    environment.reset(0, out)
    action = draw_action(environment.actions, np.random.default_rng(0))
    environment.step(action, out)
    got = environment._env.unwrapped.last_action  # type: ignore[attr-defined]
    assert environment._env.action_space.contains(got)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("option", "kind"), [("observes", "text"), ("acts", "text")])
def test_spaces_without_translation(option: str, kind: str) -> None:
    with pytest.raises(UsageError, match="expected"):
        resolve_task(ECHO, **{option: kind})  # type: ignore[arg-type]


def test_pictures_only_when_asked() -> None:
    task = resolve_task("LunarLander-v3")
    silent = open_environment(task)
    with pytest.raises(UsageError, match="render=True"):
        silent.render()
    drawn = open_environment(task, render=True)
    drawn.reset(0, np.zeros(8))
    assert drawn.render().dtype == np.uint8


def test_where_the_seed_matters() -> None:
    assert not seed_matters(resolve_task("ALE/Pong-v5", protocol="article"))
    assert seed_matters(resolve_task("ALE/Pong-v5"))
    assert seed_matters(resolve_task("CartPole-v1"))


def test_an_environment_without_pictures_says_so() -> None:
    class Blind(gymnasium.Env[np.ndarray, np.int64]):
        metadata = {"render_modes": ["ansi"]}  # noqa: RUF012 - gymnasium's own convention
        observation_space = gymnasium.spaces.Box(0.0, 1.0, (1,), np.float32)
        action_space = gymnasium.spaces.Discrete(2)

    gymnasium.register("Blind-v0", entry_point=Blind)  # type: ignore[arg-type]
    try:
        task = resolve_task("Blind-v0")
        with pytest.raises(UsageError, match="draws no pictures"):
            open_environment(task, render=True)
    finally:
        del gymnasium.registry["Blind-v0"]
