"""What was where when lives were lost and points won."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.editors.search.arcade.events import Trajectory, accidents, gains
from hlearn.editors.search.arcade.look_ram import byte_sight
from hlearn.editors.search.arcade.meetings import find_meetings
from hlearn.editors.search.arcade.signals import Signal

OWN, BOMB, HEIGHT, SECOND, SECOND_HEIGHT, NOISE = (
    Signal(sight=byte_sight(i), low=20, high=140) for i in (28, 84, 82, 83, 81, 90)
)
SIGNALS = (OWN, BOMB, HEIGHT, SECOND, SECOND_HEIGHT, NOISE)
DYING = 60  # steps for which the player is shown dying


def battle(seed: int, *, dying: int = DYING, steps: int = 4000) -> Trajectory:
    """A player who walks about while two bombs fall; one that comes down on it kills, then nothing moves."""
    rng = np.random.default_rng(seed)
    rows: list[list[float]] = []
    lost: list[bool] = []
    place, way = 80.0, 1.0
    bombs = [[70.0, 0.0], [110.0, 50.0]]
    left = 0
    while len(rows) < steps:
        if left:
            left -= 1
        else:
            way = -way if rng.random() < 0.03 or not 21 < place < 139 else way
            place += way
            for bomb in bombs:
                bomb[1] += 1.0
                if bomb[1] > 100.0:
                    bomb[:] = [float(rng.integers(20, 140)), float(rng.integers(0, 20))]
            if any(abs(x + 3.0 - place) < 5.0 and 90.0 <= y <= 96.0 for x, y in bombs):
                left = dying
        (x, y), (x2, y2) = bombs
        rows.append([place, x, y, x2, y2, float(rng.integers(0, 256))])
        lost.append(left == 1 if dying > 1 else left == dying)
        if lost[-1]:
            bombs = [[float(rng.integers(20, 140)), float(rng.integers(0, 60))] for _ in bombs]
            left = 0
    columns = np.array(rows).T
    series = {s.key: column for s, column in zip(SIGNALS, columns, strict=True)}
    return Trajectory(series=series, lost=np.array(lost), gained=np.zeros(len(lost), dtype=bool))


def test_an_accident_lies_before_the_player_is_shown_dying() -> None:
    plays = [battle(1), battle(2)]
    for play, steps in zip(plays, accidents(plays, [OWN]), strict=True):
        lag = np.flatnonzero(play.lost) - steps
        assert len(lag) >= 5
        assert (np.abs(lag - DYING) <= 4).all()


def test_without_a_pause_the_accident_is_where_the_life_was_lost() -> None:
    plays = [battle(1, dying=1)]
    assert (np.flatnonzero(plays[0].lost) - accidents(plays, [OWN])[0] <= 3).all()


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_both_bombs_are_found_with_their_heights(seed: int) -> None:
    found = find_meetings([battle(seed + 10 * i) for i in range(4)], "loss", OWN, None, SIGNALS)
    pairs = {m.thing.key: m for m in found[:2]}
    assert set(pairs) == {BOMB.key, SECOND.key}
    assert (pairs[BOMB.key].depth, pairs[SECOND.key].depth) == (HEIGHT, SECOND_HEIGHT)
    for meeting in pairs.values():
        assert meeting.gap == pytest.approx(-3.0, abs=meeting.width)
        assert 86.0 <= meeting.level <= 97.0
        assert meeting.approach == pytest.approx(1.0, abs=0.2)
    assert sum(m.explained for m in pairs.values()) >= 0.7 * found[0].events


def test_nothing_is_made_of_noise() -> None:
    play = battle(6)
    rng = np.random.default_rng(0)
    noise = {k: rng.integers(20, 140, len(play.lost)).astype(float) for k in play.series}
    lost = np.zeros(len(play.lost), dtype=bool)
    lost[rng.choice(len(lost), 12, replace=False)] = True
    blind = Trajectory(series=noise, lost=lost, gained=lost)
    assert find_meetings([blind], "loss", OWN, None, SIGNALS) == []
    assert find_meetings([blind], "gain", OWN, None, SIGNALS) == []


def test_gains_in_a_row_are_one() -> None:
    gained = np.zeros(200, dtype=bool)
    gained[[50, 52, 55, 120]] = True
    play = Trajectory(series={}, lost=np.zeros(200, dtype=bool), gained=gained)
    assert [len(m) for m in gains([play])] == [2]
