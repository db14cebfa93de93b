"""The walls around a system's tests: they read what Python needs and their own folder, and reach nothing else.

Tests are code of whoever added them, so they run as programs do: no network, no processes, no signals to others, no
writing, no limits to change, no descriptors but their own pipes, bounded memory. Other than programs they may open
files for reading: the interpreter's, the packages' and those of the copy that they test. Each layer stands where the
machine has it (:func:`hlearn.evaluate.sandbox.sandbox_report`).
"""

from __future__ import annotations

import errno
import os
import struct
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from hlearn.evaluate import landlock, seccomp

# What tests may ask for beside what programs may (hlearn.evaluate.seccomp). name: (x86_64, aarch64)
_MORE = {
    "stat": (4, -1),
    "lstat": (6, -1),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "getdents64": (217, 61),
    "readlink": (89, -1),
    "readlinkat": (267, 78),
    "access": (21, -1),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "getcwd": (79, 17),
    "chdir": (80, 49),
    "pread64": (17, 67),
    "preadv": (295, 69),
    "dup": (32, 23),
    "dup3": (292, 24),
    "pipe2": (293, 59),
    "poll": (7, -1),
    "ppoll": (271, 73),
    "select": (23, -1),
    "pselect6": (270, 72),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getppid": (110, 173),
    "umask": (95, 166),
    "times": (100, 153),
}
# Reading alone: these are allowed where the flags of opening say so. name: (x86_64, aarch64), place of the flags
_OPEN = ((2, -1), 1), ((257, 56), 2)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FCNTL, _FCNTL_COMMANDS = (72, 25), (0, 1, 2, 3, 4, 1030)  # duplicate, flags
_IOCTL, _IOCTL_COMMANDS = (
    (16, 29),
    (0x5401, 0x5413, 0x541B, 0x5451),
)  # is it a terminal, how large, how much, close
_LD_ABS, _JEQ, _JSET, _RET = 0x20, 0x15, 0x45, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_NR, _ARGUMENTS = 0, 16  # offsets in struct seccomp_data


def readable_folders() -> list[Path]:
    """Where the interpreter, its packages and their libraries lie."""
    found = [Path(sys.prefix), Path(sys.base_prefix), *map(Path, sysconfig.get_paths().values())]
    found += [Path(p) for p in sys.path if p]
    found += [Path(p) for p in ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64")]
    found += [Path(p) for p in ("/etc/ld.so.cache", "/dev/null", "/dev/urandom", "/usr/share/zoneinfo")]
    return [p for p in dict.fromkeys(p.resolve() for p in found) if p.exists() and p != Path("/")]


def close_in(folders: Iterable[Path], *, use_landlock: int, use_seccomp: bool) -> None:
    """Closes the walls around this process for good.

    Args:
        folders: what may be read.
        use_landlock: version of Landlock, 0 for none.
        use_seccomp: whether the filter works here.

    Raises:
        OSError: a layer that worked before does not now.
    """
    if use_landlock:
        landlock.apply(use_landlock, folders)
    if use_seccomp:
        seccomp.install(_filter(os.getpid()))


def _filter(pid: int) -> bytes:
    column = seccomp.machine()
    if column is None:
        raise OSError(errno.ENOSYS, "no system call table for this machine")
    code: list[tuple[int, int, int, int]] = []
    allow, refuse = (_RET, 0, 0, _ALLOW), (_RET, 0, 0, _REFUSE)
    code.append((_LD_ABS, 0, 0, _NR))
    for numbers in _MORE.values():
        if numbers[column] >= 0:
            code += [(_JEQ, 0, 1, numbers[column]), allow]
    for numbers, place in _OPEN:
        if numbers[column] >= 0:
            code += [(_JEQ, 0, 4, numbers[column]), (_LD_ABS, 0, 0, _ARGUMENTS + 8 * place)]
            code += [(_JSET, 0, 1, _WRITING), refuse, allow]
    for numbers, commands in ((_FCNTL, _FCNTL_COMMANDS), (_IOCTL, _IOCTL_COMMANDS)):
        code += [(_JEQ, 0, 2 + 2 * len(commands), numbers[column]), (_LD_ABS, 0, 0, _ARGUMENTS + 8)]
        for command in commands:
            code += [(_JEQ, 0, 1, command), allow]
        code.append(refuse)
    head = seccomp.build(column, pid)  # checks the architecture first, and refuses what nobody named last
    more = b"".join(struct.pack("HBBI", op, yes, no, value) for op, yes, no, value in code)
    return head[:24] + more + head[24:]
