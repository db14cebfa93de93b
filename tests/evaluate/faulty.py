"""Environments that fail, for the tests of the harness."""

from __future__ import annotations

from typing import Any

from hlearn.errors import UnknownTask
from hlearn.tasks import open_environment
from hlearn.tasks.environment import Environment
from hlearn.tasks.task import Task


class _Faulty:
    def __init__(self, inner: Environment) -> None:
        self._inner = inner
        self.observation, self.actions = inner.observation, inner.actions
        self._left = 20

    def step(self, action: Any, out: Any) -> Any:
        self._left -= 1
        if not self._left:
            raise RuntimeError("the emulator broke")
        return self._inner.step(action, out)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def open_faulty(task: Task) -> Environment:
    """An environment that breaks at its 20th step."""
    return _Faulty(open_environment(task))


def open_broken(task: Task) -> Environment:
    """No environment at all."""
    raise UnknownTask("no such environment")
