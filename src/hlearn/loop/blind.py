"""The blind-replay control: the champion's best episode, its actions played again by a program that looks at nothing.

What remains of the score on fresh seeds shows how much of it needs no eyes.
"""

from __future__ import annotations

import itertools
import textwrap

import numpy as np

from hlearn.records import Program
from hlearn.tasks.environment import ActionSpace, Discrete

_BLIND = '''"""Blind replay: a fixed list of actions, whatever is seen; written by hlearn as a control."""

RUNS = """
{runs}
"""


class BlindReplay:
    """Plays the list, then does nothing."""

    def reset(self, seed):
        self.actions = [{one} for run in RUNS.split() for {one_of} in [{split}] for _ in range(int(times))]
        self.step = 0

    def act(self, observation):
        self.step += 1
        return self.actions[self.step - 1] if self.step <= len(self.actions) else {nothing}
'''


def blind_program(actions: np.ndarray, space: ActionSpace) -> Program:
    """Writes the program that replays actions.

    Args:
        actions: int64[T] or float64[T, n].
        space: what the task takes; "nothing" is NOOP where a discrete space names it, else 0.
    """
    if isinstance(space, Discrete):
        runs = [f"{a}x{len(list(same))}" for a, same in itertools.groupby(int(a) for a in actions)]
        nothing = str(space.names.index("NOOP") if "NOOP" in space.names else 0)
        one, one_of = "int(action)", "(action, times)"
    else:
        rows = (tuple(float(v) for v in row) for row in np.asarray(actions, dtype=np.float64))
        runs = [f"{','.join(map(repr, row))}x{len(list(same))}" for row, same in itertools.groupby(rows)]
        nothing = repr([0.0] * len(space.low))
        one, one_of = "[float(v) for v in action.split(',')]", "(action, times)"
    text = "\n".join(textwrap.wrap(" ".join(runs), 110, break_long_words=False, break_on_hyphens=False))
    return Program(
        source=_BLIND.format(runs=text, one=one, one_of=one_of, split="run.split('x')", nothing=nothing)
    )
