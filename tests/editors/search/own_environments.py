"""Environments for the tests of the search, reached by ``module:Id``."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class Ice(gymnasium.Env[np.ndarray, np.ndarray]):
    """Hold a puck on ice at a mark: only its position and the mark's are seen, so braking needs a memory.

    Observation float64[2]: puck and mark. Action float[1]: push. Reward: 1 minus the distance, at least 0.
    """

    def __init__(self) -> None:
        self.observation_space = spaces.Box(-10.0, 10.0, (2,), np.float64)
        self.action_space = spaces.Box(-1.0, 1.0, (1,), np.float64)
        self._place = self._speed = self._mark = 0.0
        self._step = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self._place, self._mark = (float(v) for v in self.np_random.uniform(-1.0, 1.0, 2))
        self._speed, self._step = 0.0, 0
        return np.array([self._place, self._mark]), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        self._speed += 0.05 * float(action[0])
        self._place = float(np.clip(self._place + self._speed, -10.0, 10.0))
        self._step += 1
        reward = max(0.0, 1.0 - abs(self._place - self._mark))
        return np.array([self._place, self._mark]), reward, False, self._step >= 100, {}


gymnasium.register("Ice-v0", entry_point=Ice)
