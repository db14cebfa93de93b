"""The search for a planner: which kind, around which base, then its numbers one by one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from hlearn.editors.api import Lab, Proposal
from hlearn.editors.search.knobs import tidy
from hlearn.editors.search.planning.written import Beyond, Planned, kinds_for
from hlearn.editors.search.trials import Candidate, PairedComparison
from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Job, Record
from hlearn.parts.planning import Value
from hlearn.probe.vector.naming import class_name
from hlearn.records import Access, Episode, Planning, Program
from hlearn.tasks.environment import ActionSpace, Box

USUAL = 600  # simulated steps for one decision, where nobody names another number
FIRST_BASE = 0.15  # of the budget, for the base that the first planners are tried around
WHOLE_BASE = 0.6  # of it, for the base as a whole; planners need few steps of the environment
SHORT = 120  # environment steps of an episode in which planners race
LONGER = 500  # and where that tells them not apart
SHORT_FRAMES = 1500  # the same on a console
RACE_SEEDS = 600_000  # index of the development seeds that these use
STAY = ((1, 3), (3, 1))  # episodes in which kinds race, and how many go on
FACTORS = (0.6, 1.6)  # by which a number is tried smaller and larger
ROUNDS = 2  # in which all numbers of the best are tried
WHOLE = 2  # whole episodes on which a proposal stands
LOOKS = 3  # episodes that a terminal value is fitted to
AHEAD = 30  # decisions whose rewards a terminal value sums up
SURE = 1e-9
COARSE = 0.7  # of the steps for a decision: who simulates less for playing coarse physics may play more of it


class Inner(Protocol):
    """A search that knows no model."""

    reigning: str | None

    def proposals(self) -> Iterator[Proposal]:
        """Better and better programs."""


class ShareLab:
    """A lab of which some steps are kept back.

    Args:
        lab: the whole of it.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.kept = 0
        self.rng = lab.rng

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lab, name)

    @property
    def remaining(self) -> int:
        """Environment steps that may be spent on the base."""
        return max(0, self._lab.remaining - self.kept)

    def measure(self, jobs: Sequence[Job]) -> Any:
        """Plays jobs.

        Raises:
            BudgetExhausted: the share is spent.
        """
        if self.remaining <= 0:
            raise BudgetExhausted("the base's share of the budget is spent")
        return self._lab.measure(jobs)


@dataclass(slots=True)
class _Racer:
    planned: Planned
    values: dict[str, float]
    program: Program
    scores: list[float]
    simulated: float = 0.0  # steps per decision, of the last episode

    @property
    def mean(self) -> float:
        return float(np.mean(self.scores)) if self.scores else -math.inf


class PlanningSearch:
    """A base program by an ordinary search, planners around it, and the better base that comes later.

    Deterministic given the lab's generator and results.

    Args:
        lab: what is measured with.
        inner: the search for the base; it measures with ``share``.
        share: the lab that it has.

    Attributes:
        reigning: SHA-256 of the gate's champion, None where there is none.
    """

    def __init__(self, lab: Lab, inner: Inner, share: ShareLab) -> None:
        self.lab, self.inner, self.share = lab, inner, share
        self.trials = PairedComparison(lab)
        self.reigning: str | None = None
        self.title = class_name(lab.task.env_id)
        self.vector = lab.task.access is Access.VECTOR
        short = SHORT if self.vector else SHORT_FRAMES
        self.short = short if lab.longest is None else min(short, lab.longest)
        planning: Planning | None = getattr(lab, "planning", None)
        self.steps = steps = USUAL if planning is None else planning.per_decision
        self.kinds = kinds_for(lab.actions, vector=self.vector, steps=steps)
        self.best: _Racer | None = None
        self._begun = False
        self._offered = ""  # SHA-256 of the best as it raced, once it was proposed

    def proposals(self) -> Iterator[Proposal]:
        """Yields the base's first program, planners around it, then planners around the best base."""
        if self._begun:
            return
        self._begun = True
        try:
            yield from self._run()
        except BudgetExhausted:
            self.lab.say("budget spent")
        if self.best is not None and self.best.program.sha256 != self._offered:
            yield Proposal(
                program=self.best.program, note=f"{self.best.planned.name}: where the budget ended"
            )

    def _run(self) -> Iterator[Proposal]:
        whole = self.lab.remaining
        base: Proposal | None = None
        bases = self.inner.proposals()
        proposed = False
        if self._needs_no_base():
            yield from self._plan(idle(self.title, self.lab.actions))
        for spent in (FIRST_BASE, WHOLE_BASE):
            self.share.kept = int(whole * (1.0 - spent))
            before = base
            while self.share.remaining > 0:
                self.inner.reigning = self.reigning
                found = next(bases, None)
                if found is None:
                    break
                base = found
                if not proposed:
                    proposed = True
                    yield found
                if spent == FIRST_BASE:
                    break
            bases = self.inner.proposals() if self.share.remaining <= 0 else bases
            if base is not None and base is not before:
                yield from self._plan(base.program)
            if self.best is not None and self._solved(self.best):
                return

    def _needs_no_base(self) -> bool:
        """Whether planners come first, around a base that does nothing.

        On consoles looking around costs more; for box actions where a race costs less than the base's first share.
        """
        if not self.vector:
            return True
        race = len(self.kinds) * self.short * sum(episodes for episodes, _ in STAY)
        return isinstance(self.lab.actions, Box) and race < FIRST_BASE * self.lab.remaining

    def _plan(self, base: Program) -> Iterator[Proposal]:
        """Which planner around a base: proposed as soon as it is known, and again with better numbers."""
        best = self._race(base)
        if best is None or not self._keep(best):
            return
        yield from self._offer()
        for better in (self._look_beyond, self._turn):
            self._keep(better(best))
            best = self.best or best
        yield from self._offer()

    def _keep(self, racer: _Racer) -> bool:
        """Makes a racer the best if it is; says whether it is the best now."""
        if self.best is None or racer.mean > self.best.mean + SURE:
            self.best = racer
        return self.best is racer

    def _offer(self) -> Iterator[Proposal]:
        best = self.best
        if best is None or best.program.sha256 == self._offered:
            return
        candidate = self.trials.candidate(best.planned, best.values, best.planned.name)
        self.trials.play([candidate], self._whole())
        self._offered = best.program.sha256
        yield _proposal(candidate)

    def _whole(self) -> int:
        """How many whole episodes a candidate plays; one where they are dear."""
        return 1 if self.lab.longest is not None and self.lab.longest > 20 * self.short else WHOLE

    def _racer(self, planned: Planned, values: dict[str, float]) -> _Racer:
        return _Racer(planned, values, planned.program(values), [])

    def _race(self, base: Program) -> _Racer | None:
        """Every kind around this base, and the best of the kinds before around it."""
        racers = []
        for kind in self.kinds:
            planned = Planned(
                base=base, title=self.title, kind=kind, actions=self.lab.actions, knobs=kind.knobs
            )
            racers.append(self._racer(planned, {k.name: k.start for k in kind.knobs}))
        if self.best is not None:
            again = replace(self.best.planned, base=base)
            racers = [self._racer(again, self.best.values), self.best]
        for episodes, stay in STAY:
            self.lab.say(f"{len(racers)} planners race, {self.short} steps")
            self._play(racers, episodes)
            self._widen(racers)
            racers = sorted(racers, key=lambda r: -r.mean)[:stay]
            if len(racers) > 1 and racers[0].mean == racers[-1].mean and self.short < LONGER:
                self.short = min(LONGER, 4 * self.short)  # too short to tell them apart
                for racer in racers:
                    racer.scores.clear()
        return racers[0] if math.isfinite(racers[0].mean) else None

    def _widen(self, racers: list[_Racer]) -> None:
        """Lets those that play coarse physics simulate as much as the others, where it cost them less."""
        for number, racer in enumerate(racers):
            if racer.planned.kind.coarse and 0.0 < racer.simulated < COARSE * self.steps:
                knob = next(k for k in racer.planned.knobs if k.name == "samples")
                most = min(knob.high, racer.values["samples"] * self.steps / racer.simulated)
                wider = self._racer(racer.planned, {**racer.values, "samples": float(int(most))})
                self._play([wider], len(racer.scores))
                racers[number] = max(racer, wider, key=lambda r: r.mean)

    def _play(self, racers: Sequence[_Racer], episodes: int) -> None:
        """Gives every racer at least so many short episodes, on the same seeds.

        Raises:
            BudgetExhausted: nothing is left.
        """
        jobs, owners = [], []
        for racer in racers:
            for number in range(len(racer.scores), episodes):
                seed = self.lab.seeds(RACE_SEEDS + number, 1)[0]
                jobs.append(Job(program=racer.program, seed=seed, max_steps=self.short))
                owners.append(racer)
        for owner, result in zip(owners, self.lab.measure(jobs) if jobs else [], strict=True):
            outcome = result.outcome
            owner.scores.append(outcome.score if isinstance(outcome, Episode) else -math.inf)
            owner.simulated = outcome.planner_steps / max(1, outcome.length)

    def _turn(self, best: _Racer) -> _Racer:
        """Tries each number smaller and larger, some rounds; the samples stay, they are the budget."""
        for _ in range(ROUNDS):
            before = best
            for knob in best.planned.knobs:
                if knob.name in ("samples", "steps"):
                    continue
                self.lab.say(f"{best.planned.name}: {best.mean:.4g}, another {knob.name}?")
                tried = []
                for factor in FACTORS:
                    value = tidy(float(np.clip(best.values[knob.name] * factor, knob.low, knob.high)))
                    values = {**best.values, knob.name: value}
                    if knob.name == "horizon" and "samples" in values:  # longer sequences, fewer of them
                        values["samples"] = tidy(max(8.0, best.values["samples"] / factor))
                    if values != best.values:
                        tried.append(self._racer(best.planned, values))
                self._play(tried, 1)
                tried = [r for r in tried if r.scores[0] > best.scores[0]]  # the others lost where they met
                self._play(tried, len(best.scores))
                best = max([best, *tried], key=lambda r: r.mean)
            if best is before:
                break
        return best

    def _look_beyond(self, best: _Racer) -> _Racer:
        """Fits a value to what the best planner saw, and keeps it where that helps."""
        if not self.vector or best.planned.kind.made in ("RolloutIW", "UCT"):
            return best
        seeds = self.lab.seeds(RACE_SEEDS, LOOKS)
        jobs = [Job(program=best.program, seed=s, max_steps=self.short, record=Record.STEPS) for s in seeds]
        found = [r.recording for r in self.lab.measure(jobs) if r.recording is not None]
        found = [r for r in found if len(r.rewards) >= 2 * AHEAD]
        if not found:
            return best
        beyond = fitted([r.observations for r in found], [r.rewards for r in found])
        if beyond is None:
            return best
        racer = self._racer(replace(best.planned, beyond=beyond), best.values)
        self.lab.say(f"{racer.planned.name}?")
        self._play([racer], len(best.scores))
        return max([best, racer], key=lambda r: r.mean)

    def _solved(self, best: _Racer) -> bool:
        target = self.lab.task.target
        return target is not None and best.mean >= target


def idle(title: str, actions: ActionSpace) -> Program:
    """A base that does nothing: the first action, or the middle of a box."""
    if isinstance(actions, Box):
        middle = [tidy(0.5 * (low + high)) for low, high in actions.finite_bounds]
        return Program(
            source=f'"""{title}: waits."""\n\nfrom hlearn.policy import ComposedPolicy, controller\n\n\n'
            f'class {title}(ComposedPolicy):\n    """Does nothing."""\n\n    @controller\n'
            f"    def wait(self, s):\n        return {middle}\n"
        )
    return Program(
        source=f'"""{title}: waits."""\n\nfrom hlearn.policy import RulePolicy\n\n\n'
        f'class {title}(RulePolicy):\n    """Does nothing."""\n'
    )


def fitted(observations: Sequence[np.ndarray], rewards: Sequence[np.ndarray]) -> Beyond | None:
    """A terminal value of some episodes: a line through the sums of the next rewards; None where there is nothing."""
    value = Value.fitted([np.asarray(o, np.float64) for o in observations], rewards, AHEAD, ridge=10.0)
    if not np.isfinite(value.weights).all() or not value.weights.any():
        return None
    return Beyond(
        weights=tuple(map(tidy, value.weights.tolist())),
        centre=tuple(map(tidy, value.centre.tolist())),
        scale=tuple(max(tidy(s), 1e-6) for s in value.scale.tolist()),
        most=tidy(value.most),
    )


def _proposal(candidate: Candidate) -> Proposal:
    note = (
        f"{candidate.note}: {candidate.mean:.4g} on {len(candidate.outcomes)} development seeds "
        f"(candidate {candidate.number})"
    )
    return Proposal(program=candidate.program, note=note, dev=candidate.evaluation())
