"""Where tracks run: a door with one implementation for this machine's cores, and one for a Ray cluster."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_GRACE_S = 60.0  # what a track that is asked to stop may take to put everything away
_ASK_EVERY_S = 0.05
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackCommand:
    """What an executor starts.

    Attributes:
        name: of the track.
        words: the command line behind the interpreter: ``-m hlearn.cli.main learn ...``.
        log: file for what it says.
        environment: variables to set.
    """

    name: str
    words: tuple[str, ...]
    log: Path
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedTrack:
    """A command that ended.

    Attributes:
        code: its exit code; negative, the signal that ended it. None: nobody knows, its machine is gone.
        output: what it printed on stdout.
        reason: why it did not end by itself, empty otherwise.
    """

    name: str
    code: int | None
    output: str
    reason: str = ""


class Executor(Protocol):
    """Runs commands side by side; each may be started again wherever it was cut off.

    Attributes:
        slots: how many may run at once.
        where: for people.
    """

    slots: int
    where: str

    def start(self, command: TrackCommand) -> None:
        """Starts a command; there are free slots."""

    def finished(self, wait_s: float) -> Sequence[FinishedTrack]:
        """Returns those that ended since the last call; waits for one at most so long."""

    def stop(self) -> Sequence[FinishedTrack]:
        """Asks all to put everything away and end, waits for them, and returns them."""


def run_command(
    command: TrackCommand, *, prepare: Callable[[], None] | None = None
) -> subprocess.Popen[bytes]:
    """Starts a command in a session of its own; what it says goes to its log, what it answers to a pipe."""
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with command.log.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, *command.words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            preexec_fn=prepare,
            env={**os.environ, **dict(command.environment)},
        )


class LocalExecutor:
    """This machine: one command per core, pinned to it.

    Args:
        cores: numbers of the cores to use; one command runs on each.
    """

    def __init__(self, cores: Sequence[int]) -> None:
        self._free = list(cores)
        self.slots = len(self._free)
        self.where = f"{self.slots} core{'s' if self.slots > 1 else ''} of this machine"
        self._running: dict[str, tuple[subprocess.Popen[bytes], int]] = {}

    def start(self, command: TrackCommand) -> None:
        """Starts a command on a free core."""
        core = self._free.pop(0)
        self._running[command.name] = (run_command(command, prepare=_on(core)), core)

    def finished(self, wait_s: float) -> Sequence[FinishedTrack]:
        """Returns those that ended since the last call; waits for one at most so long."""
        until = time.monotonic() + wait_s
        while not (ended := [n for n, (p, _) in self._running.items() if p.poll() is not None]):
            if time.monotonic() >= until:
                return ()
            time.sleep(_ASK_EVERY_S)
        return [self._collect(name) for name in ended]

    def stop(self) -> Sequence[FinishedTrack]:
        """Asks all to put everything away and end, waits for them, and returns them."""
        for process, _ in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        until = time.monotonic() + _GRACE_S
        for process, _ in self._running.values():
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        return [self._collect(name) for name in list(self._running)]

    def _collect(self, name: str) -> FinishedTrack:
        process, core = self._running.pop(name)
        self._free.append(core)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # what it may have left behind
        output = b"" if process.stdout is None else process.stdout.read()
        if process.stdout is not None:
            process.stdout.close()
        return FinishedTrack(name=name, code=process.returncode, output=output.decode("utf-8", "replace"))


def local_cores(count: int | None, usable: int) -> list[int]:
    """The cores for a local executor: as many as may be kept busy, or fewer where asked for."""
    try:
        cores = sorted(os.sched_getaffinity(0))
    except OSError:
        cores = list(range(os.cpu_count() or 1))
    return cores[: min(count or usable, usable, len(cores))]


def _on(core: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)  # a driver that is killed leaves nothing running
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {core})

    return prepare
