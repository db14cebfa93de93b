"""The gate on real episodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from hlearn.evaluate.api import Job, Result
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.gate import Decision, Gate, program_size
from hlearn.gate.keeping import judge_cases
from hlearn.ledger import Purpose
from hlearn.policy.randomness import uses_randomness
from hlearn.records import Access, Budget, Episode, Program, Protocol, Split
from hlearn.system import Case
from hlearn.tasks import Task
from hlearn.tasks.seeds import split_seeds

CARTPOLE = Task(env_id="CartPole-v1", access=Access.VECTOR, protocol=Protocol.STANDARD)


def program(rule: str, extra: str = "") -> Program:
    head = "class P:\n    def reset(self, seed):\n        pass\n    def act(self, o):\n"
    return Program(source=f"{head}        {extra}return {rule}\n")


LEFT, LEAN, GOOD = program("0"), program("int(o[2] > 0)"), program("int(o[2] + 0.5 * o[3] > 0)")
BAD = program("0", "o[9]; ")


def within(steps: int) -> Budget:
    """A budget all of which one judgement may spend."""
    return Budget(total=steps, gate=2 * steps)


class GateEvaluator:
    def __init__(self) -> None:
        self.evaluator = InProcessEvaluator(CARTPOLE)
        self.played: list[Purpose] = []
        self.steps = 0

    def measure(self, jobs: Sequence[Job], purpose: Purpose) -> list[Result]:
        results = self.evaluator.run(jobs)
        self.played += [purpose] * len(jobs)
        self.steps += sum(r.outcome.env_steps for r in results)
        return results

    def seeds(self, start: int, count: int) -> list[int]:
        return split_seeds(Split.GATE, 0, start, count)

    def spent(self) -> int:
        return self.steps


@pytest.fixture
def evaluator() -> Iterator[GateEvaluator]:
    evaluator = GateEvaluator()
    yield evaluator
    evaluator.evaluator.close()


def test_a_first_program_must_complete_its_episodes(evaluator: GateEvaluator) -> None:
    assert Gate().judge(LEFT, None, evaluator=evaluator, budget=within(0)).accepted
    verdict = Gate().judge(BAD, None, evaluator=evaluator, budget=within(0))
    assert verdict.decision is Decision.REJECTED
    assert "crashed: IndexError" in verdict.reasons[0]


def test_better_is_accepted_and_worse_rejected_at_the_first_look(evaluator: GateEvaluator) -> None:
    verdict = Gate().judge(GOOD, LEAN, evaluator=evaluator, budget=within(10_000))
    assert verdict.accepted
    assert len(verdict.pairs) == 3
    assert all(p.champion is not None and p.challenger > p.champion for p in verdict.pairs)
    evaluator.played.clear()
    assert Gate().judge(LEFT, LEAN, evaluator=evaluator, budget=within(10_000)).decision is Decision.REJECTED
    assert len(evaluator.played) <= 6


def test_a_challenger_that_crashes_is_rejected(evaluator: GateEvaluator) -> None:
    assert Gate().judge(BAD, LEFT, evaluator=evaluator, budget=within(10_000)).decision is Decision.REJECTED


def test_a_champion_that_crashes_loses(evaluator: GateEvaluator) -> None:
    assert Gate().judge(LEFT, BAD, evaluator=evaluator, budget=within(10_000)).accepted


def test_equal_scores_and_simpler_wins(evaluator: GateEvaluator) -> None:
    longer = program("int(o[2] + 0.5 * o[3] > 0)", "unused = 3; ")
    assert program_size(longer.source) > program_size(GOOD.source)
    verdict = Gate().judge(GOOD, longer, evaluator=evaluator, budget=within(100_000))
    assert verdict.accepted
    assert "simpler" in verdict.reasons[0]
    verdict = Gate().judge(longer, GOOD, evaluator=evaluator, budget=within(100_000))
    assert verdict.decision is Decision.REJECTED
    assert "the same scores" in verdict.reasons[0]


class Endings:
    """A evaluator that knows how every episode of a program ends: score and lives left."""

    def __init__(self, endings: dict[Program, tuple[float, int]]) -> None:
        self.endings = {p.sha256: ending for p, ending in endings.items()}

    def measure(self, jobs: Sequence[Job], purpose: Purpose) -> list[Result]:
        results = []
        for job in jobs:
            score, lives = self.endings[job.program.sha256]
            outcome = Episode(
                seed=job.seed,
                score=score,
                length=9,
                env_steps=9,
                terminated=False,
                truncated=False,
                stopped=True,
                lives=lives,
            )
            results.append(Result(outcome, None))
        return results

    def seeds(self, start: int, count: int) -> list[int]:
        return split_seeds(Split.GATE, 0, start, count)

    def spent(self) -> int:
        return 0


@pytest.mark.parametrize(
    ("score", "ours", "theirs", "decision"),
    [
        (864.0, 4, 1, Decision.ACCEPTED),
        (864.0, 1, 4, Decision.REJECTED),
        (428.0, 4, 1, Decision.REJECTED),
    ],
    ids=["safer at the target", "less safe", "below the target lives say nothing"],
)
def test_lives_break_ties_at_the_target_only(
    score: float, ours: int, theirs: int, decision: Decision
) -> None:
    longer = program("int(o[2] > 0)", "unused = 3; ")
    evaluator = Endings({longer: (score, ours), LEAN: (score, theirs)})
    assert (
        Gate().judge(longer, LEAN, evaluator=evaluator, budget=within(1000), stop_score=864.0).decision
        is decision
    )


def test_simpler_is_no_excuse_for_fewer_lives() -> None:
    longer = program("int(o[2] > 0)", "unused = 3; ")
    evaluator = Endings({LEAN: (864.0, 1), longer: (864.0, 4)})
    assert (
        Gate().judge(LEAN, longer, evaluator=evaluator, budget=within(1000), stop_score=864.0).decision
        is Decision.REJECTED
    )
    evaluator = Endings({LEAN: (864.0, 4), longer: (864.0, 4)})
    assert Gate().judge(LEAN, longer, evaluator=evaluator, budget=within(1000), stop_score=864.0).accepted


def test_the_champion_itself_costs_nothing(evaluator: GateEvaluator) -> None:
    assert Gate().judge(GOOD, GOOD, evaluator=evaluator, budget=within(0)).decision is Decision.REJECTED
    assert not evaluator.played


def test_a_broken_case_is_named(evaluator: GateEvaluator) -> None:
    cases = [
        Case(name="balance-long", why="reached in trial 3", number=0, min_score=100.0),
        Case(name="balance-short", why="reached in trial 1", seed=5, min_score=5.0, max_steps=50),
    ]
    verdict = Gate().judge(LEAN, LEFT, evaluator=evaluator, budget=within(10_000), cases=cases)
    assert verdict.decision is Decision.REJECTED
    assert verdict.broken == ("balance-long",)
    assert "breaks case balance-long: scores" in verdict.reasons[0]
    assert Gate().judge(GOOD, LEFT, evaluator=evaluator, budget=within(10_000), cases=cases).accepted


def test_mended_failures_are_judged_together_and_named_in_any_case(evaluator: GateEvaluator) -> None:
    def cases(broken: int) -> list[Case]:
        """Cases that GOOD keeps and LEAN breaks, and one that both keep."""
        hard = [
            Case(name=f"m-{n}", why="fell", seed=n, min_score=200.0, mended=True, max_steps=210)
            for n in range(broken)
        ]
        return [*hard, Case(name="easy", why="fell", seed=9, min_score=5.0, mended=True, max_steps=20)]

    # LEAN beats LEFT; the case's floor is what neither LEFT nor LEAN reaches, so nothing speaks against LEAN.
    verdict = Gate().judge(LEAN, LEFT, evaluator=evaluator, budget=within(10_000), cases=cases(5))
    assert verdict.accepted
    kept = judge_cases(
        lambda jobs: evaluator.measure(jobs, Purpose.CASE), LEAN, GOOD, cases(3),
        run_seed=0, alpha=0.1, stop_score=None, stall_steps=9_000,
    )  # fmt: skip
    assert (len(kept.broken), [b.name for b in kept.spared]) == (0, ["m-0", "m-1", "m-2"])
    kept = judge_cases(
        lambda jobs: evaluator.measure(jobs, Purpose.CASE), LEAN, GOOD, cases(4),
        run_seed=0, alpha=0.1, stop_score=None, stall_steps=9_000,
    )  # fmt: skip
    assert [b.name for b in kept.broken] == ["m-0", "m-1", "m-2", "m-3"]
    assert "must reach 200 (fell)" in kept.broken[0].why


def test_a_failing_system_test_turns_it_down(evaluator: GateEvaluator) -> None:
    verdict = Gate().judge(
        GOOD,
        LEAN,
        evaluator=evaluator,
        budget=within(10_000),
        system_tests=lambda p: "test_x failed",
    )
    assert verdict.decision is Decision.REJECTED
    assert "test_x failed" in verdict.reasons[0]


def test_without_a_budget_the_first_look_still_decides_what_is_clear(evaluator: GateEvaluator) -> None:
    verdict = Gate().judge(GOOD, LEAN, evaluator=evaluator, budget=within(0))
    assert verdict.accepted
    assert len(verdict.pairs) == 3


def test_one_pair_says_all_where_the_seed_has_no_effect(evaluator: GateEvaluator) -> None:
    verdict = Gate().judge(GOOD, LEAN, evaluator=evaluator, budget=within(0), seed_matters=False)
    assert verdict.accepted
    assert len(verdict.pairs) == 1


@pytest.mark.parametrize(
    ("source", "random"),
    [
        ("import random\n", True),
        ("class P:\n    def act(self, o):\n        return self.rng.choice(o)\n", True),
        ("class P:\n    def reset(self, seed):\n        self.x = seed % 3\n", True),
        ("class P:\n    def reset(self, seed):\n        super().reset(seed)\n", False),
        ("import math\n", False),
        ("def broken(", False),
    ],
)
def test_randomness_is_read_from_the_source(source: str, random: bool) -> None:
    assert uses_randomness(Program(source=source)) is random


def test_size_ignores_words_and_counts_code() -> None:
    plain = "def f(x):\n    return x + 1\n"
    wordy = '"""A module."""\n\n\ndef long_name(argument):\n    """Adds one."""\n'
    wordy += "    # a comment\n    return argument + 1\n"
    assert program_size(plain) == program_size(wordy)
    assert program_size(plain) < program_size(plain + "y = 2\n")


def test_long_episodes_are_cut_and_the_verdict_says_so(evaluator: GateEvaluator) -> None:
    verdict = Gate().judge(GOOD, LEAN, evaluator=evaluator, budget=within(10_000), longest=2)
    assert verdict.cut == 2
    assert "cut at 2 steps" in verdict.reasons[0]
    assert Gate().judge(GOOD, LEAN, evaluator=evaluator, budget=within(10_000), longest=100_000).cut is None
