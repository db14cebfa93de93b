"""A program and a network in one policy: the network acts, the program says what it would have done (DAgger)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from hlearn.policy.base import Policy


class _Acts(Protocol):
    def clear(self) -> None:
        """Forgets what was seen."""

    def __call__(self, observation: np.ndarray) -> np.ndarray:
        """Scores of actions, or a vector."""


class Taught:
    """Acts by a network, now and then by its teacher; the teacher sees everything and says what it would do.

    Args:
        teacher: the program.
        network: the student, None where there is none yet.
        share: of decisions in which the teacher acts.
        discrete: whether the network's output scores discrete actions.
    """

    def __init__(self, teacher: Policy, network: _Acts | None, *, share: float, discrete: bool) -> None:
        self._teacher, self._network = teacher, network
        self._share = 1.0 if network is None else share
        self._discrete = discrete
        self._rng = random.Random(0)
        self._wanted: Any = None
        self._led = True

    def reset(self, seed: int) -> None:
        """Begins an episode."""
        self._rng = random.Random(f"taught {seed}")
        self._teacher.reset(seed)
        if self._network is not None:
            self._network.clear()

    def act(self, observation: np.ndarray) -> Any:
        """Returns the action of whoever's turn it is."""
        wanted = self._teacher.act(observation)
        self._wanted = np.array(wanted, np.float64).ravel().tolist() if not self._discrete else int(wanted)
        if self._network is None:
            return wanted
        said = self._network(observation)
        self._led = self._rng.random() < self._share
        if self._led:
            return wanted
        return int(said.argmax()) if self._discrete else said

    def trace(self) -> Mapping[str, Any]:
        """What the teacher saw (``seen``), what it would do (``expert``), and whether it led."""
        told = getattr(self._teacher, "trace", None)
        return {"seen": dict(told()) if callable(told) else {}, "expert": self._wanted, "led": self._led}
