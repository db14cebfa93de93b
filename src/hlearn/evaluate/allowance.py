"""How much of the machine a container or scheduler allows: cgroups of both versions, and the cores a process may use.

A process that starts one worker per core of a machine of which it may use half a core only waits for itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")
_UNLIMITED = 1 << 60  # what version 1 writes for "no limit" is above this


def usable_cores(root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> int:
    """Cores that this process may keep busy: those it may run on, as far as its quota of processor time goes."""
    try:
        cores = len(os.sched_getaffinity(0))
    except OSError:
        cores = os.cpu_count() or 1
    quota = cpu_quota(root, membership)
    return cores if quota is None else max(1, min(cores, round(quota)))


def cpu_quota(root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> float | None:
    """Processor time that may be used, in cores; None without a quota."""
    quotas = []
    for folder in _folders("cpu", root, membership):
        said = _words(folder / "cpu.max", 2)
        said = said or _words(folder / "cpu.cfs_quota_us", 1) + _words(folder / "cpu.cfs_period_us", 1)
        if (
            len(said) == 2 and all(word.isdigit() for word in said) and int(said[1])
        ):  # "max" and -1 are no quota
            quotas.append(int(said[0]) / int(said[1]))
    return min(quotas, default=None)


def memory_left(root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> int | None:
    """Bytes that may still be taken before the cgroup's limit is reached; None without a limit."""
    left = []
    for folder in _folders("memory", root, membership):
        for limit, usage in (("max", "current"), ("limit_in_bytes", "usage_in_bytes")):
            said, used = _words(folder / f"memory.{limit}", 1), _words(folder / f"memory.{usage}", 1)
            if said and said[0].isdigit() and int(said[0]) < _UNLIMITED:
                left.append(max(0, int(said[0]) - (int(used[0]) if used else 0)))
    return min(left, default=None)


def processes_left(root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> int | None:
    """Processes that may still be started before the cgroup's limit is reached; None without a limit."""
    left = []
    for folder in _folders("pids", root, membership):
        limit, used = _words(folder / "pids.max", 1), _words(folder / "pids.current", 1)
        if limit and limit[0].isdigit():
            left.append(max(0, int(limit[0]) - (int(used[0]) if used else 0)))
    return min(left, default=None)


def _folders(controller: str, root: Path, membership: Path) -> Iterator[Path]:
    """The cgroup of this process and those above it, of both versions, as far as they can be seen from here."""
    try:
        lines = membership.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = ["0::/", f"1:{controller}:/"]
    for line in lines:
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if not names:
            mounts = [root, root / "unified"]
        elif controller in names.split(","):
            mounts = [root / names, root / controller]
        else:
            continue
        for mount in mounts:
            if mount.is_dir():
                own = mount / path.strip("/")
                yield from (folder for folder in (own, *own.parents) if folder.is_relative_to(mount))


def _words(path: Path, count: int) -> tuple[str, ...]:
    """The first words of a file; () where there are fewer or it cannot be read."""
    try:
        words = path.read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return ()
    return tuple(words[:count]) if len(words) >= count else ()
