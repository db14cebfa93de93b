"""Programs for the tests of evaluation, good and bad."""

from __future__ import annotations

from hlearn.records import Program

WALK = """
class Walk:
    def reset(self, seed):
        self.t = 0

    def act(self, obs):
        self.t += 1
        self.away = obs[1] - obs[0]
        return 2 if self.away > 0 else 1 if self.away < 0 else 0

    def trace(self):
        return {"t": self.t, "away": self.away}
"""

SEEK = """
import numpy as np


class Seek:
    def reset(self, seed):
        self.rng = np.random.default_rng(seed)

    def act(self, obs):
        return obs[2:] - obs[:2] + 0.1 * self.rng.normal(size=2)
"""

HONEST_RANDOM = """
import random

import numpy as np

seen = []


class Dice:
    def reset(self, seed):
        seen.append(seed)
        self.words = {"left", "right", "stay", "up", "down"}

    def act(self, obs):
        first = len(next(iter(self.words)))
        return (random.randrange(3) + int(np.random.random() * 3) + len(seen) + first) % 3
"""


def acting(body: str, top: str = "") -> Program:
    """A program whose ``act`` is ``body`` from the fourth decision on; before that it stays."""
    lines = "\n".join("        " + line for line in body.strip("\n").splitlines())
    return Program(
        source=f"""{top}
class Bad:
    def reset(self, seed):
        self.t = 0

    def act(self, obs):
        self.t += 1
        if self.t < 4:
            return 0
{lines}
"""
    )
