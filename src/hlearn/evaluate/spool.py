"""Steps and traces of one episode on their way to the disk, so that an episode of any length needs little memory.

A spool is a passing thing: blocks of compressed JSON and, where they are asked for, observations, each behind its
length, written by the worker and read by the process that asked. What is kept is made of it
(:mod:`hlearn.replays.parquet`, :mod:`hlearn.datasets`).
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hlearn.errors import HarnessError, StorageFull, is_full
from hlearn.evaluate.api import Trace
from hlearn.evaluate.channel import parse_trace

SPOOLED = 2_048  # decisions of a block at most
SPOOLED_BYTES = 8 << 20  # of observations in a block, about
_LENGTH = struct.Struct("<II")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Consecutive decisions.

    Attributes:
        actions: an int each, or a list of floats.
        rewards: what each brought.
        lives: left after each.
        checks: the running checksum after each; empty unless asked for.
        traces: what the program said of each; empty unless asked for.
        observations: what it saw before each, [T, ...], in the last block with the one after the last decision,
            [T + 1, ...]; [0] unless asked for.
    """

    actions: Sequence[int | list[float]]
    rewards: Sequence[float]
    lives: Sequence[int]
    checks: Sequence[int]
    traces: Sequence[Trace]
    observations: np.ndarray


def rows_of_block(row_bytes: int) -> int:
    """Decisions of a block whose observations have so many bytes each."""
    return max(16, min(SPOOLED, SPOOLED_BYTES // max(row_bytes, 1)))


class SpoolWriter:
    """Writes a spool; blocks go to the file as they come.

    Args:
        path: the file; what lies there is replaced.

    Raises:
        StorageFull: the disk is full.
        HarnessError: it cannot be written.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._file = open(path, "wb")  # noqa: SIM115 - closed by close()
        except OSError as error:
            raise self._failed(error) from error

    def add(
        self,
        actions: Sequence[object],
        rewards: Sequence[float],
        lives: Sequence[int],
        checks: Sequence[int],
        traces: Sequence[bytes],
        observations: np.ndarray | None = None,
    ) -> None:
        """Appends a block; ``traces`` are JSON as the program's side wrote it, believed in nothing."""
        texts = [trace.decode("utf-8", "replace") for trace in traces]
        seen = None if observations is None else [list(observations.shape), observations.dtype.str]
        data = zlib.compress(json.dumps([actions, rewards, lives, checks, texts, seen]).encode(), 1)
        pixels = b"" if observations is None else zlib.compress(observations.tobytes(), 1)
        try:
            self._file.write(_LENGTH.pack(len(data), len(pixels)) + data + pixels)
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Writes the rest."""
        try:
            self._file.close()
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> HarnessError:
        if is_full(error):
            return StorageFull(f"{self._path}: no space for traces; everything else is intact")
        return HarnessError(f"{self._path}: cannot write traces: {error}")


def read_spool(path: Path) -> Iterator[Block]:
    """The blocks of a spool, one at a time."""
    with path.open("rb") as file:
        while head := file.read(_LENGTH.size):
            length, more = _LENGTH.unpack(head)
            actions, rewards, lives, checks, texts, seen = json.loads(zlib.decompress(file.read(length)))
            observations = np.empty(0)
            if seen is not None:
                flat = np.frombuffer(zlib.decompress(file.read(more)), seen[1])
                observations = flat.reshape(seen[0])
            yield Block(
                actions=actions,
                rewards=rewards,
                lives=lives,
                checks=checks,
                traces=tuple(parse_trace(text.encode()) for text in texts),
                observations=observations,
            )
