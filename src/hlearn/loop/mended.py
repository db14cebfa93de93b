"""Failures that an accepted trial mended, as regression cases: what went wrong once shall not come back unseen.

The beaten champion's development episodes are looked through for failures, played again as far as they were paid for.
At a moment near their beginning the new champion takes over a little before: where it comes through, the failure is
mended and becomes a case. That play is charged, and bounded by the constants below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from hlearn.errors import BudgetExhausted, HlearnError
from hlearn.evaluate.api import Evaluator, Job, Result
from hlearn.failures import MinedEpisode, mine
from hlearn.loop.evidence import play_paid
from hlearn.records import Episode, Evaluation, Outcome, Program, Split
from hlearn.system import Case
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

MOST = 12  # such cases in a system
PER_TRIAL = 2
TRIED = 3  # moments that a new champion is tried on
ONE = 0.002  # share of a run's budget that one case may cost each time that it is played
LONGEST = 4_000  # environment steps of one case, however large the budget is
ALL = 0.006  # share of a run's budget that all of them may cost together
BEFORE, AFTER = 60, 30  # decisions, as of hl case add
_LEAST = 10  # decisions after the moment, where a case may not cost more
_LIVES, _ENDS, _POOR = ("life lost",), ("fall", "early end", "end"), ("no reward", "loop")


class Moment(NamedTuple):
    """A failure of the beaten champion.

    Attributes:
        case: that it breaks, as far as it is known before the new champion has played it.
        earned: what it scored in the case's own part.
        asks: whether the new one must score more than that.
    """

    case: Case
    earned: float
    asks: bool


def find_moments(
    evaluator: Evaluator,
    task: Task,
    program: Program,
    dev: Evaluation,
    worlds: Worlds,
    *,
    budget: int,
    spent: int,
) -> tuple[Moment, ...]:
    """Failures that can be made cases, worst first.

    Args:
        evaluator: who plays; it is not closed.
        task: what is learnt.
        program: the beaten champion.
        dev: its development episodes, which are paid.
        worlds: reads their seeds.
        budget: environment steps of the run.
        spent: what the cases that there are cost each time.
    """
    limit = min(int(budget * ONE), LONGEST)
    left = int(budget * ALL) - spent
    try:
        episodes = play_paid(evaluator, task, program, dev, worlds, most=limit)
    except HlearnError:  # cases are worth much, and less than the run
        return ()
    found: list[Moment] = []
    for kind, episode, step in _failures(episodes, program):
        moment = _moment(kind, episode, step, min(limit, left))
        if moment is None or any(moment.case.prefix == m.case.prefix for m in found):
            continue
        found.append(moment)
        left -= moment.case.max_steps or 0
        if len(found) == TRIED:
            break
    return tuple(found)


def mended(
    measure: Callable[[Sequence[Job]], Sequence[Result]],
    program: Program,
    moments: Sequence[Moment],
    *,
    stall_steps: int,
) -> tuple[Case, ...]:
    """The cases of the moments that a new champion comes through; none where the budget ends meanwhile.

    Args:
        measure: plays jobs and charges them.
        program: the new champion.
        moments: of the beaten one.
        stall_steps: steps without reward after which an episode ends, as at the gate.
    """
    jobs = [
        Job(
            program=program,
            seed=m.case.seed or 0,
            max_steps=m.case.max_steps,
            stall_steps=stall_steps,
            prefix=m.case.prefix,
        )
        for m in moments
    ]
    try:
        results = measure(jobs) if jobs else ()
    except BudgetExhausted:
        return ()
    cases = (_held(m, r.outcome) for m, r in zip(moments, results, strict=True))
    return tuple(c for c in cases if c is not None)[:PER_TRIAL]


def _held(moment: Moment, outcome: Outcome) -> Case | None:
    """The case, where a program comes through; what it must score lies between the two programs."""
    if not isinstance(outcome, Episode) or moment.case.broken_by(outcome) is not None:
        return None
    if not moment.asks:
        return moment.case
    if outcome.score <= moment.earned:
        return None
    return replace(moment.case, min_score=(outcome.score + moment.earned) / 2)


def _failures(episodes: Sequence[MinedEpisode], program: Program) -> list[tuple[str, MinedEpisode, int]]:
    """Kind, episode and decision of everything that can be made a case, worst kinds first."""
    by_seed = {e.seed: e for e in episodes}
    groups = mine(episodes, program)
    found = [
        (g.kind, by_seed[seed], step)
        for g in groups
        if g.kind in (*_LIVES, *_ENDS, *_POOR, "program failed")
        for seed, step in ((g.worst.seed, g.worst.step), *g.others)
    ]
    return [*found, *(("end", e, e.length - 1) for e in episodes if _ends_badly(e))]


def _ends_badly(episode: MinedEpisode) -> bool:
    """Whether an episode ends although going on pays: rewards came, and the last is not what they were for."""
    outcome, rewards = episode.outcome, episode.recording.rewards
    if not isinstance(outcome, Episode) or not outcome.terminated or episode.length < 2:
        return False
    return bool(rewards[:-1].sum() > 0 and rewards[-1] <= max(float(np.median(rewards[:-1])), 0.0))


def _moment(kind: str, episode: MinedEpisode, step: int, most: int) -> Moment | None:
    """A failure as a case that costs no more than ``most`` environment steps; None where that is too little."""
    recording, length = episode.recording, episode.length
    per = episode.outcome.env_steps / max(episode.outcome.length, 1)
    begin, stop = max(0, step - BEFORE), min(step + AFTER, int((most - 1) / per) if per else 0)
    if not length or stop < step + _LEAST:
        return None
    left = recording.lives
    lives = int(left[max(begin - 1, 0)]) if kind in _LIVES else None
    actions = recording.actions[:begin]
    return Moment(
        case=Case(
            name="",
            why=f"a mended failure: {kind} at step {step} of seed {episode.seed}",
            split=Split.DEV,
            seed=episode.seed,
            max_steps=round(stop * per) + 1,
            prefix=tuple(tuple(a.tolist()) if a.ndim else int(a) for a in actions),
            min_lives=lives,
            goes_on=kind in _ENDS,
            mended=True,
        ),
        earned=float(recording.rewards[begin:stop].sum()),
        asks=kind in _POOR,
    )
