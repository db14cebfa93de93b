"""A portfolio of ways to find whole programs: plain evolution always gets its share, the best of them most of the rest.

Each way (an arm) has candidates of its own, some drawn, some guessed, and their children; one more crosses the best
of all. All are raced alike: an episode each, as far as it keeps up with those of who leads, and more for whoever is
among the best.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from hlearn.editors.search.arcade import shares
from hlearn.editors.search.arcade.doubles import LARGEST, Doubles
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.joint import Draw
from hlearn.editors.search.arcade.roster import Roster, genome_of
from hlearn.editors.search.arcade.vary import Pool, vary
from hlearn.editors.search.race import Arena, Runner

FIRST = 12  # candidates of an arm before any has children
PARENTS = 8
PER_ARM = 4  # parents that an arm gives to crossings
FRESH = 0.2  # of the candidates after that have no parents
BROOD = 6  # candidates that are measured side by side
EXPLORED = 0.15  # of the turns that no share decides go to an arm at random
LED = 0.65  # of the others go to the arm that is ahead, the rest to crossings
MARKS = (500, 1_000, 2_000, 4_000)  # environment steps at which a first episode must keep up with who leads
SEEN = 24  # programs: before so many were seen, who leads says little
BEFORE = 0.6  # of all had no more there until then
BEHIND = 0.3  # of the leaders' episodes had no more there
FAR = 0.5  # of that may be lacking: what pays late may begin slowly
STOOD = (6, 4, 3, 3, 2, 2, 2, 2)  # episodes that the best of all play, by rank
AGAIN = 2  # of those that played fewer play one more per turn
CARE = 0.7  # standard errors that are taken off a mean
DOUBT = 0.4  # of a mean is what scores spread by, until several played several episodes
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
        self.doubles: Doubles | None = None
        self._doubt = DOUBT
        seen = roster.lab.observation
        if arena.watch is None and math.prod(seen.shape) * np.dtype(seen.dtype).itemsize <= LARGEST:
            self.doubles = Doubles()
            arena.first = self.doubles.keep

    @property
    def ranked(self) -> list[Runner]:
        """Everyone who was measured, best first."""
        return sorted(dict.fromkeys(r for a in self.arms for r in a.field), key=self._order)

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
        """Has an arm measure these at once, to the end.

        Raises:
            BudgetExhausted: nothing is left to spend.
        """
        arm = next(a for a in self.arms if a.origin is origin)
        runners = [r for r in self.roster.runners(list(genomes)) if r not in arm.field]
        self.arena.run(runners, episodes)
        arm.field = sorted([*arm.field, *runners], key=self._order)

    def suggest(self, origin: Origin, genomes: list[Genome]) -> None:
        """Has an arm try these next."""
        for arm in self.arms:
            if arm.origin is origin:
                arm.waiting = [r for r in self.roster.runners(genomes) if r not in arm.field]

    def told(self) -> str:
        """What every arm has come to, in a few words."""
        arms = [
            f"{a.origin} {a.field[0].told.split(' over')[0]} ({len(a.field)} programs, {a.spent} steps)"
            for a in self.arms
            if a.field
        ]
        doubles = 0 if self.doubles is None else self.doubles.found
        return ", ".join([*arms, *([f"{doubles} more would have done the same"] if doubles else [])])

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
        best = min(able, key=lambda a: self._order(a.field[0]))
        return best if rng.random() < LED else self.crossed

    def _turn(self, arm: Arm) -> None:
        self._play_first(arm, self._brood(arm))
        if self.roster.deterministic or len(self.ranked) < PARENTS:
            return
        doubtful = [r for r, n in zip(self.ranked, STOOD, strict=False) if len(r.scores) < n]
        for runner in doubtful[:AGAIN]:
            self.arena.run([runner], len(runner.scores) + 1)
        spreads = [r.spread / abs(r.mean) for r in self.ranked[: 2 * PARENTS] if len(r.scores) > 2 and r.mean]
        self._doubt = statistics.median(spreads) if spreads else DOUBT
        for a in self.arms:
            a.field.sort(key=self._order)

    def _play_first(self, arm: Arm, brood: list[Runner]) -> None:
        """Plays first episodes; of those that act alike as far as is known one comes before the others."""
        while brood:
            now = brood if self.doubles is None else self.doubles.unlike(brood)
            self.arena.run(now, 1, self._least())
            arm.field = sorted([*arm.field, *now], key=self._order)
            brood = [r for r in brood if r not in now and not self._is_known(r)]

    def _is_known(self, runner: Runner) -> bool:
        return self.doubles is not None and self.doubles.has(runner)

    def _brood(self, arm: Arm) -> list[Runner]:
        known = {id(r) for a in self.arms for r in a.field}
        brood: list[Runner] = []
        for _ in range(4 * BROOD):
            runner = self._candidate(arm)
            if runner is not None and id(runner) not in known:
                known.add(id(runner))
                if not self._is_known(runner):
                    brood.append(runner)
            if len(brood) == BROOD:
                break
        return brood

    def _candidate(self, arm: Arm) -> Runner | None:
        rng, young = self.roster.lab.rng, len(arm.field) < FIRST
        if arm.waiting and (young or rng.random() < 0.5):
            return arm.waiting.pop(0)
        parents = self._parents(arm)
        unalike = max(FRESH, 1.0 - len(parents) / PARENTS)  # few ways to do well are known: others are drawn
        genome = arm.fresh(self.draw) if young or rng.random() < unalike else None
        if genome is not None:
            return self.roster.runner(genome)
        if not parents:
            genome = arm.fresh(self.draw)
            return (
                self.roster.runner(genome)
                if genome is not None
                else arm.waiting.pop(0)
                if arm.waiting
                else None
            )
        parent = parents[int(rng.integers(len(parents)))]
        mates = [genome_of(r) for r in parents if r is not parent]
        source = self.roster.next_name
        if arm.pool is not None and rng.random() < 0.5:
            return self.roster.runner(vary(genome_of(parent), mates, arm.pool, rng, source))
        return self.roster.runner(self.draw.varied(genome_of(parent), mates, source))

    def _parents(self, arm: Arm) -> list[Runner]:
        best = arm.field if arm is not self.crossed else [r for a in self.arms for r in a.field[:PER_ARM]]
        whole = [r for r in dict.fromkeys(best) if math.isfinite(r.mean)]
        return _unalike(sorted(whole, key=self._order))[:PARENTS]

    def _least(self) -> tuple[float, ...]:
        """What an episode must have scored at each mark: as much as the weaker ones of those who lead, or as most."""
        ranked = [r for r in self.ranked if r.passed]
        leaders = [r for r in _unalike(ranked)[:PARENTS] if math.isfinite(r.mean)]
        if len(ranked) < PARENTS or not self.arena.marks:
            return ()
        early = len(leaders) < PARENTS or len(ranked) < SEEN
        seen, share = (ranked, BEFORE) if early else (leaders, BEHIND)
        marks = len(self.arena.marks)  # who was played without them is not asked about
        passed = np.array([p for r in seen for p in r.passed if len(p) == marks])
        if not len(passed):
            return ()
        return tuple(float(b - FAR * abs(b)) for b in np.quantile(passed, share, axis=0))

    def _order(self, runner: Runner) -> tuple[float, int]:
        """The best first: by mean score less what luck may have added."""
        if not runner.scores or not math.isfinite(runner.mean):
            return math.inf, runner.number
        spread = max(runner.spread, self._doubt * abs(runner.mean))
        return CARE * spread / math.sqrt(len(runner.scores)) - runner.mean, runner.number


def _unalike(runners: Sequence[Runner]) -> list[Runner]:
    """Those of them that went differently in the first episode, which all of them play on one seed."""
    first: dict[object, Runner] = {}
    for runner in runners:
        first.setdefault((*runner.scores[:1], *runner.passed[:1]), runner)
    return list(first.values())
