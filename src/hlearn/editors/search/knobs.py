"""Open numbers: what a tuner can turn, in templates of the search and in programs that people wrote."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol, Self

from hlearn.policy.modules import params_of, parts_of, with_values, without_part
from hlearn.records import Program

LEANING = 0.03  # share of a knob's range next to a bound, in which a value leans on it


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """An open number.

    Attributes:
        start: where the search begins.
        spread: standard deviation of the first generation; how far a sensible step goes.
        low: smallest value (-inf: free).
        high: largest value.
        unit: unit, for the program's text.
    """

    name: str
    start: float = 0.0
    spread: float = 1.0
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""

    def declare(self, value: float) -> str:
        """The line of a program that declares this knob with a value."""
        low = self.low if math.isfinite(self.low) else min(self.start - 8 * self.spread, value)
        high = self.high if math.isfinite(self.high) else max(self.start + 8 * self.spread, value)
        unit = f', unit="{self.unit}"' if self.unit else ""
        return f"{self.name} = Param({tidy(value)}, low={tidy(low)}, high={tidy(high)}{unit})"


def widened(knob: Knob, value: float) -> Knob:
    """The knob with a bound moved on by its whole range, where the value leans on it; 0 stays: it means something."""
    width = knob.high - knob.low
    if not math.isfinite(width):
        return knob
    low = knob.low - width if knob.low and value < knob.low + LEANING * width else knob.low
    high = knob.high + width if knob.high and value > knob.high - LEANING * width else knob.high
    return replace(knob, low=low, high=high)


class Tunable(Protocol):
    """What can be tuned."""

    @property
    def name(self) -> str:
        """For progress lines and notes."""

    @property
    def knobs(self) -> tuple[Knob, ...]:
        """The open numbers."""

    def with_knobs(self, knobs: tuple[Knob, ...]) -> Self:
        """The same with other ranges for its numbers."""

    def admissible(self, values: Mapping[str, float]) -> dict[str, float]:
        """The numbers as they may be written together, where what each may be hangs on the others."""

    def program(self, values: Mapping[str, float], *, parent: str | None = None, origin: str = "") -> Program:
        """Writes the program with these numbers; ``origin`` names their origin."""


@dataclass(frozen=True, slots=True)
class SourceKnobs:
    """A program that somebody wrote, through its ``Param`` declarations; its rules may be dropped.

    Attributes:
        written: the program.
        knobs: its parameters that have a range, in the order written; those of other modules than the main one are
            named with their module.
        name: for progress lines.
    """

    written: Program
    knobs: tuple[Knob, ...]
    name: str = "parameters"

    @classmethod
    def read(cls, program: Program) -> SourceKnobs:
        """Reads a program's parameters. One without ``low`` and ``high`` may move as far as its value is large."""
        knobs = []
        for name, spec in params_of(program).items():
            if spec.choices:
                continue
            reach = max(abs(spec.value), 1e-3)
            low = spec.low if spec.low is not None else min(spec.value - 2.0 * reach, 0.0)
            high = spec.high if spec.high is not None else max(spec.value + 2.0 * reach, 0.0)
            low, high = min(low, spec.value), max(high, spec.value)
            if high > low:
                knobs.append(Knob(name=name, start=spec.value, spread=(high - low) / 6.0, low=low, high=high))
        return cls(program, tuple(knobs))

    @property
    def droppable(self) -> tuple[str, ...]:
        """The rules and reflexes that may go; at least one rule stays."""
        parts = parts_of(self.written)
        rules = [name for name, part in parts.items() if part.role == "rule"]
        reflexes = [name for name, part in parts.items() if part.role == "reflex"]
        return tuple(rules if len(rules) > 1 else []) + tuple(reflexes)

    def drop(self, part: str) -> SourceKnobs:
        """The same program without one rule or reflex."""
        return SourceKnobs(without_part(self.written, part), self.knobs, self.name)

    def with_knobs(self, knobs: tuple[Knob, ...]) -> SourceKnobs:
        """The same program, whose numbers have other ranges."""
        return replace(self, knobs=knobs)

    def admissible(self, values: Mapping[str, float]) -> dict[str, float]:
        """The numbers as they are."""
        return dict(values)

    def program(self, values: Mapping[str, float], *, parent: str | None = None, origin: str = "") -> Program:
        """The program with other numbers, everything else as it was written."""
        return replace(with_values(self.written, values), parent=parent)


def tidy(value: float) -> float:
    """Rounds to four significant digits, so that the program measured is the program read."""
    return float(f"{value:.4g}")
