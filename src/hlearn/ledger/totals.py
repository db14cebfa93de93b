"""Sums and curves, rebuilt from the ledger."""

from __future__ import annotations

from typing import NamedTuple

from hlearn.ledger.events import Decision, Measured, Purpose, RunStarted, Spent, Trial
from hlearn.ledger.ledger import Ledger
from hlearn.records import Episode, Split


class Totals(NamedTuple):
    """What a system has cost and reached so far.

    Attributes:
        episodes: played for learning.
        env_steps: environment steps spent on learning.
        report_steps: environment steps of holdout and controls.
        trials: proposals judged.
        accepted: those that became the champion.
        best_dev: best development episode, None before the first.
        steps_to_target: learning steps at the first accepted program whose gate mean reached the target.
        planner_steps: environment steps that programs simulated while learning.
    """

    episodes: int
    env_steps: int
    report_steps: int
    trials: int
    accepted: int
    best_dev: float | None
    steps_to_target: int | None
    planner_steps: int = 0


class Point(NamedTuple):
    """One measured program in the course of learning, for plots.

    Attributes:
        env_steps: learning steps spent when it was recorded.
        score: mean of the row's completed episodes.
        capped: whether the episodes had caps, so that full ones might score more.
    """

    env_steps: int
    time: float
    program: str
    split: Split
    score: float
    capped: bool


def learning_steps(ledger: Ledger) -> int:
    """Environment steps spent on learning so far."""
    return totals(ledger).env_steps


def totals(ledger: Ledger) -> Totals:
    """Adds up the whole ledger."""
    episodes = steps = report = trials = accepted = planned = 0
    best: float | None = None
    target: float | None = None
    reached: int | None = None
    for row in ledger.rows:
        event = row.event
        if isinstance(event, RunStarted):
            target = event.target
        elif isinstance(event, Spent):
            steps += event.env_steps
        elif isinstance(event, Measured):
            if event.purpose is Purpose.REPORT:
                report += event.env_steps
                continue
            steps += event.cost
            planned += event.planner_steps
            episodes += len(event.outcomes)
            if event.split is Split.DEV:
                scores = [o.score for o in event.outcomes if isinstance(o, Episode)]
                best = max([*scores, *([] if best is None else [best])], default=None)
        elif isinstance(event, Trial):
            trials += 1
            if event.decision is Decision.ACCEPTED:
                accepted += 1
                mean = event.challenger_mean
                if reached is None and target is not None and mean is not None and mean >= target:
                    reached = event.env_steps
    return Totals(episodes, steps, report, trials, accepted, best, reached, planned)


def curve(ledger: Ledger, *, split: Split | None = None) -> tuple[Point, ...]:
    """Scores against cumulative learning steps, in the order measured; reports are left out."""
    points = []
    steps = 0
    for row in ledger.rows:
        event = row.event
        if isinstance(event, Spent):
            steps += event.env_steps
        elif isinstance(event, Measured) and event.purpose is not Purpose.REPORT:
            steps += event.cost
            scores = [o.score for o in event.outcomes if isinstance(o, Episode)]
            if scores and (split is None or event.split is split):
                capped = event.caps.max_steps is not None or event.caps.stall_steps is not None
                mean = sum(scores) / len(scores)
                points.append(Point(steps, row.time, event.program, event.split, mean, capped))
    return tuple(points)
