"""The gate: a challenger becomes the champion only if it is better, or as good and simpler, and breaks nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from hlearn.gate.keeping import judge_cases
from hlearn.gate.match import GateEvaluator, Match, Terms
from hlearn.gate.past import PastRace
from hlearn.gate.race import Race
from hlearn.gate.verdict import Verdict
from hlearn.ledger import Decision, Purpose
from hlearn.policy.randomness import uses_randomness
from hlearn.records import Budget, Program
from hlearn.system.cases import Case


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
            so that a program that found an endless loop does not eat the budget. A run with a target may wait longer,
            as its editor does (:attr:`hlearn.lab.MeteredEvaluator.stall`). Reports play on.
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
        evaluator: GateEvaluator,
        budget: Budget,
        last: bool = False,
        longest: int | None = None,
        past: PastRace | None = None,
        closing: bool = False,
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
            evaluator: what to measure with.
            budget: what is left, and what of it is the gate's: half of that may go to this judgement beyond the first
                look. Where a look is likely to need more than is left, the verdict is undecided.
            last: whether no other judgement is to be paid for, so that this one may spend all that is left.
            longest: environment steps at which both programs' episodes are cut, so that one that hardly ever ends
                does not cost the whole budget; None: whole episodes.
            past: what the two have played before: those pairs stand as they are, under the caps of then, and the race
                goes on after them, under the same alpha.
            closing: whether nothing will be left for this race to go on with, so that its last look may spend what is
                left of alpha.
            stop_score: the target; an episode that reaches it is over where its return only rises.
            cases: every one must hold, mended failures as a whole (:mod:`hlearn.gate.keeping`).
            run_seed: learning seed, which resolves the seeds of the cases.
            seed_matters: False where every seed gives the same episode; one pair then says all.
            system_tests: returns None where the system's tests pass, else what failed.
        """
        if champion is not None and champion.sha256 == challenger.sha256:
            return Verdict(decision=Decision.REJECTED, reasons=("no change: this program is the champion",))
        terms = Terms(
            race=self.race,
            max_pairs=self.max_pairs,
            simpler=self.simpler,
            stall_steps=self.stall_steps,
            stop_score=stop_score,
            share=budget.left if last else budget.gate // 2,
            left=budget.left,
            longest=(longest if past is None else past.longest) if seed_matters else None,
            past=past,
            closing=closing,
        )
        match = Match(terms, challenger, champion, evaluator)
        by_chance = uses_randomness(challenger) or (champion is not None and uses_randomness(champion))
        trial = match.run() if seed_matters or by_chance else match.single()
        if not trial.accepted:
            return trial
        kept = judge_cases(
            lambda jobs: evaluator.measure(jobs, Purpose.CASE),
            challenger,
            champion,
            cases,
            run_seed=run_seed,
            alpha=self.race.alpha,
            stop_score=stop_score,
            stall_steps=self.stall_steps,
        )
        if kept.broken:
            reasons = tuple(f"breaks case {name}: {why}" for name, why in kept.broken)
            return _turned(trial, reasons, tuple(name for name, _ in kept.broken))
        few = tuple(f"breaks case {name}, as luck may have it: {why}" for name, why in kept.spared)
        trial = replace(trial, reasons=(*trial.reasons, *few)) if few else trial
        failed = system_tests(challenger) if system_tests else None
        if failed is not None:
            return _turned(trial, (f"a system test fails:\n{failed}",), ())
        return trial


def _turned(verdict: Verdict, reasons: tuple[str, ...], broken: tuple[str, ...]) -> Verdict:
    return replace(
        verdict,
        decision=Decision.REJECTED,
        reasons=(*reasons, *(f"but {r}" for r in verdict.reasons)),
        broken=broken,
    )
