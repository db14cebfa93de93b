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


gymnasium.register("Ice-v0", entry_point=Ice)  # type: ignore[arg-type]


class Arm(gymnasium.Env[Any, np.ndarray]):
    """Bring a hand to a goal: a Dict with parts for both, sparse reward -1 until it is there."""

    def __init__(self) -> None:
        part = spaces.Box(-2.0, 2.0, (2,), np.float64)
        self.observation_space = spaces.Dict({"goal": part, "hand": part, "noise": part})
        self.action_space = spaces.Box(-1.0, 1.0, (2,), np.float64)
        self._hand = self._goal = np.zeros(2)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        super().reset(seed=seed)
        self._hand, self._goal = self.np_random.uniform(-1.0, 1.0, (2, 2))
        return self._see(), {}

    def step(self, action: np.ndarray) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        self._hand = np.clip(self._hand + 0.1 * action, -2.0, 2.0)
        there = bool(np.abs(self._hand - self._goal).max() < 0.1)
        return self._see(), float(there) - 1.0, False, False, {}

    def _see(self) -> dict[str, np.ndarray]:
        return {"goal": self._goal, "hand": self._hand, "noise": self.np_random.uniform(-1.0, 1.0, 2)}


class Wide(gymnasium.Env[np.ndarray, np.int64]):
    """Ten thousand numbers, two of which matter: a place, which actions move, and where it should be."""

    def __init__(self) -> None:
        self.observation_space = spaces.Box(-50.0, 50.0, (10_000,), np.float32)
        self.action_space = spaces.Discrete(2)
        self._place = self._mark = 0.0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self._place, self._mark = (float(v) for v in self.np_random.uniform(-5.0, 5.0, 2))
        return self._see(), {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        self._place += 0.5 if action else -0.5
        return self._see(), -abs(self._place - self._mark), False, False, {}

    def _see(self) -> np.ndarray:
        seen = self.np_random.uniform(-1.0, 1.0, 10_000).astype(np.float32)
        seen[7_000], seen[7_001] = self._place, self._mark
        return seen


gymnasium.register("Arm-v0", entry_point=Arm, max_episode_steps=50)  # type: ignore[arg-type]
gymnasium.register("Wide-v0", entry_point=Wide, max_episode_steps=40)  # type: ignore[arg-type]


class Dance(gymnasium.Env[np.ndarray, np.int64]):
    """Twenty steps in a fixed order pay, and what is seen is noise: nothing that looks can know them."""

    STEPS = (1, 0, 2, 2, 1, 0, 0, 2, 1, 2, 0, 1, 1, 2, 0, 2, 1, 0, 1, 2)

    def __init__(self) -> None:
        self.observation_space = spaces.Box(-1.0, 1.0, (2,), np.float64)
        self.action_space = spaces.Discrete(3)
        self._step = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self._step = 0
        return self.np_random.uniform(-1.0, 1.0, 2), {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        reward = float(action == self.STEPS[self._step])
        self._step += 1
        over = self._step == len(self.STEPS)
        return self.np_random.uniform(-1.0, 1.0, 2), reward, over, False, {}


gymnasium.register("Dance-v0", entry_point=Dance)  # type: ignore[arg-type]


class Bend(gymnasium.Env[np.ndarray, np.ndarray]):
    """A bend that only the fullest push to one side follows; an episode has 200 steps."""

    def __init__(self) -> None:
        self.observation_space = spaces.Box(-10.0, 10.0, (6,), np.float64)
        self.action_space = spaces.Box(-1.0, 1.0, (1,), np.float64)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        return self.np_random.uniform(-1.0, 1.0, 6), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        return self.np_random.uniform(-1.0, 1.0, 6), float(action[0]) - 0.9, False, False, {}


gymnasium.register("Bend-v0", entry_point=Bend, max_episode_steps=200)  # type: ignore[arg-type]


class Shop(gymnasium.Env[Any, np.int64]):
    """Twelve offers, each with a price, a worth and whether it is still there; the best value for money pays most."""

    OFFERS = 12

    def __init__(self) -> None:
        some = spaces.Box(0.0, 10.0, (2 * self.OFFERS + 1,), np.float64)
        self.observation_space = spaces.Dict({"goods": some, "left": spaces.MultiBinary(self.OFFERS)})
        self.action_space = spaces.Discrete(self.OFFERS)
        self._goods, self._left, self._steps = (
            np.zeros((2, self.OFFERS)),
            np.ones(self.OFFERS, dtype=np.int8),
            0,
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        super().reset(seed=seed)
        self._goods, self._steps = self.np_random.uniform(1.0, 10.0, (2, self.OFFERS)), 0
        self._left = self.np_random.integers(0, 2, self.OFFERS, dtype=np.int8)
        self._left[int(self.np_random.integers(self.OFFERS))] = 1
        return self._see(), {}

    def step(self, action: np.int64) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        value = float(self._goods[1, action] / self._goods[0, action])
        paid = value if self._left[action] else -5.0
        self._left[action], self._steps = 0, self._steps + 1
        return self._see(), paid, self._steps == 3 or not self._left.any(), False, {}

    def _see(self) -> dict[str, np.ndarray]:
        return {"goods": np.append(self._goods.ravel(), float(self._steps)), "left": self._left.copy()}


class Orders(gymnasium.Env[np.ndarray, np.ndarray]):
    """One order a day of 0 to 3,200, of which 410 are sold: what is left over costs, and what is seen is noise."""

    def __init__(self) -> None:
        self.observation_space = spaces.Box(0.0, 1.0, (2,), np.float64)
        self.action_space = spaces.Box(0.0, 3_200.0, (1,), np.float64)
        self._day = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self._day = 0
        return self.np_random.uniform(0.0, 1.0, 2), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        self._day += 1
        sold = min(float(action[0]), 410.0) / 410.0
        wasted = max(float(action[0]) - 410.0, 0.0) / 410.0
        return self.np_random.uniform(0.0, 1.0, 2), sold - 2.0 * wasted, self._day == 10, False, {}


gymnasium.register("Shop-v0", entry_point=Shop)  # type: ignore[arg-type]
gymnasium.register("Orders-v0", entry_point=Orders)  # type: ignore[arg-type]


class Tank(gymnasium.Env[Any, np.ndarray]):
    """Hold the second of two levels at a set point that jumps once: a Dict whose parts have different sizes.

    Action float[1]: the pump, from 0 to 1; it is seen too. Reward: minus the distance from the set point.
    """

    def __init__(self) -> None:
        self.observation_space = spaces.Dict(
            {
                "levels": spaces.Box(0.0, 2.0, (2,), np.float64),
                "pump": spaces.Box(0.0, 1.0, (1,), np.float64),
                "setpoint": spaces.Box(0.0, 2.0, (1,), np.float64),
            }
        )
        self.action_space = spaces.Box(0.0, 1.0, (1,), np.float64)
        self._levels = np.zeros(2)
        self._setpoint = self._pump = 0.0
        self._step = 0

    def _seen(self) -> dict[str, np.ndarray]:
        return {
            "levels": self._levels.copy(),
            "pump": np.array([self._pump]),
            "setpoint": np.array([self._setpoint]),
        }

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        super().reset(seed=seed)
        self._levels = self.np_random.uniform(0.1, 1.0, 2)
        self._setpoint, self._pump, self._step = float(self.np_random.uniform(0.4, 1.4)), 0.0, 0
        return self._seen(), {}

    def step(self, action: np.ndarray) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        self._pump = float(np.clip(action[0], 0.0, 1.0))
        self._step += 1
        if self._step == 50:
            self._setpoint = float(self.np_random.uniform(0.4, 1.4))
        between, out = 0.12 * np.sqrt(self._levels)
        self._levels += np.array([0.24 * self._pump - between, between - out])
        self._levels = self._levels.clip(0.0, 2.0)
        reward = -abs(float(self._levels[1]) - self._setpoint)
        return self._seen(), reward, False, self._step >= 100, {}


gymnasium.register("Tank-v0", entry_point=Tank)  # type: ignore[arg-type]


class Room(gymnasium.Env[np.ndarray, np.ndarray]):
    """Keep a room at 21 degrees, which nothing says but the reward; the radiator lags behind its valve.

    Observation float[3]: room, radiator, outside, in degrees. Action float[1]: the valve, 0 to 100.
    """

    def __init__(self) -> None:
        self.observation_space = spaces.Box(-50.0, 100.0, (3,), np.float64)
        self.action_space = spaces.Box(0.0, 100.0, (1,), np.float64)
        self._room = self._radiator = self._outside = 0.0
        self._step = 0

    def _seen(self) -> np.ndarray:
        return np.array([self._room, self._radiator, self._outside])

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self._room, self._radiator = self.np_random.uniform(10.0, 30.0, 2)
        self._outside, self._step = float(self.np_random.uniform(-5.0, 12.0)), 0
        return self._seen(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        self._step += 1
        self._radiator += 0.3 * (0.8 * float(np.clip(action[0], 0.0, 100.0)) - self._radiator)
        self._room += 0.05 * (self._radiator - self._room) + 0.05 * (self._outside - self._room)
        self._outside += float(self.np_random.normal(0.0, 0.3))
        return self._seen(), -min(abs(self._room - 21.0), 10.0), False, self._step >= 100, {}


gymnasium.register("Room-v0", entry_point=Room)  # type: ignore[arg-type]


class Catch(gymnasium.Env[np.ndarray, np.int64]):
    """Catch what falls: a board of cells on which a paddle is moved and one thing falls after another, past a wall.

    Observation uint8[12, 7, 3], or [3, 12, 7], or one number per cell: paddle, what falls, wall. Actions: stay, left,
    right. Reward: 1 for what is caught; the first that is missed ends the episode.
    """

    def __init__(self, layout: str = "last") -> None:
        shape = {"last": (12, 7, 3), "first": (3, 12, 7), "kinds": (12, 7)}[layout]
        self.observation_space = spaces.Box(0, 5, shape, np.uint8)
        self.action_space = spaces.Discrete(3)
        self._layout = layout
        self._paddle, self._ball, self._caught = 0, [0, 0], 0

    def _seen(self) -> np.ndarray:
        table = np.zeros((12, 7, 3), np.uint8)
        table[11, self._paddle, 0] = table[self._ball[0], self._ball[1], 1] = 1
        table[6, 2:5, 2] = 1
        if self._layout == "kinds":
            return np.asarray((table * np.array([5, 2, 3], np.uint8)).max(axis=2))
        return table.transpose(2, 0, 1).copy() if self._layout == "first" else table

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self._paddle, self._caught = int(self.np_random.integers(7)), 0
        self._ball = [0, int(self.np_random.integers(7))]
        return self._seen(), {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        self._paddle = int(np.clip(self._paddle + (0, -1, 1)[int(action)], 0, 6))
        self._ball[0] += 1
        caught = self._ball == [11, self._paddle]
        missed = self._ball[0] == 11 and not caught
        if caught:
            self._caught += 1
            self._ball = [0, int(self.np_random.integers(7))]
        return self._seen(), float(caught), missed, self._caught >= 10, {}


for _layout in ("last", "first", "kinds"):
    gymnasium.register(
        f"Catch-{_layout}-v0",
        entry_point=Catch,  # type: ignore[arg-type]
        kwargs={"layout": _layout},
    )
