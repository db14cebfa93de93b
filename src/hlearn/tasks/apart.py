"""Environments of a user's own, opened in a process beside the main one.

Code that nobody here wrote may change the folder, print, keep threads, end its process, hang or take its signals. Where
it plays for a program it lives in a worker; where only its spaces, a few observations or pictures are wanted, it lives
in a process like this one, behind the same door, each call limited in time.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from multiprocessing.connection import Connection, wait
from typing import Any

import numpy as np

from hlearn.errors import HarnessError
from hlearn.inherited import Output, python_environment
from hlearn.tasks import faults
from hlearn.tasks.task import Task

USUAL_CALL_S = 60.0
_call_s: ContextVar[float] = ContextVar("seconds for one call of an environment", default=USUAL_CALL_S)
_START_S = 120.0  # for a Python process to come up, on a machine however busy
AT, DONE = "at", "done"  # what messages begin with: a method is called now; an answer


def call_limit_s() -> float:
    """Seconds that one call of an environment may take here: :data:`USUAL_CALL_S` outside of :func:`limited_calls`."""
    return _call_s.get()


@contextlib.contextmanager
def limited_calls(seconds: float | None) -> Iterator[None]:
    """Within, one call of an environment may take so many seconds; None changes nothing."""
    token = _call_s.set(call_limit_s() if seconds is None else seconds)
    try:
        yield
    finally:
        _call_s.reset(token)


class Keeper:
    """A process that holds one environment (:mod:`hlearn.tasks.keeper`), seen from the main process.

    Args:
        env_id: of the environment, for messages.

    Attributes:
        gone: the process ended before it was told to.

    Raises:
        HarnessError: no process can be started.
    """

    def __init__(self, env_id: str) -> None:
        self.gone = False
        self._env_id = env_id
        self._output = Output()
        self._limit_s = call_limit_s()
        mine, theirs = socket.socketpair()
        # The kernel ties a life to the starting thread, which may end before this object does.
        parent = os.getpid() if threading.current_thread() is threading.main_thread() else 0
        command = [sys.executable, "-P", "-m", "hlearn.tasks.keeper", str(theirs.fileno()), str(parent)]
        with theirs, self._output.for_child() as printed:
            try:
                self._process = subprocess.Popen(
                    command,
                    env=python_environment(),
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=printed,
                    start_new_session=True,
                )
            except OSError as error:
                raise HarnessError(f"no process can be started: {error.strerror or error}") from error
        self._connection = Connection(mine.detach())

    def ask(self, method: str, request: str, *arguments: object) -> Any:
        """Has the process do something and returns what came of it.

        Args:
            method: of the environment that is called, for messages; the process may say that it is at another.
            request: name of a request of :mod:`hlearn.tasks.keeper`.
            arguments: its arguments.

        Raises:
            EnvironmentFault: the environment raised, ended its process or did not come back in time.
            HlearnError: what else the process raised.
        """
        try:
            self._connection.send((request, arguments))
            answer = self._answer(method)
        except (EOFError, ConnectionResetError, BrokenPipeError):
            raise self._died() from None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _answer(self, method: str) -> Any:
        came_up = False
        limit_s = _START_S
        since = time.monotonic()
        watched: list[Any] = [self._connection, self._output]
        while True:
            left = since + limit_s - time.monotonic()
            readable: list[Any] = wait(watched, max(0.0, left))
            if self._output in readable and not self._output.read():
                watched.remove(self._output)
            if self._connection in readable:
                said, value = self._connection.recv()
                if said != AT:
                    return value
                method, came_up = value or method, True
                since, limit_s = time.monotonic(), self._limit_s
            elif left <= 0:
                self.gone = True
                self._process.kill()
                if not came_up:
                    raise HarnessError(f"a process for {self._env_id} did not start within {_START_S:g} s")
                raise faults.stuck(self._env_id, method, self._limit_s)

    def _died(self) -> Exception:
        self.gone = True
        code = self._process.wait()
        fault = faults.ended_process(self._env_id, code)
        return fault or HarnessError(
            f"the process that held {self._env_id} died (exit status {code})\n{self._output.end()}".rstrip()
        )

    def close(self) -> None:
        """Ends the process and what it started."""
        self.gone = True
        if self._connection.closed:
            return
        self._connection.close()
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._output.close()


class RemoteEnvironment:
    """An environment in a process of its own, behind the door of :mod:`hlearn.tasks.environment`.

    Args:
        task: the task.
        render: also make :meth:`render` work.

    Raises:
        HlearnError: as :func:`hlearn.tasks.registry.open_environment`.
    """

    def __init__(self, task: Task, *, render: bool) -> None:
        self._keeper = Keeper(task.env_id)
        try:
            self.observation, self.actions = self._keeper.ask("its constructor", "open", task, render)
        except BaseException:
            self._keeper.close()
            raise

    def reset(self, seed: int, out: np.ndarray) -> int:
        """Starts an episode and writes the first observation; returns the environment steps that this took."""
        steps, seen = self._keeper.ask("reset()", "reset", seed)
        out[...] = seen
        return int(steps)

    def step(self, action: int | np.ndarray, out: np.ndarray) -> tuple[float, bool, bool, int]:
        """Plays one decision; returns reward, terminated, truncated, environment steps."""
        result, seen = self._keeper.ask("step()", "step", action)
        out[...] = seen
        return result  # type: ignore[no-any-return]

    def lives(self) -> int:
        """Returns how many lives are left, 0 if the environment says nothing."""
        return int(self._keeper.ask("step()", "lives"))

    def render(self) -> np.ndarray:
        """Returns the present picture, uint8[height, width, 3]."""
        picture: np.ndarray = self._keeper.ask("render()", "render")
        return picture

    def close(self) -> None:
        """Closes the environment and ends its process.

        Raises:
            EnvironmentFault: it raises, or does not come back. Where that was said before, nothing is said again.
        """
        try:
            if not self._keeper.gone:
                self._keeper.ask("close()", "close")
        finally:
            self._keeper.close()
