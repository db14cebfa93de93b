"""The probe: random pushes held for a few steps, recorded."""

from __future__ import annotations

import numpy as np

from hlearn.editors.api import Lab
from hlearn.editors.search.probes import PUSHING
from hlearn.editors.search.vector.draw import sketch_of
from hlearn.editors.search.vector.sketch import Sketch
from hlearn.evaluate.api import Job, Record, Result
from hlearn.records import Program
from hlearn.tasks.environment import ActionSpace, Box

PROBE_SEEDS = 900_000  # where in the run's development seeds the probe begins
BATCH = 4  # episodes per round
MOST_ROUNDS = 10
ENOUGH_STEPS = (100, 1_500)  # a fortieth of the budget, within these bounds
LONGEST = (50, 500)  # environment steps of one probing episode at most: a fiftieth of the budget

_SOURCE = (
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
            self.push = {choice}
        self.left -= 1
        return self.push
'''
)


def random_action(actions: ActionSpace) -> str:
    """The expression that draws an action with ``self.rng``; unbounded channels within -1 to 1."""
    if not isinstance(actions, Box):
        return f"self.rng.randrange({actions.n})"
    bounds = [
        (max(low, -1.0) if low < -1e3 else low, min(high, 1.0) if high > 1e3 else high)
        for low, high in zip(actions.low, actions.high, strict=True)
    ]
    return "[" + ", ".join(f"self.rng.uniform({low:.6g}, {high:.6g})" for low, high in bounds) + "]"


def probing_program(actions: ActionSpace) -> Program:
    """A program that pushes at random."""
    return Program(source=_SOURCE.format(choice=random_action(actions)))


def probe(lab: Lab) -> Sketch:
    """Plays probing episodes and draws the sketch.

    Raises:
        BudgetExhausted: the budget does not even suffice for the probe.
    """
    return sketch_of(play_probe(lab), lab.actions, lab.observation)


def play_probe(lab: Lab) -> list[Result]:
    """Plays probing episodes until enough was seen, as far as a small part of the budget allows.

    Raises:
        BudgetExhausted: the budget does not even suffice for the probe.
    """
    program = probing_program(lab.actions)
    longest = int(np.clip(lab.remaining // 50, *LONGEST))
    enough = int(np.clip(lab.remaining // 40, *ENOUGH_STEPS))
    played: list[Result] = []
    for turn in range(MOST_ROUNDS):
        seeds = lab.seeds(PROBE_SEEDS + turn * BATCH, BATCH)
        played += lab.measure(
            [
                Job(program=program, seed=seed, record=Record.STEPS, max_steps=longest, together=True)
                for seed in seeds
            ]
        )
        if sum(outcome.env_steps for outcome, _ in played) >= enough:
            break
    return played
