"""From first guesses to whole episodes: the best of each channel, joined ones beside them, halved in turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hlearn.editors.search.arcade import shares
from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, PRESS
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.arcade.standing import ELITE, Leaderboard
from hlearn.editors.search.race import Arena, Runner


def settle(
    roster: Roster,
    arena: Arena,
    firsts: list[Runner],
    home: Genome,
    leaders: Sequence[Genome] = (),
) -> Leaderboard:
    """Measures the best of the first race on whole episodes.

    Args:
        roster: the candidates; those with capped scores are forgotten.
        arena: plays whole episodes.
        firsts: the runners of the first race, the likeliest first.
        leaders: whole programs that go on too.
        home: own positions for channels in which a genome has none.

    Raises:
        BudgetExhausted: nothing is left to spend.
    """
    best = _by_channel(firsts)
    picked = [r for r in firsts if any(r in runners[:ELITE] for runners in best.values())]
    both = _combined(best)
    roster.forget()  # whole episodes from here on: capped scores are not comparable
    genomes = [genome_of(r) for r in picked[:4]] + [*leaders] + both + [genome_of(r) for r in picked[4:]]
    field = roster.runners(
        [replace(g, across=g.across or home.across, down=g.down or home.down) for g in genomes]
    )
    roster.lab.say(f"{len(field)} programs on whole episodes")
    _halve(roster, arena, field, shares.SETTLED * roster.lab.remaining)
    return Leaderboard(
        roster, arena, sorted(field, key=lambda r: (-min(len(r.scores), 2), -r.mean, r.number))[:ELITE]
    )


def _by_channel(firsts: Sequence[Runner]) -> dict[str, list[Runner]]:
    """The runners by the channel of the first behaviour that looks at something, in their order."""
    best: dict[str, list[Runner]] = {}
    for runner in firsts:
        behaviors = genome_of(runner).behaviors
        kinds = [b.channel for b in behaviors if b.roles] or [b.channel for b in behaviors]
        best.setdefault(kinds[0] if kinds else PRESS, []).append(runner)
    return best


def _combined(best: dict[str, list[Runner]]) -> list[Genome]:
    """What the first race did not try: both channels at once, making way before going for something."""
    both = [
        _joined(genome_of(a), genome_of(d)) for a in best.get(ACROSS, [])[:3] for d in best.get(DOWN, [])[:3]
    ]
    for channel in (ACROSS, DOWN):
        ranked = [genome_of(r) for r in best.get(channel, [])]
        dodges = [
            g for g in ranked if [b.kind for b in g.on(channel)[:1]] in (["flee"], ["dodge"], ["shelter"])
        ][:3]
        goals = [
            g
            for g in ranked
            if g.on(channel) and g.on(channel)[0].kind not in ("flee", "dodge", "shelter", "intercept")
        ]
        both += [g.with_channel(channel, d.on(channel) + g.on(channel)) for d in dodges for g in goals[:3]]
    return both


def _joined(across: Genome, down: Genome) -> Genome:
    """One genome's way across with the other's way up and down."""
    behaviors = across.on(ACROSS) + down.on(DOWN) + across.on(PRESS)
    return replace(across, down=down.down, behaviors=behaviors, outlook=across.outlook or down.outlook)


def _halve(roster: Roster, arena: Arena, field: list[Runner], budget: float) -> None:
    """Successive halving (Jamieson and Talwalkar, 2016): everyone once, the better half twice, and so on.

    Args:
        roster: the candidates.
        arena: plays whole episodes.
        field: who takes part; sorted in place, best first.
        budget: environment steps that this may cost, roughly.
    """
    lab = roster.lab
    start = lab.remaining
    batch = 2 * lab.workers  # small: the first ones are the likeliest
    count, kept = 1, len(field)
    while True:
        for at in range(0, kept, batch):
            if count == 1 and at and start - lab.remaining > shares.SETTLED_FIRST * budget:
                break
            arena.run(field[at : min(kept, at + batch)], count)
        field.sort(key=lambda r: (-min(len(r.scores), count), -r.mean, r.number))
        count, kept = 2 * count, max(1, kept // 2)
        spent = start - lab.remaining
        ahead = sum(r.cost for r in field[:kept]) * count / 2
        if roster.deterministic or count > 8 or kept < 2 or spent + ahead > budget:
            return
