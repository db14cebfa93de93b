"""Environments as a user would register them, for ``module:Id``."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

OBSERVATIONS: dict[str, spaces.Space[Any]] = {
    "grid": spaces.Box(0.0, 1.0, (2, 3), np.float32),
    "image": spaces.Box(0, 255, (8, 9, 3), np.uint8),
    "state": spaces.Discrete(7, start=2),
    "states": spaces.MultiDiscrete([3, 4]),
    "bits": spaces.MultiBinary(4),
    "mixed": spaces.Dict({"where": spaces.Discrete(3), "speed": spaces.Box(-1.0, 1.0, (2,))}),
    "text": spaces.Text(5),
}
ACTIONS: dict[str, spaces.Space[Any]] = {
    "discrete": spaces.Discrete(3, start=-1),
    "product": spaces.MultiDiscrete([2, 3]),
    "large product": spaces.MultiDiscrete([9, 9]),
    "box": spaces.Box(np.array([-1, 0], np.float32), np.array([1, 2], np.float32)),
    "mixed": spaces.Dict({"a": spaces.Discrete(2), "push": spaces.Box(-1.0, 1.0, (2,))}),
    "text": spaces.Text(5),
}


class Echo(gymnasium.Env[Any, Any]):
    """Gives samples of its observation space; remembers the last action; ends nothing by itself."""

    def __init__(self, observes: str = "grid", acts: str = "discrete") -> None:
        self.observation_space = OBSERVATIONS[observes]
        self.action_space = ACTIONS[acts]
        self.last_observation: Any = None
        self.last_action: Any = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        return self._observe(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.last_action = action
        return self._observe(), 1, False, False, {}

    def _observe(self) -> Any:
        self.last_observation = self.observation_space.sample()
        return self.last_observation


gymnasium.register("hlearn-tests/Echo-v0", entry_point=Echo, max_episode_steps=5)  # type: ignore[arg-type]
