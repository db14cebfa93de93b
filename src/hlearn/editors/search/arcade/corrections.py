"""What an interception should change, from watching it: misses move its aim, getting stuck widens it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hlearn.editors.api import Lab
from hlearn.editors.search.arcade.contacts import Contact, find_contacts
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.race import Runner
from hlearn.evaluate.api import Job, Record
from hlearn.records import Episode, Outcome

WIDE = 0.8  # deadbands of spread: orbits hold nobody whose aim varies so much
WIDER = 0.6  # deadbands of spread that are tried first: less leaves few orbits


class Seen(NamedTuple):
    """What was seen of an interception in some episodes: every arrival, and how many episodes got stuck."""

    contacts: list[Contact]
    stalls: int


def watched(lab: Lab, runner: Runner, genome: Genome, at: int, seeds: Sequence[int], max_steps: int) -> Seen:
    """Plays episodes of a program, of ``max_steps`` at most, and looks at every arrival at the line.

    Raises:
        BudgetExhausted: nothing is left to spend.
    """
    jobs = [
        Job(
            program=runner.program,
            seed=seed,
            max_steps=max_steps,
            record=Record.TRACES,
            stall_steps=lab.stall,
            stop_score=lab.task.target,
        )
        for seed in seeds
    ]
    contacts: list[Contact] = []
    stalls = 0
    for result in lab.measure(jobs):
        if result.recording is not None:
            contacts += find_contacts(result.recording, genome, at)
        stalls += is_stuck(result.outcome, lab.task.target, max_steps)
    return Seen(contacts, stalls)


def is_stuck(outcome: Outcome, target: float | None, max_steps: int) -> bool:
    """Whether an episode was given up because nothing more was won."""
    if not isinstance(outcome, Episode) or not outcome.stopped or outcome.env_steps >= max_steps:
        return False
    return target is None or outcome.score < target


def corrections(
    contacts: Sequence[Contact], stalls: int, genome: Genome, at: int
) -> list[tuple[Genome, str]]:
    """What may mend an interception, and why.

    Args:
        contacts: arrivals that were watched, of this genome and of attempts to mend it.
        stalls: episodes that got stuck.
        genome: what is to be mended.
        at: index of the interception.
    """
    missed = repaired(contacts, genome, at)
    found = [] if missed is None else [missed]
    base = genome if missed is None else missed[0]
    loose = loosened(base, genome, at) if stalls else None
    return found if loose is None else [*found, (loose, f"{stalls} got stuck, aim more widely")]


def repaired(contacts: Sequence[Contact], genome: Genome, at: int) -> tuple[Genome, str] | None:
    """Moves offset and spread away from what was missed.

    Returns:
        The changed genome and a line that says what was missed, None if nothing was.
    """
    behavior = genome.behaviors[at]
    hits = np.array([c.gap for c in contacts if c.hit])
    misses = np.array([c.gap for c in contacts if not c.hit])
    if len(hits) < 10 or not len(misses):
        return None
    middle = float(np.median(hits))
    near = misses[np.abs(misses - middle) < 4 * max(4.0, float(hits.std()))]
    below, above = near[near < middle], near[near > middle]
    if not len(below) and not len(above):  # whatever was missed was out of reach
        return None
    offset, spread = dict(behavior.knobs)["offset"], dict(behavior.knobs)["spread"]
    if len(below) and len(above):
        low, high = float(below.max()), float(above.min())
        place, half = (low + high) / 2, (high - low) / 2
    else:  # missed on one side only: a little away from it
        nearest = float(above.min()) if len(above) else float(below.max())
        half = abs(nearest - middle)
        place = offset.value + (-1 if len(above) else 1) * max(1.2, 0.25 * half)
    source = f"repair: {len(below)} missed below, {len(above)} above"
    changed = genome.turned((at, "offset"), place, source)
    changed = changed.turned((at, "spread"), min(0.8 * spread.value, 0.5 * half), source)
    text = f"{len(misses)} of {len(contacts)} missed, offset {offset.value} to {place:.1f}"
    return changed, text


def loosened(genome: Genome, before: Genome, at: int) -> Genome | None:
    """Aims more widely than before, since who always meets a ball alike may never leave its orbit.

    Returns:
        None where the aim was wide already, or can be no wider.
    """
    knobs = dict(before.behaviors[at].knobs)
    spread, deadband = knobs["spread"], knobs["deadband"]
    if spread.value >= min(WIDE * deadband.value, spread.high):
        return None
    return genome.turned((at, "spread"), max(2.0 * spread.value, WIDER * deadband.value), "stuck in an orbit")
