"""Episodes played for a data set: each streams to a spool, so that memory stays bounded however long it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hlearn.evaluate.api import EvaluatorMaker, Job, Record, Result
from hlearn.evaluate.keyed import KeyedEvaluator
from hlearn.evaluate.spool import Block, read_spool
from hlearn.records import Episode, Outcome, Program
from hlearn.replays.columns import MOST_COLUMNS, leaves
from hlearn.tasks.task import Task
from hlearn.trust import Worlds


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Consecutive decisions of an episode, which become an episode of the data set.

    Attributes:
        start: the first decision, from 0.
        stop: the one after the last.
    """

    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEpisode:
    """One episode on its way into a data set.

    Attributes:
        program: who played.
        outcome: how it ended.
        spool: where its steps are.
        digest: of what was seen, done and rewarded; two episodes with the same are one.
        losses: decisions after which a life was lost.
        numbers: names of its named state that are numbers.
        unseen: those of them that never had a value.
        texts: names of its named state that are texts.
        rules: names of what acted.
    """

    program: Program
    outcome: Outcome
    spool: Path
    digest: str
    losses: tuple[int, ...]
    numbers: tuple[str, ...]
    unseen: frozenset[str]
    texts: tuple[str, ...]
    rules: tuple[str, ...]

    @property
    def length(self) -> int:
        """Decisions that were kept: a failed one brought no reward and is left out."""
        return self.outcome.length

    @property
    def terminated(self) -> bool:
        """Whether the environment ended it."""
        return isinstance(self.outcome, Episode) and self.outcome.terminated


def play_for_data(
    task: Task,
    programs: Sequence[Program],
    seeds: Sequence[int],
    folder: Path,
    *,
    worlds: Worlds,
    evaluators: EvaluatorMaker,
    workers: int = 1,
    state: bool = True,
    max_steps: int | None = None,
    on_episode: Callable[[int], None] | None = None,
) -> tuple[RecordedEpisode, ...]:
    """Every program plays every seed; steps go to files below ``folder``.

    Args:
        task: what is played.
        programs: who plays.
        seeds: labels of episodes.
        folder: for the spools.
        worlds: reads the labels.
        evaluators: makes who plays.
        workers: episodes side by side.
        state: whether to ask the program for its named state.
        max_steps: environment steps at which an episode is cut.
        on_episode: told how many episodes have ended.

    Raises:
        UsageError: the key is not on this machine.
        StorageFull: the disk is full.
        HarnessError: the machinery failed.
    """
    record = Record.TRACE if state else Record.STEPS
    jobs = [
        Job(
            program=program,
            seed=seed,
            record=record,
            max_steps=max_steps,
            spool=str(folder / f"{number}-{place}.spool"),
        )
        for number, program in enumerate(programs)
        for place, seed in enumerate(seeds)
    ]
    ended = 0

    def note(_: Result) -> None:
        nonlocal ended
        ended += 1
        if on_episode is not None:
            on_episode(ended)

    with closing(KeyedEvaluator(evaluators(task, workers=workers), worlds)) as evaluator:
        results = evaluator.run(jobs, note)
    return tuple(
        _summary(job.program, result.outcome, Path(job.spool or ""))
        for job, result in zip(jobs, results, strict=True)
    )


def blocks_of(played: RecordedEpisode) -> Iterator[Block]:
    """Its steps, a block at a time; none where it failed before it saw anything."""
    if played.spool.exists():
        yield from read_spool(played.spool)


def _summary(program: Program, outcome: Outcome, spool: Path) -> RecordedEpisode:
    digest = hashlib.sha256()
    losses: list[int] = []
    numbers: dict[str, None] = {}
    texts: dict[str, None] = {}
    valued: set[str] = set()
    rules: dict[str, None] = {}
    step, lives = 0, None
    for block in read_spool(spool) if spool.exists() else ():
        digest.update(np.asarray(block.actions, np.float64).tobytes())
        digest.update(np.asarray(block.rewards, np.float64).tobytes())
        digest.update(block.observations.tobytes())
        for left in block.lives:
            if lives is not None and left < lives:
                losses.append(step)
            lives, step = left, step + 1
        for trace in block.traces:
            rule = trace.get("rule")
            rules.setdefault(rule if isinstance(rule, str) else "")
            for name, value in leaves(trace):
                kind = texts if isinstance(value, str) else numbers
                if len(kind) < MOST_COLUMNS:
                    kind.setdefault(name)
                if value is not None:
                    valued.add(name)
    return RecordedEpisode(
        program=program,
        outcome=outcome,
        spool=spool,
        digest=digest.hexdigest(),
        losses=tuple(losses),
        numbers=tuple(numbers),
        unseen=frozenset(numbers) - valued,
        texts=tuple(texts),
        rules=tuple(rules),
    )


def names_of_state(episodes: Sequence[RecordedEpisode]) -> tuple[str, ...]:
    """Names of numbers over episodes, without those that stand for a record that was never seen."""
    names = dict.fromkeys(name for played in episodes for name in played.numbers)
    valued = {name for played in episodes for name in played.numbers if name not in played.unseen}
    others = [*names, *(name for played in episodes for name in played.texts)]
    return tuple(n for n in names if n in valued or not any(o.startswith(f"{n}.") for o in others))
