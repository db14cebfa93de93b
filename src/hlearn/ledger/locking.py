"""Locks on files, and what is said where a file system has none."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hlearn.errors import UsageError

_NONE = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL)
_ASK_EVERY_S = 0.1


def lock(fd: int, path: Path, *, wait_s: float | None = None) -> bool:
    """Locks an open file for this process alone, until the descriptor is closed.

    Record locks of POSIX are no substitute where flock is missing: closing any other descriptor of the same file, as
    readers do, drops them.

    Args:
        fd: the file.
        path: its path, for messages.
        wait_s: how long to wait for whoever holds it, in seconds; as long as it takes where None.

    Returns:
        False where another process still holds it.

    Raises:
        UsageError: its file system has no locks.
    """
    until = None if wait_s is None else time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX if until is None else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if until is None or time.monotonic() >= until:
                return False
            time.sleep(_ASK_EVERY_S)
        except OSError as error:
            if error.errno not in _NONE:
                raise
            kind = file_system_of(path) or "unknown"
            raise UsageError(
                f"{path} lies on a file system ({kind}) that locks no files ({os.strerror(error.errno)}), and without "
                "a lock two hl could write at once; put the system on a local disk (--out), or mount this one with "
                "locks (Lustre: -o flock; NFS: a running lock daemon, or version 4)"
            ) from error
        else:
            return True


@contextmanager
def locked(fd: int, path: Path) -> Iterator[None]:
    """Holds the lock for a block, waiting for it as long as it takes."""
    lock(fd, path)
    try:
        yield
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)


def file_system_of(path: Path) -> str:
    """The kind of file system that a path lies on (ext4, nfs4, lustre), as the kernel calls it; "" where unknown."""
    try:
        device = os.stat(path).st_dev
        wanted = f"{os.major(device)}:{os.minor(device)}"
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                mount, _, source = line.partition(" - ")
                if mount.split(" ")[2:3] == [wanted]:
                    return source.split(" ")[0]
    except (OSError, ValueError):
        pass
    return ""
