"""Running a command under the supervisor: bounded time and output, nothing left behind, secrets out of sight."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol

from hlearn.errors import HarnessError
from hlearn.evaluate import landlock
from hlearn.foreign_text import shown
from hlearn.system.supervise import NO_WALLS, TIME_UP

_SUPERVISOR = Path(__file__).with_name("supervise.py")
_SHOWN = 8000  # characters of output that are kept
_TAIL = 4 * _SHOWN  # bytes
_PART = 1 << 16
_PAUSE_S = 0.01  # after a full part: a command that floods its output is slowed down to 6 MB/s
_GRACE_S = 30.0  # beyond the limit, for the supervisor to end everything
_PR_SET_CHILD_SUBREAPER = 36
ALLOWED = ("PATH", "LANG", "LC_ALL", "TERM", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_TEMPORARY = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/ptmx", "/dev/pts")
_libc = ctypes.CDLL(None, use_errno=True)


class FinishedCommand(NamedTuple):
    """How a command ended.

    Attributes:
        output: the end of standard output and error together.
        killed: the supervisor itself was killed; what it had started was ended all the same.
    """

    status: int
    output: str
    timed_out: bool
    killed: bool = False


class CommandDoor(Protocol):
    """Something that is served while a command runs."""

    def fileno(self) -> int:
        """A descriptor that is readable when there is something to do."""

    def serve(self) -> None:
        """Does what there is to do, and returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Which walls can stand around a command on this machine.

    Attributes:
        mounts: folders can be hidden from it.
        pids: it sees no processes but its own, and cannot end its supervisor.
        fixed: folders can be closed to its writing.
        fence: version of Landlock that stands in where folders cannot be hidden: the command writes into its own folder
            and temporary files alone, and cannot read the hidden ones; 0 where it is not needed or not there.
        note: why something is missing, "" where nothing is.
    """

    mounts: bool
    pids: bool
    fixed: bool = False
    fence: int = 0
    note: str = ""


@cache
def protection() -> Protection:
    """Tries the walls in a throw-away process."""
    note = ""
    for pids, fixed in ((True, True), (True, False), (False, True), (False, False)):
        fix = [os.path.realpath(sys.prefix)] if fixed else []
        walls = {"mounts": True, "pids": pids, "hide": ["/tmp"], "fix": fix}
        done = subprocess.run(
            _supervised(10.0, walls, ["/bin/sh", "-c", "exit 0"]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            return Protection(mounts=True, pids=pids, fixed=fixed, note=note)
        note = done.stderr.decode(errors="replace").strip()[-200:] or f"exit status {done.returncode}"
    version = landlock.abi()
    if version:
        walls = {"mounts": False, "pids": False, "fence": {"version": version, "write": [], "hide": ["/tmp"]}}
        tried = subprocess.run(
            _supervised(10.0, walls, ["/bin/sh", "-c", "! (: > /tmp/hlearn-fence)"]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        version = version if tried.returncode == 0 else 0
    return Protection(mounts=False, pids=False, fence=version, note=note)


def allowed_environment(**more: str) -> dict[str, str]:
    """The allow-listed part of this process's environment, with additions."""
    return {name: os.environ[name] for name in ALLOWED if name in os.environ} | more


def _supervised(limit_s: float, walls: Mapping[str, object], command: Sequence[str]) -> list[str]:
    return [sys.executable, "-I", "-S", str(_SUPERVISOR), str(limit_s), json.dumps(walls), *command]


def run_command(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    limit_s: float,
    hidden: Sequence[Path] | None = None,
    fixed: Sequence[Path] = (),
    own: Path | None = None,
    doors: Sequence[CommandDoor] = (),
    heard: Callable[[bytes], None] | None = None,
) -> FinishedCommand:
    """Runs a command to its end or its time limit; nothing that it started outlives this call.

    Args:
        command: program and arguments.
        cwd: where it runs.
        env: its whole environment.
        limit_s: wall seconds.
        hidden: folders that it finds empty, as far as :func:`protection` reaches; without walls where None.
        fixed: folders into which it can write nothing, the same; a hidden one within is hidden all the same.
        own: a folder that is the command's to write into where a fence stands in for walls; its temporary files go
            there too. The folder that it runs in if None.
        doors: what is served meanwhile, in this thread.
        heard: is given all output part by part as it comes, in this thread.

    Raises:
        HarnessError: the walls that this machine has could not be made.
    """
    report = Protection(mounts=False, pids=False) if hidden is None else protection()
    walls = {
        "mounts": report.mounts,
        "pids": report.pids,
        "hide": [str(p) for p in hidden or ()],
        "fix": [str(p) for p in fixed] if report.fixed else [],
    }
    if report.fence:
        own = (own or cwd).resolve()
        walls["fence"] = _fence_of(report.fence, own, hidden or (), fixed)
        (own / "tmp").mkdir(exist_ok=True)
        env = {**env, "TMPDIR": str(own / "tmp")}
    read, write = os.pipe()
    with _adopting() as strays:
        try:
            process = subprocess.Popen(
                _supervised(limit_s, walls, command),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=write,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except BaseException:
            os.close(read)
            raise
        finally:
            os.close(write)
        try:
            tail = _attend(process, read, limit_s + _GRACE_S, doors, strays, heard or _ignored)
        finally:
            _stop(process)
            os.close(read)
    status = process.returncode
    output = shown(tail.decode("utf-8", "backslashreplace"))[-_SHOWN:]
    if (
        status == NO_WALLS
        and (report.mounts or report.pids or report.fence)
        and output.startswith("hlearn: ")
    ):
        raise HarnessError(f"the walls around the editor's command could not be made: {output.strip()}")
    return FinishedCommand(status, output, status == TIME_UP, killed=status < 0)


def _fence_of(version: int, own: Path, hidden: Sequence[Path], fixed: Sequence[Path]) -> Mapping[str, object]:
    """What Landlock is told: where may be written, and what cannot be read."""
    away = [path.resolve() for path in hidden]
    kept = [*away, *(path.resolve() for path in fixed)]
    shared = [place for place in _TEMPORARY if not any(path.is_relative_to(place) for path in kept)]
    write = [str(path) for path in (own, *shared, *map(Path, _DEVICES))]
    return {"version": version, "write": write, "hide": [str(path) for path in away]}


def _attend(
    process: subprocess.Popen[bytes],
    output: int,
    limit_s: float,
    doors: Sequence[CommandDoor],
    strays: _Strays,
    heard: Callable[[bytes], None],
) -> bytes:
    """Reads the output and serves the doors until the supervisor has ended; returns the output's end."""
    os.set_blocking(output, False)
    tail = b""
    deadline = time.monotonic() + limit_s
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        for door in doors:
            selector.register(door.fileno(), selectors.EVENT_READ, door)
        open_, flooding = True, False
        while process.poll() is None and time.monotonic() < deadline:
            if flooding:
                time.sleep(_PAUSE_S)
            flooding = False
            for key, _ in selector.select(0.05):
                if key.data is not None:
                    key.data.serve()
                    strays.expect(process)
                elif open_:
                    part = _read(output)
                    if part == b"":  # closed by all: only the supervisor's end is waited for
                        selector.unregister(output)
                        open_ = False
                    tail = (tail + (part or b""))[-_TAIL:]
                    if part:
                        heard(part)
                    flooding = part is not None and len(part) == _PART
    if process.poll() is not None:
        while part := _read(output):
            tail = (tail + part)[-_TAIL:]
            heard(part)
            if len(part) < _PART:
                break
    return tail


def _ignored(part: bytes) -> None:
    """Output of which the end alone is wanted."""


def _read(fd: int) -> bytes | None:
    """Reads a part; None where there is nothing just now, b"" at the end."""
    try:
        return os.read(fd, _PART)
    except BlockingIOError:
        return None


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Has the supervisor end everything, unless it did."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# A supervisor that was killed -------------------------------------------------------------------------------


class _Strays:
    """Processes that were left to this one because the supervisor that had started them was killed."""

    def __init__(self) -> None:
        self._ours = set(_children(os.getpid()))

    def expect(self, process: subprocess.Popen[bytes]) -> None:
        """Takes the present children for our own; nobody is left to us while the supervisor lives."""
        present = set(_children(os.getpid()))
        if process.poll() is None:
            self._ours |= present

    def end(self) -> None:
        """Kills what is not ours, with everything below, until nothing is left."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            left = [pid for pid in _children(os.getpid()) if pid not in self._ours]
            if not left:
                return
            found = list(left)
            for pid in found:
                found += _children(pid)
            for stop in (signal.SIGSTOP, signal.SIGKILL):
                for pid in found:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, stop)
            for pid in left:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)


@contextlib.contextmanager
def _adopting() -> Iterator[_Strays]:
    """What loses its parent meanwhile comes to this process, and is ended at the end."""
    strays = _Strays()
    before = ctypes.c_int()
    _libc.prctl(37, ctypes.byref(before), 0, 0, 0)  # PR_GET_CHILD_SUBREAPER
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield strays
    finally:
        strays.end()
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, before.value, 0, 0, 0)


def _children(parent: int) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, IndexError), open(f"/proc/{name}/stat", "rb") as file:
                if int(file.read().rpartition(b")")[2].split()[1]) == parent:
                    found.append(int(name))
    return found
