"""The first sign of a lost life, and numbers that warn of one."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.editors.search.arcade.dying import first_signs
from hlearn.editors.search.arcade.events import Trajectory, accidents
from hlearn.editors.search.arcade.look_pixels import plays_of
from hlearn.editors.search.arcade.look_ram import byte_sight
from hlearn.editors.search.arcade.omens import find_omens
from hlearn.editors.search.arcade.signals import DetectorTemplate, Signal
from hlearn.evaluate.api import Recording

HEAT, NOISE, FRAME = 0, 1, 2  # bytes: how hot a gun is, nothing, the frame of an explosion
DYING = 50  # steps for which an explosion is shown


def overheating(seed: int, steps: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """A gun that heats up by chance and explodes at 40: what is in memory, and when lives are lost."""
    rng = np.random.default_rng(seed)
    memory = np.zeros((steps, 3), dtype=np.uint8)
    lost = np.zeros(steps, dtype=bool)
    heat, left = 0, 0
    for t in range(steps):
        if left:
            left -= 1
            lost[t] = left == 0
            heat = 0
        else:
            heat = max(0, heat + int(rng.integers(-2, 3)))
            left = DYING if heat >= 40 else 0
        memory[t] = heat, rng.integers(0, 256), (left + 9) // 10
    return memory, lost


def test_an_explosion_shows_when_a_life_was_lost() -> None:
    episodes = [overheating(seed) for seed in (1, 2, 3)]
    signs = first_signs([m for m, _ in episodes], [gone for _, gone in episodes])
    for (memory, lost), first in zip(episodes, signs, strict=True):
        lag = np.flatnonzero(lost) - first
        assert (lag == DYING).all()
        assert len(memory) == len(lost)
    assert sum(len(s) for s in signs) >= 3


def test_without_an_explosion_the_loss_itself_is_told() -> None:
    memory, lost = overheating(1)
    bare = np.delete(memory, [HEAT, FRAME], axis=1)
    assert (first_signs([bare], [lost])[0] == np.flatnonzero(lost)).all()


def test_heat_warns_and_noise_does_not() -> None:
    signs = tuple(Signal(sight=byte_sight(i), low=0, high=60) for i in (HEAT, NOISE))
    plays = []
    for seed in (1, 2, 3, 4):
        memory, lost = overheating(seed)
        series = {s.key: memory[:, i].astype(float) for i, s in enumerate(signs)}
        shown = first_signs([memory], [lost])[0]
        plays.append(Trajectory(series=series, lost=lost, gained=np.zeros_like(lost), shown=shown))
    assert sum(len(a) for a in accidents(plays, [])) >= 3
    found = find_omens(plays, [], signs)
    assert [o.sign.key for o in found] == [signs[0].key]
    assert found[0].high
    assert found[0].level == pytest.approx(37, abs=3)


def test_on_the_screen_a_player_out_of_sight_is_the_first_sign_and_a_bar_may_warn() -> None:
    player = DetectorTemplate(key="player", body=("return None",), optional=True)
    bar = DetectorTemplate(key="patch", body=("return 0",))
    own, gauge = Signal(sight=player, field="x", low=8, high=150), Signal(sight=bar, low=0, high=40)
    recordings = []
    for seed in (1, 2, 3, 4):
        memory, lost = overheating(seed)
        traces = tuple(
            {"sight_0": None if frame else {"x": 50.0 + t % 3, "y": 180.0}, "sight_1": int(heat)}
            for t, (heat, _, frame) in enumerate(memory)
        )
        recordings.append(
            Recording(
                observations=np.empty((0,)),
                actions=np.zeros(len(lost), dtype=int),
                rewards=np.zeros(len(lost)),
                lives=(9 - np.cumsum(lost)).astype(np.int16),
                traces=traces,
            )
        )
    plays, signals, signs = plays_of(recordings, (player, bar), (own,), (gauge,))
    for play in plays:
        assert play.shown is not None
        assert (np.abs(np.flatnonzero(play.lost) - play.shown - DYING) <= 1).all()
    assert signals == (own,)
    assert [o.sign.key for o in find_omens(plays, [own], signs)] == ["patch"]
