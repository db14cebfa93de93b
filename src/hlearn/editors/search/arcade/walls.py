"""Where a ball turns round, told by where it arrived.

A wall lies halfway between the place that the ball was bound for and the place that it came to. Whatever a bounce
swallows (a ball that is drawn before its wall, one that rests for a step) is in the figure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hlearn.editors.search.arcade.contacts import Flight, contacts_of
from hlearn.editors.search.arcade.genome import Genome
from hlearn.parts.motion import Speed
from hlearn.probe.motion import JUMP

LEAST = 3  # arrivals by way of a wall
FAR = 8.0  # px that a wall may lie from where it was taken to be
SWALLOWED = 2.0  # px that a ball may be seen beyond a wall that was measured
SURE = 4.0  # px beyond a wall that a ball must have been bound for
KNOWN = 5  # steps after which a way is known
GONE = 240  # steps before an arrival that may belong to it


def find_walls(flights: Sequence[Flight], genome: Genome, at: int) -> dict[str, float]:
    """Measures the walls of an interception.

    Args:
        flights: what traced episodes show of it.
        genome: its present walls are where to look.
        at: index of the interception.

    Returns:
        Places (pixels) by the constant's name, as far from the present ones as they may be; those that too few balls
        came by way of are missing.
    """
    knobs = dict(genome.behaviors[at].knobs)
    ways = [flight.ball for flight in flights]
    before = knobs["wall_low"].value, knobs["wall_high"].value
    low, high = _pushed_back(ways, *before, SURE)
    line = knobs["line"].value * genome.behaviors[at].option
    told: dict[str, list[float]] = {"wall_low": [], "wall_high": []}
    for flight in flights:
        courses = _courses(flight, line)
        for contact in contacts_of(flight, genome, at):
            arrived = flight.ball[contact.step] if contact.hit else contact.gap + flight.here[contact.step]
            bound = _approach(flight.depth, courses, contact.step)
            for name, wall, beyond in (
                ("wall_low", low, bound < low - SURE),
                ("wall_high", high, bound > high + SURE),
            ):
                places = (bound[beyond] + arrived) / 2
                places = places[np.abs(places - wall) <= FAR]
                if len(places) >= KNOWN:
                    told[name].append(float(np.median(places)))
    found = {name: float(np.median(places)) for name, places in told.items() if len(places) >= LEAST}
    least, most = _pushed_back(ways, found.get("wall_low", low), found.get("wall_high", high), SWALLOWED)
    moved = {"wall_low": least != before[0], "wall_high": most != before[1]}
    walls = {"wall_low": round(least, 1), "wall_high": round(most, 1)}
    return {name: place for name, place in walls.items() if name in found or moved[name]}


def find_line(flights: Sequence[Flight], genome: Genome, at: int) -> float:
    """Where balls are met, no nearer than they turned round: a player who never met one took another place for it.

    Args:
        flights: what traced episodes show of an interception.
        genome: its present line is where to look.
        at: index of the interception.
    """
    behavior = genome.behaviors[at]
    line = dict(behavior.knobs)["line"].value * behavior.option
    return _pushed_back([flight.depth for flight in flights], -np.inf, line, SURE)[1] * behavior.option


def _pushed_back(ways: Sequence[np.ndarray], low: float, high: float, slack: float) -> tuple[float, float]:
    """Bounds of a coordinate, but where balls turned beyond them: a probe may not have seen them get there."""
    turns = np.sort(np.concatenate([_turns(way) for way in ways] or [np.empty(0)]))
    if len(turns) < LEAST:
        return low, high
    lowest, highest = float(turns[LEAST - 1]), float(turns[-LEAST])
    return (lowest if lowest < low - slack else low), (highest if highest > high + slack else high)


def _turns(ball: np.ndarray) -> np.ndarray:
    """Where a coordinate turned round, jumps left out."""
    seen = ball[np.isfinite(ball)]
    seen = seen[np.insert(np.diff(seen) != 0, 0, True)] if len(seen) else seen
    steps = np.diff(seen)
    turned = (steps[:-1] * steps[1:] < 0) & (np.abs(steps[:-1]) <= JUMP) & (np.abs(steps[1:]) <= JUMP)
    return np.asarray(seen[1:-1][turned])


def _courses(flight: Flight, line: float) -> np.ndarray:
    """Where the ball would cross the line if nothing turned it, by step; nan where it does not come."""
    along, across = Speed(), Speed()
    bound = np.full(len(flight.ball), np.nan)
    for t, (ball, depth) in enumerate(zip(flight.ball, flight.depth, strict=True)):
        if np.isnan(ball) or np.isnan(depth):
            continue
        speed, approach = along.see(float(ball)), across.see(float(depth))
        if approach > 0 and min(len(along.past), len(across.past)) > KNOWN:
            bound[t] = along.place + speed * (line - across.place) / approach
    return bound


def _approach(depth: np.ndarray, bound: np.ndarray, arrived: int) -> np.ndarray:
    """What was foretold on the way that ended at a step."""
    start = arrived
    while start > max(0, arrived - GONE) and not depth[start - 1] > depth[start]:
        start -= 1
    way: np.ndarray = bound[start : arrived - 1]
    return np.asarray(way[np.isfinite(way)])
