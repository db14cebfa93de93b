"""Rhythm for locomotion: a phase that runs on its own and can be pulled by events."""

from __future__ import annotations

import math

TAU = 2.0 * math.pi


class Oscillator:
    """A phase in [0, 2 pi) that advances by ``step`` radians per control step.

    Args:
        step: radians per control step.
        phase: where it begins, radians.
    """

    __slots__ = ("phase", "step")

    def __init__(self, step: float, phase: float = 0.0) -> None:
        self.step = step
        self.phase = phase % TAU

    def next(self, pull: float = 0.0) -> float:
        """Advances by ``step + pull`` radians and returns the new phase."""
        self.phase = (self.phase + self.step + pull) % TAU
        return self.phase

    def wave(self, centre: float, size: float, lag: float = 0.0) -> float:
        """Returns ``centre + size * sin(phase - lag)``: a joint's target at the present phase."""
        return centre + size * math.sin(self.phase - lag)

    def mixed(self, centre: float, sine: float, cosine: float) -> float:
        """Returns ``centre + sine * sin(phase) + cosine * cos(phase)``: the same wave, by its two halves."""
        return centre + sine * math.sin(self.phase) + cosine * math.cos(self.phase)

    def first_half(self, lag: float = 0.0) -> bool:
        """Whether the phase, ``lag`` radians back, is in its first half."""
        return (self.phase - lag) % TAU < math.pi


class Steps:
    """Two limbs that take turns: which one leads, whether it reaches out or comes down.

    The leading limb first reaches (``planting`` False), until told that it has reached or for ``patience`` steps;
    then it comes down until it touches, or for ``patience`` steps; then the other limb leads.

    Args:
        patience: longest stay in either half, in control steps.
        settle: shortest time of coming down before a touch counts, in control steps.
    """

    __slots__ = ("_since", "lead", "patience", "planting", "settle")

    def __init__(self, patience: float = 40, settle: float = 1) -> None:
        self.patience = patience
        self.settle = settle
        self.lead = 0
        self.planting = False
        self._since = 0

    def next(self, reached: bool, touching: bool) -> tuple[int, bool]:
        """Takes what the leading limb does and returns who leads (0 or 1) and whether it comes down."""
        self._since += 1
        if not self.planting:
            if reached or self._since > self.patience:
                self.planting, self._since = True, 0
        elif (touching and self._since > self.settle) or self._since > self.patience:
            self.lead, self.planting, self._since = 1 - self.lead, False, 0
        return self.lead, self.planting
