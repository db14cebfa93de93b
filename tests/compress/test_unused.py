from __future__ import annotations

import ast

from hlearn.compress.unused import without_unused

PROGRAM = '''"""A program."""

import math
from hlearn.parts import Speed, landing
from hlearn.policy import Param, RulePolicy, detect, rule

# how wide it is
WIDTH = 7
HEIGHT = 9


class Player(RulePolicy):
    reach = Param(3.0, low=0)  # trial 2
    # nobody reads this one
    lost = Param(1.0)

    def setup(self):
        self._speed = Speed(4)

    @detect
    def ball(self, obs):
        return obs[0]

    @detect
    def speed(self, obs):
        """Keeps state, so it stays."""
        return self._speed.see(obs[0])

    @detect
    def alone(self, obs):
        return obs[1] + HEIGHT

    @rule
    def go(self, s):
        return 1 if s.ball > self.reach * WIDTH else None
'''


def test_what_nothing_reads_goes_and_the_rest_stays_as_it_is() -> None:
    left = without_unused(PROGRAM)
    ast.parse(left)
    for gone in ("math", "landing", "HEIGHT", "lost", "nobody reads", "def alone"):
        assert gone not in left
    for kept in (
        "# how wide it is\nWIDTH = 7\n",
        "reach = Param(3.0, low=0)  # trial 2\n",
        "def speed",
        "import Speed\n",
    ):
        assert kept in left
    assert without_unused(left) == left


def test_a_program_without_parts_is_left_alone() -> None:
    source = "class P:\n    def reset(self, seed): pass\n    def act(self, obs): return 0\n"
    assert without_unused(source) == source
