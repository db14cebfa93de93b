"""A portfolio of ways to find whole programs: plain evolution always gets its share, the best of them most of the rest.

Each way (an arm) has candidates of its own, some drawn, some guessed, and their children; one more crosses the best
of all. All are raced alike: an episode each, more for those among the best of their arm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from hlearn.editors.search.arcade import shares
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.joint import Draw
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.arcade.vary import Pool, vary
from hlearn.editors.search.race import Arena, Runner, careful
from hlearn.evaluate.api import Job

FIRST = 8  # candidates of an arm before any has children
PARENTS = 8
PER_ARM = 4  # parents that an arm gives to crossings
FRESH = 0.15  # of the candidates after that have no parents
BROOD = 6  # candidates that are measured side by side
EXPLORED = 0.15  # of the turns that no share decides go to an arm at random
LED = 0.65  # of the others go to the arm that is ahead, the rest to crossings
NEXT = 1  # of a brood at most plays twice: the best, where it is among the best of its arm or of all
CONFIRMED = (4, 3, 2)  # episodes that the best of all play, one more per turn
LONG = 2_500  # environment steps: where the best play that long, others must show promise first
SHORT = 1_200  # of these, in which they must
TOLD = 4  # different scores of the best that these must show
IDLE = 40  # turns that measure nothing new, after which there is nothing more to draw


class Origin(StrEnum):
    """Where candidates come from."""

    PLAIN = "plain"  # drawn on all channels at once
    GUESSED = "guessed"  # what the probe suggests
    AHEAD = "ahead"  # they know things and look a second ahead
    CROSSED = "crossed"  # children of the best of all arms


@dataclass(slots=True, kw_only=True)
class Arm:
    """One way to find programs.

    Attributes:
        origin: which one.
        fresh: draws a program without parents; None where there is nothing to draw.
        waiting: programs to be tried first, the likeliest before the others.
        field: who was measured, best first.
        pool: behaviours that half of its children vary with; None: all vary as drawn programs do.
        spent: environment steps.
    """

    origin: Origin
    fresh: Callable[[Draw], Genome | None] = lambda _: None
    waiting: list[Runner] = field(default_factory=list)
    field: list[Runner] = field(default_factory=list)
    pool: Pool | None = None
    spent: int = 0


class Portfolio:
    """The arms and what they found.

    Args:
        roster: the candidates.
        arena: plays their episodes.
        draw: varies programs.
        arms: the plain one first; crossings are added.
    """

    def __init__(self, roster: Roster, arena: Arena, draw: Draw, arms: Sequence[Arm]) -> None:
        self.roster = roster
        self.arena = arena
        self.draw = draw
        self.crossed = Arm(origin=Origin.CROSSED)
        self.arms = (*arms, self.crossed)

    @property
    def ranked(self) -> list[Runner]:
        """Everyone who was measured, best first."""
        return sorted(dict.fromkeys(r for a in self.arms for r in a.field), key=_order)

    def run(self, allowance: float) -> None:
        """Goes on until the allowance is spent, roughly, or nothing new comes up.

        Raises:
            BudgetExhausted: nothing is left to spend; what was measured is kept.
        """
        lab = self.roster.lab
        end, idle = lab.remaining - allowance, 0
        while lab.remaining > end and idle < IDLE:
            before = lab.remaining
            arm = self._pick()
            try:
                self._turn(arm)
            finally:
                arm.spent += before - lab.remaining
            idle = idle + 1 if lab.remaining == before else 0

    def enter(self, origin: Origin, genomes: Sequence[Genome], episodes: int) -> None:
        """Has an arm measure these at once, whatever their first steps promise.

        Raises:
            BudgetExhausted: nothing is left to spend.
        """
        arm = next(a for a in self.arms if a.origin is origin)
        runners = [r for r in self.roster.runners(list(genomes)) if r not in arm.field]
        self.arena.run(runners, episodes)
        arm.field = sorted([*arm.field, *runners], key=_order)

    def suggest(self, origin: Origin, genomes: list[Genome]) -> None:
        """Has an arm try these next."""
        for arm in self.arms:
            if arm.origin is origin:
                arm.waiting = [r for r in self.roster.runners(genomes) if r not in arm.field]

    def told(self) -> str:
        """What every arm has come to, in a few words."""
        return ", ".join(
            f"{a.origin} {a.field[0].told.split(' over')[0]} ({len(a.field)} programs, {a.spent} steps)"
            for a in self.arms
            if a.field
        )

    def _pick(self) -> Arm:
        """Whose turn it is."""
        rng, plain, spent = self.roster.lab.rng, self.arms[0], sum(a.spent for a in self.arms)
        if plain.spent <= shares.PLAIN * spent:
            return plain
        few = [a for a in self.arms[1:-1] if len(a.field) < FIRST and a.waiting]
        if few:
            return min(few, key=lambda a: a.spent)
        able = [a for a in self.arms[:-1] if a.field]
        if not able:
            return plain
        if rng.random() < EXPLORED:
            return able[int(rng.integers(len(able)))]
        best = min(able, key=lambda a: _order(a.field[0]))
        return best if rng.random() < LED else self.crossed

    def _turn(self, arm: Arm) -> None:
        brood = self._promising(self._brood(arm))
        self.arena.run(brood, 1)
        arm.field = sorted([*arm.field, *brood], key=_order)
        if self.roster.deterministic:
            return
        known = self.ranked[:PARENTS]
        if len(known) < PARENTS:
            return
        again = [r for r in arm.field if r in brood and (r in arm.field[:NEXT] or r in known)]
        self.arena.run(again[:NEXT], 2)
        arm.field.sort(key=_order)
        doubtful = [r for r, n in zip(self.ranked, CONFIRMED, strict=False) if len(r.scores) < n]
        for runner in doubtful[:1]:
            self.arena.run([runner], len(runner.scores) + 1)
            for a in self.arms:
                a.field.sort(key=_order)

    def _brood(self, arm: Arm) -> list[Runner]:
        known = {id(r) for a in self.arms for r in a.field}
        brood: list[Runner] = []
        for _ in range(4 * BROOD):
            runner = self._candidate(arm)
            if runner is not None and id(runner) not in known:
                known.add(id(runner))
                brood.append(runner)
            if len(brood) == BROOD:
                break
        return brood

    def _candidate(self, arm: Arm) -> Runner | None:
        rng, young = self.roster.lab.rng, len(arm.field) < FIRST
        if arm.waiting and (young or rng.random() < 0.5):
            return arm.waiting.pop(0)
        genome = arm.fresh(self.draw) if young or rng.random() < FRESH else None
        if genome is not None:
            return self.roster.runner(genome)
        parents = self._parents(arm)
        if not parents:
            return arm.waiting.pop(0) if arm.waiting else None
        parent = parents[int(rng.integers(len(parents)))]
        mates = [genome_of(r) for r in parents if r is not parent]
        source = self.roster.next_name
        if arm.pool is not None and rng.random() < 0.5:
            return self.roster.runner(vary(genome_of(parent), mates, arm.pool, rng, source))
        return self.roster.runner(self.draw.varied(genome_of(parent), mates, source))

    def _parents(self, arm: Arm) -> list[Runner]:
        if arm is not self.crossed:
            return arm.field[:PARENTS]
        best = [r for a in self.arms for r in a.field[:PER_ARM]]
        return sorted(dict.fromkeys(best), key=_order)[:PARENTS]

    def _promising(self, brood: list[Runner]) -> list[Runner]:
        """Who keeps up for a while with those who lead, where they play long; everyone elsewhere.

        Raises:
            BudgetExhausted: nothing is left to spend.
        """
        leaders = [r for r in self.ranked[:PARENTS] if r.scores]
        usual = sum(r.cost for r in leaders) / max(1, len(leaders))
        if len(leaders) < PARENTS or usual < LONG:
            return brood
        known = self._promise(leaders)  # played once for each of them
        if len(set(known)) < TOLD:
            return brood  # so early hardly anybody can be told from another: points are rare
        bar = sorted(known)[len(known) // 2]
        return [r for r, score in zip(brood, self._promise(brood), strict=True) if score >= bar]

    def _promise(self, runners: Sequence[Runner]) -> list[float]:
        """What they score in the first steps of an episode."""
        lab = self.roster.lab
        seed = lab.seeds(self.arena.first_seed, 1)[0]
        jobs = [Job(program=r.program, seed=seed, max_steps=SHORT) for r in runners]
        return [r.outcome.score for r in lab.measure(jobs)]


def _order(runner: Runner) -> tuple[float, int]:
    return -careful(runner), runner.number
