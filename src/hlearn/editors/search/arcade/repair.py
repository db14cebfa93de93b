"""Repair: what an interception missed says how to change it; every attempt adds to the evidence."""

from __future__ import annotations

import math

from hlearn.editors.search.arcade.calibrate import repaired, watched
from hlearn.editors.search.arcade.contacts import Contact, find_contacts
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.arcade.standing import Standing
from hlearn.editors.search.race import Runner, hopeless
from hlearn.evaluate.api import Recording

ATTEMPTS = 5
ATTEMPTS_DETERMINISTIC = 8  # an episode is seen as it is played, so an attempt costs one
TRIED = 4  # episodes that every child gets where seeds matter
PROVEN = 8  # episodes at most that one gets which does not trail
PATIENCE = 0.25  # standard errors that it may trail
WATCHED = 3  # episodes that are watched per attempt
WATCHED_SHARE = 0.06  # of what is left, that they may cost
FIRST_SEED = 1000  # development seeds for watching, apart from those of the race


class Evidence:
    """What interceptions hit and missed, by candidate: where seeds say nothing, no episode is played twice."""

    def __init__(self) -> None:
        self._contacts: dict[int, list[Contact]] = {}

    def watch(self, runner: Runner, recording: Recording) -> None:
        """Keeps the contacts of a traced episode."""
        genome = genome_of(runner)
        at = next((i for i, b in enumerate(genome.behaviors) if b.kind == "intercept"), None)
        if at is not None:
            self._contacts[runner.number] = find_contacts(recording, genome, at)

    def take(self, runner: Runner) -> list[Contact]:
        """Hands out what was seen of a candidate, once."""
        return self._contacts.pop(runner.number, [])


def repair(roster: Roster, standing: Standing, evidence: Evidence, *, allowance: float = math.inf) -> Runner:
    """Lets what was missed correct the champion's interception.

    Where seeds say nothing, corrections alternate with other aims nearby: a closed orbit misses nothing and
    still gets nowhere.

    Args:
        roster: the candidates.
        standing: who leads; is kept up to date.
        evidence: what was missed in episodes that were watched as they were played.
        allowance: environment steps after which nothing new is tried.

    Returns:
        The champion on which this ended, which needs no repair any more.

    Raises:
        BudgetExhausted: nothing is left to spend.
    """
    lab, alone = roster.lab, roster.deterministic
    contacts: list[Contact] = []
    tried: set[str] = set()
    latest = standing.champion
    start = lab.remaining
    for attempt in range(ATTEMPTS_DETERMINISTIC if alone else ATTEMPTS):
        genome = genome_of(standing.champion)
        at = next((i for i, b in enumerate(genome.behaviors) if b.kind == "intercept"), None)
        if at is None or standing.done or start - lab.remaining > allowance:
            break
        if alone:
            contacts += evidence.take(latest)
        else:
            seeds = lab.seeds(FIRST_SEED + 4 * attempt, WATCHED)
            most = max(1000, int(WATCHED_SHARE * lab.remaining / WATCHED))
            contacts += watched(lab, latest, genome_of(latest), at, seeds, most)
        change = repaired(contacts, genome, at) if not (alone and attempt % 2) else None
        child = None if change is None else roster.runner(change[0])
        if change is None or child is None or child is standing.champion or child.program.sha256 in tried:
            if not alone:
                break
            change = _nudged(roster, genome, at), "another aim"
            child = roster.runner(change[0])
        tried.add(child.program.sha256)
        lab.say(f"repair: {change[1]}")
        standing.arena.run([child, standing.champion], 1 if alone else TRIED)
        if not alone and not hopeless(child, standing.champion, PATIENCE):
            standing.arena.run([child], min(PROVEN, len(standing.champion.scores)))
        latest = child
        standing.admit([child])
        if not alone and child is not standing.champion and attempt:
            break
    return standing.champion


def _nudged(roster: Roster, genome: Genome, at: int) -> Genome:
    """Another aim nearby."""
    knobs = dict(genome.behaviors[at].knobs)
    rng, source = roster.lab.rng, roster.next_name
    nudged = genome.turned((at, "offset"), knobs["offset"].value + float(rng.normal(0, 1.2)), source)
    return nudged.turned((at, "spread"), knobs["spread"].value * float(rng.uniform(0.6, 1.4)), source)
