"""Environments in which there is little to see."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class Constant(gymnasium.Env[Any, Any]):
    """Always shows the same; pays what action 1 (or the first channel) is."""

    def __init__(self, channels: int) -> None:
        self.observation_space = spaces.Tuple((spaces.Discrete(2), spaces.Discrete(2)))
        self.action_space = spaces.Box(-1.0, 1.0, (channels,)) if channels else spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed)
        return (1, 0), {}

    def step(self, action: Any) -> Any:
        return (1, 0), float(np.ravel(action)[0]), False, False, {}


class OneStep(gymnasium.Env[Any, Any]):
    """One decision per episode: whether the first number is larger than the second."""

    def __init__(self) -> None:
        self.observation_space = spaces.Box(-1.0, 1.0, (3,), np.float64)
        self.action_space = spaces.Discrete(2)
        self._shown = np.zeros(3)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed)
        self._shown = self.np_random.uniform(-1.0, 1.0, 3)
        return self._shown, {}

    def step(self, action: Any) -> Any:
        return self._shown, float(int(action) == (self._shown[0] > self._shown[1])), True, False, {}


for _channels in (0, 1, 4):
    gymnasium.register(
        f"Unseeing/Constant{_channels}-v0",
        entry_point=Constant,  # type: ignore[arg-type]
        max_episode_steps=20,
        kwargs={"channels": _channels},
    )
gymnasium.register("Unseeing/OneStep-v0", entry_point=OneStep)  # type: ignore[arg-type]
