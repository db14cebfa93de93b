"""Numbers from memory against a screen that was painted here: a place agrees at its offset, a counter does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hlearn.failures.on_screen import check_on_screen, draw_on_screen
from hlearn.replays.columns import Columns
from tests.failures.test_mining import GOOD, _played

STEPS = 200


def test_a_place_agrees_with_what_moves_and_a_counter_does_not() -> None:
    rng = np.random.default_rng(2)
    x = 60 + np.abs(np.cumsum(np.repeat(rng.choice([-2, 1, 2], STEPS // 10), 10))) % 60
    y = 20 + np.abs(np.cumsum(np.repeat(rng.choice([-3, -1, 2], STEPS // 10), 10))) % 40
    pictures = []
    for at, down in zip(x, y, strict=True):
        picture = np.zeros((100, 160, 3), np.uint8)
        picture[down : down + 2, at - 48 : at - 46] = 200
        pictures.append(picture)
    numbers = {
        "ball": x.astype(float),
        "depth": y.astype(float),
        "wrong": rng.permutation(x).astype(float),
        "lives": np.full(STEPS, 3.0),
    }
    episode = replace(_played(GOOD)[0], columns=Columns(numbers, {}, ("",) * STEPS))
    checks = {c.name: c for c in check_on_screen(episode, pictures)}
    assert set(checks) == {"ball", "depth", "wrong"}  # what never moves is no place
    assert checks["ball"].is_place and checks["ball"].axis == "column"
    assert abs(checks["ball"].offset + 47) <= 1
    assert checks["depth"].is_place and checks["depth"].axis == "row" and abs(checks["depth"].offset) <= 1
    assert not checks["wrong"].is_place
    drawn = draw_on_screen(episode, pictures, tuple(checks.values()))
    assert len(drawn) == 8 and drawn[0].shape == (200, 320, 3)
    assert (
        drawn[3][:, round((x[np.linspace(0, STEPS - 1, 8).astype(int)[3]] + checks["ball"].offset) * 2)] > 0
    ).any()
    assert check_on_screen(episode, pictures[:1]) == ()
