"""What behaviours can be about: numbers that a program can see, whatever the access.

A :class:`DetectorTemplate` is one detector of the program to be written, a :class:`Signal` one number read from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from hlearn.probe.scene import Axis


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorTemplate:
    """One detector to be written into a program.

    In its lines ``{name}`` stands for the detector's name, ``{NAME}`` for that of its module constant, ``{state}``
    for what it remembers, ``{player}`` for the expression of the player's present place (or "None").

    Attributes:
        key: tells sights apart ("ram99", "blob3").
        imports: import lines the detector needs.
        constants: module lines it needs.
        setup: lines of the policy's setup it needs.
        body: lines of the detector's body.
        optional: the detector may see nothing and return None.
    """

    key: str
    imports: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    body: tuple[str, ...]
    optional: bool = False

    def written(self, lines: tuple[str, ...], name: str, player: str = "") -> list[str]:
        """Lines with the names filled in.

        Args:
            lines: ``constants``, ``setup`` or ``body``.
            name: the detector's name in the program.
            player: the name of the player's detector, "" if it has none before this one.
        """
        place = f"self.s.{player}" if player else "None"
        swaps = {"{NAME}": name.upper(), "{name}": name, "{state}": f"self._{name}_sight", "{player}": place}
        filled = []
        for line in lines:
            for old, new in swaps.items():
                line = line.replace(old, new)
            filled.append(line)
        return filled

    @property
    def looks_for_player(self) -> bool:
        """Whether it needs to know where the player is."""
        return any("{player}" in line for line in self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One number.

    Attributes:
        sight: the detector it is read from.
        field: "" if the detector's value is the number, else the field ("x", "y").
        low: smallest usual value, ``high`` the largest.
        turns: values between which it bounces, or None.
        speed: median absolute change per step while it moves.
        moving: share of steps in which it moves.
        axis: the axis it lies along if that is known (pixels), else None.
        drive: the axis whose commands move it, None if it moves by itself.
        pending: what a command of +1 will still move it, 1, 2, ... steps after (for driven signals).
        coasting: how many times its last changes it still goes on, the latest first.
        reach: how far a command of +1 moves it in the end (signed; 0 if not known).
        explained: how much of its motion commands explain (0 to 1).
    """

    sight: DetectorTemplate
    field: str = ""
    low: float
    high: float
    turns: tuple[float, float] | None = None
    speed: float = 1.0
    moving: float = 1.0
    axis: Axis | None = None
    drive: Axis | None = None
    pending: tuple[float, ...] = ()
    coasting: tuple[float, ...] = ()
    reach: float = 0.0
    explained: float = 0.0

    @property
    def key(self) -> str:
        """Tells signals apart."""
        return f"{self.sight.key}.{self.field}" if self.field else self.sight.key

    @property
    def span(self) -> float:
        """Width of its usual range, at least 1."""
        return max(1.0, self.high - self.low)

    @property
    def middle(self) -> float:
        """Middle between its walls if it bounces, else of its usual range."""
        low, high = self.turns or (self.low, self.high)
        return (low + high) / 2

    @property
    def sign(self) -> int:
        """1 if a command of +1 raises it, -1 if it lowers it."""
        reach = self.reach or sum(self.pending)
        return -1 if reach < 0 else 1
