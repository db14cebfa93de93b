"""The meter: nothing is paid twice, the budget holds, a replayed run takes the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Job, Record, Result
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.lab import MeteredEvaluator, RunStatus, Silent
from hlearn.lab.recordings import Recordings
from hlearn.ledger import Ledger, Measured, ProgramStore, Purpose, RunStarted
from hlearn.ledger.events import started
from hlearn.ledger.totals import totals
from hlearn.records import Access, Episode, Program, Protocol
from hlearn.tasks import Task

CARTPOLE = Task(env_id="CartPole-v1", access=Access.VECTOR, protocol=Protocol.STANDARD)
GOOD = Program(
    source="class P:\n    def reset(self, seed): pass\n    def act(self, o): return int(o[2] + 0.5 * o[3] > 0)\n"
)
LEFT = Program(source="class P:\n    def reset(self, seed): pass\n    def act(self, o): return 0\n")


LEAN = Program(
    source="class P:\n    def reset(self, seed): pass\n    def act(self, o): return int(o[2] > 0)\n"
)


def measured(meter: MeteredEvaluator) -> list[Episode]:
    events = (row.event for row in meter.ledger.rows)
    return [o for e in events if isinstance(e, Measured) for o in e.outcomes if isinstance(o, Episode)]


class Counting(InProcessEvaluator):
    """The real evaluator, which also counts what it plays."""

    played = 0

    def run(self, jobs: Sequence[Job], on_result: Callable[[Result], None] | None = None) -> list[Result]:
        self.played += len(jobs)
        return super().run(jobs, on_result)


class Bench:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.evaluator = Counting(CARTPOLE)
        ledger = Ledger(path / "ledger.jsonl")
        self.run: RunStarted = started(
            CARTPOLE, run=1, seed=0, steps=3000, spent=0, editor="x", workers=1, champion=None, versions=()
        )
        ledger.append(self.run)

    def meter(self, **changes) -> MeteredEvaluator:
        return MeteredEvaluator(
            task=CARTPOLE,
            run=self.run,
            ledger=Ledger(self.path / "ledger.jsonl"),
            programs=ProgramStore(self.path / "pack"),
            recordings=Recordings(self.path / "recordings"),
            evaluator=self.evaluator,
            **changes,
        )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.evaluator.close()


def test_a_job_is_played_and_paid_once(bench: Bench) -> None:
    meter = bench.meter()
    jobs = [Job(program=LEFT, seed=s) for s in (1, 2, 1)]
    results = meter.measure(jobs, Purpose.EDIT)
    assert results[0] == results[2]
    assert [r.outcome.seed for r in results] == [1, 2, 1]
    assert bench.evaluator.played == 2
    spent = meter.spent
    assert meter.measure(jobs, Purpose.EDIT) == results
    assert (bench.evaluator.played, meter.spent) == (2, spent)
    again = bench.meter()
    assert again.spent == 0
    assert again.measure(jobs, Purpose.EDIT) == results
    assert (bench.evaluator.played, again.spent) == (
        2,
        spent,
    )  # charged again where it was charged, not played
    assert bench.meter(replaying=False).spent == spent == totals(meter.ledger).env_steps
    assert ProgramStore(bench.path / "pack").get(LEFT.sha256) == LEFT


def test_other_caps_are_another_measurement(bench: Bench) -> None:
    meter = bench.meter()
    meter.measure([Job(program=GOOD, seed=1, max_steps=20)], Purpose.EDIT)
    assert meter.measure([Job(program=GOOD, seed=1, max_steps=30)], Purpose.EDIT)[0].outcome.env_steps == 30
    assert bench.evaluator.played == 2


def test_the_budget_holds_and_what_was_played_is_kept(bench: Bench) -> None:
    meter = bench.meter()
    jobs = [Job(program=GOOD, seed=s) for s in range(40)]
    with pytest.raises(BudgetExhausted) as spent:
        meter.measure(jobs, Purpose.EDIT, left=lambda: 3000 - meter.spent)
    paid = [r for r in spent.value.results if r is not None]
    assert len(spent.value.results) == 40
    assert 5 <= len(paid) < 10
    assert {r.outcome.env_steps for r in paid} == {500}  # one that was cut short is not what was asked for
    assert meter.measure(jobs[: len(paid)], Purpose.EDIT, left=lambda: 0) == paid
    assert meter.spent == 3000
    assert totals(meter.ledger).env_steps == meter.spent
    with pytest.raises(BudgetExhausted):
        meter.measure([Job(program=GOOD, seed=99)], Purpose.EDIT, left=lambda: 3000 - meter.spent)
    meter.measure(jobs[:2], Purpose.EDIT, left=lambda: 0)  # known: costs nothing


def test_a_slice_whose_episodes_are_longer_than_guessed_keeps_to_the_budget(bench: Bench) -> None:
    meter = bench.meter()
    meter.measure([Job(program=LEAN, seed=7)], Purpose.EDIT)  # short: its other episodes are guessed so
    before = meter.spent
    with pytest.raises(BudgetExhausted) as spent:
        jobs = [Job(program=LEAN, seed=s) for s in range(60)]
        meter.measure(jobs, Purpose.EDIT, left=lambda: before + 1000 - meter.spent)
    assert meter.spent == totals(meter.ledger).env_steps == before + 1000
    whole = InProcessEvaluator(CARTPOLE).run(jobs)
    paid = [(r, w) for r, w in zip(spent.value.results, whole, strict=True) if r is not None]
    assert len(paid) > 10
    assert all(r.outcome.env_steps == w.outcome.env_steps and not r.outcome.stopped for r, w in paid)
    cut = [o for o in measured(meter) if o.stopped]
    assert len(cut) <= 2


@pytest.mark.parametrize("kept", range(1, 12))
def test_a_run_killed_between_slices_pays_the_same(bench: Bench, kept: int) -> None:
    jobs = [Job(program=LEAN, seed=s) for s in range(60)]

    def end(meter: MeteredEvaluator) -> tuple[list[int | None], int]:
        meter.measure([Job(program=LEAN, seed=7)], Purpose.EDIT)
        with pytest.raises(BudgetExhausted) as spent:
            meter.measure(jobs, Purpose.EDIT, left=lambda: 1000 - meter.spent)
        return [r and r.outcome.env_steps for r in spent.value.results], meter.spent

    first = end(bench.meter())
    path = bench.path / "ledger.jsonl"
    rows = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(rows[: min(kept, len(rows))]))
    meter = bench.meter()
    assert end(meter) == first
    assert totals(meter.ledger).env_steps == meter.spent == 1000


def test_the_last_episode_is_stopped_where_the_budget_ends(bench: Bench) -> None:
    meter = bench.meter()
    with pytest.raises(BudgetExhausted) as spent:
        meter.measure([Job(program=GOOD, seed=1)], Purpose.EDIT, left=lambda: 70)
    assert spent.value.results == (None,)
    assert meter.spent == totals(meter.ledger).env_steps == 70
    assert meter.account.dev.mean(GOOD.sha256) == 70
    whole = meter.measure([Job(program=GOOD, seed=1)], Purpose.EDIT)[0].outcome
    assert whole.env_steps == 500


def test_an_episode_that_ended_before_the_budget_is_the_whole_episode(bench: Bench) -> None:
    meter = bench.meter()
    first = meter.measure([Job(program=LEFT, seed=1)], Purpose.EDIT, left=lambda: 70)
    assert meter.measure([Job(program=LEFT, seed=1)], Purpose.GATE) == first
    assert bench.evaluator.played == 1


def test_a_replay_goes_through_the_same_budget(bench: Bench) -> None:
    def search(meter: MeteredEvaluator) -> list[tuple[float, int]]:
        seen = []
        try:
            for i in range(100):
                jobs = [Job(program=LEFT if i % 3 else GOOD, seed=s) for s in range(i, i + 3)]
                for r in meter.measure(jobs, Purpose.EDIT, left=lambda: 3000 - meter.spent):
                    seen.append((r.outcome.score, meter.spent))
        except BudgetExhausted:
            seen.append((-1.0, meter.spent))
        return seen

    first = search(bench.meter())
    played = bench.evaluator.played
    rows = len(Ledger(bench.path / "ledger.jsonl").rows)
    assert search(bench.meter()) == first
    assert bench.evaluator.played == played
    assert len(Ledger(bench.path / "ledger.jsonl").rows) == rows


def test_a_replay_ends_in_the_middle_of_a_batch_as_the_first_time(bench: Bench) -> None:
    jobs = [Job(program=LEFT if i % 2 else GOOD, seed=i) for i in range(60)]

    def end(meter: MeteredEvaluator) -> tuple[list[int | None], int]:
        with pytest.raises(BudgetExhausted) as spent:
            meter.measure(jobs, Purpose.EDIT, left=lambda: 3000 - meter.spent)
        return [r and r.outcome.env_steps for r in spent.value.results], meter.spent

    first = end(bench.meter())
    played = bench.evaluator.played
    assert end(bench.meter()) == first
    assert bench.evaluator.played == played


def test_a_listener_hears_of_a_batch_while_it_is_played(bench: Bench) -> None:
    heard: list[tuple[int, int, int]] = []

    class Listener(Silent):
        def playing(self, purpose: Purpose, done: int, jobs: int, standing: RunStatus) -> None:
            heard.append((done, jobs, standing.budget.spent))

    ticks = iter(range(100_000))
    meter = bench.meter(progress=Listener(), monotonic=lambda: next(ticks))
    results = meter.measure([Job(program=LEFT, seed=s) for s in range(5)], Purpose.EDIT)
    assert [(done, jobs) for done, jobs, _ in heard] == [(i, 5) for i in range(1, 6)]
    assert heard[-1][2] == meter.spent == sum(r.outcome.env_steps for r in results)


def test_reports_are_not_charged(bench: Bench) -> None:
    meter = bench.meter()
    meter.measure([Job(program=LEFT, seed=1)], Purpose.REPORT)
    assert meter.spent == 0
    assert meter.account.by_purpose[Purpose.REPORT] > 0
    assert totals(meter.ledger).report_steps == meter.account.by_purpose[Purpose.REPORT]


@pytest.mark.parametrize("record", [Record.STEPS, Record.TRACE, Record.ACTIONS])
def test_recordings_come_back_after_a_restart(bench: Bench, record: Record) -> None:
    job = Job(program=GOOD, seed=1, record=record, record_limit=40)
    first = bench.meter().measure([job], Purpose.EDIT)[0].recording
    meter = bench.meter()
    second = meter.measure([job], Purpose.EDIT)[0].recording
    assert first is not None and second is not None
    assert meter.spent == 500
    assert len(second.actions) == 40
    for name in ("observations", "actions", "rewards"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
    assert first.traces == second.traces
    measured = [r.event for r in meter.ledger.rows if isinstance(r.event, Measured)]
    assert len(measured) == 1


def test_a_torn_recording_is_played_again_at_no_cost(bench: Bench) -> None:
    job = Job(program=GOOD, seed=1, record=Record.STEPS)
    first = bench.meter().measure([job], Purpose.EDIT)[0].recording
    path = next((bench.path / "recordings").glob("*.npz"))
    path.write_bytes(path.read_bytes()[:100])
    meter = bench.meter()
    second = meter.measure([job], Purpose.EDIT)[0].recording
    assert first is not None and second is not None
    assert np.array_equal(first.observations, second.observations)
    assert meter.spent == totals(meter.ledger).env_steps == 500


def test_an_episode_that_ended_by_itself_answers_under_other_caps(bench: Bench) -> None:
    meter = bench.meter()
    meter.measure([Job(program=LEFT, seed=1, max_steps=200, stall_steps=50)], Purpose.EDIT)
    played = bench.evaluator.played
    for job in (
        Job(program=LEFT, seed=1),
        Job(program=LEFT, seed=1, max_steps=100),
        Job(program=LEFT, seed=1, stall_steps=60),
    ):
        assert meter.measure([job], Purpose.GATE)[0].outcome.score < 20
    assert bench.evaluator.played == played
    for job in (
        Job(program=LEFT, seed=1, max_steps=5),
        Job(program=LEFT, seed=1, stall_steps=40),
        Job(program=LEFT, seed=1, stop_score=3.0),
        Job(program=LEFT, seed=1, record=Record.STEPS),
    ):
        meter.measure([job], Purpose.GATE)
        played += 1
        assert bench.evaluator.played == played


def test_an_episode_with_hurdles_answers_only_where_it_would_have_gone_the_same_way(bench: Bench) -> None:
    meter = bench.meter()
    passed = ((5, 0.0),)
    meter.measure([Job(program=LEFT, seed=1, hurdles=passed)], Purpose.EDIT)
    played = bench.evaluator.played
    meter.measure([Job(program=LEFT, seed=1), Job(program=LEFT, seed=1, hurdles=passed)], Purpose.EDIT)
    assert bench.evaluator.played == played, "it ended by itself"
    meter.measure([Job(program=LEFT, seed=1, hurdles=((5, 1.0),))], Purpose.EDIT)
    missed = ((5, 1e6),)
    [short] = meter.measure([Job(program=LEFT, seed=2, hurdles=missed)], Purpose.EDIT)
    assert short.outcome.env_steps == 5
    [whole] = meter.measure([Job(program=LEFT, seed=2)], Purpose.EDIT)
    assert whole.outcome.env_steps > 5
    again = bench.meter().measure([Job(program=LEFT, seed=2, hurdles=missed)], Purpose.EDIT)
    assert again[0].outcome == short.outcome, "the ledger gives hurdles and returns back"
    assert bench.evaluator.played == played + 3


def test_an_episode_that_reached_the_target_answers_under_a_later_stall(bench: Bench) -> None:
    meter = bench.meter()
    meter.measure([Job(program=GOOD, seed=1, stop_score=100.0, stall_steps=50)], Purpose.EDIT)
    meter.measure([Job(program=GOOD, seed=1, stop_score=100.0, stall_steps=90)], Purpose.GATE)
    assert bench.evaluator.played == 1
    assert meter.measure([Job(program=GOOD, seed=1)], Purpose.GATE)[0].outcome.score == 500
    assert bench.evaluator.played == 2
