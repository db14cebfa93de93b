"""Text that strangers wrote (layer 0: imports nothing but the standard library).

What an exception says, an editor's note, the output of a command, the name of a file: all of it may hold what stops a
writer (NUL, lone surrogates), moves a terminal (escape sequences, C1 controls), shows other than it says
(bidirectional overrides, marks of no width), or fills a disk. :func:`safe` takes that away, once, where such text
becomes a value of ours: :class:`hlearn.records.Failure` and the events of the ledger call it as they are made, so that
no writer behind them has to think of it. What goes to a terminal passes :func:`shown` once more, for names and paths
are never altered on their way in.

A program's source is no such text: it is kept byte for byte (:func:`read_source`).
"""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

MESSAGE, NOTE = 4000, 2000  # characters kept of what went wrong, and of a line for people
_LEFT_OUT = "\n... ({} characters are left out) ...\n"
_LEFT_OUT_OF_LINE = " ... "
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls but tab and newline
    "\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"  # marks of no width, other line ends, directions
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
    "\ud800-\udfff]"  # half of a pair: no UTF-8
)
_LINE_END = re.compile("\r\n?")
_LINES = re.compile("[^\n]*\n|[^\n]+")


def shown(text: str) -> str:
    """Returns a text that any terminal and any UTF-8 file takes: what could do harm is written as its escape.

    Line ends become newlines. Nothing is cut.
    """
    if "\r" in text:
        text = _LINE_END.sub("\n", text)
    return _UNSAFE.sub(_escape, text)


def safe(text: str, limit: int = MESSAGE) -> str:
    """Returns a text that is :func:`shown` and has at most ``limit`` characters: the beginning and, mostly, the end.

    Applied to its own result it changes nothing.
    """
    if len(text) > 16 * limit:
        text = _cut(text, 8 * limit, _LEFT_OUT)
    return _cut(shown(text), limit, _LEFT_OUT)


def safe_line(text: str, limit: int = NOTE) -> str:
    """Returns the same as one line, blanks folded."""
    if len(text) > 16 * limit:
        text = _cut(text, 8 * limit, _LEFT_OUT_OF_LINE)
    return _cut(" ".join(shown(text).split()), limit, _LEFT_OUT_OF_LINE)


def decoded(data: bytes, limit: int = MESSAGE) -> str:
    """Returns what a command or a stranger's file said, whatever bytes it used, as :func:`safe` text."""
    return safe(data.decode("utf-8", "backslashreplace"), limit)


def encoded(text: str) -> bytes:
    """Returns UTF-8 for a file of ours that quotes a stranger; lone surrogates are written as escapes."""
    return text.encode("utf-8", "backslashreplace")


def lines_of(text: str) -> list[str]:
    """Splits where git does, ends kept: ``str.splitlines`` also splits at form feeds and at U+2028."""
    return _LINES.findall(text)


def open_plain(path: Path, flags: int = os.O_RDONLY) -> int:
    """Opens an ordinary file, and nothing that could be waited for without end (a pipe, a device, a socket).

    Args:
        path: links are followed.
        flags: of :func:`os.open`.

    Returns:
        A descriptor that programs started from here do not inherit.

    Raises:
        OSError: it cannot be opened, or is no ordinary file (``ENXIO``).
    """
    fd = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return fd
    os.close(fd)
    kind = "a folder" if stat.S_ISDIR(mode) else "a pipe" if stat.S_ISFIFO(mode) else "a device or socket"
    raise OSError(errno.ENXIO, f"it is {kind}, expected an ordinary file", str(path))


def read_plain_file(path: Path) -> bytes:
    """Reads what :func:`open_plain` opens, whole."""
    with os.fdopen(open_plain(path), "rb") as file:
        return file.read()


def read_source(path: Path) -> str:
    """Reads a program as it stands, byte for byte: byte order mark and line ends are part of it.

    Encoding the result as UTF-8 gives the file's bytes again, so a program's SHA-256 is the file's.

    Raises:
        UnicodeDecodeError: it is no UTF-8 text.
    """
    return path.read_bytes().decode("utf-8")


def write_source(path: Path, source: str) -> None:
    """Writes a program so that :func:`read_source` gives it back."""
    path.write_bytes(source.encode("utf-8", "surrogatepass"))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _cut(text: str, limit: int, mark: str) -> str:
    if len(text) <= limit:
        return text
    mark = mark.format(f"{len(text) - limit:,}")
    room = max(limit - len(mark), 0)
    head = room // 4
    tail = room - head
    return text[:head] + mark[: limit - room] + (text[-tail:] if tail else "")
