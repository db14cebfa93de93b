"""Environments with few states, which nobody ever named: a maze whose floor may slip, and a die with a fee."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

MAZE = ("S..#...", ".#.#.#.", ".#...#.", ".####..", "#.....G")


class Maze(gymnasium.Env[Any, np.int64]):
    """Find G; one cell per step, reward 1 at G and -0.01 per step. Actions: north, east, south, west, wait.

    Observation: the number of the cell, or row and column as a Dict, or the whole floor with 2 where one stands.
    """

    def __init__(self, slip: float = 0.0, apart: bool = False, floor: bool = False) -> None:
        self.action_space = spaces.Discrete(5)
        self.observation_space: spaces.Space[Any] = spaces.Discrete(35)
        if apart:
            self.observation_space = spaces.Dict({"column": spaces.Discrete(7), "row": spaces.Discrete(5)})
        elif floor:
            self.observation_space = spaces.Box(0, 2, (5, 7), np.int8)
        self._slip, self._apart, self._floor = slip, apart, floor
        self._row = self._column = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._row = self._column = 0
        return self._see(), {}

    def step(self, action: np.int64) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        if self.np_random.random() < self._slip:
            action = self.np_random.integers(4)
        down, right = ((-1, 0), (0, 1), (1, 0), (0, -1), (0, 0))[int(action)]
        row, column = min(max(self._row + down, 0), 4), min(max(self._column + right, 0), 6)
        if MAZE[row][column] != "#":
            self._row, self._column = row, column
        found = MAZE[self._row][self._column] == "G"
        return self._see(), float(found) - 0.01, found, False, {}

    def _see(self) -> Any:
        if self._floor:
            seen = np.array([[int(cell == "#") for cell in row] for row in MAZE], np.int8)
            seen[self._row, self._column] = 2
            return seen
        return {"column": self._column, "row": self._row} if self._apart else 7 * self._row + self._column


class Dice(gymnasium.Env[Any, np.int64]):
    """A die shows 1 to 6 and a table 1 to 3: take what it shows (1), or roll once more for a fee of the table (0)."""

    def __init__(self) -> None:
        self.action_space = spaces.Discrete(2)
        self.observation_space = spaces.Tuple((spaces.Discrete(6, start=1), spaces.Discrete(3, start=1)))
        self._shown = (1, 1)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._shown = (int(self.np_random.integers(1, 7)), int(self.np_random.integers(1, 4)))
        return self._shown, {}

    def step(self, action: np.int64) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        face, fee = self._shown
        reward = face if action else int(self.np_random.integers(1, 7)) - fee
        return self._shown, float(reward), True, False, {}


gymnasium.register("Counted/Maze-v0", entry_point=Maze, max_episode_steps=100)  # type: ignore[arg-type]
gymnasium.register("Counted/Slips-v0", entry_point=Maze, max_episode_steps=100, kwargs={"slip": 0.2})  # type: ignore[arg-type]
gymnasium.register("Counted/Apart-v0", entry_point=Maze, max_episode_steps=100, kwargs={"apart": True})  # type: ignore[arg-type]
gymnasium.register("Counted/Floor-v0", entry_point=Maze, max_episode_steps=100, kwargs={"floor": True})  # type: ignore[arg-type]
gymnasium.register("Counted/Dice-v0", entry_point=Dice)  # type: ignore[arg-type]
