"""Evolution: vary the elite, race the children against the champion, say when it has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hlearn.editors.search.arcade import shares
from hlearn.editors.search.arcade.joint import Draw
from hlearn.editors.search.arcade.repair import repair
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.arcade.standing import Leaderboard
from hlearn.editors.search.arcade.vary import Pool, vary
from hlearn.editors.search.race import Runner, better, clearly_better, hopeless

WHOLE = 0.65  # of the children vary as whole programs do
BROOD = 12  # children per generation at most
RUNGS = (1, 2, 4, 8, 16)  # seeds a child must have stood at each rung
PATIENCE = {1: 0.25, 2: 0.25}  # standard errors that a child may trail, by rung; elsewhere 0
ADMITTED = 2  # seeds after which a child may be admitted
SOUND = 8  # seeds after which a champion may be proposed
SETTLED = 40  # seeds after which a champion needs no more of them
IDLE = 20  # generations that measure nothing new, after which there is nothing more to try
CLEAR = 1.0  # standard errors by which it must lead: the gate's episodes are few
STOOD = 16  # seeds on which a first champion reaches the target, if there is one


def evolve(
    roster: Roster,
    standing: Leaderboard,
    pool: Pool,
    draw: Draw | None,
    *,
    told: Runner | None,
    mended: Runner,
) -> Iterator[Runner]:
    """Goes on until the target is reached or nothing new comes up; yields a new champion now and then.

    Args:
        roster: the candidates.
        standing: who leads; is kept up to date.
        pool: what variation may use.
        draw: varies whole programs, in turn with the pool; None: never.
        told: the champion that was yielded before; None: the first waits until it stands, for who comes first meets
            nobody at the gate, and there differences between programs that nearly always reach a target take long to
            see.
        mended: the champion that needs no repair.

    Raises:
        BudgetExhausted: nothing is left to spend.
    """
    lab = roster.lab
    rungs = (1,) if roster.deterministic else RUNGS
    start = max(1, lab.remaining)
    told_at = mended_at = lab.remaining
    idle = 0
    while not standing.done and idle < IDLE:
        before = lab.remaining
        _generation(standing, _children(roster, standing, pool, draw), rungs)
        if not roster.deterministic and len(standing.champion.scores) < SETTLED:
            standing.confirm()
        idle = idle + 1 if lab.remaining == before else 0
        sound = len(standing.champion.scores) >= min(SOUND, rungs[-1])
        due = mended_at - lab.remaining > shares.MENDING * start and not roster.deterministic
        if standing.champion is not mended and due and sound:
            mended, mended_at = repair(roster, standing, allowance=shares.MENDING * start), lab.remaining
        if told is None:
            ripe = _stands(standing) or start - lab.remaining > shares.LATEST * start
        else:
            clear = roster.deterministic or clearly_better(standing.champion, told, CLEAR)
            ripe = told_at - lab.remaining > shares.PAUSE * start and clear
        if standing.champion is not told and sound and ripe:
            told, told_at = standing.champion, lab.remaining
            yield standing.champion


def _stands(standing: Leaderboard) -> bool:
    """Whether the champion reaches the target, on average, on many seeds."""
    target, played = standing.roster.lab.task.target, standing.champion.measured
    return target is not None and len(played) >= STOOD and sum(played) >= target * len(played)


def _children(roster: Roster, standing: Leaderboard, pool: Pool, draw: Draw | None) -> list[Runner]:
    """A brood of variations of the elite, the better of which have more children."""
    lab, elite = roster.lab, standing.elite
    children: list[Runner] = []
    if roster.deterministic:
        count = lab.workers * 2
    else:  # fewer where episodes are long
        count = int(min(BROOD, max(2, shares.GENERATION * lab.remaining / max(1.0, standing.champion.cost))))
    for _ in range(count):
        parent = elite[int(len(elite) * lab.rng.random() ** 2)]
        mates = [genome_of(r) for r in elite if r is not parent]
        if draw is not None and lab.rng.random() < WHOLE:
            child = roster.runner(draw.varied(genome_of(parent), mates, roster.next_name))
        else:
            child = roster.runner(vary(genome_of(parent), mates, pool, lab.rng, roster.next_name))
        if child not in children and child not in elite:
            children.append(child)
    return children


def _generation(standing: Leaderboard, children: list[Runner], rungs: Sequence[int]) -> None:
    """Races children over the rungs; who trails leaves, who stays is admitted to the elite."""
    for rung in rungs:
        children = [c for c in children if c is not standing.champion]
        if not children:
            return
        standing.arena.run([*children, standing.champion], rung)
        patience = PATIENCE.get(rung, 0.0)
        worst = standing.elite[-1]
        children = [
            c
            for c in children
            if not hopeless(c, standing.champion, patience) or (rung <= 2 and better(c, worst))
        ]
        children.sort(key=lambda r: (-r.mean, r.cost, r.number))  # where all is won, who is done sooner leads
        children = children[: max(1, len(children) // 2)]
        if rung >= min(ADMITTED, rungs[-1]):
            standing.admit(children)
