"""What the bytes of real games are, judged by how they behave."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.probe.ram import ByteMotion, find_motions, read_byte
from hlearn.probe.scene import Axis
from hlearn.records import Access, Protocol
from hlearn.tasks import open_environment, resolve_task
from hlearn.tasks.environment import Discrete


def play(env_id: str, episodes: int = 4, steps: int = 1500) -> tuple[ByteMotion, ...]:
    environment = open_environment(resolve_task(env_id, access=Access.RAM, protocol=Protocol.ARTICLE))
    space = environment.actions
    assert isinstance(space, Discrete)
    recorded = []
    for episode in range(episodes):
        rng = np.random.default_rng(episode)
        observation = np.zeros(environment.observation.shape, environment.observation.dtype)
        environment.reset(episode, observation)
        seen, acted, action, left = [], [], 0, 0
        for _ in range(steps):
            if left == 0:
                action, left = int(rng.integers(space.n)), int(rng.integers(2, 30))
            left -= 1
            seen.append(observation.copy())
            acted.append(action)
            _, terminated, _, _ = environment.step(action, observation)
            if terminated:
                break
        recorded.append((np.array(seen), np.array(acted)))
    environment.close()
    return find_motions(recorded, space.names)


@pytest.mark.parametrize(("env_id", "explained"), [("ALE/Breakout-v5", 0.9), ("ALE/Pong-v5", 0.3)])
def test_the_paddle_is_driven_and_the_ball_moves_by_itself(env_id: str, explained: float) -> None:
    found = play(env_id)
    driven = [b for b in found if b.motion.axis is not None]
    assert {b.motion.axis for b in driven} == {Axis.X}, "both games name their buttons RIGHT and LEFT"
    assert driven[0].motion.explained > explained, "less where a paddle gathers speed"
    assert any(b.motion.explained > explained and b.motion.pending for b in driven), "a paddle answers late"
    bouncers = [b for b in found if b.motion.axis is None and b.motion.turns is not None]
    assert len(bouncers) >= 2, "a ball has two coordinates"
    assert all(b.motion.explained == 0 for b in bouncers)
    order = [b.motion.axis is None for b in found]
    assert order == sorted(order), "driven ones first"


def made_up(steps: int = 400) -> np.ndarray:
    observations = np.zeros((steps, 128), np.uint8)
    place = 60 + 50 * np.abs(np.arange(steps) % 100 - 50) // 50
    observations[:, 3] = place
    observations[:, 4] = place  # a copy
    observations[:, 5] = place + 9  # a copy at a distance
    coarse, rest = np.divmod(place + 7, 15)
    fine = (7 - rest) % 16
    observations[:, 9] = coarse + 16 * fine
    observations[:, 20] = np.arange(steps) % 256  # a clock
    observations[:, 21] = np.random.default_rng(0).integers(0, 256, steps)
    return observations


def test_copies_are_one_and_coded_bytes_are_read() -> None:
    observations = made_up()
    assert (read_byte(observations, 9, coded=True) == read_byte(observations, 3, coded=False)).all()
    actions = np.zeros(len(observations), dtype=int)
    found = find_motions([(observations, actions)], ("NOOP", "RIGHT", "LEFT"))
    assert [(b.index, b.coded) for b in found] == [(3, False)]
    only = observations.copy()
    only[:, 3:6] = 0
    found = find_motions([(only, actions)], ("NOOP", "RIGHT", "LEFT"))
    assert [(b.index, b.coded) for b in found] == [(9, True)]


def test_nothing_recorded_nothing_found() -> None:
    assert find_motions([], ("NOOP",)) == ()
