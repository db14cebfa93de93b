"""Where a run stands, as a file that others may read while it goes on."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from hlearn.lab import Progress, RunStatus
from hlearn.ledger import Purpose, Trial
from hlearn.records import Outcome

_EVERY_S = 1.0


class ProgressFile:
    """Tells another listener everything, and writes where the run stands to a file, at most once per second.

    The file is replaced as a whole, so a reader never sees half of it. Where it cannot be written the run goes on.

    Args:
        path: of a JSON object: ``env_steps``, ``budget``, ``best_dev``, ``champion_score``, ``trials``, ``accepted``,
            ``doing``, ``episodes_left`` (of the report at the end, at most; null before), ``time`` (seconds since the
            epoch).
        listener: who else is told.
        clock: seconds since the epoch.
    """

    def __init__(self, path: Path, listener: Progress, clock: Callable[[], float] = time.time) -> None:
        self._path, self._listener, self._clock = path, listener, clock
        self._written = 0.0

    def said(self, text: str, standing: RunStatus) -> None:
        """Something else is being tried now."""
        self._write(standing)
        self._listener.said(text, standing)

    def playing(self, purpose: Purpose, done: int, jobs: int, standing: RunStatus) -> None:
        """A batch goes on."""
        self._write(standing)
        self._listener.playing(purpose, done, jobs, standing)

    def measured(self, purpose: Purpose, outcomes: Sequence[Outcome], standing: RunStatus) -> None:
        """Episodes were played and recorded."""
        self._write(standing)
        self._listener.measured(purpose, outcomes, standing)

    def judged(self, trial: Trial, standing: RunStatus) -> None:
        """The gate decided."""
        self._write(standing, now=True)
        self._listener.judged(trial, standing)

    def noted(self, text: str) -> None:
        """Something to know about the task."""
        self._listener.noted(text)

    def _write(self, standing: RunStatus, *, now: bool = False) -> None:
        time_s = self._clock()
        if time_s - self._written < _EVERY_S and not now:
            return
        self._written = time_s
        data = {
            "env_steps": standing.budget.spent,
            "budget": standing.budget.total,
            "best_dev": standing.best_dev,
            "champion_score": standing.champion_score,
            "trials": standing.trials,
            "accepted": standing.accepted,
            "doing": standing.saying,
            "episodes_left": standing.episodes_left,
            "time": time_s,
        }
        part = self._path.with_name(f".{self._path.name}.part")
        try:
            part.write_text(json.dumps(data), encoding="utf-8")
            os.replace(part, self._path)
        except OSError:
            return
