"""The walls around a program's process.

Layers, each applied where the machine has it (:func:`sandbox_report` says which):

- its own session, ended with its parent; no core dumps; first victim of the kernel when memory runs out;
- resource limits on memory (what it may *add* to its process) and printed output;
- Landlock: no files, no outgoing connections, no signals to others;
- seccomp: an allow-list of system calls. No files, sockets, processes, threads, signals to others, tracing,
  other processes' memory, mounts, limits: each fails with EPERM, which Python raises as ``PermissionError``.

The walls close after the allowed modules are loaded and before the program's own code runs.

What they do not cover: bugs of the kernel in the calls that stay open (memory, clocks, futex, its two pipes);
timing side channels of a shared CPU core; and, where neither seccomp nor Landlock is available, files and the
network. The program can measure time, though it may not import :mod:`time`. The scorer's safety does not rest
on any of this: environment, seeds and rewards live in another process.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from hlearn.evaluate import landlock, seccomp

_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxReport:
    """Which layers work on this machine.

    Attributes:
        seccomp: the system call filter.
        landlock: version of Landlock, 0 where the kernel has none.
        notes: why a layer is missing.
    """

    seccomp: bool
    landlock: int
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether files, network and processes are out of a program's reach."""
        return self.seccomp


@cache
def sandbox_report() -> SandboxReport:
    """Tries each layer in a throw-away process and says which hold."""
    notes = []
    fenced = _try(lambda: seccomp.apply(os.getpid()))
    if fenced:
        notes.append(f"seccomp: {fenced}")
    version = landlock.abi()
    locked = _try(lambda: landlock.apply(version)) if version else "the kernel has none"
    if locked:
        notes.append(f"landlock: {locked}")
    return SandboxReport(seccomp=not fenced, landlock=0 if locked else version, notes=tuple(notes))


def adopt_orphans() -> None:
    """Makes this process the parent of descendants whose own parent ended."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def limit(memory_mb: int, output_kb: int) -> None:
    """Caps what this process may add to its memory and what it may write to a file."""
    _lower(resource.RLIMIT_AS, address_space() + memory_mb * 2**20)
    _lower(resource.RLIMIT_FSIZE, output_kb * 1024)
    _lower(resource.RLIMIT_CORE, 0)
    with contextlib.suppress(
        OSError
    ):  # a preference: refused within other sandboxes, where /proc is read-only
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(fd, b"1000")
        os.close(fd)


def _lower(which: int, cap: int) -> None:
    _, hard = resource.getrlimit(which)
    cap = cap if hard == resource.RLIM_INFINITY else min(cap, hard)
    resource.setrlimit(which, (cap, cap))


def address_space() -> int:
    """Bytes of memory that this process has mapped."""
    try:
        fd = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return _measured_address_space()
    try:
        return int(os.read(fd, 64).split()[0]) * os.sysconf("SC_PAGESIZE")
    finally:
        os.close(fd)


def _measured_address_space() -> int:
    """The same without /proc: the smallest limit under which one more page can be mapped, found by bisection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    page = os.sysconf("SC_PAGESIZE")
    low, high = 0, 1 << 46  # more than half of what x86_64 and aarch64 can address
    while high - low > 1 << 20:
        middle = (low + high) // 2
        with contextlib.suppress(ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (middle, hard))
        try:
            mmap.mmap(-1, page).close()
            high = middle
        except (OSError, MemoryError):
            low = middle
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    return high


def seal(report: SandboxReport) -> None:
    """Closes the walls that the report says this machine has.

    Raises:
        OSError: a layer that worked before does not now.
    """
    if report.landlock:
        landlock.apply(report.landlock)
    if report.seccomp:
        seccomp.apply(os.getpid())


def _try(step: Callable[[], None]) -> str:
    """Runs a step in a forked process; returns why it failed, "" if it did not."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            step()
            os.write(write, b"+")
        except OSError as error:
            os.write(write, str(error).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return "" if said == b"+" else said.decode() or "killed"
