"""Landlock: no file, no outgoing connection, no signal out of the process (a second wall behind seccomp).

Source of numbers and structures: linux/landlock.h. System call numbers are the same on every architecture.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH, _READ_FILE, _READ_DIR = 1, 1 << 2, 1 << 3
_VERSION = 1
_PR_SET_NO_NEW_PRIVS = 38
_FS_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # number of file system rights by ABI
_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Version of Landlock in the running kernel, 0 where there is none."""
    return int(max(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION), 0))


def apply(version: int, readable: Iterable[Path] = ()) -> None:
    """Takes every right that this version knows from the process, for good.

    Args:
        version: of Landlock.
        readable: files, and folders with what is below, that may be read all the same.

    Raises:
        OSError: the kernel refuses.
    """
    rights = (1 << _FS_RIGHTS.get(version, 16)) - 1
    net = 0b11 if version >= 4 else 0  # bind and connect over TCP
    scope = 0b11 if version >= 6 else 0  # abstract sockets and signals outside
    attributes = struct.pack("QQQ", rights, net, scope)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    fd = _libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    for path in readable:
        _allow_reading(fd, path)
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    done = _libc.syscall(_RESTRICT_SELF, fd, 0)
    number = ctypes.get_errno()
    os.close(fd)
    if done != 0:
        raise OSError(number, "landlock_restrict_self")


def _allow_reading(ruleset: int, path: Path) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _READ_FILE | (_READ_DIR if path.is_dir() else 0)
        done = _libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
        if done != 0:
            number = ctypes.get_errno()
            os.close(ruleset)
            raise OSError(number, f"landlock_add_rule for {path}")
    finally:
        os.close(place)
