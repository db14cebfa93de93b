"""Conditions that tell what comes, read from play."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN
from hlearn.editors.search.arcade.cues import SOON, Cue, find_cues
from hlearn.editors.search.arcade.events import Trajectory
from hlearn.editors.search.arcade.joint import Draw
from hlearn.editors.search.arcade.look_ram import byte_sight
from hlearn.editors.search.arcade.signals import Signal
from tests.editors.search.arcade.test_joint import draw  # noqa: F401 - a fixture

NEAR, NOISE = (Signal(sight=byte_sight(i), low=0.0, high=100.0) for i in (5, 6))


def chased(seed: int, steps: int = 8000) -> tuple[Trajectory, np.ndarray]:
    """Something comes near now and then and kills whoever does not go left."""
    rng = np.random.default_rng(seed)
    near = np.repeat(rng.uniform(0, 100, steps // 80), 80)
    commands = np.repeat(rng.integers(-1, 2, (steps // 40, 2)), 40, axis=0)
    lost = (near > 80) & (commands[:, 0] != -1) & (rng.random(steps) < 0.05)
    series = {NEAR.key: near, NOISE.key: rng.uniform(0, 100, steps)}
    return Trajectory(series=series, lost=lost, gained=np.zeros(steps, dtype=bool)), commands


def read(*seeds: int) -> tuple[Cue, ...]:
    plays, commands = zip(*(chased(s) for s in seeds), strict=True)
    return find_cues(plays, commands, (NEAR, NOISE))


def test_what_comes_before_losses_is_a_cue_with_the_way_out_and_noise_is_none() -> None:
    (cue,) = read(1, 2, 3)
    assert (cue.sign, cue.test) == (NEAR, ">")
    assert 60 <= cue.level <= 95
    assert cue.urges.get(ACROSS) == -1
    assert DOWN not in cue.urges


def test_a_number_that_always_tells_does_not_drown_the_others() -> None:
    play, commands = chased(1)
    sure = np.zeros(len(play.lost))
    for when in np.flatnonzero(play.lost):
        sure[max(0, when - SOON) : when] = 1.0
    told = replace(play, series={**play.series, NOISE.key: sure})
    cues = find_cues((told,), (commands,), (NEAR, NOISE))
    assert [c.sign for c in cues] == [NOISE, NEAR]
    assert cues[0].evidence < 3 * cues[1].evidence


def test_nothing_is_told_by_nothing() -> None:
    assert find_cues((), (), (NEAR,)) == ()
    play, commands = chased(1)
    dull = replace(play, lost=np.zeros_like(play.lost))
    assert find_cues((dull,), (commands,), (NEAR,)) == ()
    short = Trajectory(
        series={k: v[:SOON] for k, v in play.series.items()}, lost=play.lost[:SOON], gained=play.gained[:SOON]
    )
    assert find_cues((short,), (commands[:SOON],), (NEAR, NOISE)) == ()


def test_programs_are_drawn_with_cues_among_their_conditions(draw: Draw) -> None:  # noqa: F811
    knowing = replace(draw, cues=read(1, 2, 3))
    drawn = [knowing.fresh() for _ in range(120)]
    guarded = [b for g in drawn for b in g.behaviors if b.guard is not None]
    told = [b for b in guarded if b.guard is not None and b.guard.signal is NEAR]
    assert 0.3 * len(guarded) < len(told) < 0.7 * len(guarded)
    assert any(b.kind == "push" and b.option == -1 for b in told if b.channel == ACROSS)
