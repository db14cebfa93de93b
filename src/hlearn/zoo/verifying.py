"""Whether an entry of the zoo is what its card says: its episodes, played again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import closing
from typing import NamedTuple

from hlearn.evaluate.api import EvaluatorMaker, Job
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.records import Failure
from hlearn.suites.folder import versions
from hlearn.tasks.registry import report_cap
from hlearn.zoo.entry import ZooEntry
from hlearn.zoo.playing import player


class EntryCheck(NamedTuple):
    """What playing an entry's episodes again came to.

    Attributes:
        played: how many.
        differ: in words, those that came out otherwise; empty where all are the same.
        versions: packages of other versions than the card's, which may be why.
    """

    played: int
    differ: tuple[str, ...]
    versions: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every episode came out the same."""
        return not self.differ


def verify_entry(
    entry: ZooEntry,
    *,
    episodes: int | None = 5,
    workers: int = 1,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
) -> EntryCheck:
    """Plays an entry's first episodes again, all where None.

    Raises:
        UsageError: its environment is not on this machine.
        HarnessError: the machinery failed.
    """
    known = entry.episodes[:episodes]
    cap = report_cap(entry.task)
    with closing(evaluators(entry.task, workers=workers)) as evaluator:
        play = player(evaluator, entry.seeds)
        results = play([Job(program=entry.program, seed=e.label, max_steps=cap) for e in known])
    differ = []
    for episode, result in zip(known, results, strict=True):
        outcome = result.outcome
        if isinstance(outcome, Failure):
            differ.append(f"episode {episode.label} failed: {outcome.kind.value}")
        elif not _same(outcome.score, episode.score) or outcome.length != episode.length:
            differ.append(
                f"episode {episode.label} has score {outcome.score:g} in {outcome.length} decisions; the card says "
                f"{episode.score:g} in {episode.length}"
            )
    return EntryCheck(len(known), tuple(differ), other_versions(entry.about.get("versions", {})))


def other_versions(before: Mapping[str, str]) -> tuple[str, ...]:
    """Packages whose versions here are not those of a card."""
    return tuple(
        f"{name} {before[name]} then, {now} now"
        for name, now in versions().items()
        if before.get(name, now) != now
    )


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))
