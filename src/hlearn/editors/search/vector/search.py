"""The search itself: probe, race of families, polish, growth, pruning; better and better proposals."""

from __future__ import annotations

import itertools
import math
from collections.abc import Generator, Iterator, Sequence

import numpy as np

from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.editors.search.lane import TuningRun
from hlearn.editors.search.prune import SCREEN, Prunable, prune, thin
from hlearn.editors.search.trials import Candidate, PairedComparison, compare
from hlearn.editors.search.vector.climb import Climber, LinearClimb
from hlearn.editors.search.vector.families import urge_families
from hlearn.editors.search.vector.first_race import FirstRace
from hlearn.editors.search.vector.from_rest import feedback_lane
from hlearn.editors.search.vector.grow import MOST_SCREENED, SCREENED_ON, grow, rescaled
from hlearn.editors.search.vector.joint import JointLinear
from hlearn.editors.search.vector.opening import body_families, body_lane, written_lane
from hlearn.editors.search.vector.probing import play_probe
from hlearn.editors.search.vector.shares import (
    BODY,
    BODY_POLISH,
    CLIMB,
    CLIMB_ALONE,
    CLIMB_BODY,
    LENGTHEN,
    LOOK,
    POLISH,
    RACE,
    TURN,
)
from hlearn.editors.search.vector.standing import DECIDE, Incumbent
from hlearn.editors.search.vector.tables import TableSearch, countable
from hlearn.editors.search.vector.template import Template
from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Result
from hlearn.probe.vector.draw import sketch_of
from hlearn.probe.vector.naming import class_name, names_of
from hlearn.probe.vector.sketch import GAP
from hlearn.tasks.environment import Discrete

FINAL = 48  # episodes on which terms have to pay
FEW = 4  # episodes on which the last centre is tried where finals cost too much
FINALS = ((32, 4), (64, 2), (128, 1))  # episodes on which finalists meet, and how many of them stay
ROUNDS = (
    (12, False),
    (12, True),
    (16, True),
    (16, True),
    (32, True),
)  # generations; does half of the lanes leave?
LEAST_ROUND = 3  # generations, however small the budget is
EPISODES = 4  # of one program in such a generation, trials included
BODY_POPULATION = 16  # programs per generation
AS_LONG_AGAIN = 16  # generations for a plainer lane where one has solved the task
MOST_WEIGHTS = 600  # of one family: more are neither tuned within a budget nor read
DEARER = 2.5  # a lane that is behind may cost so many times what the leader has cost
RESTARTS = 1  # in a row without a gain


class VectorSearch:
    """One search on one task; :meth:`proposals` yields better and better programs.

    Deterministic given the lab's generator and results.

    Args:
        brief: the evidence; a champion that has numbers to tune is where it starts.
        lab: what is measured with.

    Attributes:
        reigning: SHA-256 of the gate's champion, None where there is none.
    """

    def __init__(self, brief: Brief, lab: Lab) -> None:
        self.brief = brief
        self.lab = lab
        self.trials = PairedComparison(lab)
        self.standing = Incumbent(lab, self.trials)
        self.title = class_name(brief.task.env_id)
        self.lanes: list[TuningRun] = []
        self.bodies: list[Template] = []
        self.winner: TuningRun | None = None
        self.population = BODY_POPULATION
        self.turns = 0
        self.begun = False
        self.reigning: str | None = None

    def proposals(self) -> Iterator[Proposal]:
        """Yields proposals, each better on development seeds than the one before.

        Ends when nothing can be gained, when restarts gained nothing, or with the budget. Called again after the
        budget's end, when more was given, it polishes the best.
        """
        try:
            yield from self._run_out() if self.begun else self.run()
        except BudgetExhausted:
            self.lab.say("budget spent")
        yield from self.standing.offer()
        contender = self.standing.broken_off()
        if contender is not None:
            yield contender

    def _run_out(self) -> Iterator[Proposal]:
        """Tunes the best with what is left."""
        while self.standing.tunable is not None and not self.standing.finished():
            before = self.lab.remaining
            yield from self._retune(self.standing.tunable, generations=10)
            if self.lab.remaining == before:
                return

    def run(self) -> Iterator[Proposal]:
        """Race, polish, grow, prune; then again from elsewhere, as long as that gains something."""
        self.begun = True
        seen = play_probe(self.lab)
        self.sketch = sketch_of(seen, self.lab.actions, self.lab.observation)
        self.standing.floor = max(self.sketch.scores, default=-math.inf)
        self.first = FirstRace(self.lab, self.trials, self.standing, self.sketch, self.title)
        if countable(seen, self.lab) and (yield from self._count(seen)):
            return
        if self.brief.champion is None:
            yield from self.first.run(seen)
        if self.standing.finished():
            yield from self._prune()
            yield from self.standing.offer()
            return
        self._open()
        if self.brief.champion is None and (yield from self._climb(seen)):
            return
        for _ in range(RESTARTS + 1) if self.lab.task.target is None else itertools.count():
            yield from self._walk() if self.bodies else self._race()
            if self.winner is None:
                return
            yield from self._polish(self.winner)
            if self.standing.best is not None and self._affordable(DECIDE, self.standing.best):
                self.first.look_away()
            yield from self.standing.offer()
            if not self.standing.finished():
                yield from self._grow()
            yield from self._prune()
            yield from self.standing.offer()
            if self.standing.finished() or not isinstance(self.winner.tunable, Template):
                return
            if self.bodies and self.lab.remaining < self.winner.spent:
                return  # a second start would not get as far as the first
            self._start_again(self.winner)

    def _climb(self, seen: Sequence[Result]) -> Generator[Proposal, None, bool]:
        """The floor: joint linear policies; returns whether it had to do all, for want of budget or of families."""
        usual = max(self.first.usual, sum(o.env_steps for o, _ in seen) / max(1, len(seen)))
        actions = self.lab.actions.n if isinstance(self.lab.actions, Discrete) else 0
        family = JointLinear(self.sketch, self.title, actions, self.lab.rng)
        begun = [
            Climber.of(policy, candidate, template)
            for sums, candidate, template in self.first.linear
            if (policy := family.of(sums)) is not None
        ]
        arms = [
            LinearClimb(self.lab, self.trials, self.standing, family, usual, found)
            for found in ([[], begun] if begun else [[]])
        ]
        least = usual * EPISODES * LEAST_ROUND * sum(lane.tuner.population for lane in self.lanes)
        alone = not self.bodies and (not self.lanes or least > RACE * self.lab.remaining)
        share = CLIMB_BODY if self.bodies else CLIMB_ALONE if alone else CLIMB
        end, each = (1.0 - share) * self.lab.remaining, TURN * share * self.lab.remaining
        for arm in itertools.cycle(arms):
            if self.lab.remaining <= end or self.standing.finished() or all(a.tired for a in arms):
                break
            arm.run(int(each))
            if self.standing.worth_offering():
                yield from self.standing.offer()
        if alone:
            yield from self._prune(tune=False)
        else:
            self.lanes += [
                self._climbed(arm.best) for arm in arms if arm.best is not None and not self.bodies
            ]
        yield from self.standing.offer()
        return self.standing.finished() or alone

    def _climbed(self, best: Climber) -> TuningRun:
        """A lane that begins where plain evolution has come to."""
        return TuningRun(
            self.lab,
            self.trials,
            best.family,
            start=best.candidate.values,
            sigma=0.3,
            decide=DECIDE,
            best=best.candidate,
        )

    def _count(self, seen: Sequence[Result]) -> Generator[Proposal, None, bool]:
        """The search on states that can be counted; what it tries is learnt from too.

        Returns:
            Whether nothing else is worth trying.
        """
        names = names_of(self.lab.observation)
        tables = TableSearch(self.lab, self.trials, self.standing, title=self.title, names=names, seen=seen)
        if self.brief.champion is None:
            yield from self.first.begin(tables.longest)
        self.trials.learner = tables.model.learn
        try:
            yield from tables.run()
        finally:
            self.trials.learner = None
        # the number of a state says nothing but which state it is
        whole = self.standing.best is not None and (len(names) == 1 or tables.whole)
        return whole or self.standing.finished()

    def _open(self) -> None:
        """Decides which families run, and how: a body's from scattered starts, others in a race."""
        if self.brief.champion is not None:
            lane = written_lane(self.lab, self.trials, self.brief.champion)
            self.lanes += [lane] if lane is not None else []
        self.bodies = body_families(self.sketch, self.title)
        if any(s.kind == GAP for s in self.sketch.signals):
            self.bodies = []  # it is about reaching something
        if not self.bodies:
            families = urge_families(self.sketch, self.title)
            self.lanes += [self._lane(family) for family in families if len(family.knobs) <= MOST_WEIGHTS]
            self.lanes += [
                TuningRun(self.lab, self.trials, t, start=c.values, sigma=0.5, decide=DECIDE, best=c)
                for c, t in self.first.promising
            ]

    def _lane(self, family: Template, population: int | None = None) -> TuningRun:
        """A lane of its own; it begins at the best constant push, where one is better than none."""
        known = {k.name for k in family.knobs}
        level = {f"{axis}_bias": value for axis, value in self.first.level.items() if f"{axis}_bias" in known}
        return TuningRun(
            self.lab,
            self.trials,
            family,
            start=level or None,
            population=population,
            decide=DECIDE,
            floor=self.standing.floor,
        )

    def _body_lane(self, gaits: Sequence[Template]) -> TuningRun:
        self.turns += 1
        return body_lane(
            self.lab, self.trials, self.sketch, gaits, population=self.population, turn=self.turns - 1
        )

    def _start_again(self, winner: TuningRun) -> None:
        """The winner's family and richer ones again from scratch, with twice the population."""
        assert isinstance(winner.tunable, Template)
        self.winner = None
        if self.bodies:
            self.bodies, self.lanes = [winner.tunable], []
            self.population *= 2
            return
        families = [lane.tunable for lane in self.lanes if isinstance(lane.tunable, Template)]
        size = len(winner.tunable.knobs)
        again = [f for f in families if f is winner.tunable or len(f.knobs) > size]
        self.lanes = [self._lane(family, 2 * winner.tuner.population) for family in again]

    def _walk(self) -> Iterator[Proposal]:
        """A body's feedback from rest against its best gait; the better one goes on (``self.winner``)."""
        lanes = list(self.lanes)
        for family in (b for b in self.bodies if b.from_rest):
            lanes.append(feedback_lane(self.lab, self.trials, self.sketch, family))
        gaits = [b for b in self.bodies if not b.from_rest]
        if gaits:
            lanes.append(self._body_lane(gaits))
        for lane in lanes:
            lane.challenge(lane.tuner.centre, decide=FEW)
            self.standing.keep(lane)
            self.lab.say(f"{lane.tunable.name}: {lane.standing}")
            yield from self.standing.offer()
        self.winner = max(lanes, key=lambda lane: lane.mean)
        yield from self._lengthened(self.winner, BODY * self.lab.remaining)
        if not self.standing.finished():
            yield from self.standing.offer()

    def _lengthened(self, lane: TuningRun, allowance: float) -> Iterator[Proposal]:
        """Tunes a lane until it stands still or has spent its allowance; its episodes get longer in time."""
        begun = lane.spent
        while not lane.done and lane.spent - begun < allowance and not self.standing.finished():
            yield from self._run(lane, 1)
            left = min(lane.doublings, len(LENGTHEN) - 1)
            if lane.tuner.horizon is not None and lane.spent - begun > LENGTHEN[-1 - left] * allowance:
                lane.lengthen()

    def _race(self) -> Iterator[Proposal]:
        """Successive halving: lanes take turns, the better half goes on, until one is left (``self.winner``)."""
        alive = list(self.lanes)
        if not alive:
            return  # too much is seen, and too many ways to act, for anything that can be read
        steps = [o.env_steps for c in (self.standing.best,) if c is not None for o in c.outcomes] or [1]
        dear = sum(lane.tuner.population for lane in alive) * EPISODES * sum(steps) / len(steps)
        pace = float(np.clip(RACE * self.lab.remaining / (dear * sum(n for n, _ in ROUNDS[:2])), 0.25, 1.0))
        for generations, halve in ROUNDS:
            for lane in alive:
                yield from self._round(lane, alive, max(LEAST_ROUND, round(pace * generations)))
                if self.standing.finished():
                    self.winner = self._simplest(alive, lane)
                    return
            alive.sort(key=lambda lane: -lane.mean)
            if halve:
                alive = alive[: (len(alive) + 1) // 2]
            if len(alive) == 1:
                break
        self.winner = alive[0]

    def _round(self, lane: TuningRun, alive: list[TuningRun], generations: int) -> Iterator[Proposal]:
        """A turn of one lane: longer while it climbs, shorter where it costs more than a better one."""
        for done in range(2 * generations):
            leader = max(alive, key=lambda other: other.mean)
            if leader is not lane and lane.spent > DEARER * leader.spent:
                return
            if lane.done or self.standing.finished() or (done >= generations and not lane.climbing):
                return
            yield from self._run(lane, 1)

    def _run(self, lane: TuningRun, generations: int) -> Iterator[Proposal]:
        for _ in range(generations):
            if lane.done:
                return
            self.lab.say(f"{lane.tunable.name}: {lane.standing}, generation {lane.tuner.generation + 1}")
            if lane.step() and lane.best is not None:
                self.standing.keep(lane)
                if self.standing.finished():
                    yield from self.standing.offer()
                    return
                if self.standing.worth_offering():
                    yield from self.standing.offer()

    def _simplest(self, lanes: list[TuningRun], solved: TuningRun) -> TuningRun:
        """Where one lane can gain nothing more, a plainer one may do as well: it gets as long again."""
        for lane in sorted(lanes, key=lambda lane: len(lane.tunable.knobs)):
            if len(lane.tunable.knobs) >= len(solved.tunable.knobs):
                break
            for _ in range(AS_LONG_AGAIN):
                if lane.done:
                    break
                self.lab.say(f"{lane.tunable.name}: {lane.mean:.4g}, as good and plainer?")
                lane.step()
                if lane.best is not None and self.standing.solved(lane.best):
                    self.standing.best, self.standing.tunable = lane.best, lane.tunable
                    return lane
        return solved

    def _polish(self, lane: TuningRun) -> Iterator[Proposal]:
        """Tunes the winner until nothing more comes, then lets the last few bests meet on many seeds."""
        lane.decide = 2 * DECIDE
        limit = lane.spent + (BODY_POLISH if self.bodies else POLISH) * self.lab.remaining
        while not lane.done and lane.spent < limit and not self.standing.finished():
            yield from self._run(lane, 1)
        finalists = [*lane.former, *([lane.best] if lane.best is not None else [])]
        if self.standing.finished():
            return
        centre = lane.tuner.centre
        if not finalists or not self._affordable((1 + len(finalists)) * FINALS[0][0], finalists[0]):
            lane.challenge(centre, decide=FEW)
            self.standing.keep(lane)
            return
        finalists.append(self.trials.candidate(lane.tunable, centre, f"{lane.tunable.name}, centre"))
        self.lab.say(f"{lane.tunable.name}: finalists")
        finalists.sort(key=lambda c: -c.mean)
        for episodes, stay in FINALS:
            if not self._affordable(len(finalists) * episodes, finalists[0]):
                break
            self.trials.play(finalists, episodes)
            finalists = sorted(finalists, key=lambda c: -c.mean)[:stay]
        lane.best = finalists[0]
        self.standing.keep(lane)

    def _affordable(self, episodes: int, candidate: Candidate) -> bool:
        """Whether so many episodes, as long as the candidate's, are a small part of the remaining budget."""
        return episodes * candidate.length <= LOOK * self.lab.remaining

    def _grow(self) -> Iterator[Proposal]:
        """Adds the terms that help the best policy and tunes it again."""
        while isinstance(self.standing.tunable, Template) and self.standing.best is not None:
            if not self._affordable(2 * MOST_SCREENED * SCREENED_ON, self.standing.best):
                return
            self.lab.say(f"{self.standing.tunable.name}: which terms would help?")
            grown = grow(self.trials, self.sketch, self.standing.tunable, self.standing.best)
            before = self.standing.best
            if grown is None:
                return
            yield from self._retune(grown, generations=15)
            gap, error = compare(self.standing.best, before)
            if gap <= error:
                return

    def _prune(self, *, tune: bool = True) -> Iterator[Proposal]:
        """Drops what does not pay, tunes the rest briefly."""
        if self.standing.tunable is None or self.standing.best is None:
            return
        tunable, best = self.standing.tunable, self.standing.best
        if self._affordable(2 * SCREEN * len(tunable.droppable), best):
            pruned = prune(self.trials, tunable, best, episodes=FINAL, say=self.lab.say)
        elif isinstance(tunable, Template):
            pruned = thin(
                self.trials, tunable, best, episodes=min(SCREEN, len(best.outcomes)), say=self.lab.say
            )
        else:
            return
        if pruned.dropped:
            self.standing.best, self.standing.tunable = pruned.best, pruned.tunable
            if tune and not self.standing.finished():
                yield from self._retune(self.standing.tunable, generations=10)

    def _retune(self, tunable: Prunable, generations: int) -> Iterator[Proposal]:
        """Tunes around the best numbers, where pruning left any."""
        assert self.standing.best is not None
        if not tunable.knobs:
            return
        before = self.standing.best
        start = {k.name: before.values.get(k.name, 0.0) for k in tunable.knobs}
        if isinstance(tunable, Template):
            tunable = rescaled(tunable, start)
        lane = TuningRun(
            self.lab,
            self.trials,
            tunable,
            start=start,
            sigma=0.2,
            episodes=4,
            decide=FINAL,
            best=before,
        )
        yield from self._run(lane, generations)
