"""Landlock: what a process may reach of files, connections and signals (a second wall behind seccomp).

Source of numbers and structures: linux/landlock.h. System call numbers are the same on every architecture. Standard
library only: the supervisor of editors' commands loads this file by its path.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_CHANGES = sum(1 << bit for bit in range(4, 13))  # removing, and making whatever kind of file
_REFER = 1 << 13  # moving between folders
_ON_FILES = _WRITE_FILE | _READ_FILE | _TRUNCATE
_SIGNALS = 0b10
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
    ruleset = _ruleset(version, rights, net=0b11, scope=0b11)  # TCP; abstract sockets and signals outside
    try:
        for path in readable:
            _allow(ruleset, path, _READ_FILE | _READ_DIR)
        _restrict(ruleset)
    finally:
        os.close(ruleset)


def fence(version: int, *, writable: Iterable[Path], hidden: Iterable[Path] = ()) -> None:
    """Lets the process write into some folders and nowhere else, and read all but some, for good.

    Running programs and the network stay as they are. A folder above a hidden one cannot be listed, and what comes into
    it later cannot be read: this wall knows no exceptions from what it allows.

    Args:
        version: of Landlock; from 6 on signals reach only what is behind the same fence, from 3 on files elsewhere
            cannot be cut short.
        writable: files, and folders with what is below; those that do not exist are passed over.
        hidden: folders that cannot be read, as real paths.

    Raises:
        OSError: the kernel refuses.
    """
    rights = _WRITE_FILE | _CHANGES | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    away = [path for path in hidden if path.is_dir()]
    reading = _READ_FILE | _READ_DIR if away else 0
    ruleset = _ruleset(version, rights | reading, net=0, scope=_SIGNALS)
    try:
        for path in writable:
            if path.exists():
                _allow(ruleset, path, rights | reading)
        if away:
            for path in _all_but(Path("/"), away):
                with suppress(
                    OSError
                ):  # it is gone meanwhile, or of a kind that takes no rule: not readable then
                    _allow(ruleset, path, reading)
        _restrict(ruleset)
    finally:
        os.close(ruleset)


def _all_but(folder: Path, hidden: list[Path]) -> Iterator[Path]:
    """What lies in a folder without the hidden ones; links are left out, for their targets count."""
    for entry in os.scandir(folder):
        path = Path(entry.path)
        if entry.is_symlink() or path in hidden:
            continue
        if any(path in away.parents for away in hidden):
            yield from _all_but(path, hidden)
        else:
            yield path


def _ruleset(version: int, rights: int, *, net: int, scope: int) -> int:
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    attributes = struct.pack("QQQ", rights, net, scope)[:size]
    ruleset = int(_libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0))
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    return ruleset


def _allow(ruleset: int, path: Path, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = rights if path.is_dir() else rights & _ON_FILES
        if _libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, place), 0) != 0:
            raise OSError(ctypes.get_errno(), f"landlock_add_rule for {path}")
    finally:
        os.close(place)


def _restrict(ruleset: int) -> None:
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if _libc.syscall(_RESTRICT_SELF, ruleset, 0) != 0:
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")
