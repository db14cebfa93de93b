"""The probe: random pushes held for a few steps, recorded."""

from __future__ import annotations

from hlearn.editors.api import Lab
from hlearn.editors.search.probes import PUSHING
from hlearn.editors.search.vector.draw import draw_sketch
from hlearn.editors.search.vector.sketch import Sketch
from hlearn.evaluate.api import Job, Record
from hlearn.records import Episode, Program
from hlearn.tasks.environment import ActionSpace, Box

PROBE_SEEDS = 900_000  # where in the run's development seeds the probe begins
BATCH = 8  # episodes per round
ENOUGH_STEPS = 1_500
MOST_ROUNDS = 5
LONGEST = 500  # environment steps of one probing episode at most

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


def probing_program(actions: ActionSpace) -> Program:
    """A program that pushes at random."""
    if isinstance(actions, Box):
        bounds = [
            (max(low, -1.0) if low < -1e3 else low, min(high, 1.0) if high > 1e3 else high)
            for low, high in zip(actions.low, actions.high, strict=True)
        ]
        choice = "[" + ", ".join(f"self.rng.uniform({low:.6g}, {high:.6g})" for low, high in bounds) + "]"
    else:
        choice = f"self.rng.randrange({actions.n})"
    return Program(source=_SOURCE.format(choice=choice))


def probe(lab: Lab) -> Sketch:
    """Plays probing episodes until enough was seen and draws the sketch.

    Raises:
        BudgetExhausted: the budget does not even suffice for the probe.
    """
    program = probing_program(lab.actions)
    recordings, scores, ended, steps = [], [], [], 0
    for turn in range(MOST_ROUNDS):
        jobs = [
            Job(program=program, seed=seed, record=Record.STEPS, max_steps=LONGEST)
            for seed in lab.seeds(PROBE_SEEDS + turn * BATCH, BATCH)
        ]
        for outcome, recording in lab.measure(jobs):
            steps += outcome.env_steps
            if recording is not None and isinstance(outcome, Episode):
                recordings.append(recording)
                scores.append(outcome.score)
                ended.append(outcome.terminated)
        if steps >= ENOUGH_STEPS:
            break
    return draw_sketch(recordings, lab.actions, scores, ended)
