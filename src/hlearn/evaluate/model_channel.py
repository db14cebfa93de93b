"""The second memory between worker and child, where tasks let programs simulate: actions one way, outcomes back.

The child writes a request and says MODEL over its pipe; the worker answers into the same memory and says DONE, or
REFUSED with a message. The child loads this module, so it knows nothing of environments. The worker copies what it
reads before it looks at it, and bounds every length.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hlearn.evaluate.channel import set_size

if TYPE_CHECKING:
    from hlearn.evaluate.simulating import ModelServer

MOST_SUBSTEPS = 1000
LARGEST = 1_000_000  # numbers of one answer's observations
MODEL, RELEASE = b"m", b"l"
DONE, REFUSED = b"d", b"x"
SIZE = 1 << 26
_HEADER = 64
_MOST = (SIZE - _HEADER) // 8
_OBSERVE = ("none", "last", "all")


class Misuse(Exception):
    """What a program may not have, in words."""


class ChannelLayout(NamedTuple):
    """What one observation and one action look like."""

    shape: tuple[int, ...]
    dtype: str
    box: int


class ModelChannel:
    """One mapping of that memory.

    Args:
        fd: the memory.
        layout: of the task.
    """

    def __init__(self, fd: int, layout: ChannelLayout) -> None:
        if os.fstat(fd).st_size == 0:
            set_size(fd, SIZE)
        self._memory = mmap.mmap(fd, SIZE)
        self._head = np.frombuffer(self._memory, np.int64, _HEADER // 8)
        self._layout = layout
        self._used = 0

    def clear(self) -> None:
        """Wipes what was written since the last time."""
        self._memory[: _HEADER + self._used] = bytes(_HEADER + self._used)
        self._used = 0

    # The child's side

    def put_request(
        self, actions: np.ndarray, starts: np.ndarray, observe: str, keep: bool, substeps: int
    ) -> None:
        """Writes what is asked for.

        Raises:
            PermissionError: it is more than fits.
        """
        count, horizon = actions.shape[:2]
        if actions.size + 4 * count + count * horizon + 64 > _MOST:
            raise PermissionError(f"{count} sequences of {horizon} actions are more than one call takes")
        self._head[:4] = count, horizon, _OBSERVE.index(observe), keep
        self._head[5] = substeps
        place = self._write(_HEADER, np.ascontiguousarray(starts, np.int64))
        self._write(place, actions)

    def put_release(self, states: np.ndarray | None) -> None:
        """Writes which states are to be forgotten, -1: all."""
        given = np.atleast_1d(np.asarray([] if states is None else states, np.int64))
        self._head[0] = -1 if states is None else len(given)
        self._write(_HEADER, given)

    def outcome(self, count: int, horizon: int, observe: str) -> tuple[np.ndarray, ...]:
        """Reads the answer: rewards, lengths, ended, observations, states."""
        rewards, place = self._read(_HEADER, np.float64, (count, horizon))
        lengths, place = self._read(place, np.int64, (count,))
        ended, place = self._read(place, np.int64, (count,))
        states, place = self._read(place, np.int64, (int(self._head[4]),))
        inner = {"none": (0,), "last": (count,), "all": (count, horizon)}[observe]
        shape = (*inner, *self._layout.shape)
        observations, _ = self._read(place, np.dtype(self._layout.dtype), shape)
        return rewards, lengths, ended.astype(bool), observations, states

    def message(self) -> str:
        """Why the request was refused."""
        length = min(max(int(self._head[0]), 0), 4000)
        return self._memory[_HEADER : _HEADER + length].decode(errors="replace")

    # The worker's side

    def serve(self, server: ModelServer, what: bytes) -> bytes:
        """Answers what stands in the memory; returns what to say over the pipe."""
        try:
            if what == RELEASE:
                self._release(server)
            else:
                self._answer(server)
        except Misuse as error:
            text = str(error).encode()[:4000]
            self._head[0] = len(text)
            self._memory[_HEADER : _HEADER + len(text)] = text
            self._used = max(self._used, len(text))
            return REFUSED
        return DONE

    def _release(self, server: ModelServer) -> None:
        count = int(self._head[0])
        if count > _MOST:
            raise Misuse("a request that cannot be read")
        server.release(None if count < 0 else self._read(_HEADER, np.int64, (count,))[0].tolist())

    def _answer(self, server: ModelServer) -> None:
        count, horizon, observe, keep = (int(v) for v in self._head[:4])
        substeps = min(max(int(self._head[5]), 0), MOST_SUBSTEPS)
        box = self._layout.box
        if (
            count < 1
            or horizon < 1
            or not 0 <= observe < 3
            or count * (horizon * max(box, 1) + horizon + 4) > _MOST - 64
        ):
            raise Misuse("a request that cannot be read")
        size = int(np.prod(self._layout.shape, dtype=np.int64))
        seen = (0, count, count * horizon)[observe] * size
        if seen > LARGEST * 4:
            raise Misuse(f"an answer may hold {LARGEST * 4:,} numbers of observations, not {seen:,}")
        starts, place = self._read(_HEADER, np.int64, (count,))
        shape = (count, horizon, box) if box else (count, horizon)
        actions, _ = self._read(place, np.float64 if box else np.int64, shape)
        rolled, numbers = server.answer(actions, starts.tolist(), _OBSERVE[observe], bool(keep), substeps)
        self._head[4] = len(numbers)
        place = self._write(_HEADER, rolled.rewards)
        place = self._write(place, rolled.lengths.astype(np.int64))
        place = self._write(place, rolled.ended.astype(np.int64))
        place = self._write(place, numbers)
        if rolled.observations is not None:
            self._write(place, rolled.observations)

    def _write(self, place: int, values: np.ndarray) -> int:
        data = np.ascontiguousarray(values)
        target = np.frombuffer(self._memory, np.uint8, data.nbytes, place) if data.nbytes else None
        if target is not None:
            target[:] = data.reshape(-1).view(np.uint8)
        end = place + data.nbytes
        self._used = max(self._used, end - _HEADER)
        return end + -end % 8

    def _read(self, place: int, dtype: object, shape: tuple[int, ...]) -> tuple[np.ndarray, int]:
        kind = np.dtype(dtype)  # type: ignore[call-overload]
        count = int(np.prod(shape, dtype=np.int64))
        if count == 0:
            return np.empty(shape, kind), place
        values = np.frombuffer(self._memory, kind, count, place).reshape(shape).copy()
        end = place + values.nbytes
        return values, end + -end % 8
