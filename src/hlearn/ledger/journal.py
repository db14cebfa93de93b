"""An append-only file of JSON lines: locked, flushed, synced, chained by hash, repaired where torn.

Each line is ``{"n", "schema", "time", "event", "data", "hash"}`` where ``hash`` is the SHA-256 of the previous
line's hash followed by the canonical JSON (sorted keys, no spaces) of the line without its hash. An edit of a
past line therefore breaks the chain at that line; only a rewrite of everything after it would hide it, and the
commits of the system name ledger hashes (:mod:`hlearn.system`), so that shows too.

A process killed while it writes leaves at most one torn line at the end, without a newline. It is cut off (or,
where it is whole and only its newline is missing, completed) before the next append; readers pass over it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from hlearn.errors import HarnessError, LedgerCorrupt, SchemaTooNew, StorageFull
from hlearn.ledger.codec import Json

Clock = Callable[[], float]
GENESIS = "0" * 64
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_KEYS = {"n", "schema", "time", "event", "data", "hash"}


class Line(NamedTuple):
    """One line of the journal, checked against the chain."""

    n: int
    time: float
    event: str
    data: dict[str, Json]
    hash: str


def canonical(value: object) -> str:
    """JSON with sorted keys, no spaces, ASCII only, and no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


class Journal:
    """One journal file. Several processes may append; each catches up under the lock before it writes.

    Args:
        path: the file; created with the first append.
        schema: number written into each line, and the newest that can be read.
        clock: seconds since the epoch (UTC).
    """

    def __init__(self, path: Path, *, schema: int, clock: Clock = time.time) -> None:
        self.path = path
        self.schema = schema
        self.clock = clock
        self.hash = GENESIS
        self.count = 0
        self._end = 0  # bytes read and checked so far: always just after a newline

    def read_new(self) -> list[Line]:
        """Reads and checks what was appended since the last call, by whomever.

        Raises:
            LedgerCorrupt: a line does not follow from the one before, or the file became shorter.
            SchemaTooNew: a line was written by a newer hlearn.
        """
        try:
            with self.path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size < self._end:
                    raise LedgerCorrupt(
                        f"{self.path}: line {self.count} and what precedes it were read before, but the file is "
                        f"now shorter ({size} bytes, expected at least {self._end}); restore it from git"
                    )
                file.seek(self._end)
                data = file.read()
        except FileNotFoundError:
            if self._end:
                raise LedgerCorrupt(f"{self.path}: the ledger is gone; restore it from git") from None
            return []
        lines = []
        for raw in data[: data.rfind(b"\n") + 1].splitlines(keepends=True):
            lines.append(self._check(raw))
            self._end += len(raw)
        return lines

    def append_many(self, entries: Sequence[tuple[str, dict[str, Json]]]) -> list[Line]:
        """Appends (event, data) pairs with one sync; they are on disk when this returns.

        Returns:
            Every line that is new to this process: first what others appended, then these.

        Raises:
            StorageFull: nothing of this call was kept, everything before is intact.
            LedgerCorrupt: what others appended does not follow from the chain.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            with _locked(fd):
                lines = self.read_new()
                self._repair(fd, lines)
                written, hash_, blob = [], self.hash, []
                for i, (event, data) in enumerate(entries):
                    line, raw = self._line(self.count + i + 1, event, data, hash_)
                    hash_ = line.hash
                    written.append(line)
                    blob.append(raw)
                self._write(fd, b"".join(blob))
                self.hash = hash_
                self.count += len(written)
                self._end += sum(map(len, blob))
                return lines + written
        finally:
            os.close(fd)

    def _line(self, n: int, event: str, data: dict[str, Json], previous: str) -> tuple[Line, bytes]:
        body = {"n": n, "schema": self.schema, "time": round(self.clock(), 3), "event": event, "data": data}
        digest = hashlib.sha256((previous + canonical(body)).encode()).hexdigest()
        line = Line(n, body["time"], event, data, digest)  # type: ignore[arg-type]
        return line, (canonical({**body, "hash": digest}) + "\n").encode()

    def _write(self, fd: int, blob: bytes) -> None:
        try:
            os.lseek(fd, self._end, os.SEEK_SET)
            view = memoryview(blob)
            while view:
                view = view[os.write(fd, view) :]
            os.fsync(fd)
        except OSError as error:
            os.ftruncate(fd, self._end)
            if error.errno in _FULL:
                raise StorageFull(
                    f"{self.path}: no space for {len(blob)} bytes ({error.strerror}); the {self.count} lines "
                    f"before are intact: free some space and use --resume"
                ) from error
            raise HarnessError(f"{self.path}: cannot append: {error}") from error

    def _repair(self, fd: int, lines: list[Line]) -> None:
        """Completes or cuts what follows the last newline."""
        size = os.fstat(fd).st_size
        if size == self._end:
            return
        tail = os.pread(fd, size - self._end, self._end)
        try:
            json.loads(tail)
        except ValueError:  # no part of a line is JSON by itself, so this one is torn
            os.ftruncate(fd, self._end)
            return
        line = self._check(tail)
        end, self._end = self._end, size
        try:
            self._write(fd, b"\n")
        except HarnessError:
            self._end = end
            raise
        self._end = size + 1
        lines.append(line)

    def _check(self, raw: bytes) -> Line:
        """Parses one line, checks it against the chain and moves the chain on."""
        where = f"{self.path}: line {self.count + 1}"
        try:
            body = json.loads(raw)
        except ValueError:
            raise LedgerCorrupt(f"{where} is not JSON; restore the file from git") from None
        if not isinstance(body, dict) or not isinstance(body.get("schema"), int):
            raise LedgerCorrupt(f"{where} is no ledger line; restore the file from git")
        if body["schema"] > self.schema:
            raise SchemaTooNew(
                f"{where} has schema {body['schema']}, this hlearn reads up to {self.schema}: upgrade hlearn"
            )
        if body.keys() != _KEYS:
            raise LedgerCorrupt(f"{where} has fields {sorted(body)}, expected {sorted(_KEYS)}")
        digest = body.pop("hash")
        expected = hashlib.sha256((self.hash + canonical(body)).encode()).hexdigest()
        if body["n"] != self.count + 1 or digest != expected:
            raise LedgerCorrupt(
                f"{where} does not follow from the line before: it, or one before it, was edited or removed "
                f"(hash {digest}, expected {expected}); restore the file from git"
            )
        self.hash = digest
        self.count += 1
        return Line(body["n"], body["time"], body["event"], body["data"], digest)


@contextmanager
def _locked(fd: int) -> Iterator[None]:
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)
