"""The process that holds somebody's environment, started by :mod:`hlearn.tasks.apart`.

Messages are pickled, both ends are ours: requests by name with their arguments, answered by ``("done",
value or exception)``; before and between that ``("at", method)`` says which method of the environment is called now.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from hlearn.errors import HarnessError, HlearnError
from hlearn.inherited import die_with_parent, put_right
from hlearn.tasks import calls, registry
from hlearn.tasks.apart import AT, DONE
from hlearn.tasks.environment import Environment
from hlearn.tasks.task import Task


class _Room:
    """What is asked for; each public method is a request."""

    def __init__(self) -> None:
        self._environment: Environment | None = None
        self._seen = np.empty(0)

    def resolve(self, *arguments: Any) -> Any:
        task, description = registry.resolve_here(*arguments)
        return task, registry.traits_here(task), description

    def traits(self, task: Task) -> Any:
        return registry.traits_here(task)

    def open(self, task: Task, render: bool) -> Any:
        self._environment = registry.open_environment(task, render=render)
        spec = self._environment.observation
        self._seen = np.zeros(spec.shape, spec.dtype)
        return spec, self._environment.actions

    def reset(self, seed: int) -> Any:
        return self._open.reset(seed, self._seen), self._seen

    def step(self, action: int | np.ndarray) -> Any:
        return self._open.step(action, self._seen), self._seen

    def lives(self) -> int:
        return self._open.lives()

    def render(self) -> np.ndarray:
        return self._open.render()

    def close(self) -> None:
        self._open.close()

    @property
    def _open(self) -> Environment:
        assert self._environment is not None
        return self._environment


def main(fd: int, parent: int) -> None:
    """Entry point; ends the process, whatever threads the environment left in it."""
    put_right(alone=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's to handle
    if parent:
        die_with_parent(parent)
    connection = Connection(fd)
    room = _Room()
    calls.listener = lambda method: connection.send((AT, method))
    with contextlib.suppress(EOFError, OSError):
        while True:
            request, arguments = connection.recv()
            connection.send((AT, ""))
            connection.send((DONE, _answer(room, request, arguments)))
    os._exit(0)


def _answer(room: _Room, request: str, arguments: tuple[Any, ...]) -> Any:
    try:
        return getattr(room, request)(*arguments)
    except HlearnError as error:
        return error
    except BaseException as error:  # noqa: BLE001 - the border: re-raised in the main process
        return HarnessError(f"{request} failed: {error}\n{traceback.format_exc()}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
