"""Lessons from deaths: what stood where whenever a life was lost becomes a rule that keeps clear of it.

Scores of a few episodes are a noisy measure of a change that lets a player live a little longer, so such rules are
not judged here: they are candidates like all others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hlearn.editors.search.arcade.avoidance import dodging, heeding, reflexes
from hlearn.editors.search.arcade.avoiding_kinds import HAZARDS
from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, Behavior
from hlearn.editors.search.arcade.events import Reading
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.look import View
from hlearn.editors.search.arcade.meetings import find_meetings
from hlearn.editors.search.arcade.omens import find_omens
from hlearn.evaluate.api import Recording

WAYS = ((1.0, 1.0), (1.0, 3.0), (1.6, 3.0))  # how wide a berth, how early
AVOIDING = ("dodge", "flee", "reflex", "idle", "shelter")
RARE = 0.12  # share of deaths that a danger must explain
BEHIND = 2  # ways to steer that go on behind a reflex


def lessons(
    view: View,
    genome: Genome,
    plays: Sequence[Recording],
    own_plays: Sequence[Recording],
    say: Callable[[str], None],
) -> list[Genome]:
    """A program with rules against what killed it, several ways.

    Args:
        view: how recordings are read.
        genome: the program.
        plays: every recording so far, whoever played: what kills.
        own_plays: those of the program itself: what comes before its deaths.
        say: is told what was found.
    """
    found = _warned(view, genome, own_plays, say)
    known, signals, _ = view.read(plays)
    for channel, other in ((ACROSS, DOWN), (DOWN, ACROSS)):
        own = genome.own(channel)
        if own is None:
            continue
        dangers = find_meetings(known, "loss", own, genome.own(other), signals, most=HAZARDS)
        dangers = [d for d in dangers if d.explained >= RARE * d.events]
        if not dangers:
            continue
        top = dangers[0]
        depth = f" while {top.depth.key} is near {top.level:.0f}" if top.depth is not None else ""
        say(
            f"{top.explained} of {top.events} deaths: {top.thing.key} at {top.gap:+.0f} from {top.own.key}{depth}"
        )
        for chosen in (dangers, dangers[:1]) if len(dangers) > 1 else (dangers,):
            for wide, early in WAYS:
                rule = dodging(chosen, own, channel, wide=wide, early=early)
                rules = (rule, *_idle(genome, channel), *_goals(genome, channel))
                found.append(genome.with_channel(channel, rules))
        for steered in (c for c in (ACROSS, DOWN) if genome.own(c) is not None):
            goals = (*_idle(genome, steered), *_goals(genome, steered)[-BEHIND:])
            found += [genome.with_channel(steered, (r, *goals)) for r in reflexes(dangers[0], steered)]
    return found


def _warned(
    view: View, genome: Genome, plays: Sequence[Recording], say: Callable[[str], None]
) -> list[Genome]:
    """The program letting go of the buttons while a number stands where it stood before its deaths."""
    seen, _, signs = view.read(plays) if plays else Reading([], (), ())
    owns = [o for o in (genome.across, genome.down) if o is not None]
    known = {b.role("sign").key for b in genome.behaviors if b.kind == "idle"}
    omens = [o for o in find_omens(seen, owns, signs) if o.sign.key not in known]
    for omen in omens[:1]:
        word = "at least" if omen.high else "at most"
        say(f"{omen.explained} of {omen.events} deaths: {omen.sign.key} {word} {omen.level:.0f}")
    return heeding(genome, omens)


def _goals(genome: Genome, channel: str) -> tuple[Behavior, ...]:
    return tuple(b for b in genome.on(channel) if b.kind not in AVOIDING)


def _idle(genome: Genome, channel: str) -> tuple[Behavior, ...]:
    return tuple(b for b in genome.on(channel) if b.kind == "idle")
