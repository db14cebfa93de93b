"""Simulation on clones of a Gymnasium environment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

from hlearn.tasks.simulators.api import Rollouts, State, SteppedSimulator
from hlearn.tasks.simulators.mujoco_batches import Batches, batches_for
from hlearn.tasks.simulators.states import check_clone, keeping_of, layers

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

    def present(self) -> State:
        """The environment's present state."""
        return self._keeping.read(self._real)

    def restore(self, state: State) -> None:
        """Puts the twin into a state; its generators stay as they are."""
        self._keeping.write(self._env, state)

    def keep(self) -> State:
        """The twin's state."""
        return self._keeping.read(self._env)


class MujocoSimulator(GymnasiumSimulator):
    """Clones of a MuJoCo environment, by its own ``step`` or, of whose ways little is asked, in batches.

    Where the environment has no wrapper but its time limit, its own ``step`` is called: the same numbers at less cost.

    Args:
        real: the environment that is cloned.
        twin: another instance of it.
        who: the environment in words.
    """

    def __init__(self, real: GymnasiumEnvironment, twin: GymnasiumEnvironment, who: str) -> None:
        super().__init__(real, twin, who)
        self._direct = [type(w) for w in layers(self._env)[:-1]] == [gymnasium.wrappers.TimeLimit]
        self._batches: Batches | None = None
        if self._direct:
            state = self.present()
            bare = self._env.unwrapped

            def exact(plans: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
                seen = np.zeros((len(plans), *self._shape), self._dtype)
                return self._step([state] * len(plans), plans, seen), seen

            self._batches = batches_for(bare, state[0].data, exact)

    @property
    def batched(self) -> bool:
        """Whether sequences of which no more than rewards is asked for are played in C, all at once."""
        return self._batches is not None

    def rollout(
        self,
        starts: Sequence[State],
        actions: np.ndarray,
        *,
        observe: str = "last",
        keep: bool = False,
        substeps: int = 0,
    ) -> Rollouts:
        """Plays each sequence of actions from its state."""
        if keep or observe == "all" or not self._direct:
            return super().rollout(starts, actions, observe=observe, keep=keep)
        plans = actions.astype(self._env.action_space.dtype)
        first = starts[0]
        batches = self._batches
        if batches is not None and all(start is first for start in starts):
            cost = batches.cost(substeps)
            if observe == "none" or batches.sees or cost < 1.0:
                self.restore(first)
                limit: Any = layers(self._env)[0]
                left = limit._max_episode_steps - limit._elapsed_steps
                rewards, over, ends = batches.play(first[0].data, plans[:, :left], substeps)
                rolled = _cut(rewards, over, plans.shape[1], cost)
                if observe == "none":
                    return rolled
                last = ends[np.arange(len(ends)), rolled.lengths - 1]
                return replace(rolled, observations=batches.observed(last).astype(self._dtype))
        seen = None if observe == "none" else np.zeros((len(plans), *self._shape), self._dtype)
        rewards = self._step(starts, plans, seen)
        return Rollouts(
            rewards=rewards,
            lengths=self._lengths,
            ended=self._ended,
            observations=seen,
            states=(),
            steps=int(self._lengths.sum()),
        )

    def _step(self, starts: Sequence[State], plans: np.ndarray, seen: np.ndarray | None) -> np.ndarray:
        """Plays plans by the environment's own steps; lengths and ends stand in attributes afterwards."""
        bare, count, horizon = self._env.unwrapped, *plans.shape[:2]
        limit: Any = layers(self._env)[0]
        rewards = np.zeros((count, horizon))
        self._lengths, self._ended = np.full(count, horizon), np.zeros(count, bool)
        for b in range(count):
            self.restore(starts[b])
            left = min(horizon, limit._max_episode_steps - limit._elapsed_steps)
            for h in range(left):
                observation, reward, terminated, truncated, _ = bare.step(plans[b, h])
                if not math.isfinite(reward):
                    reward, terminated = -math.inf, True
                rewards[b, h] = reward
                self._lengths[b] = h + 1
                if terminated or truncated:
                    self._ended[b] = terminated
                    break
            if seen is not None:
                self._twin.write(observation, seen[b])
        return rewards


def _cut(rewards: np.ndarray, over: np.ndarray, horizon: int, cost: float) -> Rollouts:
    """What stands when each sequence ends with its episode."""
    count, played = rewards.shape
    broken = ~np.isfinite(rewards)
    over = over | broken
    ended: np.ndarray = np.asarray(over.any(axis=1))
    lengths = np.where(ended, over.argmax(axis=1) + 1, played)
    after = np.arange(played)[None] >= lengths[:, None]
    clean = np.zeros((count, horizon))
    clean[:, :played] = np.where(after, 0.0, np.where(broken, -math.inf, rewards))
    return Rollouts(
        rewards=clean,
        lengths=lengths,
        ended=ended,
        observations=None,
        states=(),
        steps=math.ceil(cost * count * played),
    )
