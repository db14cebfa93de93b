"""The side of the run: answers one request after the other, in the thread that owns the lab."""

from __future__ import annotations

import base64
import contextlib
import os
import selectors
import socket
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from hlearn.door.addresses import short_address
from hlearn.door.messages import (
    ANSWER_LIMIT,
    REQUEST_LIMIT,
    DoorRefusal,
    Reply,
    Revisit,
    read_request,
    to_line,
)
from hlearn.door.recordings import packed
from hlearn.editors.api import Lab
from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Job, Record, Recording, Result
from hlearn.records import Access, Program
from hlearn.system.kept_tools import recorded_for_tools, run_tool, seen_by_tools

_LOOKED_AT = 20_000  # decisions of which pictures are made
_MOST = 16  # connections at a time
_SEND_S = 5.0  # a client that does not take its answer is left
_REST, _REST_S = 16, 0.2  # parts of what follows a refused request that are thrown away


class CountingLab(Lab, Protocol):
    """A lab that says what was charged so far."""

    @property
    def charged(self) -> tuple[int, int]:
        """Episodes and environment steps charged so far."""

    def revisit(self, jobs: Sequence[Job]) -> list[Result]:
        """Plays episodes again that were paid for, with what is to be kept of them; charges nothing."""


class LabDoor:
    """A Unix socket through which a command measures; use it as a context.

    Args:
        path: of the socket; its folder is this user's alone.
        lab: of the run.

    Attributes:
        path: where it is, None where this machine allows no such socket.
    """

    def __init__(self, path: Path, lab: CountingLab) -> None:
        self.path: Path | None = path
        self._lab = lab
        self._selector = selectors.EpollSelector()
        self._waiting: dict[socket.socket, bytes] = {}
        self._listener: socket.socket | None = None
        try:
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            with short_address(path) as address:
                listener.bind(address)
            path.chmod(0o600)
            listener.listen(_MOST)
        except OSError:
            self.path = None
            return
        listener.setblocking(False)
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in list(self._waiting):
            self._close(connection)
        self._selector.close()
        if self._listener is not None:
            self._listener.close()

    def fileno(self) -> int:
        """A descriptor that is readable when somebody is at the door."""
        return self._selector.fileno()

    def serve(self) -> None:
        """Does what there is to do: lets in who knocks, answers whose request is complete.

        Raises:
            HarnessError: the machinery failed while it measured.
        """
        for key, _ in self._selector.select(0):
            if key.fileobj is self._listener:
                self._let_in()
            else:
                assert isinstance(key.fileobj, socket.socket)
                self._hear(key.fileobj)

    def _let_in(self) -> None:
        assert self._listener is not None
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        if struct.unpack("3i", credentials)[1] != os.geteuid():
            connection.close()
            return
        if len(self._waiting) >= _MOST:
            why = f"{_MOST} are at the door already"
            _send(connection, Reply(refusal=DoorRefusal.BUSY, why=why))
            connection.close()
            return
        self._waiting[connection] = b""
        self._selector.register(connection, selectors.EVENT_READ)

    def _hear(self, connection: socket.socket) -> None:
        try:
            part = connection.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        line = self._waiting[connection] + part
        self._waiting[connection] = line
        if b"\n" in part:
            answer = self._answer(line.partition(b"\n")[0])
        elif len(line) > REQUEST_LIMIT:
            answer = Reply(refusal=DoorRefusal.MALFORMED, why=f"a request has at most {REQUEST_LIMIT} bytes")
        elif part:
            return
        else:
            self._close(connection)
            return
        _send(connection, answer)
        self._close(connection)

    def _answer(self, line: bytes) -> Reply:
        try:
            request = read_request(line)
            if not request.episodes and request.revisit is None:
                return Reply(remaining=self._lab.remaining)
            program = request.program
        except ValueError as error:  # a source that is no Unicode text among others
            return Reply(refusal=DoorRefusal.MALFORMED, why=str(error)[:400], remaining=self._lab.remaining)
        if request.revisit is not None:
            return self._revisit(program, request.revisit)
        lab, before = self._lab, self._lab.charged
        lab.say(f"measuring {request.episodes} episodes for the command")
        seen = request.pictures > 0 and lab.task.access is not Access.VECTOR
        jobs = [Job(program=program, seed=s) for s in lab.seeds(0, request.episodes)]
        if request.tool:
            kept = recorded_for_tools(lab.task)
            jobs = [replace(job, record=kept, record_limit=_LOOKED_AT) for job in jobs]
        elif seen:
            jobs[0] = replace(jobs[0], record=Record.SHOWN, record_limit=_LOOKED_AT)
        try:
            results = lab.measure(jobs)
        except BudgetExhausted as spent:
            return Reply(
                refusal=DoorRefusal.BUDGET,
                why=str(spent),
                charged=lab.charged[0] - before[0],
                charged_steps=lab.charged[1] - before[1],
            )
        pictures, shape = _pictures(results[0].recording, request.pictures)
        return Reply(
            outcomes=tuple(r.outcome for r in results),
            pictures=pictures,
            picture_shape=shape,
            tool=run_tool(request.tool, seen_by_tools(results)).written() if request.tool else "",
            charged=lab.charged[0] - before[0],
            charged_steps=lab.charged[1] - before[1],
            remaining=lab.remaining,
        )

    def _revisit(self, program: Program, asked: Revisit) -> Reply:
        """One episode: measured, paid as far as it is new, and played again with what is to be kept."""
        lab, before = self._lab, self._lab.charged
        lab.say(f"looking at the episode of seed {asked.seed} for the command")
        job = Job(program=program, seed=asked.seed)
        try:
            outcome = lab.measure([job])[0].outcome
        except BudgetExhausted as spent:
            return Reply(
                refusal=DoorRefusal.BUDGET,
                why=str(spent),
                charged=lab.charged[0] - before[0],
                charged_steps=lab.charged[1] - before[1],
            )
        except ValueError as error:  # no development seed
            return Reply(refusal=DoorRefusal.MALFORMED, why=str(error)[:400], remaining=lab.remaining)
        again = lab.revisit(
            [replace(job, record=asked.record, record_limit=_LOOKED_AT, question=asked.question)]
        )
        kept = packed(again[0].recording)
        if len(kept) > ANSWER_LIMIT // 2:
            why = f"the episode of seed {asked.seed} is too long to be looked at here; name another --seed"
            return Reply(refusal=DoorRefusal.MALFORMED, why=why, remaining=lab.remaining)
        return Reply(
            outcomes=(outcome,),
            recording=kept,
            charged=lab.charged[0] - before[0],
            charged_steps=lab.charged[1] - before[1],
            remaining=lab.remaining,
        )

    def _close(self, connection: socket.socket) -> None:
        self._waiting.pop(connection, None)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection)
        connection.close()


def _pictures(recording: Recording | None, most: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Some of an episode's pictures in equal distances, the last among them, and their shape."""
    if recording is None or not recording.pictures or not most:
        return (), ()
    last = len(recording.pictures) - 1
    chosen = sorted({round(n * last / max(1, most - 1)) for n in range(min(most, last + 1))})
    packed = tuple(base64.b64encode(recording.pictures[n]).decode() for n in chosen)
    return packed, tuple(map(int, recording.picture_shape))


def _send(connection: socket.socket, answer: Reply) -> None:
    with contextlib.suppress(OSError):
        connection.settimeout(_SEND_S)
        connection.sendall(to_line(answer))
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(_REST_S)
        for _ in range(_REST):  # what was not read yet would tear the answer away with it
            if not connection.recv(1 << 16):
                return
