"""The first race: every guess once, in short episodes; those that look at nothing before those that look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from hlearn.editors.search.arcade import avoidance, hypotheses, shares
from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, PRESS, STEERING, Behavior
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.look import ProbeFindings
from hlearn.editors.search.arcade.meetings import find_meetings
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.arcade.signals import Signal
from hlearn.editors.search.arcade.vary import Pool
from hlearn.editors.search.race import ONWARD, Arena, Runner
from hlearn.policy.joystick import action_meaning

MOVERS = 16  # movers considered for steering
CHASES = 16  # things considered for steering on both axes
PAIRS = 24  # pairs considered for interception
LITTLE = 0.3  # of what random play loses, that whoever does nothing may lose to be tried first
SHORTEST = 800  # environment steps of an episode at least
SCARCE, STUB = 500, 200  # where little is left: this part of it, but not fewer environment steps
AGAIN = 1.3  # episodes per program: the best quarter plays twice
FEWEST = 24  # guesses that race whatever it costs


class FirstRaceResult(NamedTuple):
    """What the first race leaves: guesses for variation, where steering acts, and every runner, best first."""

    pool: Pool
    home: Genome
    firsts: list[Runner]


def run_first_race(roster: Roster, view: ProbeFindings) -> FirstRaceResult:
    """Races what the probe suggests.

    Raises:
        BudgetExhausted: nothing is left to spend.
    """
    across = [s for s in view.own if s.drive == "x"][:3]
    down = [s for s in view.own if s.drive == "y"][:3]
    axes = [action_meaning(b) for b in roster.buttons]
    channels = [c for c, i in ((ACROSS, 0), (DOWN, 1)) if any(m[i] for m in axes)]
    has_button = any(m[2] for m in axes)

    rhythms = hypotheses.presses(view.movers[:4], has_button=has_button)
    blind = {c: hypotheses.blind(c) for c in channels}
    order, rhythm = _race_blind(roster, view, rhythms[:3], blind)
    contexts = {c: _context(order, c, rhythm) for c in STEERING}

    guesses = [
        guess
        for channel, owns in ((ACROSS, across), (DOWN, down))
        for own in (o for o in owns[:2] if o.explained >= 0.8 * owns[0].explained)
        for guess in _guesses(view, channel, own, rhythms, contexts[channel])
    ]
    if across and down:
        guesses += _joint_guesses(view, across[0], down[0], contexts[ACROSS])
    if not roster.deterministic:
        guesses = _affordable(guesses, shares.GUESSES * roster.lab.remaining)
    roster.lab.say(f"{len(guesses)} first guesses")
    guessed = _race(roster, _arena(roster, view, len(guesses), shares.GUESSES), guesses)

    movers = view.movers[:MOVERS]
    behaviors: dict[str, tuple[Behavior, ...]] = {}
    for channel in channels:
        ranked = [b for r in guessed for b in genome_of(r).on(channel)]
        lead = next(iter(across if channel == ACROSS else down), None)
        pursuits = [hypotheses.pursuit(lead, m, channel) for m in movers[:6]] if lead is not None else []
        behaviors[channel] = (*ranked, *blind[channel], *pursuits)
    if has_button:
        aims = [a for own in (across[:1] + down[:1]) for a in hypotheses.aims(own, movers[:8])]
        behaviors[PRESS] = (*rhythms, *aims)
    home = Genome(across=next(iter(across), None), down=next(iter(down), None))
    signals = (*movers, *view.own, *view.flags[:24])
    return FirstRaceResult(pool=Pool(behaviors=behaviors, signals=signals), home=home, firsts=order + guessed)


def _guesses(
    view: ProbeFindings, channel: str, own: Signal, rhythms: Sequence[Behavior], context: tuple[Behavior, ...]
) -> Iterator[Genome]:
    """Programs that steer ``own`` by one behaviour and do otherwise what served blind programs best."""
    home = Genome(across=own) if channel == ACROSS else Genome(down=own)
    movers = view.movers[:MOVERS]
    for relation in view.relations[:24]:
        if relation.own.key == own.key:
            for behavior in hypotheses.from_relation(relation, channel):
                yield replace(home, behaviors=(behavior, *context))
    yield from (replace(home, behaviors=(rule, *context)) for rule in _dodges(view, channel, own))
    told = [b for lane in view.lanes[:2] for b in hypotheses.crossings(lane, own, channel)]
    told += hypotheses.weaves(own, movers, channel)
    told += avoidance.shelters(own, view.perils, channel)
    for behavior in [*told, *hypotheses.steering(own, movers, channel)]:
        yield replace(home, behaviors=(behavior, *context))
    for behavior in list(hypotheses.interceptions(own, movers, channel, view.tally))[: PAIRS * 2]:
        ball = behavior.role("ball").key
        serves = [p for p in rhythms if p.kind == "serve" and p.role("ball").key == ball]
        yield replace(home, behaviors=(behavior, *(serves[:1] or context)))


def _dodges(view: ProbeFindings, channel: str, own: Signal) -> list[Behavior]:
    """Keeping clear of what killed random play."""
    other = next((s for s in view.own if s.drive is not None and s.drive != own.drive), None)
    plays, signals, _ = view.read(view.recordings)
    dangers = find_meetings(plays, "loss", own, other, signals)
    return [avoidance.dodging(dangers, own, channel, early=early) for early in (1.0, 3.0)] if dangers else []


def _joint_guesses(
    view: ProbeFindings, across: Signal, down: Signal, context: tuple[Behavior, ...]
) -> Iterator[Genome]:
    """Programs that steer on both axes by one thing."""
    press = tuple(b for b in context if b.channel == PRESS)
    home = Genome(across=across, down=down)
    plays, signals, _ = view.read(view.recordings)
    for own, other in ((across, down), (down, across)):
        for meeting in find_meetings(plays, "gain", own, other, signals):
            yield replace(home, behaviors=(*hypotheses.approaches(meeting, across, down), *press))
    for rules in hypotheses.chases(across, down, view.movers[:MOVERS])[:CHASES]:
        yield replace(home, behaviors=(*rules, *press))


def _context(order: Sequence[Runner], channel: str, rhythm: tuple[Behavior, ...]) -> tuple[Behavior, ...]:
    """What the best blind program without a way to steer ``channel`` does: the rest of a first guess."""
    still = [r for r in order if not genome_of(r).on(channel)]
    plain = max((r.mean for r in still if len(genome_of(r).behaviors) <= len(rhythm)), default=0.0)
    best = max(still, key=lambda r: (r.mean, -r.number), default=None)
    if best is None or best.mean <= plain + 0.1 * abs(plain):
        return rhythm
    return genome_of(best).behaviors


def _race_blind(
    roster: Roster, view: ProbeFindings, rhythms: Sequence[Behavior], blind: Mapping[str, Sequence[Behavior]]
) -> tuple[list[Runner], tuple[Behavior, ...]]:
    """Races programs that look at nothing; returns them and the way to press that served them best."""
    ways: list[tuple[Behavior, ...]] = [(r,) for r in rhythms] or [()]
    carriers: list[tuple[Behavior, ...]] = [(), *((swings[2],) for swings in blind.values())]
    by_way = [[Genome(behaviors=(*c, *way)) for c in carriers] for way in ways]
    extra = [Genome(behaviors=(b, *ways[min(1, len(ways) - 1)])) for bs in blind.values() for b in bs]
    nothing = Genome()  # where points are only lost, whoever never begins is hard to beat
    base = [*(g for genomes in by_way for g in genomes), *extra, nothing]
    roster.lab.say(f"{len(base)} blind programs")
    order = _race(roster, _arena(roster, view, len(base), shares.BLIND), base)
    totals = [sum(roster.runner(g).mean for g in genomes) for genomes in by_way]
    best = max(range(len(ways)), key=lambda i: (totals[i], i == 1))
    return order, ways[best]


def _affordable(guesses: list[Genome], budget: float) -> list[Genome]:
    """As many as the shortest episodes allow, from all over the list."""
    count = max(FEWEST, int(budget / SHORTEST / AGAIN))
    return guesses if len(guesses) <= count else [guesses[i * len(guesses) // count] for i in range(count)]


def _arena(roster: Roster, view: ProbeFindings, count: int, share: float) -> Arena:
    """An arena of short episodes, so that ``count`` programs cost about ``share`` of what is left."""
    lab = roster.lab
    least = SHORTEST if roster.deterministic else int(min(SHORTEST, max(STUB, lab.remaining / SCARCE)))
    fair = share * lab.remaining / max(1, count) / AGAIN
    cap = int(min(fair, 1.5 * view.length, 6000))
    return Arena(lab, max_steps=max(least, cap), stall_steps=3000, onward=ONWARD)


def _race(roster: Roster, arena: Arena, genomes: list[Genome]) -> list[Runner]:
    """Runs every genome once, the best quarter again; returns them best first."""
    field = roster.runners(genomes)
    arena.run(field, 1)
    field.sort(key=lambda r: (-r.mean, r.number))
    second = field[: max(4, len(field) // 4)]
    if not roster.deterministic:
        arena.run(second, 2)
    return sorted(field, key=lambda r: (-(r.mean if r in second else min(r.mean, second[-1].mean)), r.number))


def idle_winner(firsts: Sequence[Runner], by_chance: float) -> Runner | None:
    """Whoever does nothing, where playing at random (``by_chance``) only loses and that far less; None elsewhere."""
    idle = next((r for r in firsts if not genome_of(r).behaviors), None)
    return idle if idle is not None and by_chance < 0 and idle.mean >= LITTLE * by_chance else None
