"""What an unchanged program keeps on relatives of its task: other modes, late actions, noise, heavier bodies."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import NamedTuple

from hlearn.errors import HlearnError
from hlearn.evaluate.api import EvaluatorMaker, Job
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.loop.controls import random_play
from hlearn.records import Episode, Program
from hlearn.tasks.registry import describe, report_cap
from hlearn.tasks.relatives import Relative, relatives
from hlearn.tasks.task import Task
from hlearn.trust import Key

EPISODES = 10


class ScoreElsewhere(NamedTuple):
    """What a program does on one relative of its task, beside random play on the same fresh seeds.

    Attributes:
        relative: in what it differs; "as learnt" for the task itself.
        score: mean over the episodes, None where one failed.
        random: mean of random play there.
        kept: share of the lead over random play that the program has as learnt; None where it has none there.
        failed: why an episode failed, or the relative could not be played.
    """

    relative: str
    score: float | None
    random: float | None
    kept: float | None
    failed: str = ""


def generalize(
    task: Task,
    program: Program,
    *,
    episodes: int = EPISODES,
    workers: int = 1,
    key: Key | None = None,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
    on_kept: Callable[[ScoreElsewhere], None] | None = None,
) -> list[ScoreElsewhere]:
    """Plays a program on its task and on every relative of it.

    Args:
        task: what the program was learnt on.
        program: stays as it is.
        episodes: of each relative.
        workers: episodes side by side.
        key: decides the fresh seeds; new ones where None.
        evaluators: makes who plays.
        on_kept: told each row as soon as it is there.
    """
    key = key or Key.new()
    rows: list[ScoreElsewhere] = []
    lead: float | None = None
    for relative in [Relative("as learnt", task), *relatives(task)]:
        try:
            row = _play(relative, program, episodes, workers, key, evaluators)
        except HlearnError as error:
            row = ScoreElsewhere(relative.name, None, None, None, str(error).splitlines()[0])
        if row.score is not None and row.random is not None:
            ahead = row.score - row.random
            lead = ahead if relative.task is task else lead
            row = row._replace(kept=None if lead is None or lead <= 0 else ahead / lead)
        rows.append(row)
        if on_kept is not None:
            on_kept(row)
    return rows


def _play(
    relative: Relative, program: Program, episodes: int, workers: int, key: Key, evaluators: EvaluatorMaker
) -> ScoreElsewhere:
    task, cap = relative.task, report_cap(relative.task)
    chance = random_play(describe(task).actions).program

    def jobs(played: Program) -> Sequence[Job]:
        return [
            Job(
                program=played,
                seed=label,
                world_seed=key.seeds.world(label),
                policy_seed=key.seeds.policy(label),
                max_steps=cap,
            )
            for label in range(episodes)
        ]

    with closing(evaluators(task, workers=workers)) as evaluator:
        outcomes = [r.outcome for r in evaluator.run([*jobs(program), *jobs(chance)])]
    ours, theirs = outcomes[:episodes], outcomes[episodes:]
    failures = [o for o in ours if not isinstance(o, Episode)]
    return ScoreElsewhere(
        relative=relative.name,
        score=None if failures else statistics.fmean(o.score for o in ours),
        random=statistics.fmean(o.score for o in theirs),
        kept=None,
        failed=failures[0].kind.value if failures else "",
    )
