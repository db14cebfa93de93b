"""Which number tells the score."""

from __future__ import annotations

import numpy as np

from hlearn.editors.search.arcade.tally import EXPLAINED, tells_rewards

STEPS = 400


def rewards() -> np.ndarray:
    won = np.zeros(STEPS)
    won[20::37] = 1.0
    return won


def shown(won: np.ndarray, *, delay: int = 1) -> np.ndarray:
    return np.concatenate([np.zeros(delay), np.cumsum(won)[: len(won) - delay]])


def test_a_score_tells() -> None:
    won = rewards()
    assert tells_rewards([shown(won), shown(won, delay=3)], [won, won]) == (1.0, 1.0)


def test_what_changes_by_itself_or_never_does_not() -> None:
    won = rewards()
    clock = np.arange(STEPS, dtype=float)
    assert tells_rewards([clock], [won])[1] < 2 * EXPLAINED
    assert tells_rewards([np.zeros(STEPS)], [won]) == (0.0, 0.0)
    assert tells_rewards([np.full(STEPS, np.nan)], [won]) == (0.0, 0.0)


def test_too_few_rewards_tell_nothing() -> None:
    won = np.zeros(STEPS)
    won[[50, 90]] = 1.0
    assert tells_rewards([shown(won)], [won]) == (0.0, 0.0)
