"""Drives a suite: starts tracks where there is room, and writes down what becomes of each."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from hlearn.records import Model
from hlearn.suites.executors import Executor, FinishedTrack, TrackCommand
from hlearn.suites.folder import SuiteFolder, TrackState, TrackStatus
from hlearn.suites.suite import Track
from hlearn.trust.store import KeyStore

_LOOK_EVERY_S = 1.0
_ATTEMPTS = (
    3  # sittings of a track that may be cut off from outside (a node that dies) in one run of the driver
)
_SAID = 600  # characters of a reason


class SuiteListener(Protocol):
    """Who is told what happens."""

    def started(self, track: Track) -> None:
        """A track started, or goes on."""

    def ended(self, state: TrackState) -> None:
        """A track is done, has failed or was stopped."""

    def waiting(self, states: Sequence[TrackState]) -> None:
        """Some time passed; called about once per second."""


def run_suite(folder: SuiteFolder, executor: Executor, listener: SuiteListener) -> list[TrackState]:
    """Runs every track that is not done yet, failed ones again; goes on where an interruption left it.

    Returns:
        What became of every track.

    Raises:
        KeyboardInterrupt: asked to stop; all tracks put everything away before.
        UsageError: another driver works on the folder.
        OSError: the folder cannot be written; the tracks were stopped, nothing is lost.
    """
    with folder.driving():
        by_name = {t.name: t for t in folder.suite.tracks}
        states = {s.track.name: s for s in folder.states()}
        todo = deque(s.track for s in states.values() if s.status is not TrackStatus.DONE)
        cut: dict[str, int] = {}
        running: set[str] = set()
        try:
            while todo or running:
                while todo and len(running) < executor.slots:
                    track = todo.popleft()
                    _start(folder, executor, track)
                    running.add(track.name)
                    listener.started(track)
                for finished in executor.finished(_LOOK_EVERY_S):
                    running.discard(finished.name)
                    track = by_name[finished.name]
                    cut[track.name] = cut.get(track.name, 0) + 1
                    if _was_cut_off(finished) and cut[track.name] < _ATTEMPTS:
                        todo.appendleft(track)
                        continue
                    states[track.name] = _settle(folder, track, finished)
                    listener.ended(states[track.name])
                # Only these move: reading hundreds of tracks every second took some hundredths of a core.
                states |= {name: folder.state(by_name[name]) for name in running}
                listener.waiting(list(states.values()))
        except BaseException:
            for finished in executor.stop():
                listener.ended(_settle(folder, by_name[finished.name], finished))
            raise
        return folder.states()


def _start(folder: SuiteFolder, executor: Executor, track: Track) -> None:
    folder.note(track, TrackStatus.RUNNING)
    words = ["-P", "-m", "hlearn.cli.main", "learn", track.task.env_id, "--json"]
    words += ["--resume"] if (folder.system(track) / "hl.toml").exists() else []
    words += ["--out", str(folder.system(track).absolute()), "--access", track.task.access.value]
    words += ["--protocol", track.task.protocol.value, "--steps", str(track.steps), "--seed", str(track.seed)]
    words += ["--workers", "1", "--holdout-episodes", str(track.holdout), "--editor", track.editor]
    words += ["--key", str(KeyStore().folder / f"{folder.key.id}.key")]
    words += ["--progress-file", str(folder.progress(track).absolute())]
    if track.task.model is not Model.NONE:
        words += ["--model", track.task.model.value]
    if track.task.variant:
        words += ["--variant", track.task.variant]
    for name, value in track.task.kwargs:
        words += ["--env", f"{name}={json.dumps(value)}"]
    if track.task.target is not None:
        words += ["--target", repr(track.task.target)]
    words += track.options
    executor.start(TrackCommand(name=track.name, words=tuple(words), log=folder.log(track).absolute()))


def _was_cut_off(finished: FinishedTrack) -> bool:
    """Whether something outside ended it: its machine, the memory, a kill; what it did then counts for nothing."""
    return finished.code is None or finished.code < 0


def _settle(folder: SuiteFolder, track: Track, finished: FinishedTrack) -> TrackState:
    answer = _answer(finished.output)
    if "error" in answer or "env_steps" not in answer:
        stopped = answer.get("error") == "Interrupted" or finished.code in (130, 143, 129)
        status = TrackStatus.STOPPED if stopped else TrackStatus.FAILED
        folder.note(track, status, reason=None if stopped else _reason(answer, finished, folder.log(track)))
    elif answer.get("why") == "interrupted":
        folder.note(track, TrackStatus.STOPPED)
    else:
        folder.note(track, TrackStatus.DONE, result=answer)
    return folder.state(track)


def _answer(output: str) -> dict[str, Any]:
    """The object on the last line; empty where there is none."""
    lines = output.strip().splitlines()
    try:
        data = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _reason(answer: dict[str, Any], finished: FinishedTrack, log: Path) -> str:
    if "message" in answer:
        return f"{answer.get('error')}: {answer['message']}"[:_SAID]
    how = finished.reason or (
        "it was killed" if finished.code is None or finished.code < 0 else f"exit code {finished.code}"
    )
    try:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        said = []
    return f"{how}{': ' + said[-1] if said else ''}"[:_SAID]


class Quiet:
    """Listens to nothing."""

    def started(self, track: Track) -> None:
        """Ignores it."""

    def ended(self, state: TrackState) -> None:
        """Ignores it."""

    def waiting(self, states: Sequence[TrackState]) -> None:
        """Ignores it."""


def seconds_left(states: Sequence[TrackState], began_steps: int, began: float) -> float | None:
    """Seconds until every track has spent its budget at the pace since ``began``; None while unknown."""
    spent = sum(s.steps for s in states) - began_steps
    left = sum(
        max(0, s.track.steps - s.steps)
        for s in states
        if s.status not in (TrackStatus.DONE, TrackStatus.FAILED)
    )
    passed = time.monotonic() - began
    return left * passed / spent if spent > 0 else None
