from __future__ import annotations

import errno
import os
from pathlib import Path

import av
import numpy as np
import pytest

from hlearn.errors import EnvironmentFault, HarnessError, UsageError
from hlearn.evaluate.api import Recording
from hlearn.evidence.film import write_film
from hlearn.evidence.renderers import MujocoDrawing, mujoco_advice, mujoco_drawing, ready_to_draw
from hlearn.evidence.replay import replay, shots
from hlearn.records import Episode, Program
from hlearn.tasks import resolve_task
from hlearn.tasks.registry import traits
from tests.cli.programs import SEEK


def _pictures(count: int) -> list[np.ndarray]:
    pictures = np.zeros((count, 48, 64, 3), np.uint8)
    for i in range(count):
        pictures[i, :, : 2 * i + 2] = (200, 40, 40)
    return list(pictures)


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_film_has_every_picture_in_its_colours(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    assert write_film(path, _pictures(25), per_second=25) == 25
    with av.open(str(path)) as container:
        frames = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    assert len(frames) == 25
    assert np.abs(frames[-1][24, 5].astype(int) - (200, 40, 40)).max() < 30
    assert list(tmp_path.iterdir()) == [path]


def test_a_film_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken():
        yield from _pictures(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(tmp_path / "film.mp4", broken(), per_second=10)
    assert not list(tmp_path.iterdir())


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.mp4 or \.gif"):
        write_film(tmp_path / "film.avi", [], per_second=10)


def test_a_film_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        write_film(tmp_path / "film.mp4", [], per_second=10)


def test_a_film_that_may_not_be_written_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(av, "open", refuse)  # a test that runs as root is refused nothing
    with pytest.raises(UsageError, match="Permission denied"):
        write_film(tmp_path / "film.mp4", _pictures(3), per_second=10)


def test_shots_follow_the_episode() -> None:
    task = resolve_task("hlearn.testing.toys:Corridor-v0")
    film = replay(task, Program(source=SEEK), 11)
    assert isinstance(film.outcome, Episode)
    taken = list(shots(film, every=1))
    assert [s.decision for s in taken] == list(range(film.outcome.length + 1))
    assert taken[-1].score == film.outcome.score
    assert len(list(shots(film, every=0.5))) == 2 * len(taken) - 1
    assert [s.decision for s in shots(film, every=3, start=4, stop=12)] == [4, 7, 10]
    height, width, _ = taken[0].picture.shape
    assert height % 2 == width % 2 == 0


def test_an_episode_that_is_not_repeatable_is_a_fault() -> None:
    task = resolve_task("hlearn.testing.toys:Corridor-v0")
    film = replay(task, Program(source=SEEK), 11)
    rewards = film.recording.rewards.copy()
    rewards[3] += 1
    other = Recording(
        observations=film.recording.observations, actions=film.recording.actions, rewards=rewards
    )
    with pytest.raises(HarnessError, match="not repeatable"):
        list(shots(film._replace(recording=other), every=1))


def test_natural_speeds() -> None:
    assert traits(resolve_task("ALE/Pong-v5")).decisions_per_second == 60
    assert traits(resolve_task("ALE/Pong-v5", protocol="v5")).decisions_per_second == 15
    assert traits(resolve_task("CartPole-v1")).decisions_per_second == 50
    assert traits(resolve_task("hlearn.testing.toys:Corridor-v0")).decisions_per_second == 30


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_pictures_of_odd_and_changing_sizes_make_one_film(tmp_path: Path, suffix: str) -> None:
    pictures = [np.full((size, size + 2, 3), 90, np.uint8) for size in (33, 64, 7, 33)]
    path = tmp_path / f"film{suffix}"
    assert write_film(path, pictures, per_second=10) == 4
    with av.open(str(path)) as container:
        shapes = {f.to_ndarray(format="rgb24").shape for f in container.decode(video=0)}
    assert shapes == {(34, 36, 3)}


def test_a_film_without_a_picture_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no picture"):
        write_film(tmp_path / "film.mp4", [], per_second=10)
    assert not list(tmp_path.iterdir())


ONES = """
class Ones:
    def reset(self, seed): pass
    def act(self, observation): return 1
"""
COINS = """
import gymnasium as gym
import numpy as np
from gymnasium import spaces


class Coin(gym.Env):
    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}
    observation_space = spaces.Box(0.0, 1.0, (1,), np.float32)
    action_space = spaces.Discrete(2)

    def __init__(self, render_mode=None, shows="grey"):
        self.render_mode, self.shows = render_mode, shows

    def render(self):
        if self.shows == "nothing":
            return np.full((64, 64), 90, np.uint8)
        if self.shows == "words":
            return "a coin"
        return np.full((31, 31), 40 * self.side + 20 * self.t, np.uint8)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.side, self.t = int(self.np_random.integers(2)), 0
        return np.array([self.side], np.float32), {}

    def step(self, action):
        self.t += 1
        return np.array([self.side], np.float32), float(action == self.side), False, self.t >= 5, {}


gym.register("Coin-v0", entry_point="coins:Coin", max_episode_steps=10)
"""


@pytest.mark.parametrize(
    ("shows", "expected"),
    [("grey", ""), ("nothing", "one colour, RGB .90, 90, 90."), ("words", r"gave from render\(\) str")],
)
def test_films_of_odd_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shows: str, expected: str
) -> None:
    (tmp_path / "coins.py").write_text(COINS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    task = resolve_task("coins:Coin-v0", shows=shows)
    film = replay(task, Program(source=ONES), 3)
    path = tmp_path / "film.mp4"
    if not expected:
        assert write_film(path, (s.picture for s in shots(film, every=1)), per_second=10) == 6
        return
    with pytest.raises(EnvironmentFault, match=expected):
        write_film(path, (s.picture for s in shots(film, every=1)), per_second=10)
    assert not path.exists()


def test_mujoco_draws_without_a_display_or_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "MUJOCO_GL"):
        monkeypatch.delenv(name, raising=False)
    ready_to_draw()
    found = mujoco_drawing()
    assert found.backend in ("egl", "osmesa") or "egl" in found.why
    broken = mujoco_drawing({**os.environ, "MUJOCO_GL": "nonsense"})
    assert not broken.backend and broken.chosen == "set" and "nonsense" in broken.why
    none = MujocoDrawing("", "found", "egl: no such library")
    assert "apt-get" in mujoco_advice(drawing=none) and "MUJOCO_GL" in mujoco_advice(drawing=none)
