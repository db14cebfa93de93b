"""Measuring a system's program on request, outside of a learning run; everything is recorded all the same.

Development and gate episodes count as learning steps, for who looks at them may learn from them. Holdout episodes and
episodes under another protocol are reports. What the ledger knows already is not played again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from hlearn.errors import UsageError
from hlearn.evaluate.api import Evaluator, Job, Record, Result
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.lab import MeteredEvaluator, Progress
from hlearn.lab.recordings import Recordings
from hlearn.ledger import HoldoutUsed, Purpose, RunStarted
from hlearn.ledger.events import started
from hlearn.ledger.totals import learning_steps
from hlearn.records import Evaluation, Program, Protocol, Split
from hlearn.system import System
from hlearn.tasks.registry import report_cap
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task
from hlearn.tasks.variants import read_variant

_PURPOSES = {Split.DEV: Purpose.EDIT, Split.GATE: Purpose.GATE, Split.HOLDOUT: Purpose.REPORT}
WAIT_S = 10.0  # for another hl that works in the system: two that measure do it one after the other
NO_RUN = 0  # the run number of what was measured outside of any run


class Measurement(NamedTuple):
    """What was measured, and how much of it had to be played."""

    evaluation: Evaluation
    task: Task
    played: int
    played_steps: int
    results: tuple[Result, ...] = ()

    @property
    def ms_per_decision(self) -> float | None:
        """Wall time of a decision of the completed episodes, simulated steps included, on average."""
        decisions = sum(e.length for e in self.evaluation.episodes)
        thought = sum(e.thought_s for e in self.evaluation.episodes)
        return round(1000 * thought / decisions, 4) if decisions else None


def open_target(path: Path) -> System:
    """Opens the system at ``path`` and checks its ledger and history."""
    system = System.open(path)
    system.verify()
    return system


def run_outside(system: System, task: Task, *, workers: int) -> RunStarted:
    """The frame of what is measured outside of any run; it is not written down itself."""
    return started(
        task,
        run=NO_RUN,
        seed=system.config.seed,
        steps=learning_steps(system.ledger),
        spent=learning_steps(system.ledger),
        editor="none",
        workers=workers,
        champion=None,
        versions=(),
    )


def measure_program(
    system: System,
    program: Program,
    *,
    split: Split,
    episodes: int,
    protocol: Protocol | None = None,
    variant: str | None = None,
    workers: int = 1,
    evaluator: Evaluator | None = None,
    progress: Progress | None = None,
    record: Record = Record.NOTHING,
) -> Measurement:
    """Plays whole episodes of a program and records them in the system's ledger.

    Where the environment has no time limit they have a cap (:func:`hlearn.tasks.registry.report_cap`).

    Args:
        system: whose task, seeds and ledger.
        program: what plays; it need not be the champion.
        split: whose seeds; the first ``episodes`` of it.
        episodes: how many.
        protocol: another protocol than the system's, to see what carries over.
        variant: another world than the system's, "" for the registered one (:mod:`hlearn.tasks.variants`).
        workers: episodes side by side.
        evaluator: who plays; a new isolated one where None.
        progress: who is told.
        record: what is kept of each episode beside its outcome.

    Raises:
        UsageError: no episodes were asked for, the environment lacks the protocol, or another hl works in the system.
    """
    if episodes < 1:
        raise UsageError(f"expected at least 1 episode, got {episodes}")
    task = system.task if protocol is None else replace(system.task, protocol=protocol)
    if variant is not None:
        task = replace(task, variant=str(read_variant(variant)))
    purpose = _PURPOSES[split] if task.key == system.task.key else Purpose.REPORT
    seeds = split_seeds(split, system.config.seed, 0, episodes)
    with ExitStack() as stack:
        stack.enter_context(system.exclusive(wait_s=WAIT_S))
        if split is Split.HOLDOUT:
            system.programs.add(program)
            used = HoldoutUsed(
                program=program.sha256,
                first=0,
                episodes=episodes,
                why=f"hl eval, {task.protocol}" + (f", {task.variant}" if task.variant else ""),
            )
            system.ledger.append(used)
        player = evaluator or stack.enter_context(IsolatedEvaluator(task, workers=workers))
        counting = _Counting(player)
        meter = MeteredEvaluator(
            task=task,
            run=run_outside(system, task, workers=workers),
            ledger=system.ledger,
            programs=system.programs,
            recordings=Recordings(system.path / "recordings"),
            evaluator=counting,
            worlds=system.worlds,
            replaying=False,
            progress=progress,
        )
        cap = report_cap(task)
        jobs = [Job(program=program, seed=seed, max_steps=cap, record=record) for seed in seeds]
        results = meter.measure(jobs, purpose)
        system.programs.sync()
    outcomes = tuple(r.outcome for r in results)
    evaluation = Evaluation(program=program.sha256, split=split, outcomes=outcomes)
    return Measurement(evaluation, task, counting.episodes, counting.steps, tuple(results))


class _Counting:
    """An evaluator that counts what it is really asked to play."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self.episodes = self.steps = 0

    def run(self, jobs: Sequence[Job], on_result: Callable[[Result], None] | None = None) -> list[Result]:
        """Plays jobs."""
        results = self._evaluator.run(jobs, on_result)
        self.episodes += len(results)
        self.steps += sum(r.outcome.env_steps for r in results)
        return results

    def close(self) -> None:
        """Ends every process that was started."""
        self._evaluator.close()
