"""What a process inherits from whoever started it, put right before it does anything else.

Supervisors, schedulers, package scripts and agents' tools start commands with signals blocked or ignored, streams
closed, few descriptors, odd umasks. Every process of hlearn's own begins with :func:`put_right`. Standard library only.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterable, Iterator

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
_FILES = 4096  # descriptors that are asked for where the soft limit is lower and the hard one allows it
_STREAMS = (("stdin", "r", os.O_RDONLY), ("stdout", "w", os.O_WRONLY), ("stderr", "w", os.O_WRONLY))

# A parent that ignores these (nohup, a shell's background jobs) means it; the others only break waiting and timing.
_MEANT = frozenset({
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
})  # fmt: skip
_PYTHONS_OWN = frozenset({signal.SIGPIPE, signal.SIGXFSZ})  # ignored by the interpreter itself
_NOT_FOR_PYTHON = frozenset({
    "PYTHONINSPECT", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONIOENCODING", "PYTHONLEGACYWINDOWSSTDIO",
    "PYTHONSAFEPATH", "PYTHONPROFILEIMPORTTIME", "PYTHONDUMPREFS", "PYTHONVERBOSE", "PYTHONDEBUG",
})  # fmt: skip


found: list[str] = []  # what was odd about this process's start, in words, for hl doctor


def put_right(*, alone: bool) -> None:
    """Gives this process the surroundings that hlearn counts on; only for a process's main thread, at its start.

    Args:
        alone: the process is hlearn's own below another one of hlearn's, so that nothing a parent ignores is meant for
            it. False for the command that a person started.
    """
    _reset_signals(alone)
    _open_streams()
    _raise_descriptors()
    mask = os.umask(0o022)
    os.umask(mask & 0o077)  # what one makes, one may read
    if mask & 0o700:
        found.append(f"umask {mask:03o}, under which one may not read one's own files")


def _reset_signals(alone: bool) -> None:
    blocked = signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if blocked:
        found.append(f"blocked signals: {_named(blocked)}")
    ignored = []
    for number in signal.valid_signals() - _PYTHONS_OWN - (frozenset() if alone else _MEANT):
        if signal.getsignal(number) is signal.SIG_IGN:
            with contextlib.suppress(OSError):
                signal.signal(number, signal.SIG_DFL)
                ignored.append(number)
    if ignored:
        found.append(f"ignored signals: {_named(ignored)}")


def _named(numbers: Iterable[int]) -> str:
    names = [n.name if isinstance(n, signal.Signals) else str(n) for n in sorted(numbers)]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _open_streams() -> None:
    """Fills descriptors 0 to 2: else the first file opened becomes "stdout", and what is printed lands in it."""
    for fd, (name, mode, flags) in enumerate(_STREAMS):
        try:
            os.fstat(fd)
            if fd:
                os.set_blocking(fd, True)  # a terminal or pipe shared with Node.js often is not
        except OSError:
            found.append(f"{name} was closed")
            null = os.open(os.devnull, flags)
            if null != fd:
                os.dup2(null, fd)
                os.close(null)
            os.set_inheritable(fd, True)
        stream = getattr(sys, name)
        if stream is None:
            stream = open(fd, mode, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
        elif fd and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a text that the locale lacks is no reason to fail


def _raise_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            if soft < 256:
                found.append(f"{soft} open files (ulimit -n), raised to {wanted}")


def die_with_parent(parent: int) -> None:
    """Has the kernel kill this process when its parent ends; ends at once if ``parent`` is gone already."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


@contextlib.contextmanager
def children_waited_for() -> Iterator[None]:
    """Within a library call: a parent that ignores SIGCHLD would make every child's exit status read as 0."""
    try:
        ignored = signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN
        if ignored:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    except ValueError:  # not in the main thread: nothing can be changed there
        ignored = False
    try:
        yield
    finally:
        if ignored:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def search_path() -> str:
    """The interpreter's module search path for a child of ours: absolute, so that it may change its folder."""
    try:
        here = os.getcwd()
    except OSError:  # the folder was deleted meanwhile
        here = None
    if here is None:
        return os.pathsep.join(p for p in sys.path if os.path.isabs(p))
    return os.pathsep.join(dict.fromkeys(os.path.join(here, p) for p in sys.path))


def python_environment(**more: str) -> dict[str, str]:
    """The environment variables of this process for a Python process of ours, without those that bend Python.

    Strings hash the same in every process, so that whoever iterates over a set of them does it in one order.
    """
    kept = {key: value for key, value in os.environ.items() if key not in _NOT_FOR_PYTHON}
    kept |= {"PYTHONPATH": search_path(), "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
    kept |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return kept | more


class Output:
    """What a child of ours prints: read from a pipe as it comes, of which only the end is kept.

    Args:
        keep: bytes that are kept.
    """

    def __init__(self, keep: int = 8_000) -> None:
        self._keep = keep
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        self._kept = b""

    @contextlib.contextmanager
    def for_child(self) -> Iterator[int]:
        """The end to hand to the child, closed here afterwards."""
        try:
            yield self._write
        finally:
            os.close(self._write)

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._read

    def read(self) -> bool:
        """Takes what is there, one pipe's content at most; returns False at its end."""
        try:
            part = os.read(self._read, 1 << 16)
        except BlockingIOError:
            return True
        self._kept = (self._kept + part)[-self._keep :]
        return bool(part)

    def end(self) -> str:
        """The end of what was printed until now."""
        before = None
        while before != self._kept:
            before = self._kept
            self.read()
        return self._kept.decode(errors="replace")

    def close(self) -> None:
        """Lets go of it; a child that prints on fails or dies of it."""
        os.close(self._read)
