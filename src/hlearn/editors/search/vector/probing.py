"""The probe: random pushes held for a few steps, recorded."""

from __future__ import annotations

import numpy as np

from hlearn.editors.api import Lab
from hlearn.evaluate.api import Job, Record, Result
from hlearn.probe.random_play import probing_program
from hlearn.probe.vector.draw import sketch_of
from hlearn.probe.vector.sketch import VectorFindings

PROBE_SEEDS = 900_000  # where in the run's development seeds the probe begins
BATCH = 4  # episodes per round
MOST_ROUNDS = 10
ENOUGH_STEPS = (100, 1_500)  # a fortieth of the budget, within these bounds,
MOST = 0.1  # of the budget, where that is less: then one episode at a time
LONGEST = (50, 500)  # environment steps of one probing episode at most: a fiftieth of the budget


def probe(lab: Lab) -> VectorFindings:
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
    most = int(MOST * lab.remaining)
    enough = min(most, int(np.clip(lab.remaining // 40, *ENOUGH_STEPS)))
    batch = BATCH if BATCH * longest <= 2 * most else 1
    played: list[Result] = []
    for turn in range(MOST_ROUNDS):
        seeds = lab.seeds(PROBE_SEEDS + turn * batch, batch)
        played += lab.measure(
            [
                Job(program=program, seed=seed, record=Record.STEPS, max_steps=longest, together=True)
                for seed in seeds
            ]
        )
        if sum(outcome.env_steps for outcome, _ in played) >= enough:
            break
    return played
