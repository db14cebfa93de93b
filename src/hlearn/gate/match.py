"""One challenger against one champion, seed by seed, until the race is decided or nothing more may be spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Job, Result
from hlearn.gate.past import PastRace
from hlearn.gate.race import Judgement, Race
from hlearn.gate.size import program_size
from hlearn.gate.verdict import Pair, Verdict, said_of
from hlearn.ledger import Decision, Purpose
from hlearn.records import Episode, Evaluation, Failure, Program, Split, life_bonus, lives_left_at_target

_FIRST = 2  # episodes that a first program must complete


class GateEvaluator(Protocol):
    """What the gate measures with: the run's meter, or a plain evaluator."""

    def measure(self, jobs: Sequence[Job], purpose: Purpose) -> list[Result]:
        """Plays jobs, recorded and charged."""

    def seeds(self, start: int, count: int) -> list[int]:
        """Gate seeds number ``start`` to ``start + count - 1`` of this run."""

    def spent(self) -> int:
        """Environment steps charged so far, for whatever purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under which rules and with how many steps a match is played.

    Attributes:
        race: the statistics.
        max_pairs: pairs at most.
        simpler: how much smaller (as a share) a challenger must be to win with scores that are no worse.
        stall_steps: an episode without any reward for so many environment steps is over.
        stop_score: the target (:attr:`hlearn.evaluate.api.Job.stop_score`).
        share: environment steps that may be spent beyond the first look.
        left: environment steps that are left altogether.
        longest: environment steps at which episodes are cut, None for whole ones.
        past: what the two have played before.
        closing: whether the last look may spend what is left of alpha.
    """

    race: Race
    max_pairs: int
    simpler: float
    stall_steps: int
    stop_score: float | None
    share: int
    left: int
    longest: int | None
    past: PastRace | None
    closing: bool


class Match:
    """One challenger against one champion, seed by seed."""

    def __init__(
        self, terms: Terms, challenger: Program, champion: Program | None, evaluator: GateEvaluator
    ) -> None:
        self.terms = terms
        self.challenger = challenger
        self.champion = champion
        self.evaluator = evaluator
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
        return self._go_on() or self._race()

    def _go_on(self) -> Verdict | None:
        """Takes up the race where it stood; a verdict only where that decides already, or nothing more may."""
        past = self.terms.past
        if past is None:
            return None
        self._play(past.pairs)
        failed = self._failed()
        if failed:
            return failed
        over = past.final or past.pairs >= self.terms.max_pairs
        if not over and not self.terms.race.is_look(past.pairs):
            return None
        verdict = self._verdict(self._judge(last=True, final=over), final=over)
        return verdict if over or verdict.accepted else None

    def _race(self) -> Verdict:
        """Plays pairs from look to look."""
        before = self.evaluator.spent()
        while True:
            have = len(self.ours)
            want = min(self.terms.race.next_look(have), self.terms.max_pairs)
            used = self.evaluator.spent() - before
            last = spent = False
            if not self._can_afford(want, used):
                want, last = self._last_look(have, want, used), True
            if want > have:
                try:
                    self._play(want)
                except BudgetExhausted:
                    if not have:
                        raise
                    last, spent = True, self.terms.closing
                failed = self._failed()
                if failed:
                    return failed
            final = spent or (last and self.terms.closing) or len(self.ours) >= self.terms.max_pairs
            judgement = self._judge(last=last, final=final)
            if judgement.decision is not None:
                return self._verdict(judgement, final=final)

    def _judge(self, *, last: bool, final: bool) -> Judgement:
        return self.terms.race.judge(
            *self._scores(), lives=self._lives(), life=self._life, last=last, final=final
        )

    def _last_look(self, have: int, want: int, used: int) -> int:
        """Where all of alpha may be spent, the last look may lie before the planned one."""
        if not self.terms.closing:
            return have
        between = range(have + 1, want)
        chances = (n for n in between if self.terms.race.may_decide(n) and self._can_afford(n, used))
        return max(chances, default=have)

    def _can_afford(self, want: int, used: int) -> bool:
        """Whether the episodes so far let expect that so many pairs cost no more than may be spent."""
        have = len(self.ours)
        if not have:
            return True
        played = sum(r.outcome.env_steps for r in (*self.ours, *self.theirs))
        used += round(played / have * (want - have))
        return (have < 3 or used <= self.terms.share) and used <= self.terms.left

    def _play(self, pairs: int) -> None:
        """Plays on until there are so many pairs; both programs in the same round."""
        have = len(self.ours)
        seeds = self.evaluator.seeds(have, pairs - have)
        programs = [self.challenger] if self.champion is None else [self.challenger, self.champion]
        jobs = [
            Job(
                program=program,
                seed=seed,
                max_steps=self.terms.longest,
                stop_score=self.terms.stop_score,
                stall_steps=self.terms.stall_steps,
            )
            for program in programs
            for seed in seeds
        ]
        results = self.evaluator.measure(jobs, Purpose.GATE)
        self.ours += results[: len(seeds)]
        self.theirs += results[len(seeds) :]

    def _scores(self) -> tuple[list[float], list[float]]:
        return [r.outcome.score for r in self.ours], [r.outcome.score for r in self.theirs]

    def _lives(self) -> tuple[list[int], list[int]]:
        """Lives left where the target was reached."""
        target = self.terms.stop_score
        ours, theirs = (
            [lives_left_at_target(r.outcome, target) for r in side] for side in (self.ours, self.theirs)
        )
        return ours, theirs

    @property
    def _life(self) -> float:
        return life_bonus(self.terms.stop_score)

    def _spared(self) -> list[float]:
        """By pair, what the challenger's lives are worth more."""
        ours, theirs = self._lives()
        return [self._life * (a - b) for a, b in zip(ours, theirs or [0] * len(ours), strict=True)]

    def _failed(self) -> Verdict | None:
        """A failed episode decides: the challenger's against it, else the champion's for it."""
        failure = next((r.outcome for r in self.ours if isinstance(r.outcome, Failure)), None)
        if failure is not None:
            return self._verdict(Judgement(Decision.REJECTED, f"an episode fails: {said_of(failure)}"))
        failure = next((r.outcome for r in self.theirs if isinstance(r.outcome, Failure)), None)
        if failure is not None:
            reason = f"completes a gate episode on which the champion fails ({said_of(failure)})"
            return self._verdict(Judgement(Decision.ACCEPTED, reason))
        return None

    def _first(self) -> Verdict | None:
        if self.champion is not None:
            return None
        scores = [r.outcome.score for r in self.ours]
        reason = f"first program; completes its gate episodes, mean {sum(scores) / len(scores):g}"
        return self._verdict(Judgement(Decision.ACCEPTED, reason))

    def _verdict(self, judgement: Judgement, *, final: bool = False) -> Verdict:
        decision, reason = judgement.decision, judgement.reason
        assert decision is not None
        if self.champion is not None and decision is not Decision.ACCEPTED:
            new, old = program_size(self.challenger), program_size(self.champion)
            ours, theirs = ((sum(s), sum(n)) for s, n in zip(self._scores(), self._lives(), strict=True))
            if judgement.equal and new < old:
                decision, reason = (
                    Decision.ACCEPTED,
                    f"the same scores and simpler (size {new} against {old}): {reason}",
                )
            elif (
                self._may_be_simpler(judgement, final)
                and new <= old * (1 - self.terms.simpler)
                and ours >= theirs
            ):
                decision, reason = (
                    Decision.ACCEPTED,
                    f"no worse and simpler (size {new} against {old}): {reason}",
                )
        cut = self.terms.longest if any(self._is_cut(r) for r in (*self.ours, *self.theirs)) else None
        if cut is not None:
            reason += f"; episodes were cut at {cut:,} steps"
        reason += self._said_of_past(final and decision is not Decision.ACCEPTED)
        theirs_scores: list[float | None] = [r.outcome.score for r in self.theirs] or [None] * len(self.ours)
        return Verdict(
            decision=decision,
            reasons=(reason,),
            pairs=tuple(map(Pair, self._scores()[0], theirs_scores, self._spared())),
            challenger=_evaluation(self.challenger, self.ours),
            champion=_evaluation(self.champion, self.theirs) if self.champion else None,
            longest=self.terms.longest,
            cut=cut,
            final=final,
            stopped=judgement.stopped,
        )

    def _may_be_simpler(self, judgement: Judgement, final: bool) -> bool:
        """Whether an undecided one may win by its size: not on a handful of pairs, nor by asking until it leads."""
        past = self.terms.past
        first = final or past is None or not past.asked
        enough = len(self.ours) >= self.terms.race.ties and not judgement.stopped
        return judgement.decision is Decision.UNDECIDED and enough and first

    def _said_of_past(self, over: bool) -> str:
        """What a person who asks again should know."""
        said = ""
        past, pairs = self.terms.past, len(self.ours)
        if past is not None:
            which = "all" if past.pairs >= pairs else f"{past.pairs}"
            said = f"; {which} of these pairs were played before (trial {past.trial})"
        if over and self.champion is not None:
            said += "; the race of these two programs is over, more pairs decide nothing: change the program"
        return said

    def _is_cut(self, result: Result) -> bool:
        outcome, longest = result.outcome, self.terms.longest
        ended = isinstance(outcome, Episode) and not outcome.stopped
        return longest is not None and not ended and outcome.env_steps >= longest


def _evaluation(program: Program, results: Sequence[Result]) -> Evaluation:
    return Evaluation(program=program.sha256, split=Split.GATE, outcomes=tuple(r.outcome for r in results))
