"""A student beside its teacher: the same fresh seeds, the same evaluator, and the teacher's regression cases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hlearn.evaluate.api import Job
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.keyed import KeyedEvaluator
from hlearn.evidence.measure import measure_program
from hlearn.records import Failure, Program, Split
from hlearn.system import System
from hlearn.tasks.registry import report_cap

_RESAMPLES = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of it.

    Attributes:
        student: scores on fresh seeds, in their order; none for an episode that failed.
        teacher: likewise.
        ratio: mean of the student over mean of the teacher; None where the teacher's mean is not above 0.
        interval: 95 % bootstrap interval of it, over pairs of episodes.
        broken: cases that the student breaks, and why.
        cases: how many there are.
        failures: episodes in which the student failed.
    """

    student: tuple[float, ...]
    teacher: tuple[float, ...]
    ratio: float | None
    interval: tuple[float, float] | None
    broken: tuple[str, ...]
    cases: int
    failures: int

    @property
    def accepted(self) -> bool:
        """Whether the student completes all episodes and breaks no case."""
        return not self.broken and not self.failures


def compare(
    system: System, student: Program, teacher: Program, *, episodes: int, workers: int = 1
) -> Compared:
    """Measures both on the same holdout seeds, which the ledger records, and has the student play all cases.

    Args:
        system: whose task, key, ledger and cases.
        student: the network's program.
        teacher: the program that taught it.
        episodes: on fresh seeds.
        workers: episodes side by side.

    Raises:
        UsageError: another hl works in the system.
    """
    outcomes = {}
    for name, program in (("teacher", teacher), ("student", student)):
        done = measure_program(system, program, split=Split.HOLDOUT, episodes=episodes, workers=workers)
        outcomes[name] = done.evaluation.outcomes
    pairs = [
        (s.score, t.score)
        for s, t in zip(outcomes["student"], outcomes["teacher"], strict=True)
        if not isinstance(s, Failure) and not isinstance(t, Failure)
    ]
    ratio, interval = ratio_of(pairs)
    broken, cases = _cases(system, student)
    return Compared(
        student=tuple(s for s, _ in pairs),
        teacher=tuple(t for _, t in pairs),
        ratio=ratio,
        interval=interval,
        broken=broken,
        cases=cases,
        failures=sum(isinstance(o, Failure) for o in outcomes["student"]),
    )


def ratio_of(
    pairs: list[tuple[float, float]],
) -> tuple[float | None, tuple[float, float] | None]:
    """Ratio of means of pairs of scores, with its 95 % bootstrap interval; None where it means nothing."""
    if not pairs:
        return None, None
    scores = np.array(pairs)
    rng = np.random.default_rng(0)
    drawn = scores[rng.integers(len(scores), size=(_RESAMPLES, len(scores)))].mean(axis=1)
    if scores[:, 1].mean() <= 0 or (drawn[:, 1] <= 0).any():
        return None, None
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (0.025, 0.975))
    return float(scores[:, 0].mean() / scores[:, 1].mean()), (float(low), float(high))


def _cases(system: System, student: Program) -> tuple[tuple[str, ...], int]:
    cases = system.judged.cases()
    if not cases:
        return (), 0
    cap = report_cap(system.task)
    jobs = [
        Job(
            program=student,
            seed=c.resolve(system.config.seed),
            key=c.key,
            max_steps=c.max_steps or cap,
            prefix=c.prefix,
        )
        for c in cases
    ]
    evaluator = KeyedEvaluator(IsolatedEvaluator(system.task), system.worlds)
    try:
        results = evaluator.run(jobs)
    finally:
        evaluator.close()
    broken = []
    for case, result in zip(cases, results, strict=True):
        outcome = result.outcome
        if isinstance(outcome, Failure):
            broken.append(f"{case.name}: {outcome.kind.value}")
        elif (why := case.broken_by(outcome)) is not None:
            broken.append(f"{case.name}: {why}")
    return tuple(broken), len(cases)
