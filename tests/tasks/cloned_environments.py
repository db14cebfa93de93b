"""Small environments for tests of cloning: by two methods, by attributes, wrongly, and not at all."""

from __future__ import annotations

import threading
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class Walk(gymnasium.Env[np.ndarray, Any]):
    """A place on a line that chance moves a little; the reward is the place."""

    observation_space = spaces.Box(-np.inf, np.inf, (1,), np.float64)
    action_space = spaces.Box(-1.0, 1.0, (1,), np.float64)

    def __init__(self, noise: float = 0.0) -> None:
        self.noise = noise
        self.place = 0.0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.place = float(self.np_random.uniform(-1, 1))
        return np.array([self.place]), {}

    def step(self, action: Any) -> Any:
        self.place += float(action[0]) + self.noise * float(self.np_random.standard_normal())
        return np.array([self.place]), self.place, self.place > 50.0, False, {}


class Told(Walk):
    """Says what its state is; a lock could not be copied."""

    def __init__(self, noise: float = 0.0) -> None:
        super().__init__(noise)
        self.lock = threading.Lock()

    def get_state(self) -> float:
        return self.place

    def set_state(self, state: float) -> None:
        self.place = state


class Forgetful(Told):
    """Leaves a part of its state out."""

    def __init__(self) -> None:
        super().__init__()
        self.drift = 0.0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        self.drift = 0.0
        return super().reset(seed=seed)

    def step(self, action: Any) -> Any:
        self.drift += 0.5
        self.place += self.drift
        return super().step(action)


class Locked(Walk):
    """Cannot be copied, and says nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()


class Broken(Walk):
    """Its reward is NaN once it is far out."""

    def step(self, action: Any) -> Any:
        seen, reward, *rest = super().step(action)
        return seen, float("nan") if self.place > 3.0 else reward, *rest


for _maker in (Walk, Told, Forgetful, Locked, Broken):
    gymnasium.register(
        f"{_maker.__name__}-v0", f"{__name__}:{_maker.__name__}", max_episode_steps=20, order_enforce=False
    )
