"""Plain evolution of whole programs in short episodes: what the search must at least be worth in every game."""

from __future__ import annotations

from collections.abc import Sequence

from hlearn.editors.search.arcade.joint import Draw
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.race import Arena, Runner, careful
from hlearn.evaluate.api import Job

FIRST = 16  # programs before any has children
FRESH = 0.15  # of the programs after that have no parents
PARENTS = 8
BROOD = 4  # programs that are measured side by side
GUESSED = 2  # of them that were proposed, as long as there are any
LONG, SHORT = 4_000, 1_500  # environment steps: where episodes are that long, so many must show promise first
IDLE = 40  # broods that measure nothing new, after which there is nothing more to draw
CONFIRMED = 3  # leaders that play another episode after each brood
RUNGS = ((5, 3), (3, 6))  # among the best five: three episodes; among the best three: six


def evolve_whole(
    roster: Roster,
    arena: Arena,
    draw: Draw,
    seeded: Sequence[Runner],
    allowance: float,
    known: Sequence[Runner] = (),
) -> list[Runner]:
    """Evolves programs until the allowance is spent.

    Args:
        roster: the candidates.
        arena: plays short episodes.
        draw: draws and varies programs.
        seeded: programs that take part from the start, beside random ones.
        allowance: environment steps that this may cost, roughly.
        known: who was measured before in this arena, best first.

    Returns:
        Who was measured, best first.

    Raises:
        BudgetExhausted: nothing is left to spend.
    """
    lab = roster.lab
    start = lab.remaining
    field = list(known)
    pending = [r for r in seeded if r not in field]
    drawn, idle = len(field), 0
    while start - lab.remaining < allowance and idle < IDLE:
        before = lab.remaining
        brood, pending = pending[:GUESSED], pending[GUESSED:]
        while len(brood) < BROOD:
            if drawn < FIRST or lab.rng.random() < FRESH:
                genome, drawn = draw.fresh(), drawn + 1
            else:
                top = field[:PARENTS]
                parent = top[int(lab.rng.integers(len(top)))]
                genome = draw.varied(
                    genome_of(parent), [genome_of(r) for r in top if r is not parent], roster.next_name
                )
            brood.append(roster.runner(genome))
        brood = [r for r in dict.fromkeys(brood) if r not in field]
        brood = _promising(brood, field, arena)
        arena.run(brood, 1)
        field += brood
        field.sort(key=_order)
        for runner in [] if roster.deterministic else _doubtful(field):
            if start - lab.remaining < allowance:
                arena.run([runner], len(runner.scores) + 1)
        field.sort(key=_order)
        idle = idle + 1 if lab.remaining == before else 0
    return field


def _promising(brood: Sequence[Runner], field: Sequence[Runner], arena: Arena) -> list[Runner]:
    """Who keeps up for a while with those who lead, where whole episodes are long; everyone elsewhere.

    Raises:
        BudgetExhausted: nothing is left to spend.
    """
    leaders = field[:PARENTS]
    if len(field) < PARENTS or sum(r.cost for r in leaders) < LONG * len(leaders):
        return list(brood)
    seed = arena.lab.seeds(arena.first_seed, 1)[0]
    jobs = [Job(program=r.program, seed=seed, max_steps=SHORT) for r in (*leaders, *brood)]
    scores = [r.outcome.score for r in arena.lab.measure(jobs)]  # the leaders' are known after the first time
    bar = sorted(scores[: len(leaders)])[len(leaders) // 4]
    return [r for r, score in zip(brood, scores[len(leaders) :], strict=True) if score >= bar]


def _order(runner: Runner) -> tuple[float, int]:
    return -careful(runner), runner.number


def _doubtful(field: Sequence[Runner]) -> list[Runner]:
    """Who leads without having played enough: the fewest episodes first."""
    few = [r for among, episodes in RUNGS for r in field[:among] if len(r.scores) < episodes]
    return sorted(dict.fromkeys(few), key=lambda r: (len(r.scores), r.number))[:CONFIRMED]
