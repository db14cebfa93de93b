"""Who may spend how much: the editor, the gate, and what goes back where nothing is left to judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hlearn.evaluate.api import Job
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.gate import Decision, Gate, Verdict
from hlearn.lab import MeteredEvaluator
from hlearn.lab.recordings import Recordings
from hlearn.ledger import Ledger, ProgramStore, Purpose
from hlearn.ledger.events import started
from hlearn.loop.budget import BudgetSplit
from hlearn.records import Access, Budget, Evaluation, Program, Protocol, Split
from hlearn.tasks import Task

CARTPOLE = Task(env_id="CartPole-v1", access=Access.VECTOR, protocol=Protocol.STANDARD)
DETERMINISTIC = Task(env_id="ALE/Breakout-v5", access=Access.RAM, protocol=Protocol.ARTICLE)
STEPS = 100_000
EPISODE = 500  # environment steps of a program that never drops the pole
STEADY = Program(
    source="class P:\n    def reset(self, seed): pass\n    def act(self, o): return int(o[2] + 0.5 * o[3] > 0)\n"
)


def meter_of(task: Task, path: Path, evaluator: InProcessEvaluator, *, spent: int = 0) -> MeteredEvaluator:
    run = started(
        task,
        run=1,
        seed=0,
        steps=spent + STEPS,
        spent=spent,
        editor="x",
        workers=1,
        champion=None,
        versions=(),
    )
    ledger = Ledger(path / "ledger.jsonl")
    ledger.append(run)
    return MeteredEvaluator(
        task=task,
        run=run,
        ledger=ledger,
        programs=ProgramStore(path / "pack"),
        recordings=Recordings(path / "recordings"),
        evaluator=evaluator,
    )


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[MeteredEvaluator]:
    evaluator = InProcessEvaluator(CARTPOLE)
    yield meter_of(CARTPOLE, tmp_path, evaluator)
    evaluator.close()


def play(meter: MeteredEvaluator, purpose: Purpose, first: int, count: int) -> Evaluation:
    jobs = [Job(program=STEADY, seed=first + i) for i in range(count)]
    outcomes = tuple(r.outcome for r in meter.measure(jobs, purpose))
    return Evaluation(program=STEADY.sha256, split=Split.GATE, outcomes=outcomes)


def test_a_budget_divides_into_what_is_spent_kept_and_free() -> None:
    budget = Budget(total=100, spent=30, kept=20)
    assert (budget.left, budget.for_editor) == (70, 50)
    assert Budget(total=100, spent=90, kept=20).for_editor == 0
    assert Budget(total=100, spent=101).left == 0


def test_a_tenth_is_kept_while_nothing_is_known_of_episodes(meter: MeteredEvaluator) -> None:
    budget = BudgetSplit(meter, Gate()).budget
    assert (budget.total, budget.spent, budget.kept, budget.gate) == (STEPS, 0, STEPS // 10, STEPS // 10)


def test_long_episodes_keep_enough_for_twelve_pairs(meter: MeteredEvaluator) -> None:
    split = BudgetSplit(meter, Gate())
    play(meter, Purpose.EDIT, 0, 1)
    assert split.budget.spent == EPISODE
    assert split.budget.kept == (2 * 12 - 2) * EPISODE, "a first champion plays two of the pairs' episodes"


def test_what_the_gate_spends_is_taken_from_its_share(meter: MeteredEvaluator) -> None:
    split = BudgetSplit(meter, Gate())
    play(meter, Purpose.GATE, 0, 2)
    assert split.budget.gate == STEPS // 10 - 2 * EPISODE
    assert split.budget.left == STEPS - 2 * EPISODE


def test_what_is_kept_goes_back_step_by_step(meter: MeteredEvaluator) -> None:
    split = BudgetSplit(meter, Gate())
    played = play(meter, Purpose.GATE, 0, 12)
    split.judged(Verdict(decision=Decision.ACCEPTED, reasons=("first",), challenger=played))
    kept = [split.budget.kept]
    while split.give_back():
        kept.append(split.budget.kept)
    pair = int(1.25 * EPISODE)  # the champion's own episodes are paid
    assert kept[1:] == [8 * pair, 5 * pair, 3 * pair]
    assert kept[0] > kept[1]
    assert split.has_given


def test_earlier_runs_do_not_change_what_is_kept(tmp_path: Path) -> None:
    evaluator = InProcessEvaluator(CARTPOLE)
    budget = BudgetSplit(meter_of(CARTPOLE, tmp_path, evaluator, spent=7 * STEPS), Gate()).budget
    evaluator.close()
    assert (budget.total, budget.left, budget.kept) == (8 * STEPS, STEPS, STEPS // 10)


def test_nothing_is_kept_where_the_seed_has_no_effect(tmp_path: Path) -> None:
    evaluator = InProcessEvaluator(DETERMINISTIC)
    split = BudgetSplit(meter_of(DETERMINISTIC, tmp_path, evaluator), Gate())
    evaluator.close()
    assert split.budget.kept == 0
    assert not split.give_back()
