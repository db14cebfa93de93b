"""What a command says, kept within bounds: the beginning on disk, the end in memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import Self

_HEAD = 16 << 20  # bytes that are kept of the beginning
_TAIL = 1 << 20  # and of the end, where clients tell what was used
_GAP = b"\n... left out ...\n"
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class Transcript:
    """Takes a command's output part by part; use it as a context."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._held = 0
        self._tail = b""
        self._lost = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def hear(self, part: bytes) -> None:
        """Takes a part."""
        room = max(0, _HEAD - self._held)
        if room:
            self._file.write(part[:room])
            self._held += len(part[:room])
        if len(part) > room:
            self._tail += part[room:]
            if len(self._tail) > 2 * _TAIL:
                self._tail, self._lost = self._tail[-_TAIL:], True

    def content(self, secrets: tuple[str, ...] = ()) -> bytes:
        """All that is kept, without the secrets."""
        self._file.seek(0)
        content = self._file.read() + (_GAP if self._lost else b"") + self._tail
        for secret in secrets:
            content = content.replace(secret.encode(), b"***")
        return content

    def events(self) -> Iterator[dict[str, Json]]:
        """The JSON objects among the lines; other lines are passed over."""
        for line in self.content().splitlines():
            if line.lstrip().startswith(b"{"):
                try:
                    event = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if isinstance(event, dict):
                    yield event
