"""Whole programs at once: random ways to steer both axes and to press, drawn together, and their variation.

A guess about one channel shows nothing where points need several at once (drive here, and fire; go on, and turn
there). So whole programs are drawn, as plain as they come, and the race decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from hlearn.editors.search.arcade import hypotheses
from hlearn.editors.search.arcade.behaviors import (
    ACROSS,
    DOWN,
    PRESS,
    STEERING,
    Behavior,
    BehaviorKnob,
    Guard,
)
from hlearn.editors.search.arcade.cues import Cue, find_cues
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.look import ProbeFindings
from hlearn.editors.search.arcade.outlook import Role, WorldModel, moves, outlooks, varied
from hlearn.editors.search.arcade.roster import Roster
from hlearn.editors.search.arcade.signals import Signal
from hlearn.editors.search.arcade.skills import KINDS
from hlearn.editors.search.arcade.starts import offset_knob, pixel_knob, place_knob
from hlearn.editors.search.arcade.vary import turn_knobs
from hlearn.evaluate.api import Recording
from hlearn.policy.joystick import action_meaning
from hlearn.probe.scene import Axis

GUARDED = 0.35  # of the programs have a condition that changes both ways of steering
LEADING = (
    0.6,
    0.85,
    1.0,
)  # of the ways to steer by place steer the best known own place, or the second, or the third
CUED = 0.5  # of the conditions are cues: what was played tells that they matter
URGED = 0.5  # of the ways to steer under a cue are the one that served best there, where any did
PLACED = 0.3  # of the conditions ask where the player is
CONDITIONS = 3  # that a program has at most
THOUGHTS = 0.35  # of the changes to a program that looks ahead change what it thinks of things
DRAWN = 0.2  # of the ways to steer are kinds that say how they are drawn
SEVERAL = (0.5, 0.8)  # of the children have one change, have at most two; the others have three
CHANGES = ("steer", "steer", "press", "guard", "target", "knobs", "knobs", "knobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Draws programs and changes them.

    Attributes:
        owns: own positions per steering channel, the best known first; a channel that is missing cannot be steered.
        targets: numbers that may be places of things.
        signs: numbers that conditions may look at.
        cues: conditions that matter, as what was played tells.
        world: what the probe knows of things; None where no player is seen.
        directions: that can be steered, (across, down).
        rhythms: the ways to press that look at nothing; none without a button.
        rng: decides.
    """

    owns: Mapping[str, Sequence[Signal]]
    targets: Sequence[Signal]
    signs: Sequence[Signal]
    rhythms: Sequence[Behavior]
    world: WorldModel | None
    directions: Sequence[tuple[int, int]]
    rng: np.random.Generator
    cues: Sequence[Cue] = ()

    def fresh(self) -> Genome:
        """A random program."""
        genome = Genome(across=self._own(ACROSS), down=self._own(DOWN))
        for channel in self.owns:
            genome = genome.with_channel(channel, self._way(genome, channel))
        if self.rng.random() < GUARDED:
            genome = self._guarded(genome)
        return genome.with_channel(PRESS, self._press(genome))

    def ahead(self) -> list[Genome]:
        """Programs that look ahead, as what was read of things suggests."""
        if self.world is None or not self.owns:
            return []
        steers = tuple(Behavior(kind="foresee", channel=c) for c in self.owns)
        button = bool(self.rhythms)
        found = []
        for outlook in outlooks(self.world, button=button):
            genome = Genome(across=self._own(ACROSS), down=self._own(DOWN), outlook=outlook)
            levels = outlook.kinds(Role.ABOVE) + outlook.kinds(Role.BESIDE)
            press = (hypotheses.pulse(8, 4),) if button else ()
            found.append(replace(genome, behaviors=(*steers, *press)))
            if levels:
                found.append(replace(genome, behaviors=(*steers, shot(), seldom())))
            if outlook.kinds(Role.BESIDE):  # shots may fly where the player faces
                facing = replace(genome, outlook=replace(outlook, face=True))
                found.append(replace(facing, behaviors=(*steers, *press)))
        return found

    def thought(self) -> Genome | None:
        """A program that looks ahead and takes some kinds for what nobody read of them; None where nothing is known."""
        read = self.ahead()
        if not read:
            return None
        genome = read[int(self.rng.integers(len(read)))]
        for _ in range(int(self.rng.integers(1, 4))):
            assert genome.outlook is not None
            genome = replace(genome, outlook=varied(genome.outlook, self.directions, self.rng))
        return genome.with_channel(PRESS, self._press(genome)) if self.rng.random() < 0.3 else genome

    def varied(self, parent: Genome, mates: Sequence[Genome], source: str) -> Genome:
        """One change, or two or three (:data:`SEVERAL`).

        Args:
            parent: what to change.
            mates: programs that a whole channel may be taken from.
            source: what a changed constant names as its source.
        """
        genome = parent
        for _ in range(1 + int(np.searchsorted(SEVERAL, self.rng.random()))):
            change = CHANGES[int(self.rng.integers(len(CHANGES)))]
            if genome.looks_ahead and genome.outlook is not None and self.rng.random() < THOUGHTS:
                genome = replace(genome, outlook=varied(genome.outlook, self.directions, self.rng))
            elif change == "steer" and self.owns:
                genome = self._steered(genome, mates)
            elif change == "press":
                genome = genome.with_channel(PRESS, self._press(genome))
            elif change == "guard":
                genome = self._toggled(genome)
            elif change == "target":
                genome = self._aimed(genome)
            else:
                genome = turn_knobs(genome, self.rng, source)
        return genome

    def _own(self, channel: str) -> Signal | None:
        owns = self.owns.get(channel, ())
        if not owns:
            return None
        dice = self.rng.random() * LEADING[min(len(owns), len(LEADING)) - 1]
        return owns[sum(dice >= share for share in LEADING)]

    def _steered(self, genome: Genome, mates: Sequence[Genome]) -> Genome:
        """Another way on one channel, drawn or a mate's, behind the same condition or before it."""
        channels = list(self.owns)
        channel = channels[int(self.rng.integers(len(channels)))]
        have = genome.on(channel)
        mate = mates[int(self.rng.integers(len(mates)))] if mates else None
        if mate is not None and self.rng.random() < 0.25 and mate.own(channel) == genome.own(channel):
            return replace(
                genome.with_channel(channel, mate.on(channel)), outlook=genome.outlook or mate.outlook
            )
        way = self._way(genome, channel)
        guarded = [b for b in have if b.guard is not None]
        if guarded and self.rng.random() < 0.5:
            new = tuple(replace(b, guard=guarded[0].guard) for b in way)
            return genome.with_channel(channel, new + tuple(b for b in have if b is not guarded[0]))
        return genome.with_channel(channel, (*guarded, *way))

    def _way(self, genome: Genome, channel: str) -> tuple[Behavior, ...]:
        """A random way to steer one axis; often none at all."""
        own, blind = genome.own(channel), hypotheses.blind(channel)
        drawn = [k.draw for k in KINDS.values() if k.draw is not None]
        if drawn and self.rng.random() < DRAWN:
            behavior = drawn[int(self.rng.integers(len(drawn)))](own, self.targets, channel, self.rng)
            return () if behavior is None else (behavior,)
        targets = self.targets
        dice = int(self.rng.integers(7 if own is not None and targets else 3))
        if dice == 0:
            return ()
        if dice == 1:
            return (blind[int(self.rng.integers(2))],)
        if dice == 2 or own is None:
            return (_rhythm(blind[int(self.rng.integers(2, len(blind)))], self.rng),)
        if dice == 3:
            return (self._hold(own, channel),)
        return (self._track(own, self._target(own), channel),)

    def _hold(self, own: Signal, channel: str) -> Behavior:
        place = round(float(self.rng.uniform(own.low, own.high)), 1)
        knobs = (("place", place_knob(place, own)), ("deadband", self._dead()))
        return Behavior(kind="hold", channel=channel, knobs=knobs)

    def _track(self, own: Signal, target: Signal, channel: str) -> Behavior:
        """Going to where something is, or away from there."""
        offset = offset_knob(float(self.rng.normal(0.0, 10.0)), own)
        if self.rng.random() < 0.25:
            radius = pixel_knob(
                round(own.span * float(self.rng.uniform(0.05, 1.0)), 1), 1, own.span, 0.05 * own.span
            )
            knobs = (("offset", offset), ("radius", radius))
            return Behavior(kind="flee", channel=channel, roles=(("hazard", target),), knobs=knobs)
        if self.rng.random() < 0.35:
            lead = BehaviorKnob(
                value=round(float(self.rng.uniform(-4, 12)), 1), low=-60, high=60, unit="steps", step=3
            )
            steered = (("offset", offset), ("lead", lead), ("deadband", self._dead()))
            return Behavior(kind="pursue", channel=channel, roles=(("target", target),), knobs=steered)
        plain = (("offset", offset), ("deadband", self._dead()))
        return Behavior(kind="follow", channel=channel, roles=(("target", target),), knobs=plain)

    def _target(self, own: Signal) -> Signal:
        """Something that may be level with an own place: held in the same form, where any is."""
        alike = [t for t in self.targets if bool(t.sight.imports) == bool(own.sight.imports)] or self.targets
        return alike[int(self.rng.integers(len(alike)))]

    def _dead(self) -> BehaviorKnob:
        return pixel_knob(round(float(self.rng.uniform(0.0, 6.0)), 1), 0, 12, 1.0)

    def _press(self, genome: Genome) -> tuple[Behavior, ...]:
        """A random way to press: held, in a rhythm, when level with something, hardly ever."""
        if not self.rhythms:
            return ()
        dice = int(self.rng.integers(4))
        if genome.looks_ahead and self.rng.random() < 0.3:
            return (shot(), seldom())
        if dice == 0:
            return (self.rhythms[0],)
        if dice == 1:
            return (seldom(),)
        own = genome.across or genome.down
        tracked = [b.roles[0][1] for c in STEERING for b in genome.on(c) if b.kind in ("follow", "pursue")]
        if dice == 2 and own is not None and self.targets:
            pick = tracked or [self._target(own)]
            target = pick[int(self.rng.integers(len(pick)))]
            follows = next(
                (b.channel for c in STEERING for b in genome.on(c) if b.roles and b.roles[0][1] is target),
                ACROSS,
            )
            return (*hypotheses.aims(genome.own(follows) or own, [target]), seldom())
        return (hypotheses.pulse(float(self.rng.integers(2, 30)), 2),)

    def _guarded(self, genome: Genome) -> Genome:
        """The program with other ways to steer while a number stands beyond a level."""
        if not self.signs:
            return genome
        cue = self._cue()
        guard = self._condition() if cue is None else _guard(cue.sign, cue.test, cue.level)
        for channel in self.owns:
            way = self._way(genome, channel) or (Behavior(kind="rest", channel=channel),)
            if cue is not None and channel in cue.urges and self.rng.random() < URGED:
                way = (Behavior(kind="push", channel=channel, option=cue.urges[channel]),)
            genome = genome.with_channel(channel, (replace(way[0], guard=guard), *genome.on(channel)))
        return genome

    def _cue(self) -> Cue | None:
        """A condition that matters, the clearer the likelier; None as often as it shall be a random one."""
        if not self.cues or self.rng.random() >= CUED:
            return None
        clear = np.array([c.evidence for c in self.cues])
        return self.cues[int(self.rng.choice(len(clear), p=clear / clear.sum()))]

    def _condition(self) -> Guard:
        """A random condition, often on where the player is."""
        mine = [o for owns in self.owns.values() for o in owns[:1]]
        signs = mine if mine and self.rng.random() < PLACED else self.signs
        sign = signs[int(self.rng.integers(len(signs)))]
        level = round(float(self.rng.uniform(sign.low, sign.high)), 1)
        return _guard(sign, "<" if self.rng.random() < 0.5 else ">", level)

    def _toggled(self, genome: Genome) -> Genome:
        """The program with one condition more, or one less, or with none of them."""
        guards = list(dict.fromkeys(b.guard for b in genome.behaviors if b.guard is not None))
        gone = (
            guards
            if self.rng.random() < 0.5
            else guards[int(self.rng.integers(len(guards))) :][:1]
            if guards
            else []
        )
        if len(guards) < CONDITIONS and (not guards or self.rng.random() < 0.5):
            return self._guarded(genome)
        return replace(
            genome, behaviors=tuple(b for b in genome.behaviors if b.guard is None or b.guard not in gone)
        )

    def _aimed(self, genome: Genome) -> Genome:
        """The program with one of its behaviours about another thing."""
        places = [
            i
            for i, b in enumerate(genome.behaviors)
            if len(b.roles) == 1 and b.roles[0][0] in ("target", "hazard")
        ]
        if not places or not self.targets:
            return genome
        at = places[int(self.rng.integers(len(places)))]
        behavior = genome.behaviors[at]
        own = genome.own(behavior.channel) or genome.across or genome.down
        target = self._target(own) if own is not None else self.targets[0]
        changed = replace(behavior, roles=((behavior.roles[0][0], target),))
        return replace(genome, behaviors=(*genome.behaviors[:at], changed, *genome.behaviors[at + 1 :]))


def seldom() -> Behavior:
    """Pressing now and then: some games wait for it, when they begin and after a life was lost."""
    return hypotheses.pulse(200, 1)


def shot() -> Behavior:
    """Pressing in a rhythm while something stands level."""
    return replace(hypotheses.pulse(8, 4), kind="shoot")


def _guard(sign: Signal, test: str, level: float) -> Guard:
    knob = BehaviorKnob(value=level, low=sign.low, high=sign.high, step=0.1 * sign.span)
    return Guard(signal=sign, test=test, level=knob)


def _rhythm(behavior: Behavior, rng: np.random.Generator) -> Behavior:
    """A swing or a step with a random period."""
    period = float(rng.integers(8, 240))
    values = {"period": period, "width": float(round(period / 2))}
    return replace(behavior, knobs=tuple((n, replace(k, value=values[n])) for n, k in behavior.knobs))


def drawer(view: ProbeFindings, roster: Roster) -> Draw:
    """What programs are drawn from, as far as the probe knows."""
    meaning = [action_meaning(b) for b in roster.buttons]
    owns: dict[str, tuple[Signal, ...]] = {}
    for channel, axis, column in ((ACROSS, Axis.X, 0), (DOWN, Axis.Y, 1)):
        if any(m[column] for m in meaning):
            # a place whose motion is explained, and what obeys most clearly, in turns
            found = zip_longest(*([s for s in o if s.drive is axis] for o in (view.own, view.steered)))
            distinct = {s.key: s for pair in found for s in pair if s is not None}
            owns[channel] = tuple(distinct.values())[: len(LEADING)]
    rhythms = hypotheses.presses(view.movers[:4], has_button=any(m[2] for m in meaning))
    targets = (*view.targets, *view.movers)  # what moves like a place twice
    signs = tuple({s.key: s for s in (*targets, *view.own, *view.flags)}.values())
    return Draw(
        owns=owns,
        targets=targets,
        signs=signs,
        rhythms=rhythms,
        world=view.world,
        directions=moves(roster.buttons),
        rng=roster.lab.rng,
        cues=cues_of(view, roster, view.recordings),
    )


def cues_of(view: ProbeFindings, roster: Roster, recordings: Sequence[Recording]) -> tuple[Cue, ...]:
    """Conditions that matter, as these episodes tell."""
    if not recordings:
        return ()
    plays, signals, signs = view.read(recordings)
    meaning = np.array([action_meaning(b)[:2] for b in roster.buttons])
    every = tuple({s.key: s for s in (*signs, *signals)}.values())
    return find_cues(plays, [meaning[r.actions] for r in recordings], every)
