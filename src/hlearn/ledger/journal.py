"""An append-only file of JSON lines: locked, flushed, synced, chained by hash, repaired where torn.

Each line is ``{"n", "schema", "time", "event", "data", "hash"}`` where ``hash`` is the SHA-256 of the previous
line's hash followed by the canonical JSON (sorted keys, no spaces) of the line without its hash. An edit of a
past line therefore breaks the chain at that line; only a rewrite of everything after it would hide it, and the
commits of the system name ledger hashes (:mod:`hlearn.system`), so that shows too. Lines of a ledger with a key also
carry ``"seal"`` (:mod:`hlearn.ledger.seals`), which nobody can make who lacks the key.

A process killed while it writes leaves at most one torn line at the end, without a newline. It is cut off (or,
where it is whole and only its newline is missing, completed) before the next append; readers pass over it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from hlearn.errors import HarnessError, LedgerCorrupt, SchemaTooNew, StorageFull, UsageError, is_full
from hlearn.foreign_text import open_plain
from hlearn.ledger.codec import Json, shown
from hlearn.ledger.locking import locked
from hlearn.ledger.seals import Seals

Clock = Callable[[], float]
GENESIS = "0" * 64
_KEYS = {"n", "schema", "time", "event", "data", "hash"}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "n": int,
    "schema": int,
    "time": (int, float),
    "event": str,
    "data": dict,
    "hash": str,
}


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
        seals: checks and makes seals; none are checked where None.
    """

    def __init__(
        self, path: Path, *, schema: int, clock: Clock = time.time, seals: Seals | None = None
    ) -> None:
        self.path = path
        self.schema = schema
        self.clock = clock
        self.seals = seals or Seals()
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
            with os.fdopen(open_plain(self.path), "rb") as file:
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
            UsageError: the ledger's key is not on this machine, or its file system has no locks.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fd = open_plain(self.path, os.O_RDWR | os.O_CREAT)
        try:
            with locked(fd, self.path):
                lines = self.read_new()
                self._repair(fd, lines)
                if not self.seals.can_seal and self.seals.coming is None:
                    raise UsageError(
                        f"{self.path} is sealed with key {self.seals.epoch}, which is not on this machine: "
                        "nothing can be appended before it takes another key"
                    )
                written, hash_, blob = [], self.hash, []
                for i, (event, data) in enumerate(entries):
                    line, raw = self._line(self.count + i + 1, event, data, hash_)
                    hash_ = line.hash
                    written.append(line)
                    blob.append(raw)
                self._write(fd, b"".join(blob))
                for line in written:
                    self.seals.written(line.event, line.data)
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
        seal = self.seals.seal(event, data, digest)
        end = {"hash": digest} if seal is None else {"hash": digest, "seal": seal}
        return line, (canonical({**body, **end}) + "\n").encode()

    def _write(self, fd: int, blob: bytes) -> None:
        try:
            os.lseek(fd, self._end, os.SEEK_SET)
            view = memoryview(blob)
            while view:
                view = view[os.write(fd, view) :]
            os.fsync(fd)
        except OSError as error:
            os.ftruncate(fd, self._end)
            if is_full(error):
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
        except (ValueError, RecursionError):  # no part of a line is JSON by itself, so this one is torn
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
        body = _parse(raw, where)
        seal = body.pop("seal", None)
        if body["schema"] > self.schema:
            raise SchemaTooNew(
                f"{where} has schema {shown(body['schema'])}, this hlearn reads up to {self.schema}: upgrade hlearn"
            )
        digest = body.pop("hash")
        try:
            expected = hashlib.sha256((self.hash + canonical(body)).encode()).hexdigest()
        except (ValueError, RecursionError) as error:
            raise LedgerCorrupt(f"{where} holds what no line can hold ({error}); {_RESTORE}") from None
        if body["n"] != self.count + 1 or digest != expected:
            raise LedgerCorrupt(
                f"{where} does not follow from the line before: it, or one before it, was edited or removed "
                f"(hash {shown(digest)}, expected {expected}); {_RESTORE}"
            )
        wrong = self.seals.check(body["event"], body["data"], digest, seal)
        if wrong:
            raise LedgerCorrupt(
                f"{where} {wrong}: something other than hl wrote it; {_RESTORE}, or cut it off there: "
                f"sed -i '{self.count + 1},$d' {self.path}"
            )
        self.hash = digest
        self.count += 1
        return Line(body["n"], body["time"], body["event"], body["data"], digest)


_LATEST = 253_402_300_800  # seconds: the year 10000, which no calendar here can show
_RESTORE = "restore the file from git"


def _parse(raw: bytes, where: str) -> dict[str, Any]:
    """Reads a line's JSON: an object with the fields of a line, of their types."""
    try:
        body = json.loads(raw.decode(), parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        why = "is nested too deeply" if isinstance(error, RecursionError) else f"is not JSON ({error})"
        raise LedgerCorrupt(f"{where} {why[:300]}; {_RESTORE}") from None
    if not isinstance(body, dict) or not isinstance(body.get("schema"), int):
        raise LedgerCorrupt(f"{where} is no ledger line; {_RESTORE}")
    found = sorted(body.keys() - {"seal"})
    if found != sorted(_KEYS):
        raise LedgerCorrupt(f"{where} has fields {shown(found)}, expected {sorted(_KEYS)}; {_RESTORE}")
    for name, kind in _TYPES.items():
        if not isinstance(body[name], kind) or isinstance(body[name], bool):
            raise LedgerCorrupt(f"{where}: {name} is {shown(body[name])}; {_RESTORE}")
    if not 0 <= body["time"] < _LATEST:
        raise LedgerCorrupt(f"{where}: time is {shown(body['time'])}, not seconds since 1970; {_RESTORE}")
    return body


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is no finite number")
    return value
