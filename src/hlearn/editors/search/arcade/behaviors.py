"""Behaviours as data: what arcade programs are made of.

A behaviour belongs to one channel of the joystick and answers with a direction, a press or nothing. What kinds
there are, and the lines they write, stands in :mod:`hlearn.editors.search.arcade.skills`.
"""

from __future__ import annotations

from dataclasses import dataclass

from hlearn.editors.search.arcade.signals import Signal

ACROSS, DOWN, PRESS = "horizontal", "vertical", "trigger"
STEERING = (ACROSS, DOWN)
LOOKING = ("foresee", "shoot")  # kinds that act by what the program sees ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviorKnob:
    """A constant of a behaviour.

    Attributes:
        value: the value in use, in ``unit``.
        low: smallest sensible value, ``high`` the largest.
        unit: "px" (pixels, or counts of a byte), "steps" (environment steps), "" for none.
        step: a typical change when it is varied.
        source: where the value came from (a probe, a calibration, a candidate); stands beside it in the program.
    """

    value: float
    low: float
    high: float
    unit: str = ""
    step: float = 1.0
    source: str = "search"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A condition on a signal: the behaviour is silent while it does not hold.

    Attributes:
        signal: the number looked at.
        test: "<" or ">": the signal is below or above ``level``; "near": it is within ``level`` of the program's
            own position on the behaviour's channel (across, for the button).
        level: where the border lies, in the unit of the signal.
    """

    signal: Signal
    test: str
    level: BehaviorKnob


@dataclass(frozen=True, slots=True, kw_only=True)
class Behavior:
    """One way to steer or press.

    Attributes:
        kind: key in :data:`hlearn.editors.search.arcade.skills.KINDS`.
        channel: "horizontal", "vertical" or "trigger".
        roles: the signals it is about, by role.
        knobs: its constants, by name.
        option: a structural choice of the kind (a direction, a sign).
        guard: when it may speak.
    """

    kind: str
    channel: str
    roles: tuple[tuple[str, Signal], ...] = ()
    knobs: tuple[tuple[str, BehaviorKnob], ...] = ()
    option: int = 0
    guard: Guard | None = None

    def role(self, name: str) -> Signal:
        """The signal that plays a role.

        Raises:
            KeyError: the behaviour has no such role.
        """
        return dict(self.roles)[name]

    @property
    def way(self) -> str:
        """The direction of its option in words; empty where it has none."""
        words = ("left", "right") if self.channel == ACROSS else ("up", "down")
        return "" if self.option == 0 or self.channel == PRESS else words[self.option > 0]

    def __str__(self) -> str:
        about = ", ".join(s.key for r, s in self.roles if r.rstrip("0123456789") not in ("own", "beside"))
        option = {1: "+", -1: "-", 0: ""}.get(self.option, str(self.option))
        text = f"{self.kind}{option}({about})"
        if self.guard:
            text += f" if {self.guard.signal.key} {self.guard.test}"
        return text
