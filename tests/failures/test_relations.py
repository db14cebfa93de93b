"""Numbers held against an observation that was made up: what explains them, and where they rest while it moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from hlearn.failures import mine
from hlearn.failures.detectors import check_detectors, detector_signs
from hlearn.failures.episodes import MinedEpisode, usual_of
from hlearn.failures.relations import rest_of
from hlearn.failures.signs import jitters
from hlearn.records import Episode
from hlearn.replays.columns import Columns
from tests.failures.test_mining import GOOD, _played

STEPS = 600


def _ball(rng: np.random.Generator) -> np.ndarray:
    """A place that goes to and fro between walls, float64[T]."""
    ways = np.repeat(rng.choice([-3.0, -2.0, 2.0, 3.0], STEPS // 20), 20)
    return 100 + np.abs(np.cumsum(ways)) % 80


def _episode(value: np.ndarray, observed: np.ndarray) -> MinedEpisode:
    like = _played(GOOD)[0]
    columns = Columns({"ball": value}, {}, ("",) * STEPS)
    recording = like.recording
    outcome = Episode(seed=1, score=1.0, length=STEPS, env_steps=STEPS, terminated=True, truncated=False)
    recording = replace(
        recording,
        rewards=np.ones(STEPS),
        lives=np.zeros(STEPS, np.int16),
        actions=np.zeros(STEPS, np.int64),
    )
    return replace(like, outcome=outcome, recording=recording, columns=columns, observed=observed)


def _speed(place: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(4), (place[4:] - place[:-4]) / 4])


def _frozen(place: np.ndarray) -> np.ndarray:
    return np.where(np.arange(STEPS) % 400 >= 200, place[0], place)


FAULTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "scaled": lambda ball: ball * 0.5,
    "frozen": _frozen,
    "shifted": lambda ball: ball + 8,
    "turned round": lambda ball: -ball,
    "late by 3": lambda ball: np.concatenate([np.full(3, ball[0]), ball[:-3]]),
    "times the change": lambda ball: _speed(ball) * 0.5,
    "against the change": lambda ball: -_speed(ball),
    "dead": lambda ball: np.full(STEPS, 7.0),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_number_that_is_wrong_is_named(name: str) -> None:
    rng = np.random.default_rng(5)
    ball = _ball(rng)
    observed = np.stack([ball, _ball(rng), np.arange(STEPS) % 256.0, rng.integers(0, 9, STEPS)], axis=1)
    wrong = _episode(FAULTS[name](ball), observed)
    right = _episode(ball, observed)
    checks = check_detectors([wrong], usual_of([wrong]))
    said = checks[0].finding
    assert (
        name in said if name not in ("times the change", "against the change") else "change of obs[0]" in said
    )
    assert [s.subject for s in detector_signs(checks, [wrong])] == ["ball"]
    assert [c.finding for c in check_detectors([right], usual_of([right]))] == [""]
    speed = _episode(_speed(ball), observed)
    assert [c.finding for c in check_detectors([speed], usual_of([speed]))] == [""]


def test_noise_jitters_and_a_ball_does_not() -> None:
    rng = np.random.default_rng(5)
    ball = _ball(rng)
    observed = ball[:, None]
    noisy = _episode(ball + rng.uniform(-30, 30, STEPS), observed)
    assert [s.subject for s in jitters(noisy, usual_of([noisy]))] == ["ball"]
    calm = _episode(ball, observed)
    assert not list(jitters(calm, usual_of([calm])))


@pytest.mark.filterwarnings("error")
def test_what_always_moves_as_far_but_for_jumps_tells_nothing() -> None:
    moves = np.ones(STEPS)
    moves[::100] = 50.0
    moves[200:300] = 0.0
    still = np.cumsum(np.where(np.arange(STEPS) % 100 == 0, 50.0, 1.0))
    assert rest_of(np.cumsum(moves), still[:, None]) is None


def _several(values: dict[str, np.ndarray], observed: np.ndarray, seed: int = 1) -> MinedEpisode:
    like = _episode(next(iter(values.values())), observed)
    return replace(like, seed=seed, columns=Columns(values, {}, ("",) * STEPS))


def _walks(seed: int, count: int = 4) -> np.ndarray:
    """Places that wander, float64[T, count]."""
    return np.cumsum(np.random.default_rng(seed).normal(size=(STEPS, count)), axis=0)


def _late(value: np.ndarray, by: int) -> np.ndarray:
    return np.concatenate([np.full(by, value[0]), value[:-by]])


def test_a_sum_of_components_is_not_called_scaled_and_is_called_late() -> None:
    seen = _walks(7)
    total = 38.0 * seen[:, 2] + 3.0 * seen[:, 0] - 1.5 * seen[:, 3]
    right = _several({"lean": total}, seen)
    assert [c.finding for c in check_detectors([right], usual_of([right]))] == [""]
    wrong = _several({"lean": _late(total, 3)}, seen)
    assert "late by 3 decisions, as a sum" in check_detectors([wrong], usual_of([wrong]))[0].finding


def test_what_is_reckoned_from_the_present_is_not_late() -> None:
    rng = np.random.default_rng(11)
    setpoint = np.repeat(rng.uniform(0.4, 1.4, STEPS // 50 + 1), 50)[:STEPS]
    kick = setpoint - _late(setpoint, 2)  # a pump that is opened for two decisions after each jump
    seen = np.stack([kick, setpoint], axis=1)
    gap = _several({"setpoint_from_pump": setpoint - kick}, seen)
    (check,) = check_detectors([gap], usual_of([gap]))
    assert check.relation.lag == 2 and check.agreement > 0.99 and check.finding == ""
    smooth = 0.45 * setpoint + 0.55 * _late(setpoint, 1)  # hardly better explained by the decision before
    slow = _several({"level": smooth}, setpoint[:, None])
    (check,) = check_detectors([slow], usual_of([slow]))
    assert check.relation.lag == 1 and check.agreement > 0.98 and check.finding == ""


def test_a_bent_curve_is_not_called_scaled() -> None:
    seen = np.random.default_rng(3).uniform(-1, 1, (STEPS, 3))
    bent = _several({"near": 5 * np.tanh(seen[:, 0]), "half": 0.5 * seen[:, 1]}, seen)
    table = {c.name: c for c in check_detectors([bent], usual_of([bent]))}
    assert table["near"].agreement > 0.98 and table["near"].finding == ""
    assert table["half"].finding.endswith("scaled")


def test_what_reads_a_component_that_stays_is_not_dead() -> None:
    episodes = []
    for seed in (1, 2, 3):
        seen = _walks(seed)
        seen[:, 1] = float(seed)  # such as a goal, drawn once per episode
        episodes.append(_several({"goal": seen[:, 1], "place": np.full(STEPS, seen[0, 0])}, seen, seed))
    table = {c.name: c.finding for c in check_detectors(episodes, usual_of(episodes))}
    assert table == {"goal": "", "place": "never changes: dead"}


def test_what_is_reckoned_from_a_detector_that_jumps_is_not_blamed() -> None:
    seen = _walks(3)
    jumping = seen[:, 0] + np.where(np.arange(STEPS) % 9 == 0, 400.0, 0.0)
    episode = _several({"place": jumping, "aim": 2 * jumping + seen[:, 1]}, seen)
    assert [g.subject for g in mine([episode]) if g.kind == "jumps"] == ["place"]


def test_in_short_episodes_what_agrees_exactly_is_named_and_every_end_is_a_loss() -> None:
    episodes = []
    for seed in (1, 2, 3):
        seen, short = _walks(seed)[:12], 12
        like = _episode(_walks(seed)[:, 0], _walks(seed))
        recording = replace(
            like.recording,
            rewards=np.ones(short),
            lives=np.zeros(short, np.int16),
            actions=np.arange(short) % 3,
        )
        outcome = Episode(seed=seed, score=12.0, length=12, env_steps=12, terminated=True, truncated=False)
        columns = Columns({"speed": -seen[:, 1], "angle": seen[:, 0]}, {}, ("push",) * short)
        episodes.append(
            replace(like, seed=seed, outcome=outcome, recording=recording, columns=columns, observed=seen)
        )
    found = {(g.kind, g.subject) for g in mine(episodes)[:3]}
    assert {("detector", "speed"), ("early end", "push")} <= found
    assert ("detector", "angle") not in found
