"""Repair: what an interception missed, and that it got stuck, say how to change it; attempts add to the evidence."""

from __future__ import annotations

import math

from hlearn.editors.search.arcade import shares
from hlearn.editors.search.arcade.contacts import Contact, find_contacts
from hlearn.editors.search.arcade.corrections import corrections, repaired, watched
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.arcade.standing import Leaderboard
from hlearn.editors.search.race import Runner, hopeless
from hlearn.evaluate.api import Recording

ATTEMPTS = 5
ATTEMPTS_DETERMINISTIC = 8  # an episode is seen as it is played, so an attempt costs one
TRIED = 4  # episodes that every child gets where seeds matter
PROVEN = 8  # episodes at most that one gets which does not trail
PATIENCE = 0.25  # standard errors that it may trail
WATCHED = 3  # episodes that are watched per attempt
FIRST_SEED = 1000  # development seeds for watching, apart from those of the race


class ContactLog:
    """What interceptions hit and missed, by candidate: where seeds say nothing, no episode is played twice."""

    def __init__(self) -> None:
        self._contacts: dict[int, list[Contact]] = {}

    def watch(self, runner: Runner, recording: Recording) -> None:
        """Keeps the contacts of a traced episode."""
        at = _interception(runner)
        if at is not None:
            self._contacts[runner.number] = find_contacts(recording, genome_of(runner), at)

    def take(self, runner: Runner) -> list[Contact]:
        """Hands out what was seen of a candidate, once."""
        return self._contacts.pop(runner.number, [])


def repair(
    roster: Roster, standing: Leaderboard, evidence: ContactLog | None = None, *, allowance: float = math.inf
) -> Runner:
    """Lets what was missed, and episodes that got stuck, correct the champion's interception.

    Args:
        roster: the candidates.
        standing: who leads; is kept up to date.
        evidence: what was missed in episodes that were watched as they were played, where one is all there is;
            elsewhere the champion is watched anew.
        allowance: environment steps after which nothing new is tried; one attempt may go beyond it.

    Returns:
        The champion on which this ended, which needs no repair any more.

    Raises:
        BudgetExhausted: nothing is left to spend.
    """
    end = roster.lab.remaining - allowance
    if roster.deterministic:
        _mend_one_episode(roster, standing, evidence or ContactLog(), end)
    else:
        _mend(roster, standing, end)
    return standing.champion


def _mend(roster: Roster, standing: Leaderboard, end: float) -> None:
    """Watches the champion, then the best attempt to mend it, and so on while that brings another champion."""
    lab = roster.lab
    contacts: list[Contact] = []
    tried: set[str] = set()
    latest = standing.champion
    for attempt in range(ATTEMPTS):
        champion = standing.champion
        genome, at = genome_of(champion), _interception(champion)
        if at is None or standing.done or lab.remaining < end:
            return
        seeds = lab.seeds(FIRST_SEED + 4 * attempt, WATCHED)
        most = max(1000, int(shares.MISSES * lab.remaining / WATCHED))
        seen = watched(lab, latest, genome_of(latest), at, seeds, most)
        contacts += seen.contacts
        changes = [(roster.runner(g), why) for g, why in corrections(contacts, seen.stalls, genome, at)]
        changes = [(c, why) for c, why in changes if c is not champion and c.program.sha256 not in tried]
        if not changes:
            return
        children = [c for c, _ in changes]
        tried |= {c.program.sha256 for c in children}
        lab.say("repair: " + "; or ".join(why for _, why in changes))
        standing.arena.run([*children, champion], TRIED)
        if lab.remaining > end:
            upright = [c for c in children if not hopeless(c, champion, PATIENCE)]
            standing.arena.run(upright, min(PROVEN, len(champion.scores)))
        standing.admit(children)
        latest = max(children, key=lambda c: c.mean)
        if attempt and standing.champion is champion:
            return


def _mend_one_episode(roster: Roster, standing: Leaderboard, evidence: ContactLog, end: float) -> None:
    """Where one episode is all there is: corrections and other aims nearby in turn, for an orbit misses nothing."""
    contacts: list[Contact] = []
    tried: set[str] = set()
    latest = standing.champion
    for attempt in range(ATTEMPTS_DETERMINISTIC):
        champion = standing.champion
        genome, at = genome_of(champion), _interception(champion)
        if at is None or standing.done or roster.lab.remaining < end:
            return
        contacts += evidence.take(latest)
        change = None if attempt % 2 else repaired(contacts, genome, at)
        child = None if change is None else roster.runner(change[0])
        if change is None or child is None or child is champion or child.program.sha256 in tried:
            change = _nudged(roster, genome, at), "another aim"
            child = roster.runner(change[0])
        tried.add(child.program.sha256)
        roster.lab.say(f"repair: {change[1]}")
        standing.arena.run([child, champion], 1)
        latest = child
        standing.admit([child])


def _interception(runner: Runner) -> int | None:
    """Index of the behaviour that meets something, None where there is none."""
    return next((i for i, b in enumerate(genome_of(runner).behaviors) if b.kind == "intercept"), None)


def _nudged(roster: Roster, genome: Genome, at: int) -> Genome:
    """Another aim nearby."""
    knobs = dict(genome.behaviors[at].knobs)
    rng, source = roster.lab.rng, roster.next_name
    nudged = genome.turned((at, "offset"), knobs["offset"].value + float(rng.normal(0, 1.2)), source)
    return nudged.turned((at, "spread"), knobs["spread"].value * float(rng.uniform(0.6, 1.4)), source)
