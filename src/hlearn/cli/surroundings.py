"""What ``hl doctor`` says of where it runs: its start, limits, folders, the kernel, what a container allows."""

from __future__ import annotations

import mmap
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hlearn.cli.words import size

_DISK_LOW = 1e9  # bytes
_MEMORY_LOW = 1.5e9
_ADDRESSES_LOW = 4 << 30
_FILE_LOW = 1 << 30
_FILES_LOW = 64
_PROCESSES_LOW = 32
_STACK_LOW = 1 << 20


class MachineCheck(NamedTuple):
    """One check.

    Attributes:
        ok: True fine, False broken, None worth knowing but not in the way.
    """

    name: str
    ok: bool | None
    detail: str
    value: object = None


def start() -> Iterator[MachineCheck]:
    """What was odd about how this process was started."""
    from hlearn.inherited import found

    said = f"{'; '.join(found)}: put right for hlearn's own processes" if found else "nothing odd inherited"
    yield MachineCheck("start", None if found else True, said, list(found))
    encodings = {sys.getfilesystemencoding().lower(), str(getattr(sys.stdout, "encoding", "utf-8")).lower()}
    if encodings - {"utf-8", "utf8"}:
        yield MachineCheck(
            "locale",
            None,
            f"{', '.join(sorted(encodings))}: letters that it lacks are shown as escapes; PYTHONUTF8=1 or "
            "LC_ALL=C.UTF-8 gives them all",
            sorted(encodings),
        )


def limits() -> Iterator[MachineCheck]:
    """Resource limits that stand in the way."""
    from hlearn.evaluate.allowance import processes_left

    tight = []
    for letter, which, what, low in (
        ("n", resource.RLIMIT_NOFILE, "open files", _FILES_LOW),
        ("v", resource.RLIMIT_AS, "memory of a process", _ADDRESSES_LOW),
        ("f", resource.RLIMIT_FSIZE, "size of a file", _FILE_LOW),
        ("s", resource.RLIMIT_STACK, "stack", _STACK_LOW),
        ("u", resource.RLIMIT_NPROC, "processes of this user", _PROCESSES_LOW),
    ):
        soft = resource.getrlimit(which)[0]
        if soft != resource.RLIM_INFINITY and soft < low:
            shown = size(soft) if letter in "vfs" else str(soft)
            tight.append(f"{what} {shown} (ulimit -{letter})")
    seconds = resource.getrlimit(resource.RLIMIT_CPU)[0]
    if seconds != resource.RLIM_INFINITY:
        tight.append(f"{seconds} s of processor time for each process (ulimit -t)")
    left = processes_left()
    if left is not None and left < _PROCESSES_LOW:
        tight.append(f"processes left in this cgroup {left} (pids.max)")
    detail = f"small: {', '.join(tight)}; runs may end on that" if tight else "none that is small"
    yield MachineCheck("limits", None if tight else True, detail, tight)


def folders() -> Iterator[MachineCheck]:
    """Places that are written."""
    from hlearn.trust.store import key_folder

    broken, odd = [], []
    try:
        if _unwritable(Path.cwd()):
            odd.append("this folder cannot be written: give --out another place")
    except OSError:
        broken.append("the present folder was deleted: cd somewhere else")
    try:
        why = _unwritable(Path(tempfile.gettempdir()))
    except OSError as error:
        why = str(error.strerror)
    if why:
        broken.append(f"temporary files: {why} (TMPDIR is {os.environ.get('TMPDIR', 'not set')})")
    keys = key_folder()
    why = _unwritable(next(folder for folder in (keys, *keys.parents) if folder.is_dir()))
    if why:
        odd.append(f"{keys}, where keys of new systems go: {why}; set HLEARN_STATE to another folder")
    home = os.environ.get("HOME", "")
    if not home or not Path(home).is_dir() or _unwritable(Path(home)):
        odd.append(f"HOME ({home or 'not set'}) cannot be written, where libraries keep what they cache")
    detail = "; ".join(broken + odd) or "this folder, temporary files, keys and HOME can be written"
    yield MachineCheck("folders", False if broken else None if odd else True, detail, broken + odd)


def _unwritable(folder: Path) -> str:
    """Why no file can be made in a folder, "" where one can; tried, for sandboxes refuse what rights allow."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        return error.strerror or str(error)
    return ""


def kernel() -> Iterator[MachineCheck]:
    """What hlearn likes to use and does without where it is refused."""
    lacking = []
    if not Path("/proc/self/statm").exists():
        lacking.append("/proc/self (memory is measured by trying)")
    elif not _writes("/proc/self/oom_score_adj"):
        lacking.append("writing /proc (when memory runs out, programs are not the first to go)")
    try:
        os.close(os.memfd_create("doctor"))
    except (OSError, AttributeError):
        lacking.append("memfd_create (a nameless file instead)")
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (OSError, AttributeError):
        lacking.append("pidfd_open (process ids instead)")
    try:
        os.sched_setaffinity(0, os.sched_getaffinity(0))
    except OSError:
        lacking.append("pinning to a core (steps take longer)")
    try:
        mmap.mmap(-1, mmap.PAGESIZE).close()
    except OSError as error:
        lacking.append(f"shared memory ({error.strerror})")
    detail = f"does without {', '.join(lacking)}" if lacking else "all that hlearn likes to use"
    yield MachineCheck("kernel", None if lacking else True, detail, lacking)


def _writes(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_WRONLY))
    except OSError:
        return False
    return True


def allowed() -> Iterator[MachineCheck]:
    """Cores, memory and disk, as far as this process may use them."""
    from hlearn.evaluate.allowance import cpu_quota, memory_left, usable_cores

    cores, quota = usable_cores(), cpu_quota()
    why = "" if quota is None else f", for the cgroup's quota is {quota:g} cores"
    yield MachineCheck("cores", True, f"{cores} usable of {os.cpu_count()}{why}", cores)
    memory, capped = _free_memory(), memory_left()
    why = ""
    if capped is not None and capped < memory:
        memory, why = capped, ": the cgroup's limit leaves no more"
    yield MachineCheck(
        "memory", True if memory >= _MEMORY_LOW else None, f"{size(memory)} available{why}", memory
    )
    try:
        free = shutil.disk_usage(".").free
    except OSError as error:
        yield MachineCheck("disk", None, f"this folder: {error.strerror}")
        return
    low = "" if free >= _DISK_LOW else "; a long run needs some hundred MB"
    yield MachineCheck(
        "disk", True if free >= _DISK_LOW else None, f"{size(free)} free in this folder{low}", free
    )


def _free_memory() -> int:
    """Bytes of the machine's memory that are free."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
