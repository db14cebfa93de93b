"""The shared memory between a worker and the program's child: observation one way, action the other.

The worker creates it (a sealed memfd that nobody can shrink), the program host maps it before it forks, every
child inherits the mapping. Who may go on is said by single bytes over two pipes, never by this memory:

    worker -> child   WAKE (act), TRACE (act, then leave the trace), NEXT and eight bytes of seed (load again),
                      ASK with four bytes of length and a question (act, then leave why in the trace's place)
    child  -> worker  SEALED (sandbox closed, no program code has run yet), READY (loaded and reset), ACTED,
                      FAILED (the reason lies in the message area)

Nothing in here is trusted by the worker: lengths are bounded, text is parsed as JSON, actions are validated.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import mmap
import os
import tempfile

import numpy as np

from hlearn.foreign_text import safe

WAKE, TRACE, NEXT, ASK = b"w", b"t", b"n", b"q"
SEALED, READY, ACTED, FAILED = b"s", b"r", b"a", b"f"

ACTION, MESSAGE_LENGTH, TRACE_LENGTH = 0, 1, 2  # places in the header, int64 each
_HEADER = 64
_MESSAGE = 32 * 1024
_TRACE = 64 * 1024


class Channel:
    """One mapping of the shared memory.

    Attributes:
        observation: the observation, [shape] in its dtype; the environment writes straight into it.
        slot: int64 header as a memoryview, ``slot[ACTION]`` is a discrete action.
        vector: float64[n], a box action (n is 1 for discrete tasks and then unused).
    """

    def __init__(self, fd: int, shape: tuple[int, ...], dtype: str, box: int) -> None:
        box = max(box, 1)
        message = _HEADER + 8 * box
        trace = message + _MESSAGE
        start = -(-(trace + _TRACE) // 64) * 64
        self.size = start + max(int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize, 1)
        if os.fstat(fd).st_size == 0:
            set_size(fd, self.size)
        self._memory = mmap.mmap(fd, self.size)
        self._message, self._trace = message, trace
        self.slot = memoryview(self._memory)[:_HEADER].cast("q")
        self.vector = np.frombuffer(self._memory, np.float64, box, _HEADER)
        self.observation = np.ndarray(shape, dtype, self._memory, start)

    def clear(self) -> None:
        """Wipes everything, so that one program cannot leave a note for the next."""
        self._memory[:] = bytes(self.size)

    def put_message(self, kind: str, text: str) -> None:
        """Leaves the reason of a failure."""
        data = json.dumps([kind, safe(text)], ensure_ascii=False).encode()[:_MESSAGE]
        self._memory[self._message : self._message + len(data)] = data
        self.slot[MESSAGE_LENGTH] = len(data)

    def message(self) -> tuple[str, str]:
        """Returns kind and text of a failure, as the child claims them (both empty if unreadable)."""
        length = min(max(self.slot[MESSAGE_LENGTH], 0), _MESSAGE)
        try:
            said = json.loads(self._memory[self._message : self._message + length])
        except (ValueError, RecursionError):
            return "", ""
        match said:
            case [str(kind), str(text)]:
                return kind, safe(text)
        return "", ""

    def put_trace(self, data: bytes) -> None:
        """Leaves the trace of the last decision, JSON; one that is too long is replaced by a note."""
        if len(data) > _TRACE:
            data = b'{"truncated": true}'
        self._memory[self._trace : self._trace + len(data)] = data
        self.slot[TRACE_LENGTH] = len(data)

    def trace(self) -> bytes:
        """Returns a copy of the trace's bytes, to be parsed by :func:`parse_trace`."""
        length = min(max(self.slot[TRACE_LENGTH], 0), _TRACE)
        return self._memory[self._trace : self._trace + length]


def create_memory(name: str, size: int = 0) -> int:
    """Returns a descriptor of new memory, closed on exec: a memfd, or a nameless file where the kernel grants none.

    Args:
        name: what lists of open files call it.
        size: in bytes; 0 leaves that to :func:`set_size`.
    """
    try:
        fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except (OSError, AttributeError):
        fd = _nameless_file()
    if size:
        set_size(fd, size)
    return fd


def set_size(fd: int, size: int) -> None:
    """Gives memory its size, for good where the kernel can seal it."""
    os.ftruncate(fd, size)
    try:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    except OSError:
        return  # no memfd: a program's walls keep it from changing the size


def _nameless_file() -> int:
    for folder in ("/dev/shm", tempfile.gettempdir()):  # in memory where there is such a place
        with contextlib.suppress(OSError), tempfile.TemporaryFile(dir=folder) as file:
            return os.dup(file.fileno())
    raise OSError(
        errno.ENOSPC, "no shared memory: memfd_create is refused, /dev/shm and TMPDIR cannot be written"
    )


def parse_trace(data: bytes) -> dict[str, object]:
    """Reads a trace; what is no JSON object becomes ``{"unreadable": True}``."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {"unreadable": True}
    return value if isinstance(value, dict) else {"unreadable": True}
