"""What the ledger knows of a task: which episodes were played, and which others they answer for."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from hlearn.evaluate.api import Job, Record
from hlearn.ledger import Caps
from hlearn.records import Episode, Failure, Outcome
from hlearn.trust import PLAIN

Key = tuple[str, int, Caps, str]  # program, seed, caps, key of the seeds


class Entry(NamedTuple):
    """One measured episode and the run that paid for it."""

    key: Key
    outcome: Outcome
    run: int


class EpisodeCache:
    """Measured episodes of one task."""

    def __init__(self) -> None:
        self._entries: dict[Key, Entry] = {}
        self._finished: dict[tuple[str, int, str], list[Entry]] = {}
        self._lasted: dict[Key, int] = {}  # the longest episode seen, whatever its cap

    def add(self, entry: Entry) -> None:
        """Adds a measured episode."""
        program, seed, caps, world = entry.key
        self._entries[entry.key] = entry
        outcome, uncapped = entry.outcome, _uncapped(entry.key)
        self._lasted[uncapped] = max(self._lasted.get(uncapped, 0), outcome.env_steps)
        if isinstance(outcome, Failure) or not outcome.stopped or _reached(outcome, caps):
            self._finished.setdefault((program, seed, world), []).append(entry)

    def find(self, key: Key) -> Entry | None:
        """The episode asked for, or a finished one that would have gone the same way under the caps asked for."""
        entry = self._entries.get(key)
        if entry is not None or key[2].record is not Record.NOTHING:
            return entry
        return next((e for e in self._finished.get((key[0], key[1], key[3]), ()) if _same(e, key[2])), None)

    def exact(self, key: Key) -> Entry | None:
        """The episode that was played under these very caps."""
        return self._entries.get(key)

    def outlasts(self, key: Key, steps: int) -> bool:
        """Whether the episode is known to go on after so many environment steps."""
        return self._lasted.get(_uncapped(key), 0) >= steps


def key_of(job: Job) -> Key:
    """What makes a measurement this one and no other."""
    return job.program.sha256, job.seed, Caps.of(job), job.key or PLAIN


def was_cut(outcome: Outcome, cap: int) -> bool:
    """Whether an episode ended because it was stopped after ``cap`` environment steps."""
    return isinstance(outcome, Episode) and outcome.stopped and outcome.env_steps >= cap


def _uncapped(key: Key) -> Key:
    return key[0], key[1], replace(key[2], max_steps=None, hurdles=()), key[3]


def _reached(outcome: Episode, caps: Caps) -> bool:
    """Whether an episode was stopped at the target, as :func:`hlearn.evaluate.play.play` does, and not cut above it."""
    cut = caps.max_steps is not None and outcome.env_steps >= caps.max_steps
    goal = caps.stop_score
    return outcome.stopped and not cut and goal is not None and goal > 0 and outcome.score >= goal


def _same(entry: Entry, asked: Caps) -> bool:
    """Whether a finished episode would have gone the same way under other caps."""
    outcome, caps = entry.outcome, entry.key[2]
    if caps.prefix != asked.prefix or asked.hurdles not in ((), caps.hurdles):
        return False
    if caps.hurdles and asked.hurdles != caps.hurdles and isinstance(outcome, Episode) and outcome.stopped:
        return False
    if asked.max_steps is not None and outcome.env_steps >= asked.max_steps:
        return False
    if asked.stall_steps is not None and (caps.stall_steps is None or caps.stall_steps > asked.stall_steps):
        return False
    if asked.stop_score == caps.stop_score:
        return True
    return asked.stop_score is None and not (isinstance(outcome, Episode) and outcome.stopped)
