"""Joystick policies: three answers become one action."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hlearn.policy import JoystickPolicy, detect, horizontal, rule, trigger, vertical
from hlearn.policy.joystick import action_meaning, action_table

FULL = tuple(
    f"{d}{f}" or "NOOP"
    for f in ("", "FIRE")
    for d in ("", "UP", "RIGHT", "LEFT", "DOWN", "UPRIGHT", "UPLEFT", "DOWNRIGHT", "DOWNLEFT")
)
OBS = np.zeros(128, np.uint8)


def test_action_meaning() -> None:
    assert action_meaning("NOOP") == (0, 0, 0)
    assert action_meaning("DOWNLEFTFIRE") == (-1, 1, 1)
    assert action_meaning("UPRIGHT") == (1, -1, 0)


def test_with_all_buttons_every_combination_is_exact() -> None:
    table = action_table(FULL)
    assert len(table) == 18
    for wanted, actions in table.items():
        assert [action_meaning(FULL[a]) for a in actions] == [wanted, wanted]


def test_missing_combinations_take_turns() -> None:
    buttons = ("NOOP", "FIRE", "RIGHT", "LEFT")
    table = action_table(buttons)
    assert {buttons[a] for a in table[1, 0, 1]} == {"RIGHT", "FIRE"}
    assert {buttons[a] for a in table[-1, 0, 1]} == {"LEFT", "FIRE"}
    assert table[1, 0, 0] == (2, 2)
    assert table[0, 1, 0] == (0, 0), "what no button does is nothing"
    assert table[1, 1, 0] == (2, 2), "what only one part does is that part"


def test_diagonals_take_turns() -> None:
    buttons = ("NOOP", "UP", "RIGHT", "LEFT", "DOWN")
    assert {buttons[a] for a in action_table(buttons)[1, -1, 0]} == {"UP", "RIGHT"}


@pytest.mark.parametrize("buttons", [("NOOP",), ("NOOP", "FIRE"), ("NOOP", "UP", "DOWN"), FULL[:6]])
def test_every_entry_is_an_action(buttons: tuple[str, ...]) -> None:
    table = action_table(buttons)
    assert len(table) == 18
    assert all(0 <= a < len(buttons) for pair in table.values() for a in pair)


class Player(JoystickPolicy):
    buttons = ("NOOP", "FIRE", "RIGHT", "LEFT")

    @detect
    def ball(self, obs: np.ndarray) -> int:
        return int(obs[0])

    @rule
    def alarm(self, s: Any) -> int | None:
        return 3 if s.ball == 99 else None

    @horizontal
    def go(self, s: Any) -> int | None:
        return 1 if s.ball > 50 else None

    @horizontal
    def otherwise(self, s: Any) -> int:
        return -1

    @vertical
    def climb(self, s: Any) -> int:
        return -1

    @trigger
    def shoot(self, s: Any) -> bool | None:
        return s.ball % 2 == 1


def observed(ball: int) -> np.ndarray:
    obs = OBS.copy()
    obs[0] = ball
    return obs


def test_the_first_that_speaks_decides() -> None:
    policy = Player()
    policy.reset(0)
    assert policy.act(observed(60)) == 2
    assert policy.trace() == {"ball": 60, "rule": "go+climb+shoot"}
    assert policy.act(observed(40)) == 3
    assert policy.trace()["rule"] == "otherwise+climb+shoot"


def test_went_tells_what_was_really_done() -> None:
    policy = Player()
    policy.reset(0)
    assert policy.went == (0, 0, 0)
    went = []
    for _ in range(4):
        policy.act(observed(61))
        went.append(policy.went)
    assert went[:2] == went[2:]
    assert set(went) == {(1, 0, 0), (0, 0, 1)}
    policy.reset(0)
    assert policy.went == (0, 0, 0)
    policy.act(observed(61))
    assert policy.went == went[0], "an episode does not depend on the one before"


def test_a_rule_goes_before_everything() -> None:
    policy = Player()
    policy.reset(0)
    assert policy.act(observed(99)) == 3
    assert policy.went == (-1, 0, 0)
    assert policy.trace()["rule"] == "alarm"


def test_without_behaviours_it_idles() -> None:
    policy = JoystickPolicy()
    policy.reset(0)
    assert policy.act(OBS) == 0
    assert policy.trace() == {"rule": "idle"}
