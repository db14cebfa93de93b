"""Toy environments for tests, reached as a user's own: ``hlearn.testing.toys:Corridor-v0``, ``:Seek-v0``.

Both depend on the seed, take microseconds per step and have a known best policy.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class Corridor(gymnasium.Env[np.ndarray, np.int64]):
    """Walk to the goal on a line of 21 cells; actions STAY, LEFT, RIGHT.

    Observation float32[2]: position and goal, in cells. Reward 1 at the goal, which then moves. The episode
    is terminated after ``goals`` goals and truncated after 200 steps.
    """

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012 - gymnasium's own convention

    def __init__(self, goals: int = 10, render_mode: str | None = None) -> None:
        self.observation_space = spaces.Box(0.0, 20.0, (2,), np.float32)
        self.action_space = spaces.Discrete(3)
        self.render_mode = render_mode
        self._goals = goals
        self._position = self._goal = self._reached = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Starts in the middle with a random goal."""
        super().reset(seed=seed)
        self._position, self._reached = 10, 0
        self._goal = int(self.np_random.integers(21))
        return self._look(), {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Moves by one cell."""
        self._position = min(max(self._position + (0, -1, 1)[int(action)], 0), 20)
        reward = 0.0
        if self._position == self._goal:
            reward = 1.0
            self._reached += 1
            self._goal = int(self.np_random.integers(21))
        return self._look(), reward, self._reached >= self._goals, False, {}

    def render(self) -> np.ndarray:
        """The line as a picture, uint8[8, 168, 3]."""
        picture = np.zeros((8, 168, 3), np.uint8)
        picture[:, self._goal * 8 : self._goal * 8 + 8, 1] = 255
        picture[:, self._position * 8 : self._position * 8 + 8, 0] = 255
        return picture

    def _look(self) -> np.ndarray:
        return np.array([self._position, self._goal], np.float32)


class Seek(gymnasium.Env[np.ndarray, np.ndarray]):
    """Push a point on a plane to a target; action float32[2] in [-1, 1], a velocity.

    Observation float32[4]: position and target. Reward is minus the distance per step; truncated after 50
    steps.
    """

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012 - gymnasium's own convention

    def __init__(self, render_mode: str | None = None) -> None:
        self.observation_space = spaces.Box(-10.0, 10.0, (4,), np.float32)
        self.action_space = spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.render_mode = render_mode
        self._place = np.zeros(2)
        self._target = np.zeros(2)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Starts at the origin with a random target."""
        super().reset(seed=seed)
        self._place = np.zeros(2)
        self._target = self.np_random.uniform(-5, 5, 2)
        return self._look(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Moves by the action."""
        self._place = np.clip(self._place + np.clip(action, -1, 1), -10, 10)
        distance = float(np.hypot(*(self._place - self._target)))
        return self._look(), -distance, False, False, {}

    def render(self) -> np.ndarray:
        """Place and target as a picture, uint8[84, 84, 3]."""
        picture = np.zeros((84, 84, 3), np.uint8)
        for channel, (x, y) in enumerate((self._place, self._target)):
            column, row = int((x + 10) * 4), int((y + 10) * 4)
            picture[row : row + 4, column : column + 4, channel] = 255
        return picture

    def _look(self) -> np.ndarray:
        return np.concatenate([self._place, self._target]).astype(np.float32)


gymnasium.register("Corridor-v0", entry_point="hlearn.testing.toys:Corridor", max_episode_steps=200)
gymnasium.register("Seek-v0", entry_point="hlearn.testing.toys:Seek", max_episode_steps=50)
