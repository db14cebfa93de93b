"""Simulation on clones of a Gymnasium environment."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

from hlearn.tasks.simulators.api import Rollouts, State, SteppedSimulator
from hlearn.tasks.simulators.states import MujocoKeeping, check_clone, keeping_of, layers

if TYPE_CHECKING:
    from hlearn.tasks.gymnasium_env import GymnasiumEnvironment


class GymnasiumSimulator(SteppedSimulator):
    """Steps a twin.

    Args:
        real: the environment that is cloned.
        twin: another instance of it.
        who: the environment in words.

    Raises:
        UsageError: it cannot be cloned; says why and what to do.
    """

    def __init__(self, real: GymnasiumEnvironment, twin: GymnasiumEnvironment, who: str) -> None:
        super().__init__(twin)
        self._real: Any = real.inner
        self._env: Any = twin.inner
        self._twin = twin
        self._keeping = keeping_of(self._real, who)
        check_clone(self._real, self._env, self._keeping, who)
        self._data: Any = (
            copy.copy(real.inner.get_wrapper_attr("data"))
            if isinstance(self._keeping, MujocoKeeping)
            else None
        )

    def present(self) -> State:
        """The environment's present state; with MuJoCo in memory that the next call writes anew."""
        if isinstance(self._keeping, MujocoKeeping):
            return self._keeping.read_into(self._real, self._data)
        return self._keeping.read(self._real)

    def restore(self, state: State) -> None:
        """Puts the twin into a state; its generators stay as they are."""
        self._keeping.write(self._env, state)

    def keep(self) -> State:
        """The twin's state."""
        return self._keeping.read(self._env)


class MujocoSimulator(GymnasiumSimulator):
    """Steps a twin of a MuJoCo environment without what lies around it, which counts steps and checks them.

    Where the environment has no wrapper but its time limit, its own ``step`` is called: the same numbers at less cost.
    """

    def rollout(
        self, starts: Sequence[State], actions: np.ndarray, *, observe: str = "last", keep: bool = False
    ) -> Rollouts:
        """Plays each sequence of actions from its state, one after the other."""
        wrappers = layers(self._env)[:-1]
        if keep or observe == "all" or [type(w) for w in wrappers] != [gymnasium.wrappers.TimeLimit]:
            return super().rollout(starts, actions, observe=observe, keep=keep)
        limit, bare = wrappers[0], self._env.unwrapped
        count, horizon = actions.shape[:2]
        rewards, lengths = np.zeros((count, horizon)), np.full(count, horizon)
        ended = np.zeros(count, bool)
        seen = None if observe == "none" else np.zeros((count, *self._shape), self._dtype)
        plans = actions.astype(bare.action_space.dtype)
        for b in range(count):
            self.restore(starts[b])
            left = limit._max_episode_steps - limit._elapsed_steps
            for h in range(min(horizon, left)):
                observation, reward, terminated, truncated, _ = bare.step(plans[b, h])
                if not math.isfinite(reward):
                    reward, terminated = -math.inf, True
                rewards[b, h] = reward
                if terminated or truncated:
                    ended[b] = terminated
                    break
            lengths[b] = h + 1
            if seen is not None:
                self._twin.write(observation, seen[b])
        return Rollouts(
            rewards=rewards,
            lengths=lengths,
            ended=ended,
            observations=seen,
            states=(),
            steps=int(lengths.sum()),
        )
