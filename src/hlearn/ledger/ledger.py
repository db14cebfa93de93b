"""The ledger: typed events over the journal."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple, cast

from hlearn.errors import LedgerCorrupt, SchemaTooNew
from hlearn.ledger.codec import Json, decode, encode
from hlearn.ledger.events import KINDS, SCHEMA, Event, name_of
from hlearn.ledger.journal import Clock, Journal, Line


class Row(NamedTuple):
    """One event with its place and time (seconds since the epoch, UTC)."""

    n: int
    time: float
    event: Event
    hash: str


class Ledger:
    """The append-only record of everything that was measured; the truth that all else is rebuilt from.

    Opening reads the file and checks the whole chain.

    Args:
        path: the file, conventionally ``ledger.jsonl`` of a system.
        clock: seconds since the epoch (UTC).

    Raises:
        LedgerCorrupt: a past line was edited or lost; names the line.
        SchemaTooNew: written by a newer hlearn.
    """

    def __init__(self, path: Path, *, clock: Clock = time.time) -> None:
        self.path = path
        self._journal = Journal(path, schema=SCHEMA, clock=clock)
        self._rows: list[Row] = []
        self.refresh()

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every row known to this process, in order."""
        return tuple(self._rows)

    @property
    def head(self) -> tuple[int, str]:
        """Number and hash of the last row."""
        return self._journal.count, self._journal.hash

    def append(self, *events: Event) -> None:
        """Appends events with one sync; they are on disk when this returns.

        Raises:
            StorageFull: none of them was kept, everything before is intact.
        """
        if not events:
            return
        entries = [(name_of(e), cast(dict[str, Json], encode(e))) for e in events]
        lines = self._journal.append_many(entries)
        others, own = lines[: len(lines) - len(events)], lines[len(lines) - len(events) :]
        self._rows.extend(self._row(line) for line in others)
        self._rows.extend(Row(ln.n, ln.time, e, ln.hash) for ln, e in zip(own, events, strict=True))

    def refresh(self) -> list[Row]:
        """Takes in what other processes appended and returns it."""
        new = [self._row(line) for line in self._journal.read_new()]
        self._rows.extend(new)
        return new

    def verify(self) -> int:
        """Reads the whole file afresh, checks the chain against it and against what this process knows.

        Returns:
            The number of rows.

        Raises:
            LedgerCorrupt: names the first line that does not fit.
        """
        lines = Journal(self.path, schema=SCHEMA).read_new()
        for row, line in zip(self._rows, lines, strict=False):
            if row.hash != line.hash:
                raise LedgerCorrupt(f"{self.path}: line {row.n} is not the line that was written")
        if len(lines) < len(self._rows):
            raise LedgerCorrupt(f"{self.path}: line {len(lines) + 1} and what follows are gone")
        return len(lines)

    def _row(self, line: Line) -> Row:
        cls = KINDS.get(line.event)
        if cls is None:
            raise SchemaTooNew(
                f"{self.path}: line {line.n} is a {line.event!r}, unknown to this hlearn: upgrade it"
            )
        try:
            event = cast(Event, decode(cls, line.data))
        except (TypeError, ValueError) as error:
            raise LedgerCorrupt(
                f"{self.path}: line {line.n} ({line.event}) cannot be read: {error}"
            ) from error
        return Row(line.n, line.time, event, line.hash)
