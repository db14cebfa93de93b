"""Spaces of environments that nobody designed for hlearn: what is left out is named, what cannot be is refused."""

from __future__ import annotations

import enum
import os
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from hlearn.errors import UnknownTask, UsageError
from hlearn.records import Access
from hlearn.tasks import open_environment, resolve_task
from hlearn.tasks.environment import Box, Discrete
from hlearn.tasks.spaces import natural_access, observation_spec

OBSERVED: dict[str, spaces.Space[Any]] = {
    "mission": spaces.Dict(
        {
            "image": spaces.Box(0, 255, (7, 7, 3), np.uint8),
            "mission": spaces.Text(9),
            "direction": spaces.Discrete(4),
        }
    ),
    "camera": spaces.Dict(
        {"camera": spaces.Box(0, 255, (96, 96, 3), np.uint8), "speed": spaces.Box(-1.0, 1.0, (2,))}
    ),
    "camera alone": spaces.Dict({"camera": spaces.Box(0, 255, (96, 96, 3), np.uint8)}),
    "nested": spaces.Tuple(
        (
            spaces.Dict({"deep": spaces.Sequence(spaces.Discrete(2)), "at": spaces.Discrete(5, start=3)}),
            spaces.MultiBinary(2),
        )
    ),
    "words": spaces.Dict({"said": spaces.Text(9), "heard": spaces.Text(9)}),
}
ACTED: dict[str, spaces.Space[Any]] = {
    "tuple": spaces.Tuple((spaces.Discrete(2, start=1), spaces.MultiBinary(2))),
    "dict": spaces.Dict({"steer": spaces.Discrete(3), "gas": spaces.MultiDiscrete([2, 2])}),
    "boxes": spaces.Dict({"arm": spaces.Box(-1.0, 1.0, (2, 2)), "hand": spaces.Box(0.0, 5.0, (1,))}),
    "matrix": spaces.Box(-1.0, 1.0, (2, 3)),
    "whole": spaces.Box(0, 9, (2,), np.int64),
    "both": spaces.Tuple((spaces.Discrete(2), spaces.Box(-1.0, 1.0, (2,)))),
    "named": spaces.Discrete(2),
    "many": spaces.MultiDiscrete([5, 4, 6]),
    "bits": spaces.MultiBinary(9),
    "said": spaces.Tuple((spaces.Discrete(2), spaces.Text(4))),
}


class Moves(enum.IntEnum):
    """What the named actions are called."""

    left = 0
    right = 1


class Odd(gymnasium.Env[Any, Any]):
    """Gives samples of its observation space, keeps the last action."""

    def __init__(self, sees: str = "mission", acts: str = "named", size: int = 3) -> None:
        if size < 1:
            raise RuntimeError(f"size must be positive, not {size}")
        np.zeros(size)
        self.observation_space, self.action_space = OBSERVED[sees], ACTED[acts]
        self.actions = Moves
        self.seen: Any = None
        self.last: Any = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        self.seen = self.observation_space.sample()
        return self.seen, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        assert self.action_space.contains(action), action
        self.last, self.seen = action, self.observation_space.sample()
        return self.seen, 1.0, False, False, {}


gymnasium.register("hlearn-tests/Odd-v0", entry_point=Odd, max_episode_steps=9)  # type: ignore[arg-type]
ODD = "tests.tasks.test_own_spaces:hlearn-tests/Odd-v0"


@pytest.mark.parametrize(
    ("sees", "size", "left_out"),
    [
        ("mission", 148, ["mission (Text: no fixed length)"]),
        ("camera", 2, ["camera (an image of 96x96x3: too large for a vector)"]),
        ("camera alone", 27_648, []),
        ("nested", 3, ["0.deep (Sequence: no fixed length)"]),
    ],
)
def test_parts_that_no_vector_holds_are_left_out_by_name(sees: str, size: int, left_out: list[str]) -> None:
    task = resolve_task(ODD, sees=sees)
    environment = open_environment(task)
    spec = environment.observation
    assert task.access is Access.VECTOR and spec.shape == (size,)
    assert list(spec.left_out) == left_out
    out = np.full(size, np.nan)
    environment.reset(1, out)
    environment.step(0, out)
    seen = environment._env.unwrapped.seen  # type: ignore[attr-defined]
    if sees == "mission":
        assert out.tolist() == [seen["direction"], *seen["image"].ravel().tolist()]
    assert np.isfinite(out).all()


def test_an_observation_of_words_alone_is_refused_with_every_part_named() -> None:
    with pytest.raises(UsageError, match="expected one of fixed length"):
        resolve_task(ODD, sees="words")


@pytest.mark.parametrize(
    ("acts", "n", "names"),
    [
        ("tuple", 8, ("1, 0 0", "2, 1 1")),
        ("dict", 12, ("gas=0 0, steer=0", "gas=1 1, steer=2")),
        ("named", 2, ("left", "right")),
    ],
)
def test_products_of_actions_are_one_index_with_names(acts: str, n: int, names: tuple[str, str]) -> None:
    environment = open_environment(resolve_task(ODD, acts=acts))
    assert isinstance(environment.actions, Discrete) and environment.actions.n == n
    assert (environment.actions.names[0], environment.actions.names[-1]) == names
    out = np.zeros(environment.observation.shape)
    environment.reset(1, out)
    taken = []
    for action in range(n):
        environment.step(action, out)
        taken.append(repr(environment._env.unwrapped.last))  # type: ignore[attr-defined]
    assert len(set(taken)) == n


@pytest.mark.parametrize(
    ("acts", "size"), [("boxes", 5), ("matrix", 6), ("whole", 2), ("both", 3), ("many", 3), ("bits", 9)]
)
def test_boxes_of_any_shape_are_one_flat_vector(acts: str, size: int) -> None:
    environment = open_environment(resolve_task(ODD, acts=acts))
    assert isinstance(environment.actions, Box) and len(environment.actions.low) == size
    out = np.zeros(environment.observation.shape)
    environment.reset(1, out)
    environment.step(np.linspace(-3, 9, size), out)


def test_a_choice_among_many_combinations_is_a_number_rounded_down() -> None:
    environment = open_environment(resolve_task(ODD, acts="many"))
    assert environment.actions == Box(low=(0.0,) * 3, high=(5.0, 4.0, 6.0))
    out = np.zeros(environment.observation.shape)
    environment.reset(1, out)
    taken = []
    for action in ([0.9, 3.0, 5.999], [5.0, -1.0, 2.5]):
        environment.step(np.array(action), out)
        taken.append(environment._env.unwrapped.last.tolist())  # type: ignore[attr-defined]
    assert taken == [[0, 3, 5], [4, 0, 2]]


@pytest.mark.parametrize(("acts", "words"), [("said", r"got 0 \(Discrete\), 1 \(Text\)")])
def test_actions_that_are_no_numbers_are_refused_with_their_parts(acts: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        resolve_task(ODD, acts=acts)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"size": -1},
            r"does not take the arguments size=-1 .*size must be positive, not -1",
        ),  # a RuntimeError
        ({"size": "big"}, r"size='big'.*TypeError"),
        ({"sees": "stars"}, r"sees='stars'.*KeyError: 'stars'"),
        ({"sise": 2}, r"knows no sise, did you mean size\? It takes sees, acts, size"),
        ({"temperature": 2}, r"knows no temperature\. It takes sees, acts, size"),
    ],
)
def test_a_bad_argument_is_told_as_one(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        resolve_task(ODD, **arguments)


_MODULE = """
import gymnasium
from gymnasium.envs.classic_control import CartPoleEnv
gymnasium.register("Here-v0", entry_point=CartPoleEnv, max_episode_steps=50)
"""


def test_a_module_in_the_current_folder_is_found_but_not_in_a_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hlearn_tests_here.py").write_text(_MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [p for p in os.sys.path if p not in ("", os.getcwd())])  # type: ignore[attr-defined]
    (tmp_path / "hl.toml").write_text("")
    with pytest.raises(UnknownTask, match="neither installed nor in this folder"):
        resolve_task("hlearn_tests_here:Here-v0")
    (tmp_path / "hl.toml").unlink()
    assert resolve_task("hlearn_tests_here:Here-v0").access is Access.VECTOR


@pytest.mark.parametrize(
    ("shape", "access"),
    [
        ((4, 4, 16), Access.VECTOR),
        ((7, 7, 3), Access.VECTOR),
        ((96, 96, 3), Access.PIXELS),
        ((4, 84, 84), Access.PIXELS),
    ],
)
def test_a_board_of_small_numbers_is_no_picture(shape: tuple[int, int, int], access: Access) -> None:
    space = spaces.Box(0, 255, shape, np.uint8)
    assert natural_access(space) is access
    spec, write = observation_spec(space)
    buffer = np.zeros(spec.shape, dtype=spec.dtype)
    write(space.sample(), buffer)
    assert spec.shape == (shape if access is Access.PIXELS else (int(np.prod(shape)),))
