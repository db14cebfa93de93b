"""A seccomp-BPF filter that leaves a process only what pure computing needs (x86_64 and aarch64).

An allow-list: everything that is not named, system calls of later kernels included, fails with EPERM. A
program then sees ``PermissionError`` where it asks for files, the network, processes or other processes'
memory. Source of the structures: linux/filter.h, linux/seccomp.h, linux/audit.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

# name: (x86_64, aarch64); -1 where the architecture has no such call
_ALLOWED = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "getcpu": (309, 168),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "time": (201, -1),
    "getrusage": (98, 165),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "futex": (202, 98),
    "membarrier": (324, 283),
    "rseq": (334, 293),
    "getrandom": (318, 278),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
_TGKILL = (234, 131)  # allowed towards the process itself, for abort()
_SECCOMP = (317, 277)
_AUDIT_ARCH = (0xC000003E, 0xC00000B7)
_MACHINES = {"x86_64": 0, "aarch64": 1}

_LD_ABS, _JEQ, _RET = 0x20, 0x15, 0x06
_KILL_PROCESS, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_NR, _ARCH, _ARG0 = 0, 4, 16  # offsets in struct seccomp_data
_SET_MODE_FILTER, _FLAG_SPEC_ALLOW = 1, 4
_PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def machine() -> int | None:
    """Column of this machine in the tables above, None where the filter does not know it."""
    if struct.calcsize("P") != 8:
        return None
    return _MACHINES.get(platform.machine())


def build(column: int, pid: int) -> bytes:
    """Assembles the filter for one architecture; ``pid`` may signal itself."""
    code: list[tuple[int, int, int, int]] = []
    code.append((_LD_ABS, 0, 0, _ARCH))
    code.append((_JEQ, 1, 0, _AUDIT_ARCH[column]))
    code.append((_RET, 0, 0, _KILL_PROCESS))
    code.append((_LD_ABS, 0, 0, _NR))
    numbers = [n[column] for n in _ALLOWED.values() if n[column] >= 0]
    for i, number in enumerate(numbers):
        code.append((_JEQ, len(numbers) - i + 3, 0, number))
    code.append((_JEQ, 0, 2, _TGKILL[column]))
    code.append((_LD_ABS, 0, 0, _ARG0))
    code.append((_JEQ, 1, 0, pid))
    code.append((_RET, 0, 0, _ERRNO | errno.EPERM))
    code.append((_RET, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", op, yes, no, value) for op, yes, no, value in code)


def apply(pid: int) -> None:
    """Closes this process for good.

    Raises:
        OSError: the kernel or the container refuses the filter, or the architecture is unknown.
    """
    column = machine()
    if column is None:
        raise OSError(errno.ENOSYS, f"no system call table for {platform.machine()}")
    install(build(column, pid))


def install(code: bytes) -> None:
    """Puts a filter around this process for good.

    Raises:
        OSError: the kernel or the container refuses it, or the architecture is unknown.
    """
    column = machine()
    if column is None:
        raise OSError(errno.ENOSYS, f"no system call table for {platform.machine()}")
    program = _Program(len(code) // 8, code)
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")
    # SPEC_ALLOW: no speculative-store-bypass penalty for the filtered process (it keeps no secrets).
    for flags in (_FLAG_SPEC_ALLOW, 0):
        if _libc.syscall(_SECCOMP[column], _SET_MODE_FILTER, flags, ctypes.byref(program)) == 0:
            return
    number = ctypes.get_errno()
    raise OSError(number, f"seccomp: {os.strerror(number)}")
