"""A user's environment is tried before anything is learnt or charged: the same episode several times over."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from hlearn.editors.search.vector.probing import PROBE_SEEDS
from hlearn.errors import NotRepeatableEnvironment
from hlearn.evaluate.api import Evaluator, Job, Record, Result
from hlearn.evaluate.keyed import KeyedEvaluator
from hlearn.lab import Progress, Silent
from hlearn.probe.random_play import probing_program
from hlearn.records import Failure, Split
from hlearn.tasks.environment import ActionSpace, ObservationSpec
from hlearn.tasks.registry import is_own
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

_STEPS = 200  # environment steps of the episode at most
_TRIED = 5  # by which its speed is estimated first
_SECONDS = 10.0  # that the episode may take, about; a slow environment is tried for fewer steps
_BYTES = 1 << 23  # of observations that are compared at most


def check_repeatable(
    evaluator: Evaluator,
    task: Task,
    workers: int,
    observation: ObservationSpec,
    actions: ActionSpace,
    seed: int,
    progress: Progress | None = None,
    worlds: Worlds | None = None,
) -> None:
    """Plays the first random probing episode once more than there are workers; nothing is recorded or charged.

    So every worker plays it, and one of them plays it twice. What ships with Gymnasium or ALE is trusted.

    Args:
        evaluator: who plays.
        task: what is to be learnt.
        workers: episodes that the evaluator plays side by side.
        observation: what the task shows.
        actions: what it takes.
        seed: learning seed.
        progress: who is told, also where the environment is so slow that it is tried for few steps only.
        worlds: what labels stand for.

    Raises:
        EnvironmentFault: the environment raised, ended its process, or did not come back.
        NotRepeatableEnvironment: the episodes differ.
    """
    if not is_own(task):
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
    progress, player = progress or Silent(), KeyedEvaluator(evaluator, worlds or Worlds())
    short = player.run([replace(job, max_steps=_TRIED)])[0]
    tried = short.outcome
    step_s = tried.wall_s / max(tried.env_steps, 1)
    steps = min(_STEPS, max(_TRIED, int(_SECONDS / max(step_s, 1e-6))))
    if steps < _STEPS and tried.env_steps >= _TRIED:
        progress.noted(
            f"the environment takes {step_s:.2g} s per step: it is tried for {steps} steps, once more than there are "
            f"workers (about {2 * steps * step_s:.0f} s)"
        )
    one, *others = player.run([replace(job, max_steps=steps)] * (workers + 1))
    for again, whole in ((one, steps == _TRIED), *((other, True) for other in others)):
        differs = _difference(short if again is one else one, again, whole=whole)
        if differs:
            raise NotRepeatableEnvironment(
                f"{task.env_id} is not repeatable: the same actions on seed {first}, played twice, "
                f"{differs}. After reset(seed=...) everything must follow from that seed and the actions: draw from "
                "self.np_random (call super().reset(seed=seed) first), and keep nothing from the episode before"
            )


def _difference(one: Result, other: Result, *, whole: bool) -> str:
    """Where two episodes part, in words; "" where they are the same (as far as both went, unless ``whole``)."""
    if isinstance(one.outcome, Failure) or isinstance(other.outcome, Failure):
        return ""  # a busy machine
    seen, again = one.recording, other.recording
    assert seen is not None and again is not None
    for step in range(min(len(seen.rewards), len(again.rewards))):
        if seen.observations[step].tobytes() != again.observations[step].tobytes():
            return f"showed other observations at decision {step}"
        if seen.rewards[step].tobytes() != again.rewards[step].tobytes():
            return f"brought {seen.rewards[step]:g} and {again.rewards[step]:g} at decision {step}"
    if not whole:
        return ""
    if one.outcome.length != other.outcome.length:
        return f"lasted {one.outcome.length} and {other.outcome.length} decisions"
    if one.outcome.score != other.outcome.score and not math.isnan(one.outcome.score):
        return f"ended with score {one.outcome.score!r} and {other.outcome.score!r}"
    return ""
