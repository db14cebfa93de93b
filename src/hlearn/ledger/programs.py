"""Every program that was ever measured, by content: one append-only text file, one line per program.

A line is ``sha256 base data``: base64 of the deflated content (``Program.content``). Candidates of one search
differ in a few constants, so all but the first of a family are deflated against an earlier one (``base``, itself
always complete) as dictionary, and take some hundred bytes. A torn last line is cut before the next append.

Lines are written before the ledger names their hash, and synced whenever a trial is decided.
"""

from __future__ import annotations

import base64
import os
import zlib
from pathlib import Path

from hlearn.errors import HarnessError, StorageFull, is_full
from hlearn.foreign_text import open_plain
from hlearn.ledger.locking import lock
from hlearn.records import Program

_WINDOW = 32768  # deflate looks back no further


class ProgramStore:
    """Sources by SHA-256.

    Args:
        path: the pack file, conventionally ``programs/pack`` of a system.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: dict[str, tuple[str, str]] = {}
        self._base: str | None = None
        self._end = 0
        self._read()

    def __contains__(self, sha256: str) -> bool:
        return sha256 in self._lines

    def __len__(self) -> int:
        return len(self._lines)

    def get(self, sha256: str) -> Program:
        """Returns a stored program (its parent is not kept here).

        Raises:
            KeyError: no such program.
            HarnessError: the stored line does not unpack to that hash.
        """
        base, data = self._lines[sha256]
        zdict = self.get(base).content()[-_WINDOW:] if base != "-" else b""
        try:
            unpack = zlib.decompressobj(zdict=zdict) if zdict else zlib.decompressobj()
            program = Program.of_content(unpack.decompress(base64.b64decode(data)))
        except (ValueError, TypeError, zlib.error) as error:
            raise HarnessError(f"{self.path}: program {sha256} cannot be unpacked: {error}") from error
        if program.sha256 != sha256:
            raise HarnessError(f"{self.path}: the line of program {sha256} holds another source")
        return program

    def matching(self, prefix: str) -> tuple[str, ...]:
        """The hashes that begin with ``prefix``."""
        return tuple(sha for sha in self._lines if sha.startswith(prefix))

    def add(self, *programs: Program) -> None:
        """Stores programs that are not there yet (written, not yet synced).

        Raises:
            StorageFull: nothing of this call was kept.
        """
        new = {p.sha256: p for p in programs if p.sha256 not in self._lines}
        if not new:
            return
        before = self._base
        lines = {sha: self._pack(p) for sha, p in new.items()}
        blob = "".join(f"{sha} {base} {data}\n" for sha, (base, data) in lines.items()).encode()
        try:
            self._append(blob)
        except OSError as error:
            for sha in lines:
                self._lines.pop(sha, None)
            self._base = before
            if is_full(error):
                raise StorageFull(
                    f"{self.path}: no space for {len(blob)} bytes; the rest is intact"
                ) from error
            raise HarnessError(f"{self.path}: cannot append: {error}") from error

    def sync(self) -> None:
        """Waits until everything added is on disk."""
        if self.path.exists():
            with self.path.open("rb") as file:
                os.fsync(file.fileno())

    def _pack(self, program: Program) -> tuple[str, str]:
        content = program.content()
        whole = zlib.compress(content, 9)
        base, packed = "-", whole
        if self._base is not None:
            packer = zlib.compressobj(9, zdict=self.get(self._base).content()[-_WINDOW:])
            delta = packer.compress(content) + packer.flush()
            if len(delta) * 2 < len(whole):
                base, packed = self._base, delta
        entry = (base, base64.b64encode(packed).decode())
        self._lines[program.sha256] = entry
        if base == "-":
            self._base = program.sha256
        return entry

    def _append(self, blob: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fd = open_plain(self.path, os.O_RDWR | os.O_CREAT)
        try:
            lock(fd, self.path)
            self._read()
            os.ftruncate(fd, self._end)
            os.lseek(fd, self._end, os.SEEK_SET)
            try:
                view = memoryview(blob)
                while view:
                    view = view[os.write(fd, view) :]
            except OSError:
                os.ftruncate(fd, self._end)
                raise
            self._end += len(blob)
        finally:
            os.close(fd)

    def _read(self) -> None:
        """Takes in whole lines appended since the last read."""
        if not self.path.exists():
            return
        with os.fdopen(open_plain(self.path), "rb") as file:
            file.seek(self._end)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        for raw in whole.decode("ascii", "replace").splitlines():
            parts = raw.split(" ")
            if len(parts) != 3:
                raise HarnessError(f"{self.path}: a line is not 'sha256 base data': {raw[:80]!r}")
            self._lines[parts[0]] = (parts[1], parts[2])
            if parts[1] == "-":
                self._base = parts[0]
        self._end += len(whole)
