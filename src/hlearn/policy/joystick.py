"""Policies for a joystick with one button: where to go across, where to go down, whether to press.

The three questions are answered apart, each by the first behaviour that speaks, and composed into one of the
console's actions. That is how a person plays, and it keeps each behaviour a few lines long.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from hlearn.policy.rules import Method, RulePolicy, marked


def horizontal(method: Method) -> Method:
    """Marks ``method(self, s) -> -1 (left) | 0 | 1 (right) | None`` as a way to steer across."""
    return marked(method, "horizontal")


def vertical(method: Method) -> Method:
    """Marks ``method(self, s) -> -1 (up) | 0 | 1 (down) | None`` as a way to steer up and down."""
    return marked(method, "vertical")


def trigger(method: Method) -> Method:
    """Marks ``method(self, s) -> bool | None`` as a way to decide on the button."""
    return marked(method, "trigger")


def action_meaning(name: str) -> tuple[int, int, int]:
    """Returns what an action's name says: across (-1 left, 1 right), down (-1 up, 1 down), pressed (0, 1)."""
    return ("RIGHT" in name) - ("LEFT" in name), ("DOWN" in name) - ("UP" in name), int("FIRE" in name)


def action_table(buttons: tuple[str, ...]) -> dict[tuple[int, int, int], tuple[int, int]]:
    """Returns, for every (across, down, pressed), the action index for even and for odd steps.

    Where a combination is missing, its parts take turns: a game without RIGHTFIRE fires on one step and moves
    on the next.

    Args:
        buttons: action names in the environment's order, as ALE spells them ("UPRIGHTFIRE").
    """
    known: dict[tuple[int, int, int], int] = {}
    for index, name in enumerate(buttons):
        known.setdefault(action_meaning(name), index)
    table = {}
    for across in (-1, 0, 1):
        for down in (-1, 0, 1):
            for press in (0, 1):
                if (across, down, press) in known:
                    exact = known[across, down, press]
                    table[across, down, press] = (exact, exact)
                    continue
                parts = (
                    (0, down, press),
                    (across, 0, press),
                    (across, down, 0),
                    (0, 0, press),
                    (across, 0, 0),
                    (0, down, 0),
                )
                found = [p for p in parts if p in known and p != (0, 0, 0)] or [(0, 0, 0)]
                wanted = (across, down, press)
                lacking = [i for i in range(3) if wanted[i] and not found[0][i]]
                second = next((p for p in found if any(p[i] for i in lacking)), found[0])
                table[across, down, press] = (known.get(found[0], 0), known.get(second, 0))
    return table


class JoystickPolicy(RulePolicy):
    """Composes steering across, steering down and the button into one action.

    Attributes:
        buttons: the environment's action names in its order. A ``@rule`` that returns an action index goes
            before all of this.
        went: what the last action really did: across, down, pressed; (0, 0, 0) before the first.
    """

    buttons: ClassVar[tuple[str, ...]] = ("NOOP",)
    _table: ClassVar[dict[tuple[int, int, int], tuple[int, int]]] = action_table(buttons)
    _meaning: ClassVar[tuple[tuple[int, int, int], ...]] = ((0, 0, 0),)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._meaning = tuple(action_meaning(name) for name in cls.buttons)
        cls._table = action_table(cls.buttons)

    def __init__(self) -> None:
        super().__init__()
        self._across = self._roles.get("horizontal", ())
        self._down = self._roles.get("vertical", ())
        self._press = self._roles.get("trigger", ())
        self._why = ("", "", "")
        self.went = (0, 0, 0)
        self._odd = 0

    def reset(self, seed: int) -> None:
        """Begins an episode."""
        self.went = (0, 0, 0)
        self._odd = 0
        super().reset(seed)

    def act(self, observation: np.ndarray) -> int:
        """Returns the action index that the first speaking behaviour of each kind adds up to."""
        self._detect(observation)
        action, rule = self._ask(self._rules)
        if action is not None:
            self._why = (rule, "", "")
            self.went = self._meaning[int(action)]
            return int(action)
        across, why_across = self._ask(self._across)
        down, why_down = self._ask(self._down)
        press, why_press = self._ask(self._press)
        self._why = (why_across, why_down, why_press)
        self._odd ^= 1
        pressed = 1 if press else 0
        index = self._table[across or 0, down or 0, pressed][self._odd]
        self.went = self._meaning[index]
        return index

    def trace(self) -> Mapping[str, Any]:
        """The last step: every detected value, and under ``rule`` the behaviours that acted."""
        return {**self.s.__dict__, **self._drawn, "rule": "+".join(w for w in self._why if w) or "idle"}
