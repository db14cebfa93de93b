"""A user's environment is tried before anything is learnt or charged: the same episode several times over."""

from __future__ import annotations

import math

import numpy as np

from hlearn.editors.search.vector.probing import PROBE_SEEDS, probing_program
from hlearn.errors import NotRepeatableEnvironment
from hlearn.evaluate.api import Job, Record, Result
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.records import Failure, Split
from hlearn.tasks.environment import ActionSpace, ObservationSpec
from hlearn.tasks.registry import is_own
from hlearn.tasks.seeds import split_seeds

_STEPS = 200  # environment steps of the episode at most
_BYTES = 1 << 23  # of observations that are compared at most


def rehearse(
    evaluator: IsolatedEvaluator, observation: ObservationSpec, actions: ActionSpace, seed: int
) -> None:
    """Plays the first random probing episode once more than there are workers; nothing is recorded or charged.

    So every worker plays it, and one of them plays it twice. What ships with Gymnasium or ALE is trusted.

    Args:
        evaluator: who plays, of the task that is to be learnt.
        observation: what the task shows.
        actions: what it takes.
        seed: learning seed.

    Raises:
        EnvironmentFault: the environment raised, or ended its process.
        NotRepeatableEnvironment: the episodes differ.
    """
    if not is_own(evaluator.task):
        return
    first = split_seeds(Split.DEV, seed, PROBE_SEEDS, 1)[0]
    size = int(np.prod(observation.shape)) * np.dtype(observation.dtype).itemsize
    job = Job(
        program=probing_program(actions),
        seed=first,
        max_steps=_STEPS,
        record=Record.STEPS,
        record_limit=max(1, _BYTES // max(size, 1)),
    )
    one, *others = evaluator.run([job] * (evaluator.workers + 1))
    for other in others:
        differs = _difference(one, other)
        if differs:
            raise NotRepeatableEnvironment(
                f"{evaluator.task.env_id} is not repeatable: the same actions on seed {first}, played twice, "
                f"{differs}. After reset(seed=...) everything must follow from that seed and the actions: draw from "
                "self.np_random (call super().reset(seed=seed) first), and keep nothing from the episode before"
            )


def _difference(one: Result, other: Result) -> str:
    """Where two episodes part, in words; "" where they are the same."""
    if isinstance(one.outcome, Failure) or isinstance(other.outcome, Failure):
        return ""  # a busy machine
    seen, again = one.recording, other.recording
    assert seen is not None and again is not None
    for step in range(min(len(seen.rewards), len(again.rewards))):
        if seen.observations[step].tobytes() != again.observations[step].tobytes():
            return f"showed other observations at decision {step}"
        if seen.rewards[step].tobytes() != again.rewards[step].tobytes():
            return f"brought {seen.rewards[step]:g} and {again.rewards[step]:g} at decision {step}"
    if one.outcome.length != other.outcome.length:
        return f"lasted {one.outcome.length} and {other.outcome.length} decisions"
    if one.outcome.score != other.outcome.score and not math.isnan(one.outcome.score):
        return f"ended with score {one.outcome.score!r} and {other.outcome.score!r}"
    return ""
