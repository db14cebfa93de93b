"""Length-prefixed JSON between a worker and its program host, with file descriptors alongside.

Plain read and write and sendmsg: sandboxes of coding agents refuse send and recv as "the network".
"""

from __future__ import annotations

import json
import os
import socket
import struct
from typing import Any

_LENGTH = struct.Struct("<I")


def send(sock: socket.socket, value: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
    """Sends one value, and descriptors that the receiver gets its own copies of."""
    data = json.dumps(value).encode()
    if fds:
        socket.send_fds(sock, [_LENGTH.pack(len(data))], list(fds))
    else:
        _write(sock, _LENGTH.pack(len(data)))
    _write(sock, data)


def end_of(fd: int) -> socket.socket:
    """The socket behind an inherited descriptor, without asking the kernel what it is."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fd)


def receive(sock: socket.socket, max_fds: int = 0) -> tuple[dict[str, Any], list[int]] | None:
    """Returns the next value and its descriptors, None at the end of the stream."""
    head, fds, _, _ = socket.recv_fds(sock, _LENGTH.size, max_fds)
    if head:
        head += _read(sock, _LENGTH.size - len(head)) or b""
    if len(head) < _LENGTH.size:
        return None
    data = _read(sock, _LENGTH.unpack(head)[0])
    return None if data is None else (json.loads(data), fds)


def _read(sock: socket.socket, count: int) -> bytes | None:
    parts = []
    while count:
        part = os.read(sock.fileno(), min(count, 1 << 20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _write(sock: socket.socket, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sock.fileno(), view) :]
