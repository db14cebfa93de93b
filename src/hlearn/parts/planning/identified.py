"""A model that a program fits from what it sees and does, with the same handle as a simulator: planners take either.

The next observation is a linear function of this one and the action, fitted by recursive least squares; what an outcome
is worth the program says itself, for it never sees a reward.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Foreseen(NamedTuple):
    """What came of a batch in the fitted model; fields as of :class:`hlearn.policy.model.Outcome`."""

    rewards: np.ndarray
    lengths: np.ndarray
    ended: np.ndarray
    observations: np.ndarray
    states: np.ndarray

    @property
    def returns(self) -> np.ndarray:
        """Sum of the rewards of each sequence, float64[B]."""
        total: np.ndarray = self.rewards.sum(axis=1)
        return total


class Identified:
    """``after = A @ observation + B @ action + c``, fitted step by step.

    Args:
        size: numbers of an observation.
        channels: numbers of an action.
        worth: reward of arriving at observations by actions, float[B] from float[B, size] and float[B, channels].
        least: steps to learn from before it is used.
        doubt: how little is known at first; large: the first steps count at once.
        forget: weight of what was learnt a step ago, 1 for a world that stays as it is.

    Attributes:
        matrix: A, B and c side by side, float64[size, size + channels + 1].
        learnt: steps learnt from.
    """

    def __init__(
        self,
        size: int,
        channels: int,
        worth: Callable[[np.ndarray, np.ndarray], np.ndarray],
        *,
        least: int = 20,
        doubt: float = 100.0,
        forget: float = 1.0,
    ) -> None:
        self.size, self.channels, self.worth = size, channels, worth
        self.least, self.forget = least, forget
        self.matrix = np.concatenate([np.eye(size), np.zeros((size, channels + 1))], axis=1)
        self.learnt = 0
        self._spread = doubt * np.eye(size + channels + 1)
        self._present = np.zeros(size)
        self._last: np.ndarray | None = None
        self._kept: dict[int, np.ndarray] = {}
        self._named = 0

    @property
    def alive(self) -> bool:
        """Whether it has learnt enough to be planned with."""
        return self.learnt >= self.least

    def see(self, observation: np.ndarray) -> None:
        """Takes what is seen now; with the action noted before, that is a step to learn from."""
        now = np.array(observation, np.float64)
        if self._last is not None:
            self._learn(self._last, now)
        self._present, self._last = now, None

    def note(self, action: np.ndarray) -> None:
        """Takes what is done now."""
        self._last = np.concatenate([self._present, np.atleast_1d(np.asarray(action, np.float64)), [1.0]])

    def _learn(self, x: np.ndarray, after: np.ndarray) -> None:
        if not (np.isfinite(x).all() and np.isfinite(after).all()):
            return
        along = self._spread @ x
        gain = along / (self.forget + x @ along)
        self.matrix += np.outer(after - self.matrix @ x, gain)
        self._spread = (self._spread - np.outer(gain, along)) / self.forget
        self.learnt += 1

    def rollout(
        self,
        actions: np.ndarray,
        *,
        start: int | np.ndarray = 0,
        observe: str = "last",
        keep: bool = False,
        substeps: int = 0,
    ) -> Foreseen:
        """Plays sequences of actions in the fitted model; arguments as of a simulator's, and no physics to step."""
        plans = np.asarray(actions, np.float64)
        count, horizon = plans.shape[:2]
        numbers = np.broadcast_to(np.asarray(start, np.int64), (count,))
        x = np.stack([self._kept[int(n)] if n else self._present for n in numbers])
        rewards, seen = np.zeros((count, horizon)), np.zeros((count, horizon, self.size))
        ones = np.ones((count, 1))
        for h in range(horizon):
            x = np.concatenate([x, plans[:, h], ones], axis=1) @ self.matrix.T
            rewards[:, h], seen[:, h] = self.worth(x, plans[:, h]), x
        states = np.empty(0, np.int64)
        if keep:
            states = np.arange(self._named + 1, self._named + 1 + count)
            self._named += count
            self._kept.update(zip(states.tolist(), x, strict=True))
        return Foreseen(
            np.where(np.isnan(rewards), -np.inf, rewards),
            np.full(count, horizon),
            np.zeros(count, bool),
            seen if observe == "all" else x,
            states,
        )

    def release(self, states: np.ndarray | None = None) -> None:
        """Forgets kept states, all of them where None."""
        for number in list(self._kept) if states is None else np.atleast_1d(states).tolist():
            self._kept.pop(int(number), None)
