"""The ledger: typed events over the journal."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple, cast

from hlearn.errors import LedgerCorrupt, SchemaTooNew, UsageError
from hlearn.ledger.codec import Json, decode, encode, shown
from hlearn.ledger.events import KINDS, SCHEMA, Event, KeyAdopted, SeedsOpened, name_of
from hlearn.ledger.journal import Clock, Journal, Line
from hlearn.ledger.seals import FindKey, Seals
from hlearn.trust import PLAIN, Key, OpenedSeeds


class Row(NamedTuple):
    """One event with its place and time (seconds since 1970, UTC).

    Attributes:
        epoch: id of the key that seals it; "" before the ledger had one.
    """

    n: int
    time: float
    event: Event
    hash: str
    epoch: str = PLAIN


class Ledger:
    """The append-only record of everything that was measured; the truth that all else is rebuilt from.

    Opening reads the file and checks the whole chain.

    Args:
        path: the file, conventionally ``ledger.jsonl`` of a system.
        clock: seconds since 1970 (UTC).
        find_key: returns a key by its id; seals are then checked and made. None: the chain alone is.
        closed: nothing may be appended until :attr:`closed` is taken away, for that is the right of who holds the
            system alone.

    Raises:
        LedgerCorrupt: a past line was edited or lost, or was written without the key; names the line.
        SchemaTooNew: written by a newer hlearn.
    """

    def __init__(
        self, path: Path, *, clock: Clock = time.time, find_key: FindKey | None = None, closed: bool = False
    ) -> None:
        self.path = path
        self.closed = closed
        self._find_key = find_key
        self._seals = Seals(find_key)
        self._journal = Journal(path, schema=SCHEMA, clock=clock, seals=self._seals)
        self._rows: list[Row] = []
        self._epoch = PLAIN  # of the last row
        self._commitments: dict[str, str] = {}  # of the seeds of every key that was adopted
        self.refresh()

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every row known to this process, in order."""
        return tuple(self._rows)

    @property
    def head(self) -> tuple[int, str]:
        """Number and hash of the last row."""
        return self._journal.count, self._journal.hash

    @property
    def epoch(self) -> str:
        """Id of the present key, "" where the ledger has none."""
        return self._epoch

    @property
    def keys(self) -> tuple[str, ...]:
        """Ids of the keys that were adopted, oldest first."""
        return tuple(self._commitments)

    @property
    def opened(self) -> dict[str, OpenedSeeds]:
        """The seeds of the keys that were opened."""
        events = (row.event for row in self._rows)
        return {e.key: OpenedSeeds(bytes.fromhex(e.secret)) for e in events if isinstance(e, SeedsOpened)}

    def adopt(self, key: Key, why: str) -> None:
        """Seals every line from now on with a key.

        Args:
            key: it must be kept elsewhere before this.
            why: one sentence for people.
        """
        self._seals.coming = key
        try:
            self.append(KeyAdopted(key=key.id, seeds=key.seeds.commitment, why=why))
        finally:
            self._seals.coming = None

    def append(self, *events: Event) -> None:
        """Appends events with one sync; they are on disk when this returns.

        Raises:
            StorageFull: none of them was kept, everything before is intact.
            UsageError: the system is not held alone, or its key is not on this machine.
        """
        if not events:
            return
        if self.closed:
            raise UsageError(
                f"{self.path} is written by who holds its system alone: with system.exclusive(): ..."
            )
        entries = [(name_of(e), cast(dict[str, Json], encode(e))) for e in events]
        lines = self._journal.append_many(entries)
        others, own = lines[: len(lines) - len(events)], lines[len(lines) - len(events) :]
        for line in others:
            self._take(line, None)
        for line, event in zip(own, events, strict=True):
            self._take(line, event)

    def refresh(self) -> list[Row]:
        """Takes in what other processes appended and returns it."""
        return [self._take(line, None) for line in self._journal.read_new()]

    def verify(self) -> int:
        """Reads the whole file afresh, checks the chain against it and against what this process knows.

        Returns:
            The number of rows.

        Raises:
            LedgerCorrupt: names the first line that does not fit.
        """
        seals = Seals(self._find_key)
        lines = Journal(self.path, schema=SCHEMA, seals=seals).read_new()
        for row, line in zip(self._rows, lines, strict=False):
            if row.hash != line.hash:
                raise LedgerCorrupt(f"{self.path}: line {row.n} is not the line that was written")
        if len(lines) < len(self._rows):
            raise LedgerCorrupt(f"{self.path}: line {len(lines) + 1} and what follows are gone")
        return len(lines)

    def _take(self, line: Line, event: Event | None) -> Row:
        """Adds a line; its event is read from it where it is not known."""
        event = event or self._event(line)
        if isinstance(event, KeyAdopted):
            self._epoch = event.key
            self._commitments.setdefault(event.key, event.seeds)
        elif isinstance(event, SeedsOpened):
            self._check_opened(line, event)
        row = Row(line.n, line.time, event, line.hash, self._epoch)
        self._rows.append(row)
        return row

    def _event(self, line: Line) -> Event:
        cls = KINDS.get(line.event)
        if cls is None:
            raise SchemaTooNew(
                f"{self.path}: line {line.n} is a {shown(line.event)}, unknown to this hlearn: upgrade it"
            )
        try:
            return cast(Event, decode(cls, line.data))
        except (TypeError, ValueError, RecursionError) as error:
            raise LedgerCorrupt(
                f"{self.path}: line {line.n} ({line.event}) cannot be read: {str(error)[:300]}; "
                "restore the file from git"
            ) from error

    def _check_opened(self, line: Line, event: SeedsOpened) -> None:
        try:
            commitment = OpenedSeeds(bytes.fromhex(event.secret)).commitment
        except ValueError:
            commitment = ""
        if commitment != self._commitments.get(event.key):
            raise LedgerCorrupt(
                f"{self.path}: line {line.n} opens other seeds than key {shown(event.key)} was adopted with; "
                "restore the file from git"
            )
