"""Runs a command to which the kernel refuses namespaces, as on machines where they are switched off: PROGRAM ARG..."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

from hlearn.evaluate import seccomp

_UNSHARE = (272, 97)
_LD_ABS, _JEQ, _RET = 0x20, 0x15, 0x06

column = seccomp.machine()
assert column is not None
steps = [
    (_LD_ABS, 0, 0, 0),
    (_JEQ, 0, 1, _UNSHARE[column]),
    (_RET, 0, 0, 0x00050000 | errno.EPERM),
    (_RET, 0, 0, 0x7FFF0000),
]
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
seccomp.install(b"".join(struct.pack("HBBI", *step) for step in steps))
os.execvp(sys.argv[1], sys.argv[1:])
