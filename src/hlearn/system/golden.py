"""Golden observations: a few real observations of a task, recorded once, for the system's own tests."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hlearn.tasks.environment import ActionSpace, Discrete, ObservationSpec, draw_action
from hlearn.tasks.registry import open_apart
from hlearn.tasks.task import Task
from hlearn.trust import Seeding

_DECISIONS = 12
_SEED = 0


class Golden(NamedTuple):
    """Observations, and what the test needs to know about the task."""

    arrays: dict[str, np.ndarray]
    env_steps: int
    observation: ObservationSpec
    actions: ActionSpace


def golden_observations(task: Task, seeding: Seeding) -> Golden:
    """Plays a few random decisions on development seed 0 and keeps what was seen."""
    env = open_apart(task)
    try:
        spec, actions = env.observation, env.actions
        rng = np.random.default_rng(_SEED)
        seen = np.empty((_DECISIONS, *spec.shape), dtype=spec.dtype)
        steps = env.reset(seeding.world(_SEED), seen[0])
        kept = 1
        while kept < _DECISIONS:
            _, terminated, truncated, used = env.step(draw_action(actions, rng), seen[kept])
            steps += used
            kept += 1
            if terminated or truncated:
                break
        arrays = {"observations": seen[:kept]}
        if isinstance(actions, Discrete):
            arrays["n"] = np.array(actions.n)
        else:
            arrays["size"] = np.array(len(actions.low))
        return Golden(arrays, steps, spec, actions)
    finally:
        env.close()
