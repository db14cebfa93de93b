"""The side of the command: one question at the door that ``$HL_LAB`` names."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from hlearn.door.addresses import short_address
from hlearn.door.messages import (
    ANSWER_LIMIT,
    ENVIRONMENT,
    REQUEST_LIMIT,
    Reply,
    Request,
    read_answer,
    to_line,
)
from hlearn.errors import UsageError


def door_of(environment: dict[str, str] | None = None) -> Path | None:
    """Where the door is, None outside of an editor's command."""
    said = (os.environ if environment is None else environment).get(ENVIRONMENT)
    return Path(said) if said else None


def ask(door: Path, request: Request) -> Reply:
    """Asks, and waits for the answer as long as it takes to measure.

    Raises:
        UsageError: nobody is behind the door, or the program is too long for it.
    """
    line = to_line(request)
    if len(line) > REQUEST_LIMIT:
        raise UsageError(
            f"the program takes {len(line)} bytes as a request, at most {REQUEST_LIMIT} are heard"
        )
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            with short_address(door) as address:
                connection.connect(address)
            connection.sendall(line)
            parts, size = [], 0
            while size < ANSWER_LIMIT and (part := connection.recv(1 << 16)):
                parts.append(part)
                size += len(part)
        return read_answer(b"".join(parts))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the run that started this command does not answer at {door} ({error}); is it over?"
        ) from error
