"""Measuring what an interception needs: how wide the own thing is, where its middle lies, where it meets.

A program that meets the ball far off-centre on purpose both hits and misses; the border between the two is the
own thing's edge. A few lost balls tell what hundreds of whole games would have to find by trial.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hlearn.editors.api import Lab
from hlearn.editors.search.arcade.contacts import Contact, contacts_of, find_flight
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.walls import find_line, find_walls
from hlearn.editors.search.race import Runner
from hlearn.evaluate.api import Job, Record

STEPS = 2500  # environment steps per episode at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What was measured of an interception.

    Attributes:
        guess: what was measured.
        genome: the same with the measured constants; it meets the ball about the middle.
        at: index of the interception.
        low: the smallest gap that is hit (pixels), ``high`` the largest.
        sharpness: how well these tell hits from misses (0 to 1; 0.5 is chance).
        source: what its constants name as their source.
    """

    guess: Genome
    genome: Genome
    at: int
    low: float
    high: float
    sharpness: float
    source: str


def widened(genome: Genome, at: int) -> Genome:
    """The genome with the interception at index ``at`` meeting the ball far off-centre."""
    behavior = genome.behaviors[at]
    own = genome.own(behavior.channel)
    assert own is not None
    knobs = dict(behavior.knobs)
    wide = max(6.0, 0.14 * own.span)
    spread = replace(knobs["spread"], high=max(knobs["spread"].high, wide))
    widened_knobs = tuple((n, spread if n == "spread" else k) for n, k in behavior.knobs)
    behaviors = (*genome.behaviors[:at], replace(behavior, knobs=widened_knobs), *genome.behaviors[at + 1 :])
    return replace(genome, behaviors=behaviors).turned((at, "spread"), wide, "calibration")


def variants(genome: Genome, at: int) -> list[Genome]:
    """Widened genomes whose middle lies at different places, so that both edges are met."""
    own = genome.own(genome.behaviors[at].channel)
    assert own is not None
    offset = dict(genome.behaviors[at].knobs)["offset"].value
    shift = max(3.0, 0.05 * own.span)
    wide = widened(genome, at)
    return [wide.turned((at, "offset"), offset + d * shift, "calibration") for d in (-1.0, -0.3, 0.3, 1.0)]


def calibrated(lab: Lab, runners: Sequence[Runner], genome: Genome, at: int) -> Calibration | None:
    """Plays widened programs and sets offset, spread, deadband and line by what they hit and missed.

    Args:
        lab: what is measured with.
        runners: the widened programs (:func:`variants`), one episode each.
        genome: the genome to set.
        at: index of its interception.

    Returns:
        What was measured, None if too little was seen.

    Raises:
        BudgetExhausted: nothing is left to spend.
    """
    jobs = [
        Job(program=runner.program, seed=seed, max_steps=STEPS, record=Record.TRACES)
        for runner, seed in zip(runners, lab.seeds(0, len(runners)), strict=True)
    ]
    guess, behavior = genome, genome.behaviors[at]
    played = [r.recording for r in lab.measure(jobs) if r.recording is not None]
    flights = [f for recording in played if (f := find_flight(recording, genome, at)) is not None]
    line = find_line(flights, genome, at)
    genome = _within(genome, at, "line", line).turned((at, "line"), line, "calibration")
    contacts = [c for flight in flights for c in contacts_of(flight, genome, at)]
    edges = find_edges(contacts)
    if edges is None:
        return None
    low, high = edges
    hits = [c for c in contacts if c.hit]
    source = f"calibration: {len(hits)} hits, {len(contacts) - len(hits)} misses"
    half = (high - low) / 2
    genome = genome.turned((at, "offset"), (low + high) / 2, source)
    genome = _cautious(genome, at)
    genome = genome.turned((at, "spread"), 0.5 * half, source)
    genome = genome.turned((at, "line"), float(np.median([c.depth for c in hits])), source)
    for name, place in find_walls(flights, genome, at).items():
        genome = _within(genome, at, name, place).turned((at, name), place, source)
    knob = dict(behavior.knobs)["deadband"]
    genome = genome.turned((at, "deadband"), min(knob.value, max(1.0, 0.5 * half)), source)
    return Calibration(
        guess=guess,
        genome=genome,
        at=at,
        low=low,
        high=high,
        sharpness=_sharpness(contacts, low, high),
        source=source,
    )


def _within(genome: Genome, at: int, name: str, place: float) -> Genome:
    """Moves a constant's range where it leaves a measured place out."""
    behavior = genome.behaviors[at]
    knob = dict(behavior.knobs)[name]
    if knob.low <= place <= knob.high:
        return genome
    half = (knob.high - knob.low) / 2
    moved = replace(knob, low=place - half, high=place + half)
    changed = replace(behavior, knobs=tuple((n, moved if n == name else k) for n, k in behavior.knobs))
    return replace(genome, behaviors=(*genome.behaviors[:at], changed, *genome.behaviors[at + 1 :]))


def _cautious(genome: Genome, at: int) -> Genome:
    """Remembers the middle apart from the aim, where no score tells what a lost ball costs."""
    behavior = genome.behaviors[at]
    if "tally" in dict(behavior.roles) or "middle" in dict(behavior.knobs):
        return genome
    middle = dict(behavior.knobs)["offset"]
    changed = replace(behavior, knobs=(*behavior.knobs, ("middle", middle)))
    return replace(genome, behaviors=(*genome.behaviors[:at], changed, *genome.behaviors[at + 1 :]))


def _sharpness(contacts: Sequence[Contact], low: float, high: float) -> float:
    """Share of contacts on the right side of the edges, hits and misses weighing the same (0.5 is chance)."""
    hits = [low <= c.gap <= high for c in contacts if c.hit]
    misses = [not low <= c.gap <= high for c in contacts if not c.hit]
    if len(hits) < 4 or len(misses) < 4:
        return 0.0
    return (sum(hits) / len(hits) + sum(misses) / len(misses)) / 2


def find_edges(contacts: Sequence[Contact]) -> tuple[float, float] | None:
    """The interval of gaps that best tells hits from misses, None with fewer than four hits."""
    hits = sorted(c.gap for c in contacts if c.hit)
    misses = [c.gap for c in contacts if not c.hit]
    if len(hits) < 4:
        return None
    best, edges = -1.0, (hits[0], hits[-1])
    for i, low in enumerate(hits):
        for j in range(len(hits) - 1, i + 1, -1):
            high = hits[j]
            inside = j - i + 1
            wrong = sum(low <= m <= high for m in misses)
            value = inside - wrong
            if value > best:
                best, edges = value, (low, high)
    below = [m for m in misses if m < edges[0]]
    above = [m for m in misses if m > edges[1]]
    low = (edges[0] + max(below)) / 2 if below and edges[0] - max(below) < 8 else edges[0]
    high = (edges[1] + min(above)) / 2 if above and min(above) - edges[1] < 8 else edges[1]
    return low, high
