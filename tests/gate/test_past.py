"""Two programs have one race, whoever asks for it, and however often."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from hlearn.evaluate.api import Job, Result
from hlearn.gate import Decision, Gate, PastRace, Verdict, first_seed_against, past_race
from hlearn.ledger import Purpose, Trial
from hlearn.records import Budget, Episode, Program

STEPS = 10  # environment steps of an episode
OURS, THEIRS = Program(source="ours = 1\n"), Program(source="theirs = 1\n")
SMALL = Program(source="1\n")


def within(steps: int) -> Budget:
    """A budget all of which one judgement may spend."""
    return Budget(total=steps, gate=2 * steps)


class GateEvaluator:
    """Scores by program and place in the race; what was played before costs nothing."""

    def __init__(self, scores: dict[Program, Sequence[float]]) -> None:
        self.scores = {p.sha256: s for p, s in scores.items()}
        self.played: set[tuple[str, int, int | None]] = set()
        self.steps = 0

    def measure(self, jobs: Sequence[Job], purpose: Purpose) -> list[Result]:
        results = []
        for job in jobs:
            if (key := (job.program.sha256, job.seed, job.max_steps)) not in self.played:
                self.played.add(key)
                self.steps += STEPS
            score = self.scores[job.program.sha256][job.seed]
            outcome = Episode(
                seed=job.seed, score=score, length=STEPS, env_steps=STEPS, terminated=True, truncated=False
            )
            results.append(Result(outcome, None))
        return results

    def seeds(self, start: int, count: int) -> list[int]:
        return list(range(start, start + count))

    def spent(self) -> int:
        return self.steps


class RepeatedAsking:
    """Asks the gate again and again, as runs and commands do."""

    def __init__(self, evaluator: GateEvaluator, ours: Program = OURS, theirs: Program = THEIRS) -> None:
        self.evaluator, self.ours, self.theirs = evaluator, ours, theirs
        self.trials: list[Trial] = []

    def ask(self, pairs: int, *, closing: bool = False) -> Verdict:
        past = past_race(self.trials, self.ours.sha256, self.theirs.sha256)
        steps = pairs * 2 * STEPS
        verdict = Gate().judge(
            self.ours,
            self.theirs,
            evaluator=self.evaluator,
            budget=within(steps),
            past=past,
            closing=closing,
        )
        self.trials.append(trial(self.ours, self.theirs, verdict, len(self.trials) + 1))
        return verdict


def trial(ours: Program, theirs: Program | None, verdict: Verdict, number: int) -> Trial:
    return Trial(
        run=number,
        trial=number,
        program=ours.sha256,
        champion=theirs.sha256 if theirs else None,
        note="",
        decision=verdict.decision,
        reasons=verdict.reasons,
        pairs=len(verdict.pairs),
        first_seed=0,
        longest=verdict.longest,
        final=verdict.final,
    )


def level(seed: int, lead: float = 0.0) -> GateEvaluator:
    """Two programs that are alike but for a lead of so many standard deviations."""
    rng = np.random.default_rng(seed)
    return GateEvaluator({OURS: list(rng.normal(lead, 1, 64)), THEIRS: list(rng.normal(0, 1, 64))})


def test_asked_again_the_race_goes_on_where_it_stood() -> None:
    evaluator = level(1, 0.4)
    asking = RepeatedAsking(evaluator)
    seen = [len(asking.ask(pairs).pairs) for pairs in (3, 5, 10, 30, 64)]
    assert seen == sorted(seen)
    assert evaluator.steps == 2 * STEPS * max(seen), "no pair is paid twice"
    assert "were played before (trial" in asking.trials[-1].reasons[0]


def test_many_small_askings_come_to_the_verdict_of_one_large_one() -> None:
    decided = 0
    for seed in range(4):
        at_once = Gate().judge(OURS, THEIRS, evaluator=level(seed), budget=within(10_000))
        asking = RepeatedAsking(level(seed))
        verdicts = [asking.ask(30) for _ in range(14)]
        accepted = [len(v.pairs) for v in verdicts if v.accepted]
        if at_once.accepted:
            assert accepted[0] == len(at_once.pairs)
            decided += 1
        assert not accepted or len(set(accepted)) == 1, "an accepted program needs no further pairs"
        if not accepted:
            assert len(verdicts[-1].pairs) == 64
            assert verdicts[-1].final
            assert "change the program" in verdicts[-1].reasons[0]
    assert decided < 3, "alpha is a tenth"


def test_without_new_pairs_a_verdict_stands() -> None:
    ours, theirs = [0.0, 1.0, 0.0, 2.0, 1.0], [5.0, 6.0, 7.0, 5.0, 6.0]
    evaluator = GateEvaluator({OURS: ours * 13, THEIRS: theirs * 13})
    asking = RepeatedAsking(evaluator)
    assert asking.ask(3).decision is Decision.REJECTED
    before = evaluator.steps
    again = asking.ask(1)
    assert again.decision is Decision.REJECTED
    assert evaluator.steps == before
    assert "all of these pairs were played before (trial 1)" in again.reasons[0]


def test_few_pairs_that_say_little_are_undecided_and_not_rejected() -> None:
    evaluator = GateEvaluator({OURS: [1.0, 4.0, 2.0] * 22, THEIRS: [3.0, 2.5, 3.5] * 22})
    verdict = Gate().judge(OURS, THEIRS, evaluator=evaluator, budget=within(10_000))
    assert len(verdict.pairs) < 12
    assert verdict.decision is Decision.UNDECIDED
    assert verdict.stopped
    assert "too few pairs" in verdict.reasons[0]
    clear = GateEvaluator({OURS: [1.0, 2.0, 1.5] * 22, THEIRS: [3.0, 2.5, 3.5] * 22})
    assert Gate().judge(OURS, THEIRS, evaluator=clear, budget=within(10_000)).decision is Decision.REJECTED


def test_when_all_of_alpha_is_spent_more_pairs_decide_nothing() -> None:
    asking = RepeatedAsking(level(3, 0.3))
    first = asking.ask(4, closing=True)
    assert first.decision is Decision.UNDECIDED
    assert first.final
    steps = asking.evaluator.steps
    again = asking.ask(64)
    assert (again.decision, len(again.pairs)) == (Decision.UNDECIDED, 4)
    assert asking.evaluator.steps == steps
    assert "is over" in again.reasons[0]


def test_an_edit_that_broke_a_case_is_not_raced_again_after_its_repair() -> None:
    evaluator = GateEvaluator({OURS: list(range(10, 74)), THEIRS: [0.0] * 64})
    asking = RepeatedAsking(evaluator)
    turned = Gate().judge(
        OURS,
        THEIRS,
        evaluator=evaluator,
        budget=within(10_000),
        system_tests=lambda p: "test_x failed",
    )
    assert turned.decision is Decision.REJECTED
    asking.trials.append(trial(OURS, THEIRS, turned, 1))
    steps = evaluator.steps
    assert asking.ask(64).accepted
    assert evaluator.steps == steps


def test_pairs_count_whichever_of_the_two_was_the_champion() -> None:
    evaluator = level(5)
    asking = RepeatedAsking(evaluator)
    pairs = len(asking.ask(10).pairs)
    past = past_race(asking.trials, THEIRS.sha256, OURS.sha256)
    assert past is not None
    assert (past.pairs, past.asked) == (pairs, False)
    steps = evaluator.steps
    verdict = Gate().judge(THEIRS, OURS, evaluator=evaluator, budget=within(0), past=past)
    assert len(verdict.pairs) >= pairs
    assert evaluator.steps == steps or len(verdict.pairs) > pairs


def test_a_race_keeps_the_caps_with_which_it_began() -> None:
    evaluator = level(6)
    first = Gate().judge(OURS, THEIRS, evaluator=evaluator, budget=within(0), longest=10_000)
    past = past_race([trial(OURS, THEIRS, first, 1)], OURS.sha256, THEIRS.sha256)
    again = Gate().judge(OURS, THEIRS, evaluator=evaluator, budget=within(1_000), longest=99_000, past=past)
    assert again.longest == 10_000


@pytest.mark.parametrize(
    ("pairs", "asked", "accepted"), [(3, False, False), (8, False, True), (8, True, False)]
)
def test_size_decides_on_enough_pairs_and_at_the_first_asking(
    pairs: int, asked: bool, accepted: bool
) -> None:
    rng = np.random.default_rng(12)
    noise = list(rng.normal(0, 1, 64))
    evaluator = GateEvaluator({SMALL: [x + 0.1 for x in noise], THEIRS: [noise[i - 1] for i in range(64)]})
    past = PastRace(first_seed=0, pairs=3, asked=True, final=False, longest=None, trial=1) if asked else None
    steps = pairs * 2 * STEPS
    verdict = Gate().judge(SMALL, THEIRS, evaluator=evaluator, budget=within(steps), past=past)
    assert not verdict.stopped
    assert verdict.accepted is accepted
    assert accepted is ("simpler" in verdict.reasons[0])


def test_all_challengers_of_a_champion_meet_it_on_the_same_seeds() -> None:
    verdict = Gate().judge(OURS, THEIRS, evaluator=level(7), budget=within(0))
    met = trial(OURS, THEIRS, verdict, 1)
    assert first_seed_against([met], THEIRS.sha256, 5_000) == 0
    assert first_seed_against([met], OURS.sha256, 5_000) == 5_000
    assert past_race([met], SMALL.sha256, THEIRS.sha256) is None
