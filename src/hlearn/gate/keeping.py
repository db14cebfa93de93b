"""What a challenger must keep: every case, and mended failures as a whole.

A case that a person wrote, or a skill that was won, must hold by itself. A mended failure is one moment, chosen because
the program that mended it did well there: a better program may lose one of them by mere luck. So these are judged
together, paired with the champion, by a sign test at the gate's alpha; what is broken is named in any case.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Job, Result
from hlearn.gate.verdict import said_of
from hlearn.records import Failure, Program
from hlearn.system.cases import Case

Measure = Callable[[Sequence[Job]], Sequence[Result]]


class BrokenCase(NamedTuple):
    """A case that does not hold, and why."""

    name: str
    why: str


class Kept(NamedTuple):
    """What a challenger breaks.

    Attributes:
        broken: what turns it down.
        spared: mended failures that it breaks, fewer than speak against it.
    """

    broken: tuple[BrokenCase, ...]
    spared: tuple[BrokenCase, ...]


def judge_cases(
    measure: Measure,
    challenger: Program,
    champion: Program | None,
    cases: Sequence[Case],
    *,
    run_seed: int,
    alpha: float,
    stop_score: float | None,
    stall_steps: int,
) -> Kept:
    """Plays cases; the champion plays mended failures only, which it has played before as a rule.

    Args:
        measure: plays jobs.
        challenger: the program that won its race.
        champion: the program it beat.
        cases: all that there are.
        run_seed: resolves their seeds.
        alpha: of the test over mended failures.
        stop_score: the target at which an episode ends.
        stall_steps: steps without reward after which it does.

    Raises:
        BudgetExhausted: a case of the first sort could not be played. Mended failures that cannot be paid are left out.
    """

    def broken_by(program: Program, cases: Sequence[Case]) -> dict[str, BrokenCase]:
        jobs = [
            Job(
                program=program,
                seed=case.resolve(run_seed),
                key=case.key,
                max_steps=case.max_steps,
                stop_score=stop_score,
                stall_steps=stall_steps,
                prefix=case.prefix,
            )
            for case in cases
        ]
        found = {}
        for case, result in zip(cases, measure(jobs) if jobs else (), strict=True):
            outcome = result.outcome
            why = said_of(outcome) if isinstance(outcome, Failure) else case.broken_by(outcome)
            if why is not None:
                found[case.name] = BrokenCase(case.name, f"{why} ({case.why})")
        return found

    broken = broken_by(challenger, [c for c in cases if not c.mended])
    mended = [c for c in cases if c.mended]
    try:
        ours = broken_by(challenger, mended)
        theirs = broken_by(champion, mended) if champion is not None and ours else {}
    except BudgetExhausted:
        return Kept(tuple(broken.values()), ())
    against = tuple(b for name, b in ours.items() if name not in theirs)
    if by_luck(len(against), len(theirs.keys() - ours.keys())) > alpha:
        return Kept(tuple(broken.values()), against)
    return Kept((*broken.values(), *against), ())


def by_luck(against: int, in_favour: int) -> float:
    """The chance of at least so many of the differences against one of two equal programs (sign test)."""
    count = against + in_favour
    return float(sum(math.comb(count, k) for k in range(against, count + 1)) / 2.0**count)
