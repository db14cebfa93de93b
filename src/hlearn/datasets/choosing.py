"""Which of the episodes that were played go into a data set, and which stretches of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hlearn.datasets.playing import RecordedEpisode, Stretch
from hlearn.records import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is kept.

    Attributes:
        min_score: episodes of this score at least; None: of any.
        around_failures: only so many decisions before each lost life, before the environment's end of an episode, or
            before the program failed; None: whole episodes.
        failed: whether episodes in which the program failed are kept too, until then.
        repeated: whether an episode that is the same as another, step by step, is kept a second time.
    """

    min_score: float | None = None
    around_failures: int | None = None
    failed: bool = False
    repeated: bool = False


class Chosen(NamedTuple):
    """An episode and what of it is kept."""

    played: RecordedEpisode
    stretches: tuple[Stretch, ...]


class Left(NamedTuple):
    """How many episodes were left out, and why."""

    low: int
    failed: int
    repeated: int
    empty: int


def choose(episodes: Sequence[RecordedEpisode], filters: Filters) -> tuple[tuple[Chosen, ...], Left]:
    """Applies the filters; the order of episodes stays."""
    chosen: list[Chosen] = []
    seen: set[str] = set()
    low = failed = repeated = empty = 0
    for played in episodes:
        is_failure = isinstance(played.outcome, Failure)
        if is_failure and not (filters.failed or filters.around_failures):
            failed += 1
        elif filters.min_score is not None and played.outcome.score < filters.min_score:
            low += 1
        elif played.digest in seen and not filters.repeated:
            repeated += 1
        elif not (stretches := _stretches(played, filters.around_failures)):
            empty += 1
        else:
            seen.add(played.digest)
            chosen.append(Chosen(played, stretches))
    return tuple(chosen), Left(low, failed, repeated, empty)


def _stretches(played: RecordedEpisode, around: int | None) -> tuple[Stretch, ...]:
    if around is None:
        return (Stretch(start=0, stop=played.length),) if played.length else ()
    ends = {loss + 1 for loss in played.losses}
    if played.terminated or isinstance(played.outcome, Failure):
        ends.add(played.length)
    found: list[Stretch] = []
    for stop in sorted(ends):
        start = max(0, stop - around)
        if found and start <= found[-1].stop:  # two that overlap are one
            found[-1] = Stretch(start=found[-1].start, stop=stop)
        elif stop > start:
            found.append(Stretch(start=start, stop=stop))
    return tuple(found)
