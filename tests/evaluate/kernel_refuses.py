"""Takes system calls and rights from a process before it starts, as old kernels, containers and sandboxes do.

python -m tests.evaluate.kernel_refuses WHAT[,WHAT...] COMMAND...
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

from hlearn.evaluate import seccomp

_libc = ctypes.CDLL(None, use_errno=True)
_BEGIN = 0x00050000  # SECCOMP_RET_ERRNO

# name: (x86_64, aarch64) numbers, and what the call answers
_REFUSED: dict[str, tuple[tuple[tuple[int, int], ...], int]] = {
    "memfd": (((319, 279),), errno.ENOSYS),
    "pidfd": (((434, 434), (424, 424)), errno.EPERM),
    "affinity": (((203, 122), (204, 123)), errno.EPERM),
    "landlock": (((444, 444), (445, 445), (446, 446)), errno.ENOSYS),
    # bind, connect, listen, accept, accept4, sendto, sendmmsg, getsockname, getpeername, setsockopt, getsockopt
    "network": (
        (
            *((49, 200), (42, 203), (50, 201), (43, 202), (288, 242), (44, 206), (307, 269), (51, 204)),
            *((52, 205), (54, 208), (55, 209)),
        ),
        errno.EPERM,
    ),
    "sockets": (((41, 198),), errno.EPERM),  # socket(), not socketpair()
}


def refuse(names: list[str]) -> None:
    """Installs one filter for all of them."""
    column = seccomp.machine()
    assert column is not None
    code = [(0x20, 0, 0, 0)]
    for name in names:
        calls, answer = _REFUSED[name]
        for numbers in calls:
            code += [(0x15, 0, 1, numbers[column]), (0x06, 0, 0, _BEGIN | answer)]
    code.append((0x06, 0, 0, 0x7FFF0000))
    packed = b"".join(struct.pack("HBBI", *line) for line in code)
    kept = ctypes.create_string_buffer(packed)
    program = struct.pack("HxxxxxxQ", len(code), ctypes.addressof(kept))
    assert _libc.prctl(38, 1, 0, 0, 0) == 0
    assert _libc.prctl(22, 2, program, 0, 0) == 0, os.strerror(ctypes.get_errno())


def write_only_below(*folders: str) -> None:
    """Landlock as coding agents use it: all is read, only some folders are written."""
    rights = sum(1 << n for n in (1, 4, 5, 6, 7, 8, 9, 10, 11, 12))
    attributes = struct.pack("Q", rights)
    fd = _libc.syscall(444, attributes, ctypes.c_size_t(8), 0)
    assert fd >= 0, os.strerror(ctypes.get_errno())
    for folder in folders:
        place = os.open(folder, os.O_PATH)
        assert _libc.syscall(445, fd, 1, struct.pack("=Qi", rights, place), 0) == 0
        os.close(place)
    assert _libc.prctl(38, 1, 0, 0, 0) == 0
    assert _libc.syscall(446, fd, 0) == 0, os.strerror(ctypes.get_errno())
    os.close(fd)


if __name__ == "__main__":
    wanted = [name for name in sys.argv[1].split(",") if name != "writing"]
    if "writing" in sys.argv[1]:
        write_only_below(os.getcwd(), "/dev")
    if wanted:
        refuse(wanted)
    os.execvp(sys.argv[2], sys.argv[2:])
