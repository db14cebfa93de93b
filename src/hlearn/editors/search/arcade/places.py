"""Where to stand beside what is followed: the distance decides what is hit, and no probe tells it.

A guess follows something level with it, or at the distance at which points were won by chance. A few short episodes
at other distances find a better one sooner than whole episodes of random changes.
"""

from __future__ import annotations

from collections.abc import Sequence

from hlearn.editors.search.arcade.behaviors import STEERING
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.arcade.standing import Standing
from hlearn.editors.search.race import Arena, Runner, hopeless

DISTANCES = (-0.16, -0.08, -0.04, 0.04, 0.08, 0.16)  # of the way that the own thing can go
LED = 2  # of the elite, whose places are varied
SHARE = 0.12  # of what is left, for short episodes
LEAST = 1000  # environment steps of one
KEPT = 4  # that play more than one
AGAIN = 3  # episodes that these play
FINALISTS = 2  # that play whole episodes against the champion
PATIENCE = 0.25  # standard errors that they may trail
WHOLE = (2, 4)  # whole episodes, in turns


def places(genome: Genome, source: str) -> list[Genome]:
    """The genome at other distances from what it follows, one behaviour changed at a time."""
    found = []
    for at, behavior in enumerate(genome.behaviors):
        own = genome.own(behavior.channel) if behavior.channel in STEERING else None
        knobs = dict(behavior.knobs)
        if own is None or "offset" not in knobs or "target" not in dict(behavior.roles):
            continue
        offset = knobs["offset"].value
        found += [genome.turned((at, "offset"), offset + d * own.span, source) for d in DISTANCES]
    return found


def race_places(roster: Roster, standing: Standing) -> None:
    """Lets those who lead try other distances, first in short episodes, the best against the champion in whole ones.

    Raises:
        BudgetExhausted: nothing is left to spend.
    """
    lab = roster.lab
    leaders = [standing.champion, *(r for r in standing.elite if r is not standing.champion)][:LED]
    others = [r for leader in leaders for r in roster.runners(places(genome_of(leader), roster.next_name))]
    others = [r for r in dict.fromkeys(others) if r not in leaders]
    if not others:
        return
    field = [_afresh(r) for r in (*leaders, *others)]
    episodes = len(field) + (AGAIN - 1) * KEPT
    arena = Arena(lab, max_steps=_capped(int(SHARE * lab.remaining / episodes), lab.longest))
    lab.say(f"{len(others)} other distances from what is followed")
    arena.run(field, 1)
    field.sort(key=lambda r: (-r.mean, r.number))
    arena.run(field[:KEPT], AGAIN)
    ahead = sorted(field, key=lambda r: (-len(r.scores), -r.mean, r.number))
    _challenge(standing, [r for a in ahead for r in others if r.program is a.program][:FINALISTS])


def _challenge(standing: Standing, finalists: Sequence[Runner]) -> None:
    """Whole episodes against the champion; who trails leaves."""
    champion = standing.champion
    left = list(finalists)
    for count in WHOLE:
        standing.arena.run([*left, champion], count)
        left = [r for r in left if not hopeless(r, champion, PATIENCE)]
    standing.admit(left)


def _afresh(runner: Runner) -> Runner:
    """The same candidate without scores: those of short episodes are of their own kind."""
    return Runner(number=runner.number, program=runner.program, what=runner.what, note=runner.note)


def _capped(steps: int, longest: int | None) -> int:
    steps = max(LEAST, steps)
    return steps if longest is None else min(steps, longest)
