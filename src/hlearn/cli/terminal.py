"""The terminal while something is drawn on it."""

from __future__ import annotations

import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

_LOCAL = 3  # where the attributes of a terminal hold its local modes


@contextmanager
def keys_unseen(file: IO[str]) -> Iterator[None]:
    """Keeps the terminal from showing what is typed meanwhile, ``^C`` above all.

    What it shows lands behind the last line that was drawn and moves the cursor, so that whoever erases the drawing
    by counting lines leaves some behind. Does nothing where ``file`` is no terminal, or another process has it.
    """
    try:
        fd = file.fileno()
        before = termios.tcgetattr(fd)
    except (OSError, ValueError, AttributeError, termios.error):  # closed, none at all, or no terminal
        yield
        return
    unseen = [*before]
    unseen[_LOCAL] = before[_LOCAL] & ~termios.ECHO
    _change(fd, unseen)
    try:
        yield
    finally:
        _change(fd, before)


def _change(fd: int, attributes: list[int | list[bytes | int]]) -> None:
    """Sets a terminal's attributes; from the background that would stop the process, so there it does not."""
    try:
        if os.tcgetpgrp(fd) == os.getpgrp():
            termios.tcsetattr(fd, termios.TCSADRAIN, attributes)
    except (OSError, termios.error):
        return
