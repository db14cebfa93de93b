"""Random play, in one place: programs that draw their actions, and the words by which they are known.

A probe plays them to see what actions do, a report to have something to be better than. None is ever proposed.
"""

from __future__ import annotations

from hlearn.records import Program
from hlearn.tasks.environment import ActionSpace, Discrete

PUSHING = '"""Pushes at random'
HOLDING = '"""Holds a random action'
EXPLORING = '"""Does what was tried least'

_ANEW = '''"""{words}"""

import random


class {title}:
    """{why}"""

    def reset(self, seed):
        self.rng = random.Random(seed)

    def act(self, observation):
        return {draw}
'''
_HELD = (
    PUSHING
    + ''' and holds each push for up to 8 steps."""


class Probe:
    def reset(self, seed):
        import random

        self.rng = random.Random(seed)
        self.left = 0

    def act(self, obs):
        if self.left <= 0:
            self.left = self.rng.randint(1, 8)
            self.push = {draw}
        self.left -= 1
        return self.push
'''
)


def random_action(actions: ActionSpace) -> str:
    """The expression that draws an action with ``self.rng``."""
    if isinstance(actions, Discrete):
        return f"self.rng.randrange({actions.n})"
    return (
        "["
        + ", ".join(f"self.rng.uniform({low:.6g}, {high:.6g})" for low, high in actions.finite_bounds)
        + "]"
    )


def random_program(
    actions: ActionSpace,
    *,
    title: str = "RandomPlay",
    words: str = "Random play: each action drawn anew, whatever is seen; written by hlearn as a control.",
    why: str = "Draws every action evenly.",
) -> Program:
    """A program that draws every action anew.

    Args:
        actions: what it may do.
        title: name of its class.
        words: what its file says of it.
        why: what its class says.
    """
    draw = random_action(actions)
    return Program(source=_ANEW.format(draw=draw, title=title, words=words, why=why))


def probing_program(actions: ActionSpace) -> Program:
    """A program that pushes at random and holds each push for a while, so that what it does can be seen."""
    return Program(source=_HELD.format(draw=random_action(actions)))


def is_probe(program: Program) -> bool:
    """Whether a program is a probe of the embedded search; each begins with one of these words."""
    return program.source.startswith((PUSHING, HOLDING, EXPLORING))
