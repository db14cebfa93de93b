"""Numbers that move like positions, and what moves them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hlearn.parts import Reach
from hlearn.probe.motion import driven, moves
from hlearn.probe.scene import Axis


def bouncing(steps: int = 600, low: int = 20, high: int = 120, speed: int = 2) -> np.ndarray:
    place, way, values = 60, speed, []
    for _ in range(steps):
        values.append(place)
        if not low <= place + way <= high:
            way = -way
        place += way
    return np.array(values, dtype=float)


def held(rng: np.random.Generator, steps: int) -> np.ndarray:
    commands: list[int] = []
    while len(commands) < steps:
        commands += [int(rng.integers(-1, 2))] * int(rng.integers(2, 16))
    return np.array(commands[:steps])


def actuated(commands: np.ndarray, response: tuple[float, ...]) -> np.ndarray:
    """A position in a wide room: every command changes it ``response[k]`` after ``k`` more steps."""
    change = np.convolve(commands, response)[: len(commands)]
    return 100 + np.concatenate([[0.0], np.cumsum(change)[:-1]])


def test_a_bouncing_number() -> None:
    motion = moves([bouncing(), bouncing(400)])
    assert motion is not None
    assert motion.turns == (20.0, 120.0)
    assert motion.speed == 2.0
    assert motion.moving == 1.0
    assert motion.steady > 0.9
    assert motion.seen == 1.0
    assert (motion.axis, motion.response, motion.pending) == (None, (), ())


def test_gaps_are_no_motion() -> None:
    values = bouncing()
    values[::7] = np.nan
    motion = moves([values])
    assert motion is not None
    assert motion.speed == 2.0
    assert motion.seen == pytest.approx(5 / 7, abs=0.01)
    assert motion.low >= 20
    assert motion.high <= 120


@pytest.mark.parametrize(
    "values",
    [
        np.full(500, 7.0),
        np.random.default_rng(0).integers(0, 256, 500).astype(float),
        np.arange(500.0) % 5,
        np.arange(500.0) % 256,
        np.full(500, np.nan),
        np.arange(20.0),
    ],
    ids=["constant", "noise", "few values", "clock", "never seen", "too short"],
)
def test_what_is_no_position(values: np.ndarray) -> None:
    assert moves([values]) is None


@pytest.mark.parametrize("response", [(0.0, 2.0), (0.0, 0.0, 3.0), (0.0, -2.0), (0.0, 1.0, 0.5, 0.5)])
@pytest.mark.parametrize(("column", "axis"), [(0, Axis.X), (1, Axis.Y)])
def test_the_response_of_a_lagged_actuator_is_recovered(
    response: tuple[float, ...], column: int, axis: Axis
) -> None:
    rng = np.random.default_rng(5)
    episodes, commands = [], []
    for _ in range(4):
        pair = np.stack([held(rng, 900), held(rng, 900)], axis=1)
        episodes.append(actuated(pair[:, column], response))
        commands.append(pair)
    plain = moves(episodes)
    assert plain is not None
    motion = driven(plain, episodes, commands)
    assert motion.axis is axis
    assert motion.explained > 0.9
    assert motion.response[: len(response)] == pytest.approx(response, abs=0.05)
    assert not any(motion.response[len(response) :])
    assert motion.step == pytest.approx(sum(response), abs=0.2)
    reach, steered, wrong = Reach(motion.pending, motion.coasting), 0, []
    for t, (place, command) in enumerate(zip(episodes[0], commands[0][:, column], strict=True)):
        told = reach.rest(place, steered)
        steered = int(command)
        if 8 < t < len(episodes[0]) - 12 and not commands[0][t : t + 12, column].any():
            wrong.append(abs(told - episodes[0][t + 12]))
    assert max(wrong) < 0.3


def test_what_moves_by_itself_is_not_driven() -> None:
    rng = np.random.default_rng(6)
    values = [bouncing(900), bouncing(700)]
    plain = moves(values)
    assert plain is not None
    commands = [np.stack([held(rng, len(v)), held(rng, len(v))], axis=1) for v in values]
    assert driven(plain, values, commands).axis is None


def test_a_wall_that_few_ways_lead_to_is_found_and_a_single_misread_is_none() -> None:
    def way(*turns: int) -> np.ndarray:
        parts = [np.arange(a, b, 1 if b > a else -1) for a, b in itertools.pairwise(turns)]
        return np.concatenate(parts).astype(float)

    often, rarely = (20, 120) * 100, (20, 180, 20) * 4
    motion = moves([way(*often, *rarely)])
    assert motion is not None and motion.turns == (20.0, 180.0)
    misread = moves([way(*often, 20, 180, 20)])
    assert misread is not None and misread.turns == (20.0, 120.0)
