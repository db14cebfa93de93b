"""An environment that shows stored observations in order, whatever is done: the tests of a system play in it.

A program plays there as it plays anywhere, in the same processes, behind the same walls and the same calls, so that it
cannot tell its own test by what stands above it on the stack.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hlearn.records import Access, Protocol
from hlearn.tasks.environment import ActionSpace, Box, Discrete, ObservationSpec
from hlearn.tasks.task import Task

_ID = "stored observations"


class StoredObservations:
    """Plays a stored episode.

    Args:
        observations: [T, ...], shown in order.
        actions: what a program may do.
    """

    def __init__(self, observations: np.ndarray, actions: ActionSpace) -> None:
        self._stored = observations
        self._at = 0
        self.observation = ObservationSpec(shape=observations.shape[1:], dtype=observations.dtype.name)
        self.actions = actions

    absent_model = True  # programs that plan find a handle without a state

    def reset(self, seed: int, out: np.ndarray) -> int:
        """Shows the first one."""
        self._at = 0
        out[...] = self._stored[0]
        return 0

    def step(self, action: int | np.ndarray, out: np.ndarray) -> tuple[float, bool, bool, int]:
        """Shows the next one; ends after the last."""
        self._at += 1
        if self._at < len(self._stored):
            out[...] = self._stored[self._at]
        return 0.0, self._at >= len(self._stored), False, 1

    def lives(self) -> int:
        """Returns 0."""
        return 0

    def render(self) -> np.ndarray:
        """There is nothing to see."""
        return np.zeros((1, 1, 3), np.uint8)

    def close(self) -> None:
        """There is nothing to release."""


def stored_task(path: Path, *, n: int | None, size: int | None) -> Task:
    """The task of acting on an ``.npy`` file of observations.

    Args:
        path: the file.
        n: number of discrete actions, or None.
        size: components of a box action where ``n`` is None.
    """
    kwargs = (("n", n), ("path", str(path)), ("size", size))
    return Task(env_id=_ID, access=Access.VECTOR, protocol=Protocol.STANDARD, kwargs=kwargs)


def open_stored(task: Task) -> StoredObservations:
    """Opens such a task; a worker calls this."""
    given = dict(task.kwargs)
    observations = np.load(str(given["path"]), allow_pickle=False)
    n, size = given["n"], given["size"]
    if isinstance(n, int):
        return StoredObservations(observations, Discrete(n=n))
    assert isinstance(size, int)
    return StoredObservations(observations, Box(low=(-np.inf,) * size, high=(np.inf,) * size))
