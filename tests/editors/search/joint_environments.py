"""Environments in which channels help only together, and states that never come again."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class Yoke(gymnasium.Env[np.ndarray, np.ndarray]):
    """Two channels pull a sledge together: alone neither moves it, and which way to pull is a sum of two numbers.

    Observation float64[3]. Action float[2]. Reward: the smaller of both
    pulls in the right direction.
    """

    def __init__(self) -> None:
        self.observation_space = spaces.Box(-5.0, 5.0, (3,), np.float64)
        self.action_space = spaces.Box(-1.0, 1.0, (2,), np.float64)
        self._seen = np.zeros(3)
        self._step = 0

    def _see(self) -> np.ndarray:
        self._seen = np.clip(self.np_random.standard_normal(3), -5.0, 5.0)
        return self._seen

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self._step = 0
        return self._see(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        way = float(np.sign(self._seen[0] - self._seen[2]))
        one, other = way * float(action[0]), -way * float(action[1])
        self._step += 1
        return self._see(), min(one, other), False, self._step >= 50, {}


class Crowd(gymnasium.Env[np.ndarray, np.int64]):
    """Whole numbers that hardly ever come again but for the start; every action pays the last of them modulo 2."""

    def __init__(self) -> None:
        self.observation_space = spaces.Box(0, 1000, (4,), np.int64)
        self.action_space = spaces.Discrete(3)
        self._seen = np.zeros(4, dtype=np.int64)
        self._step = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self._step, self._seen = 0, np.zeros(4, dtype=np.int64)
        return self._seen, {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        reward = float(action == 2 and self._seen[0] > 500)
        self._seen = self.np_random.integers(0, 1001, 4)
        self._step += 1
        return self._seen, reward, bool(self.np_random.random() < 0.6), self._step >= 10, {}


gymnasium.register("Yoke-v0", entry_point=Yoke)  # type: ignore[arg-type]
gymnasium.register("Crowd-v0", entry_point=Crowd)  # type: ignore[arg-type]
