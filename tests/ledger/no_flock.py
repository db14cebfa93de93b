"""Makes the kernel refuse flock in this process, as file systems without locks do."""

from __future__ import annotations

import ctypes
import platform
import struct

_FLOCK = {"x86_64": 73, "aarch64": 32}


def refuse_flock(number: int) -> None:
    """A seccomp filter: flock fails with this error number, everything else goes on."""
    load, equal, give = 0x20, 0x15, 0x06
    code = [
        (load, 0, 0, 0),
        (equal, 0, 1, _FLOCK[platform.machine()]),
        (give, 0, 0, 0x00050000 | number),
        (give, 0, 0, 0x7FFF0000),
    ]
    blob = b"".join(struct.pack("HBBI", op, yes, no, value) for op, yes, no, value in code)
    libc = ctypes.CDLL(None, use_errno=True)

    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]

    program = Filter(len(code), blob)
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0
