"""A user's environments with the mistakes that users make, for ``module:Id``."""

from __future__ import annotations

import os
import random
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class Sound(gymnasium.Env[Any, Any]):
    """Four random numbers, never ends by itself; what the others break one thing of."""

    def __init__(self) -> None:
        self.observation_space = spaces.Box(-1.0, 1.0, (4,), np.float64)
        self.action_space = spaces.Discrete(2)
        self.steps = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed)
        self.steps = 0
        return self.look(), {}

    def look(self) -> Any:
        return self.np_random.uniform(-1.0, 1.0, 4)

    def step(self, action: Any) -> Any:
        self.steps += 1
        return self.look(), float(action), False, False, {}


class Raises(Sound):
    def step(self, action: Any) -> Any:
        if self.steps == 20:
            raise ValueError("my env broke")
        return super().step(action)


class RaisesInReset(Sound):
    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        raise RuntimeError("no start")


class RaisesInConstructor(Sound):
    def __init__(self) -> None:
        raise ValueError("no such level")


class Short(Sound):
    def look(self) -> Any:
        return np.zeros(3)


class Single(Sound):
    def look(self) -> Any:
        return 0.5


class Shrinks(Sound):
    def look(self) -> Any:
        return np.zeros(4 if self.steps < 5 else 2)


class OldStep(Sound):
    def step(self, action: Any) -> Any:
        return self.look(), 1.0, False, {}


class OldReset(Sound):
    def reset(self, **_: Any) -> Any:
        return self.look()


class Unseeded(Sound):
    def reset(self) -> Any:  # type: ignore[override]
        return self.look(), {}


class NoReward(Sound):
    def step(self, action: Any) -> Any:
        return self.look(), None, False, False, {}


class NanReward(Sound):
    def step(self, action: Any) -> Any:
        return self.look(), float("nan"), False, False, {}


class TextReward(Sound):
    def step(self, action: Any) -> Any:
        return self.look(), "1.0", False, False, {}


class Blank(Sound):
    """Shows nothing from its fourth step on."""

    def look(self) -> Any:
        return None if self.steps > 3 else super().look()


class BlankNumber(Blank):
    """The same for a single number."""

    def __init__(self) -> None:
        super().__init__()
        self.observation_space = spaces.Discrete(3)

    def look(self) -> Any:
        return None if self.steps > 3 else 1


class BlankAtOnce(BlankNumber):
    def look(self) -> Any:
        return None


class BlankPart(Blank):
    """The same for a part of a mapping."""

    def __init__(self) -> None:
        super().__init__()
        self.observation_space = spaces.Dict(hand=spaces.Box(-1.0, 1.0, (2,)), lamp=spaces.Discrete(2))

    def look(self) -> Any:
        return {"hand": np.zeros(2), "lamp": None if self.steps > 3 else 1}


class HalfBlank(Sound):
    def look(self) -> Any:
        return [0.5, None, 0.5, 0.5] if self.steps > 3 else super().look()


class Written(Sound):
    """Numbers as text."""

    def look(self) -> Any:
        return ["0.5"] * 4 if self.steps > 3 else super().look()


class Repeats(Sound):
    """One number instead of four."""

    def look(self) -> Any:
        return 0.5 if self.steps > 3 else super().look()


class NoInfo(Sound):
    def step(self, action: Any) -> Any:
        return self.look(), 1.0, self.steps > 3, False, None


class Sized(Sound):
    def __init__(self, size: int) -> None:
        super().__init__()


class NoSpaces(gymnasium.Env[Any, Any]):
    pass


class Quits(Sound):
    def step(self, action: Any) -> Any:
        raise SystemExit(4)


class Exits(Sound):
    def step(self, action: Any) -> Any:
        os._exit(7)


class Forgetful(Sound):
    """Ignores its seed."""

    luck = random.SystemRandom()

    def look(self) -> Any:
        return [self.luck.random() for _ in range(4)]

    def step(self, action: Any) -> Any:
        observation, *rest = super().step(action)
        return observation, self.luck.random(), *rest[1:]


class Careless(Sound):
    """Draws from global generators, and from its own before that is seeded."""

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        self.start = self.np_random.random()
        super().reset(seed=seed)
        return self.look(), {}

    def look(self) -> Any:
        return [self.start, random.random(), np.random.uniform(), 0.0]  # noqa: NPY002

    def step(self, action: Any) -> Any:
        observation, *rest = super().step(action)
        return observation, random.random(), *rest[1:]


class Remembers(Sound):
    """Goes on counting where the last episode left off."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def step(self, action: Any) -> Any:
        self.total += 1
        return self.look(), float(self.total), False, False, {}


for _made in (
    *(Sound, Raises, RaisesInReset, RaisesInConstructor, Short, Single, Shrinks, OldStep, OldReset, Unseeded),
    *(TextReward, Blank, BlankNumber, BlankAtOnce, BlankPart, HalfBlank, Written, Repeats),
    *(NoReward, NanReward, NoInfo, NoSpaces, Sized, Quits, Exits, Forgetful, Careless, Remembers),
):
    gymnasium.register(f"Broken/{_made.__name__}-v0", entry_point=_made, max_episode_steps=50)  # type: ignore[arg-type]
gymnasium.register("Broken/Endless-v0", entry_point=Sound)  # type: ignore[arg-type]
gymnasium.register("Broken/OldStepUnlimited-v0", entry_point=OldStep)  # type: ignore[arg-type]
