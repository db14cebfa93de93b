"""Programs that look at nothing: chance, and a recorded episode's actions over again.

They race like any other, so that what is proposed is never worse than they as far as development episodes tell.
"""

from __future__ import annotations

import itertools

import numpy as np

from hlearn.editors.search.knobs import tidy
from hlearn.probe import random_play
from hlearn.records import Program
from hlearn.tasks.environment import ActionSpace

MOST_MOVES = 1_000  # of a program; longer lists are no program that anybody reads

_REPLAY = '''"""{title}, written by the search of hlearn."""

from hlearn.parts.sequence import Macro
from hlearn.policy import {base}, {act}

MOVES = (  # actions, and for how many steps each
{moves}
)


class {title}({base}):
    """Does again what went best once, without looking."""

    {bounds}def setup(self):
        self.moves = Macro(MOVES, loop=True)

    @{act}
    def again(self, s):
        return self.moves.next()
'''


def random_program(title: str, actions: ActionSpace) -> Program:
    """Writes the program that acts at random."""
    return random_play.random_program(
        actions,
        title=title,
        words=f"{title}, written by the search of hlearn.",
        why="Acts at random: nothing that looks did better.",
    )


def replay_program(title: str, actions: np.ndarray, bounds: tuple[str, ...] = ()) -> Program | None:
    """Writes the program; None where there is nothing to repeat or too much to write.

    Args:
        title: name of its class.
        actions: int64[T] of a discrete space, float64[T, n] of a box.
        bounds: class attributes of a box's bounds, as source lines.
    """
    rows = np.asarray(actions)
    discrete = rows.ndim == 1
    said = [int(a) if discrete else tuple(tidy(float(v)) for v in a) for a in rows]
    moves = [f"    ({a}, {len(list(same))})," for a, same in itertools.groupby(said)]
    if not 0 < len(moves) <= MOST_MOVES:
        return None
    lines = "".join(f"{line}\n    " for line in bounds)
    return Program(
        source=_REPLAY.format(
            title=title,
            base="RulePolicy" if discrete else "ComposedPolicy",
            act="rule" if discrete else "controller",
            moves="\n".join(moves),
            bounds=f"{lines}\n    " if lines else "",
        )
    )
