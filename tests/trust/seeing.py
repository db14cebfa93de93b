"""An environment that writes down what it is seeded with, and shows nothing of it."""

from __future__ import annotations

import os
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class Seen(gymnasium.Env[np.ndarray, np.int64]):
    """Five steps of a coin that only the seed knows: the right guess brings 1."""

    def __init__(self, log: str = "") -> None:
        self.observation_space = spaces.Box(0.0, 1.0, (1,), np.float32)
        self.action_space = spaces.Discrete(2)
        self._log = log
        self._left = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self._left = 5
        if self._log:
            fd = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(fd, f"{seed}\n".encode())
            os.close(fd)
        return np.zeros(1, np.float32), {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        self._left -= 1
        reward = float(int(action) == int(self.np_random.integers(2)))
        return np.zeros(1, np.float32), reward, self._left == 0, False, {}


gymnasium.register("hlearn-tests/Seen-v0", entry_point=Seen, max_episode_steps=10)  # type: ignore[arg-type]
