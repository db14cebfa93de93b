"""Where a ball arrived at the line of an interception: how far off-centre, and whether it was met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hlearn.editors.search.arcade.emit import trace_names
from hlearn.editors.search.arcade.genome import Genome
from hlearn.evaluate.api import Recording, Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One arrival at the line.

    Attributes:
        step: when.
        gap: the ball's coordinate minus the own thing's (pixels).
        depth: how far along the other axis it turned back or passed (pixels).
        hit: whether it turned back.
    """

    step: int
    gap: float
    depth: float
    hit: bool


class Flight(NamedTuple):
    """What a traced episode shows of an interception, float[T] each; depths grow towards the line."""

    ball: np.ndarray
    depth: np.ndarray
    here: np.ndarray


def find_flight(recording: Recording, genome: Genome, at: int) -> Flight | None:
    """The ways of the ball and of the own thing, None where one of them was never seen.

    Args:
        recording: an episode with traces, played by a program with the behaviours of ``genome``.
        genome: what it was written from.
        at: index of its interception.
    """
    behavior = genome.behaviors[at]
    own = genome.own(behavior.channel)
    if own is None:
        return None
    names = trace_names(genome)
    signals = (behavior.role("ball"), behavior.role("depth"), own)
    ball, depth, here = (_series(recording.traces, names[s.sight.key], s.field) for s in signals)
    if not (len(depth) and len(ball) and len(here)):
        return None
    return Flight(ball=ball, depth=_held(depth * behavior.option), here=here)


def find_contacts(recording: Recording, genome: Genome, at: int) -> list[Contact]:
    """Every arrival of the ball at the line in a traced episode.

    Args:
        recording: an episode with traces, played by a program with the behaviours of ``genome``.
        genome: what it was written from.
        at: index of its interception; with no own thing to meet the ball, nothing is found.
    """
    flight = find_flight(recording, genome, at)
    return [] if flight is None else contacts_of(flight, genome, at)


def contacts_of(flight: Flight, genome: Genome, at: int) -> list[Contact]:
    """Every arrival of the ball at the line; what was missed is told from where it crossed the line."""
    behavior = genome.behaviors[at]
    line = dict(behavior.knobs)["line"].value * behavior.option
    ball, depth, here = flight
    contacts: list[Contact] = []
    steps = np.diff(depth)
    arrived, coming = -10, 0.0
    crossed: int | None = None
    for t in range(1, len(depth) - 1):
        before, after = steps[t - 1], steps[t]
        if np.isfinite(before) and before:
            coming = before if abs(before) <= 16 else 0.0
        if np.isnan(depth[t]) or np.isnan(here[t]) or t - arrived < 10 or coming <= 0:
            crossed = None
            continue
        if crossed is None and depth[t] >= line and np.isfinite(ball[t]):
            crossed = t
        turned = np.isfinite(after) and -16 < after < 0
        if turned and depth[t] > line - 10:
            gap, hit = _last(ball, t) - here[t], True
        elif not turned and depth[t] > line + 6 and np.isfinite(ball[t]):
            at_line = t if crossed is None else crossed
            gap, hit = ball[at_line] - here[at_line], False
        else:
            continue
        contacts.append(Contact(step=t, gap=gap, depth=float(depth[t] * behavior.option), hit=hit))
        arrived, crossed = t, None
    return [c for c in contacts if np.isfinite(c.gap)]


def _held(values: np.ndarray, most: int = 8) -> np.ndarray:
    """The series with short gaps filled by the value before them (a ball hidden by what it touches)."""
    held = values.copy()
    gap = 0
    for t in range(1, len(held)):
        if np.isnan(held[t]):
            gap += 1
            if gap <= most:
                held[t] = held[t - 1]
        else:
            gap = 0
    return held


def _last(values: np.ndarray, t: int) -> float:
    """The last value seen up to step ``t``."""
    while t > 0 and np.isnan(values[t]):
        t -= 1
    return float(values[t])


def _series(traces: Sequence[Trace], name: str, field: str) -> np.ndarray:
    values = []
    for trace in traces:
        value = trace.get(name)
        if field:
            value = value.get(field) if isinstance(value, dict) else None
        values.append(np.nan if value is None else float(value))  # type: ignore[arg-type]
    found = np.array(values, dtype=float)
    return found if np.isfinite(found).any() else np.empty(0)
