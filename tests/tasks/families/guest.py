"""A family of environments that a package of somebody else's brings: everything in one file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hlearn.errors import UnknownTask
from hlearn.records import Access, Protocol
from hlearn.tasks.environment import Discrete, Environment, ObservationSpec
from hlearn.tasks.family import ScoreScale, Traits
from hlearn.tasks.task import Scalar, Task


class Coin:
    """Say where the coin lies: 0 left, 1 right; ten times."""

    observation = ObservationSpec(shape=(1,), dtype="float64", low=(0.0,), high=(1.0,))
    actions = Discrete(n=2, names=("LEFT", "RIGHT"))

    def reset(self, seed: int, out: np.ndarray) -> int:
        self._rng, self._time = np.random.default_rng(seed), 0
        out[0] = self._side = self._rng.integers(2)
        return 0

    def step(self, action: int | np.ndarray, out: np.ndarray) -> tuple[float, bool, bool, int]:
        reward = float(action == self._side)
        self._time += 1
        out[0] = self._side = self._rng.integers(2)
        return reward, self._time == 10, False, 1

    def lives(self) -> int:
        return 0

    def render(self) -> np.ndarray:
        return np.full((16, 16, 3), 255 * int(self._side), np.uint8)

    def close(self) -> None: ...


class CoinFamily:
    name = "Coins"
    protocols: tuple[Protocol, ...] = (Protocol.STANDARD,)
    default_steps = 5_000

    def claims(self, env_id: str) -> bool:
        return env_id.startswith("coins/")

    def accesses(self, env_id: str, kwargs: Mapping[str, Scalar]) -> tuple[Access, ...]:
        if env_id != "coins/One":
            raise UnknownTask(f"no task {env_id}; did you mean coins/One?")
        return (Access.VECTOR,)

    def open(self, task: Task, *, render: bool) -> Environment:
        return Coin()

    def traits(self, task: Task) -> Traits:
        return Traits(decisions_per_second=2.0)

    def score_scale(self, env_id: str) -> ScoreScale | None:
        return ScoreScale(random=5.0, human=10.0)
