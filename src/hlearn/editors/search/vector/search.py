"""The search itself: probe, race of families, polish, growth, pruning; better and better proposals."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.editors.search.lane import Lane
from hlearn.editors.search.prune import Prunable, prune
from hlearn.editors.search.trials import Candidate, Trials, compare, saturated
from hlearn.editors.search.tune import SourceKnobs, scatter
from hlearn.editors.search.vector.families import urge_families
from hlearn.editors.search.vector.gaits import gait_families, linear_body, rhythm
from hlearn.editors.search.vector.grow import grow, rescaled
from hlearn.editors.search.vector.limbs import find_limbs
from hlearn.editors.search.vector.naming import class_name
from hlearn.editors.search.vector.probing import probe
from hlearn.editors.search.vector.template import Template
from hlearn.errors import BudgetExhausted

RACE_DECIDE = 16  # episodes that decide between candidates during the race
FINAL = 48  # episodes on which finalists meet
ROUNDS = (
    (8, True),
    (8, False),
    (16, True),
    (16, True),
    (32, True),
    (32, True),
)  # generations, halve after it?
MANY_AXES = 3  # box channels from which a task is taken for a body with joints
HORIZON = 500  # environment steps to which a body's episodes are capped at first
BODY_POPULATION = 16
SCATTERED = 300  # random settings from which a body's lanes choose their starts
BRACKET = ((5, 12), (2, 25))  # lanes from different starts, generations for each; the best goes on
SCATTER_SEEDS = 400_000  # index of the development seeds they play
SHARE = 0.6  # of the remaining budget, for one lane of a relay
AS_LONG_AGAIN = 16  # generations for a plainer lane where one has solved the task
OFFER_AFTER = 1.5  # steps spent since the last proposal, as a factor, before an unfinished best is proposed
DEARER = 1.5  # a lane that is behind may cost so many times what the leader has cost
RESTARTS = 1  # in a row without a gain


def search_vector(brief: Brief, lab: Lab) -> Iterator[Proposal]:
    """Searches for a policy; yields proposals, each better on development seeds than the one before.

    Deterministic given the lab's generator and results. Ends when nothing can be gained, when restarts gained
    nothing, or with the budget.
    """
    search = _VectorSearch(brief, lab)
    try:
        yield from search.run()
    except BudgetExhausted:
        lab.say("budget spent")
    last = search.unproposed()
    if last is not None:
        yield last


class _VectorSearch:
    """One run of the search: what is best so far, and what was proposed."""

    def __init__(self, brief: Brief, lab: Lab) -> None:
        self.brief = brief
        self.lab = lab
        self.trials = Trials(lab)
        self.lanes: list[Lane] = []
        self.bodies: list[Template] = []
        self.winner: Lane | None = None
        self.best: Candidate | None = None
        self.template: Prunable | None = None
        self.proposed: Candidate | None = None
        self.floor = -math.inf
        self.scattered = 0
        self.body_population = BODY_POPULATION
        self.budget = lab.remaining
        self.offered_at = 0

    # The recipe ---------------------------------------------------------------------------------------------

    def run(self) -> Iterator[Proposal]:
        """Race, polish, grow, prune; then again from elsewhere, as long as that gains something."""
        self.sketch = probe(self.lab)
        self.floor = max(self.sketch.scores, default=-math.inf)
        self._open()
        for _ in range(RESTARTS + 1) if self.lab.task.target is None else itertools.count():
            yield from self._relay() if self.bodies else self._race()
            if self.winner is None:
                return
            yield from self._polish(self.winner)
            yield from self._offer()
            if not self._finished():
                yield from self._grow()
            yield from self._prune()
            yield from self._offer()
            if self._finished() or not isinstance(self.winner.tunable, Template):
                return
            self._start_again(self.winner)

    def _open(self) -> None:
        """Decides which families run, and how: a body's one after another, others in a race."""
        if self.brief.champion is not None:
            knobs = SourceKnobs.read(self.brief.champion)
            if knobs.knobs:
                start = {k.name: k.start for k in knobs.knobs}
                lane = Lane(self.lab, self.trials, knobs, start=start, sigma=0.5, decide=RACE_DECIDE)
                lane.challenge(start)
                self.lanes.append(lane)
        title = class_name(self.brief.task.env_id)
        limbs = find_limbs(self.sketch)
        if limbs is not None:
            self.bodies += gait_families(self.sketch, limbs, title)
        if not self.sketch.discrete and len(self.sketch.axes) >= MANY_AXES:
            self.bodies += [linear_body(self.sketch, title), rhythm(self.sketch, title)]
        if not self.bodies:
            self.lanes += [self._lane(family) for family in urge_families(self.sketch, title)]

    def _lane(self, family: Template, population: int | None = None) -> Lane:
        return Lane(
            self.lab, self.trials, family, population=population, decide=RACE_DECIDE, floor=self.floor
        )

    def _body_lane(self, family: Template) -> Lane:
        """A lane for a body with joints: the best of several scattered starts, episodes capped at first."""
        self.lab.say(f"{family.name}: scattered starts")
        first_seed = SCATTER_SEEDS + 10 * self.scattered
        self.scattered += 1
        starts = scatter(
            self.lab,
            family,
            count=SCATTERED,
            first_seed=first_seed,
            horizon=HORIZON,
            finalists=BRACKET[0][0],
        )
        lanes = [
            Lane(
                self.lab,
                self.trials,
                family,
                start=start,
                sigma=0.4,
                episodes=1,
                decide=RACE_DECIDE,
                population=self.body_population,
                floor=self.floor,
                horizon=HORIZON,
            )
            for start in starts
        ]
        for count, generations in BRACKET:
            lanes = sorted(lanes, key=lambda lane: -lane.level)[:count]
            for n, lane in enumerate(lanes):
                for _ in range(generations):
                    self.lab.say(f"{family.name}: {lane.standing}, start {n + 1} of {len(lanes)}")
                    lane.step()
        return max(lanes, key=lambda lane: lane.level)

    def _start_again(self, winner: Lane) -> None:
        """The winner's family again from scratch, with twice the population."""
        assert isinstance(winner.tunable, Template)
        self.winner = None
        if self.bodies:
            self.bodies, self.lanes = [winner.tunable], []
            self.body_population *= 2
        else:
            self.lanes = [self._lane(winner.tunable, 2 * winner.tuner.population)]

    def _relay(self) -> Iterator[Proposal]:
        """One family after another, each until it stands still or has had its share of the budget."""
        opened = list(self.lanes)
        waiting = list(self.bodies)
        while opened or waiting:
            lane = opened.pop(0) if opened else self._body_lane(waiting.pop(0))
            limit = lane.spent + SHARE * self.lab.remaining
            while not lane.done and lane.spent < limit and not self._finished():
                yield from self._run(lane, 1)
            if self.winner is None or lane.mean > self.winner.mean:
                self.winner = lane
            if self._finished():
                return
            yield from self._offer()

    def _race(self) -> Iterator[Proposal]:
        """Successive halving: lanes take turns, the better half goes on, until one is left (``self.winner``)."""
        alive = list(self.lanes)
        for generations, halve in ROUNDS:
            for lane in alive:
                yield from self._round(lane, alive, generations)
                if self._finished():
                    self.winner = self._simplest(alive, lane)
                    return
            alive.sort(key=lambda lane: -lane.mean)
            if halve:
                alive = alive[: (len(alive) + 1) // 2]
            if len(alive) == 1:
                break
        self.winner = alive[0]

    def _round(self, lane: Lane, alive: list[Lane], generations: int) -> Iterator[Proposal]:
        """A turn of one lane: longer while it climbs, shorter where it costs more than a better one."""
        for done in range(2 * generations):
            leader = max(alive, key=lambda other: other.mean)
            if leader is not lane and lane.spent > DEARER * leader.spent:
                return
            if lane.done or self._finished() or (done >= generations and not lane.climbing):
                return
            yield from self._run(lane, 1)

    def _run(self, lane: Lane, generations: int) -> Iterator[Proposal]:
        for _ in range(generations):
            if lane.done:
                return
            self.lab.say(f"{lane.tunable.name}: {lane.standing}, generation {lane.tuner.generation + 1}")
            if lane.step() and lane.best is not None:
                self._keep(lane)
                if self._finished():
                    yield from self._offer()
                    return
                if self._worth_offering():
                    yield from self._offer()

    def _simplest(self, lanes: list[Lane], solved: Lane) -> Lane:
        """Where one lane can gain nothing more, a plainer one may do as well: it gets as long again."""
        for lane in sorted(lanes, key=lambda lane: len(lane.tunable.knobs)):
            if len(lane.tunable.knobs) >= len(solved.tunable.knobs):
                break
            for _ in range(AS_LONG_AGAIN):
                if lane.done:
                    break
                self.lab.say(f"{lane.tunable.name}: {lane.mean:.4g}, as good and plainer?")
                lane.step()
                if lane.best is not None and self._solved(lane.best):
                    self.best, self.template = lane.best, lane.tunable
                    return lane
        return solved

    def _polish(self, lane: Lane) -> Iterator[Proposal]:
        """Tunes the winner until nothing more comes, then lets the last few bests meet on many seeds."""
        lane.decide = 2 * RACE_DECIDE
        if not self._finished():
            yield from self._run(lane, 10_000)
        finalists = [*lane.former, *([lane.best] if lane.best is not None else [])]
        if not finalists or self._finished():
            return
        centre = lane.tuner.centre
        finalists.append(self.trials.candidate(lane.tunable, centre, f"{lane.tunable.name}, centre"))
        self.lab.say(f"{lane.tunable.name}: finalists")
        self.trials.play(finalists, FINAL)
        lane.best = max(finalists, key=lambda c: c.mean)
        self._keep(lane)

    def _grow(self) -> Iterator[Proposal]:
        """Adds the terms that help the best policy and tunes it again."""
        while isinstance(self.template, Template) and self.best is not None:
            self.lab.say(f"{self.template.name}: which terms would help?")
            grown = grow(self.trials, self.sketch, self.template, self.best)
            before = self.best
            if grown is None:
                return
            yield from self._retune(grown, generations=15)
            gap, error = compare(self.best, before)
            if gap <= error:
                return

    def _prune(self) -> Iterator[Proposal]:
        """Drops what does not pay, tunes the rest briefly."""
        if self.template is None or self.best is None:
            return
        pruned = prune(self.trials, self.template, self.best, episodes=FINAL, say=self.lab.say)
        if pruned.dropped:
            self.best, self.template = pruned.best, pruned.tunable
            if not self._finished():
                yield from self._retune(self.template, generations=10)

    def _retune(self, tunable: Prunable, generations: int) -> Iterator[Proposal]:
        """Tunes around the best numbers."""
        assert self.best is not None
        before = self.best
        start = {k.name: before.values.get(k.name, 0.0) for k in tunable.knobs}
        if isinstance(tunable, Template):
            tunable = rescaled(tunable, start)
        lane = Lane(
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

    # Bookkeeping ----------------------------------------------------------------------------------------------

    def _keep(self, lane: Lane) -> None:
        """Makes the lane's best the best of all if it is."""
        challenger = lane.best
        if challenger is None or challenger is self.best:
            return
        if self.best is not None and compare(challenger, self.best)[0] <= 0.0:
            return
        self.best, self.template = challenger, lane.tunable

    def _finished(self) -> bool:
        return self.best is not None and self._solved(self.best)

    def _solved(self, candidate: Candidate) -> bool:
        """Whether nothing can be gained, or the target is reached with some certainty."""
        if saturated(candidate, self.floor):
            self.trials.play([candidate], 2 * RACE_DECIDE)
            return saturated(candidate, self.floor)
        target = self.lab.task.target
        if target is None or candidate.mean < target:
            return False
        self.trials.play([candidate], 2 * RACE_DECIDE)
        scores = candidate.scores
        return float(scores.mean() - scores.std() / math.sqrt(len(scores))) >= target

    def _worth_offering(self) -> bool:
        """Whether the best is clearly better than what was proposed, and that some time ago."""
        if self.best is None or len(self.best.outcomes) < RACE_DECIDE:
            return False
        if self.proposed is None:
            return self.best.mean > self.floor
        gap, error = compare(self.best, self.proposed)
        return gap > 2.0 * error and self.budget - self.lab.remaining > OFFER_AFTER * self.offered_at

    def _offer(self) -> Iterator[Proposal]:
        proposal = self.unproposed()
        if proposal is not None:
            yield proposal

    def unproposed(self) -> Proposal | None:
        """The best as a proposal, None if it was proposed already or is no better than what was."""
        best = self.best
        if best is None or best is self.proposed:
            return None
        if self.proposed is not None:
            shorter = len(best.program.source) < len(self.proposed.program.source)
            gap, error = compare(best, self.proposed)
            if gap < 0.0 and not (shorter and gap > -error):
                return None
        self.proposed = best
        note = f"{best.note}: {best.mean:.4g} on {len(best.outcomes)} development seeds (trial {best.number})"
        return Proposal(program=best.program, note=note, dev=best.evaluation())
