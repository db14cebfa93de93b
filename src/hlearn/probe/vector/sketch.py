"""What a vector environment looks like from outside: signals, axes of action, and which drives which.

Everything here is inferred from recorded steps of probing programs: no name, no source and no documentation of
the environment is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

FLAG, PLAIN, ANGLE, COS, SIN, CHANGE, GAP = "flag", "plain", "angle", "cos", "sin", "change", "gap"


class SignalReading(Protocol):
    """How a signal is read that is more than a component."""

    @property
    def told(self) -> str:
        """What it is, for its docstring."""

    def values(self, observations: np.ndarray) -> np.ndarray:
        """The signal over an episode, float[T, d] -> float[T]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A number that a program can compute from one observation.

    Attributes:
        name: how programs call it: ``x3``, ``angle0``, ``x0_rate``, ``flag8``.
        source: Python expression over ``obs``.
        indices: components of the observation it reads.
        kind: flag, plain, angle, cos, sin, change (since the last step, where no component is the rate), or gap
            (between components of two parts of the same shape: goal less hand).
        centre: its mean over the probe.
        scale: its standard deviation over the probe (1 for flags), never 0.
        rate_of: name of the signal whose rate of change this is, or None.
        setup: what an episode begins with, for a signal that remembers; "" for others.
        rest: its mean over the first observations of the probe's episodes.
        target: the value at which the reward peaks, None where the reward does not tell.
        goal: of a gap, what it leads to, as it is called; gaps to one goal belong together.
        part: what its source uses, as module of :mod:`hlearn.parts` and name; None where it uses nothing.
        reading: how it is read where it is no component; None where ``indices`` say it.
    """

    name: str
    source: str
    indices: tuple[int, ...]
    kind: str
    centre: float
    scale: float
    rate_of: str | None = None
    setup: str = ""
    rest: float = 0.0
    target: float | None = None
    goal: str = ""
    part: tuple[str, str] | None = None
    reading: SignalReading | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionAxis:
    """One independent way to push: a pair of opposite discrete actions, a single one, or one box channel.

    Attributes:
        name: how programs call it.
        plus: the discrete action that pushes forwards, or the channel's index.
        minus: the discrete action that pushes backwards, None where there is none or for a channel.
        low: smallest action of a channel (-1 for discrete).
        high: largest action of a channel (1 for discrete).
        drives: signal names with the signed effect of a unit push, in probe scales per step, strongest first.
    """

    name: str
    plus: int
    minus: int | None
    low: float
    high: float
    drives: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorFindings:
    """What the probe found.

    Attributes:
        neutral: the discrete action that pushes nothing, or None.
        axes: independent ways to push, in order of the action space.
        scores: returns of the probing episodes.
        fall: what the last step of an episode that the environment terminated costs, where that is far more than
            any other step; else 0.
        joints: for each axis the names of the position and the rate that it drives, where the rate was no certain one
            of the position but the likeliest; None where none is. Empty where nobody looked.
    """

    signals: tuple[Feature, ...]
    axes: tuple[ActionAxis, ...]
    discrete: bool
    neutral: int | None
    scores: tuple[float, ...]
    fall: float = 0.0
    joints: tuple[tuple[str, str] | None, ...] = ()

    def signal(self, name: str) -> Feature:
        """Returns the signal of that name."""
        return next(s for s in self.signals if s.name == name)

    def rate(self, name: str) -> Feature | None:
        """Returns the rate of change of the named signal, if one of the components is it."""
        return next((s for s in self.signals if s.rate_of == name), None)


def values_of(signal: Feature, observations: np.ndarray) -> np.ndarray:
    """Computes a signal over recorded observations, float[T, d] -> float[T]; angles are unwrapped."""
    if signal.reading is not None:
        return signal.reading.values(observations)
    if signal.kind == ANGLE:
        cos, sin = signal.indices
        return np.unwrap(np.arctan2(observations[:, sin], observations[:, cos]))
    if signal.kind == GAP:
        there, here = signal.indices
        return np.asarray(observations[:, there] - observations[:, here], dtype=np.float64)
    if signal.kind == CHANGE:
        column = np.asarray(observations[:, signal.indices[0]], dtype=np.float64)
        return np.diff(column, prepend=column[:1])
    return np.asarray(observations[:, signal.indices[0]], dtype=np.float64)
