"""The gate: a challenger becomes the champion only if it is better, or as good and simpler, and breaks nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Job, Result
from hlearn.gate.race import Judgement, Race
from hlearn.gate.randomness import uses_randomness
from hlearn.gate.size import program_size
from hlearn.ledger import Decision, Purpose
from hlearn.records import Evaluation, Failure, Program, Split
from hlearn.system.cases import Case

_FIRST = 2  # episodes that a first program must complete


class Pair(NamedTuple):
    """Both programs on one gate seed; ``champion`` is None where there was none."""

    challenger: float
    champion: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate decided and why.

    Attributes:
        decision: accepted, rejected or undecided.
        reasons: sentences for people; the first one decides.
        pairs: what was played on gate seeds, in order.
        broken: names of the regression cases that the challenger broke.
        challenger: its gate episodes.
        champion: the champion's on the same seeds.
    """

    decision: Decision
    reasons: tuple[str, ...]
    pairs: tuple[Pair, ...] = ()
    broken: tuple[str, ...] = ()
    challenger: Evaluation | None = None
    champion: Evaluation | None = None

    @property
    def accepted(self) -> bool:
        """Whether the challenger is the champion now."""
        return self.decision is Decision.ACCEPTED


class Court(Protocol):
    """What the gate measures with: the run's meter, or a plain evaluator."""

    def measure(self, jobs: Sequence[Job], purpose: Purpose) -> list[Result]:
        """Plays jobs, recorded and charged."""

    def seeds(self, start: int, count: int) -> list[int]:
        """Gate seeds number ``start`` to ``start + count - 1`` of this run."""

    def spent(self) -> int:
        """Environment steps charged so far, for whatever purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The rules of acceptance.

    Attributes:
        race: the statistics.
        max_pairs: pairs at most, whatever the budget allows.
        budget_fraction: share of the step budget that the gate may spend over the whole run; the first look of
            every race is played in any case.
        simpler: how much smaller (as a share) a program must be to win with scores that are no worse.
        stall_steps: an episode without any reward for so many environment steps is over (2.5 minutes of an Atari game),
            so that a program that found an endless loop does not eat the budget. Reports play on.
    """

    race: Race = field(default_factory=Race)
    max_pairs: int = 64
    budget_fraction: float = 0.10
    simpler: float = 0.05
    stall_steps: int = 9_000

    def judge(
        self,
        challenger: Program,
        champion: Program | None,
        *,
        court: Court,
        budget: int,
        limit: int | None = None,
        paid: int = 0,
        stop_score: float | None = None,
        cases: Sequence[Case] = (),
        run_seed: int = 0,
        seed_matters: bool = True,
        system_tests: Callable[[Program], str | None] | None = None,
    ) -> Verdict:
        """Judges a challenger.

        Args:
            challenger: the proposed program.
            champion: the present one, None for a first program, which must complete its episodes.
            court: what to measure with.
            budget: environment steps that this judgement may spend beyond the first look.
            limit: environment steps that are left altogether; where the first look is likely to need more, the
                verdict is undecided.
            paid: pairs of the same race that were played before; they cost nothing and stay as they are.
            stop_score: the target; an episode that reaches it is over.
            cases: every one must hold.
            run_seed: learning seed, which resolves the seeds of the cases.
            seed_matters: False where every seed gives the same episode; one pair then says all.
            system_tests: returns None where the system's tests pass, else what failed.
        """
        if champion is not None and champion.sha256 == challenger.sha256:
            return Verdict(decision=Decision.REJECTED, reasons=("no change: this program is the champion",))
        if not seed_matters and not (uses_randomness(challenger) or (champion and uses_randomness(champion))):
            trial = _Match(self, challenger, champion, court, 0, limit, 0, stop_score).single()
        else:
            trial = _Match(self, challenger, champion, court, budget, limit, paid, stop_score).run()
        if not trial.accepted:
            return trial
        broken = self._broken(challenger, court, cases, run_seed, stop_score)
        if broken:
            reasons = tuple(f"breaks case {name}: {why}" for name, why in broken)
            return _turned(trial, reasons, tuple(name for name, _ in broken))
        failed = system_tests(challenger) if system_tests else None
        if failed is not None:
            return _turned(trial, (f"a system test fails:\n{failed}",), ())
        return trial

    def _broken(
        self,
        challenger: Program,
        court: Court,
        cases: Sequence[Case],
        run_seed: int,
        stop_score: float | None,
    ) -> list[tuple[str, str]]:
        if not cases:
            return []
        jobs = [
            Job(
                program=challenger,
                seed=case.resolve(run_seed),
                max_steps=case.max_steps,
                stop_score=stop_score,
                stall_steps=self.stall_steps,
            )
            for case in cases
        ]
        broken = []
        for case, result in zip(cases, court.measure(jobs, Purpose.CASE), strict=True):
            outcome = result.outcome
            if isinstance(outcome, Failure):
                broken.append((case.name, f"{_said(outcome)} ({case.why})"))
            elif case.min_score is not None and not outcome.score >= case.min_score:
                broken.append(
                    (case.name, f"scores {outcome.score:g}, must reach {case.min_score:g} ({case.why})")
                )
        return broken


class _Match:
    """One challenger against one champion, seed by seed."""

    def __init__(
        self,
        gate: Gate,
        challenger: Program,
        champion: Program | None,
        court: Court,
        budget: int,
        limit: int | None,
        paid: int,
        stop_score: float | None,
    ) -> None:
        self.gate = gate
        self.challenger = challenger
        self.champion = champion
        self.court = court
        self.budget = budget
        self.limit = limit
        self.paid = paid
        self.stop_score = stop_score
        self.ours: list[Result] = []
        self.theirs: list[Result] = []

    def single(self) -> Verdict:
        """One pair, where the seed has no effect."""
        self._play(1)
        return self._failed() or self._first() or self._verdict(self._only())

    def _only(self) -> Judgement:
        ours, theirs = self.ours[0].outcome.score, self.theirs[0].outcome.score
        said = f"{ours:g} against {theirs:g} (the seed has no effect: one episode says all)"
        if ours > theirs:
            return Judgement(Decision.ACCEPTED, f"better: {said}")
        return Judgement(Decision.REJECTED, f"no better: {said}", equal=ours == theirs)

    def run(self) -> Verdict:
        """Pairs until the race is decided or nothing more may be spent."""
        if self.champion is None:
            self._play(_FIRST)
            verdict = self._failed() or self._first()
            assert verdict is not None
            return verdict
        before = self.court.spent()
        while True:
            have = len(self.ours)
            want = min(max(self.gate.race.next_look(have), self.paid), self.gate.max_pairs)
            last = want == have or not self._can_afford(want, self.court.spent() - before)
            if not last:
                try:
                    self._play(want)
                except BudgetExhausted:
                    if not have:
                        raise
                    last = True
                failed = self._failed()
                if failed:
                    return failed
            judgement = self.gate.race.judge(
                *self._scores(), last=last or len(self.ours) >= self.gate.max_pairs
            )
            if judgement.decision is not None:
                return self._verdict(judgement)

    def _can_afford(self, want: int, used: int) -> bool:
        """Whether the episodes so far let expect that so many pairs cost no more than may be spent."""
        have = len(self.ours)
        if not have or want <= self.paid:
            return True
        played = sum(r.outcome.env_steps for r in (*self.ours, *self.theirs))
        used += round(played / have * (want - have))
        return (have < 3 or used <= self.budget) and (self.limit is None or used <= self.limit)

    def _play(self, pairs: int) -> None:
        """Plays on until there are so many pairs; both programs in the same round."""
        have = len(self.ours)
        seeds = self.court.seeds(have, pairs - have)
        programs = [self.challenger] if self.champion is None else [self.challenger, self.champion]
        jobs = [
            Job(program=program, seed=seed, stop_score=self.stop_score, stall_steps=self.gate.stall_steps)
            for program in programs
            for seed in seeds
        ]
        results = self.court.measure(jobs, Purpose.GATE)
        self.ours += results[: len(seeds)]
        self.theirs += results[len(seeds) :]

    def _scores(self) -> tuple[list[float], list[float]]:
        return [r.outcome.score for r in self.ours], [r.outcome.score for r in self.theirs]

    def _failed(self) -> Verdict | None:
        """A failed episode decides: the challenger's against it, else the champion's for it."""
        failure = next((r.outcome for r in self.ours if isinstance(r.outcome, Failure)), None)
        if failure is not None:
            return self._verdict(Judgement(Decision.REJECTED, f"an episode fails: {_said(failure)}"))
        failure = next((r.outcome for r in self.theirs if isinstance(r.outcome, Failure)), None)
        if failure is not None:
            reason = f"completes a gate episode on which the champion fails ({_said(failure)})"
            return self._verdict(Judgement(Decision.ACCEPTED, reason))
        return None

    def _first(self) -> Verdict | None:
        if self.champion is not None:
            return None
        scores = [r.outcome.score for r in self.ours]
        reason = f"first program; completes its gate episodes, mean {sum(scores) / len(scores):g}"
        return self._verdict(Judgement(Decision.ACCEPTED, reason))

    def _verdict(self, judgement: Judgement) -> Verdict:
        decision, reason = judgement.decision, judgement.reason
        assert decision is not None
        if self.champion is not None and decision is not Decision.ACCEPTED:
            new, old = program_size(self.challenger.source), program_size(self.champion.source)
            ours, theirs = self._scores()
            if judgement.equal and new < old:
                decision, reason = (
                    Decision.ACCEPTED,
                    f"the same scores and simpler (size {new} against {old}): {reason}",
                )
            elif (
                decision is Decision.UNDECIDED
                and new <= old * (1 - self.gate.simpler)
                and sum(ours) >= sum(theirs)
            ):
                decision, reason = (
                    Decision.ACCEPTED,
                    f"no worse and simpler (size {new} against {old}): {reason}",
                )
        theirs_scores: list[float | None] = [r.outcome.score for r in self.theirs] or [None] * len(self.ours)
        return Verdict(
            decision=decision,
            reasons=(reason,),
            pairs=tuple(Pair(r.outcome.score, s) for r, s in zip(self.ours, theirs_scores, strict=True)),
            challenger=_evaluation(self.challenger, self.ours),
            champion=_evaluation(self.champion, self.theirs) if self.champion else None,
        )


def floor_of(verdict: Verdict, *, exact: bool) -> float | None:
    """The score that a regression case may ask of later programs on one seed; None: only to complete it.

    Where the seed has no effect, the score itself. Elsewhere luck must not block a better program, so it is what
    the beaten champion reached on average, or the new one at its worst if that is less.
    """
    scores = verdict.challenger.scores if verdict.challenger else ()
    if exact:
        return min(scores, default=None)
    beaten = verdict.champion.mean if verdict.champion else None
    return None if beaten is None or not scores else min(beaten, *scores)


def _turned(verdict: Verdict, reasons: tuple[str, ...], broken: tuple[str, ...]) -> Verdict:
    return Verdict(
        decision=Decision.REJECTED,
        reasons=(*reasons, *(f"but {r}" for r in verdict.reasons)),
        pairs=verdict.pairs,
        broken=broken,
        challenger=verdict.challenger,
        champion=verdict.champion,
    )


def _evaluation(program: Program, results: Sequence[Result]) -> Evaluation:
    return Evaluation(program=program.sha256, split=Split.GATE, outcomes=tuple(r.outcome for r in results))


def _said(failure: Failure) -> str:
    last = failure.message.strip().splitlines()[-1:] or [""]
    return f"{failure.kind.value}: {last[0][:300]}"
