"""The file of one stored episode: task, program, seed and actions, with a checksum for every decision.

A decision takes a byte or less beside its action: the lowest byte of the running checksum
(:func:`hlearn.evaluate.api.chained`), which tells the step at which an episode goes another way, and the whole of it
every :data:`WHOLE_EVERY` decisions and at the end, which tells that it did not. The seed is the public label: nobody
learns from the file what an environment was really seeded with.

Layout: "hlearn replay" and a newline, SHA-256 of the rest, length of the header (uint32, little-endian), header (JSON),
actions (xz), checksums (xz).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import lzma
import os
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hlearn.errors import HarnessError, SchemaTooNew, StorageFull, UsageError, is_full
from hlearn.evaluate.api import Recording
from hlearn.evaluate.versions import versions
from hlearn.records import Access, Episode, Failure, FailureKind, Outcome, Program, Protocol
from hlearn.tasks.task import Task

SUFFIX = ".replay"
SCHEMA = 1
WHOLE_EVERY = 64  # decisions from one whole checksum to the next
_MAGIC = b"hlearn replay\n"
_LENGTH = struct.Struct("<I")
_LARGEST = 1 << 30  # bytes of one part, unpacked


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReplay:
    """One episode as it was played.

    Attributes:
        program: SHA-256.
        seed: the public label.
        key: id of the key by which the label is read; "" where labels are seeds.
        actions: int64[T] or float64[T, n].
        marks: uint8[T], the lowest byte of the running checksum after each decision.
        wholes: uint32[T // WHOLE_EVERY + 1], the checksum after every so many decisions, and after the last.
        versions: of what decided the episode's bits.
    """

    task: Task
    program: str
    seed: int
    key: str
    outcome: Outcome
    actions: np.ndarray
    marks: np.ndarray
    wholes: np.ndarray
    versions: tuple[tuple[str, str], ...]

    @classmethod
    def of(
        cls, task: Task, program: Program, key: str, outcome: Outcome, recording: Recording
    ) -> StoredReplay:
        """Of an episode that was recorded with checksums.

        Raises:
            ValueError: the recording has none.
        """
        checks = recording.checks
        if len(checks) != len(recording.actions):
            raise ValueError(
                f"expected a checksum for each of {len(recording.actions)} decisions, got {len(checks)}"
            )
        return cls(
            task=task,
            program=program.sha256,
            seed=outcome.seed,
            key=key,
            outcome=outcome,
            actions=recording.actions,
            marks=(checks & 0xFF).astype(np.uint8),
            wholes=wholes_of(checks),
            versions=versions(),
        )


def wholes_of(checks: np.ndarray) -> np.ndarray:
    """The checksums that are kept whole: every :data:`WHOLE_EVERY`-th, and the last one (0 where there is none)."""
    last = checks[-1:] if len(checks) else np.zeros(1, np.uint32)
    kept: np.ndarray = np.concatenate([checks[WHOLE_EVERY - 1 :: WHOLE_EVERY], last]).astype(np.uint32)
    return kept


def write_replay(path: Path, replay: StoredReplay) -> int:
    """Writes a replay, whole or not at all, and returns its bytes.

    Raises:
        StorageFull: the disk is full.
        UsageError: it cannot be written there.
    """
    actions = replay.actions
    kind = "<f8" if actions.ndim == 2 else "u1" if not len(actions) or int(actions.max()) < 256 else "<i8"
    header = {
        "schema": SCHEMA,
        "env_id": replay.task.env_id,
        "access": replay.task.access.value,
        "protocol": replay.task.protocol.value,
        "kwargs": [list(pair) for pair in replay.task.kwargs],
        "program": replay.program,
        "seed": replay.seed,
        "key": replay.key,
        "outcome": _outcome_data(replay.outcome),
        "shape": list(actions.shape),
        "dtype": kind,
        "versions": [list(pair) for pair in replay.versions],
    }
    text = json.dumps(header).encode()
    packed = lzma.compress(actions.astype(kind).tobytes(), preset=6)
    checks = lzma.compress(
        replay.wholes.astype("<u4").tobytes() + replay.marks.tobytes(), preset=0
    )  # noise: no preset finds anything in it
    rest = _LENGTH.pack(len(text)) + text + _LENGTH.pack(len(packed)) + packed + checks
    data = _MAGIC + hashlib.sha256(rest).digest() + rest
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if is_full(error):
            raise StorageFull(f"{path}: no space for the replay; everything else is intact") from error
        raise UsageError(
            f"{path}: cannot write the replay ({error.strerror or error}); choose another place"
        ) from error
    return len(data)


def read_replay(path: Path) -> StoredReplay:
    """Reads a stored replay.

    Raises:
        UsageError: there is none, it is no such file, or its bytes were changed or lost.
        SchemaTooNew: a newer hlearn wrote it.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: cannot read the replay ({error.strerror or error}); hl replay DIR --keep FILE stores one"
        ) from None
    start = len(_MAGIC) + 32
    if not data.startswith(_MAGIC):
        raise UsageError(
            f"{path} is no stored replay: expected a file that begins with {_MAGIC[:-1].decode()!r}, "
            "as hl replay DIR --keep FILE writes it"
        )
    if hashlib.sha256(data[start:]).digest() != data[len(_MAGIC) : start]:
        raise UsageError(
            f"{path} is damaged: its checksum does not fit its {len(data)} bytes, so it was cut off or changed; store "
            "it again: hl replay DIR --keep FILE"
        )
    try:
        return _parsed(data[start:], path)
    except (ValueError, KeyError, TypeError, struct.error, lzma.LZMAError, HarnessError) as error:
        raise UsageError(
            f"{path} is no stored replay of this hlearn: {str(error)[:200]}; store it again"
        ) from None


def _parsed(data: bytes, path: Path) -> StoredReplay:
    length = _LENGTH.unpack_from(data)[0]
    header: dict[str, Any] = json.loads(data[4 : 4 + length])
    if header["schema"] > SCHEMA:
        raise SchemaTooNew(
            f"{path} has schema {header['schema']}, this hlearn reads up to {SCHEMA}: upgrade hlearn"
        )
    place = 4 + length
    size = _LENGTH.unpack_from(data, place)[0]
    shape = tuple(int(n) for n in header["shape"])
    if len(shape) not in (1, 2) or min(shape) < 0 or int(np.prod(shape)) * 8 > _LARGEST:
        raise ValueError(f"actions of shape {shape}")
    packed = _unpacked(data[place + 4 : place + 4 + size])
    actions = np.frombuffer(packed, np.dtype(header["dtype"])).reshape(shape)
    checks = _unpacked(data[place + 4 + size :])
    count = shape[0] // WHOLE_EVERY + 1
    wholes = np.frombuffer(checks, "<u4", count).astype(np.uint32)
    marks = np.frombuffer(checks, np.uint8, -1, 4 * count)
    if len(marks) != shape[0]:
        raise ValueError(f"{len(marks)} checksums for {shape[0]} decisions")
    return StoredReplay(
        task=Task(
            env_id=header["env_id"],
            access=Access(header["access"]),
            protocol=Protocol(header["protocol"]),
            kwargs=tuple((str(k), v) for k, v in header["kwargs"]),
        ),
        program=str(header["program"]),
        seed=int(header["seed"]),
        key=str(header["key"]),
        outcome=_outcome(header["outcome"]),
        actions=actions.astype(np.float64 if len(shape) == 2 else np.int64),
        marks=marks,
        wholes=wholes,
        versions=tuple((str(k), str(v)) for k, v in header["versions"]),
    )


def _unpacked(data: bytes) -> bytes:
    unpack = lzma.LZMADecompressor(memlimit=256 << 20)
    whole = unpack.decompress(data, _LARGEST)
    if not unpack.eof:
        raise ValueError("cut off")
    return whole


def _outcome_data(outcome: Outcome) -> dict[str, object]:
    return {**asdict(outcome), "failed": isinstance(outcome, Failure)}


def _outcome(data: dict[str, Any]) -> Outcome:
    fields = {k: v for k, v in data.items() if k != "failed"}
    if data["failed"]:
        return Failure(**{**fields, "kind": FailureKind(fields["kind"])})
    return Episode(**{**fields, "passed": tuple(fields.get("passed", ()))})
