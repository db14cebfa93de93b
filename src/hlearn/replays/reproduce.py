"""A stored episode again: its actions in the environment, or its program in the sandbox, compared step by step."""

from __future__ import annotations

from contextlib import closing
from typing import NamedTuple

import numpy as np

from hlearn.evaluate.api import EvaluatorMaker, Job, Record, Recording, chained
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.keyed import with_seeds
from hlearn.evaluate.play import seed_of_world
from hlearn.evaluate.versions import versions
from hlearn.records import Program
from hlearn.replays.stored import StoredReplay, wholes_of
from hlearn.tasks.environment import Environment
from hlearn.tasks.registry import open_apart
from hlearn.trust import Worlds


class Reproduction(NamedTuple):
    """What came of playing a stored episode again.

    Attributes:
        step: the decision at which it goes another way, from 0; None where it is the same to the end, bit for bit.
        why: in words; "" where it is the same.
        recording: actions, rewards and lives as far as it went.
    """

    step: int | None
    why: str
    recording: Recording

    @property
    def exact(self) -> bool:
        """Whether it came out the same, bit for bit."""
        return self.step is None


def reproduce(
    stored: StoredReplay, worlds: Worlds | None = None, *, environment: Environment | None = None
) -> Reproduction:
    """Plays the stored actions in the environment and compares every checksum.

    Args:
        stored: the episode.
        worlds: reads the label of its seed.
        environment: an open one of the same task; one is opened and closed where None.

    Raises:
        UsageError: the key of its seed is not on this machine.
    """
    job = Job(program=Program(source=""), seed=stored.seed, key=stored.key)
    seed = seed_of_world(with_seeds(job, worlds or Worlds()))
    if environment is not None:
        return _reproduced(stored, environment, seed)
    with closing(open_apart(stored.task)) as opened:
        return _reproduced(stored, opened, seed)


def _reproduced(stored: StoredReplay, environment: Environment, seed: int) -> Reproduction:
    spec, actions = environment.observation, stored.actions
    seen = np.zeros(spec.shape, spec.dtype)
    environment.reset(seed, seen)
    check, checks = chained(0, seen), np.zeros(len(actions), np.uint32)
    rewards, lives = np.zeros(len(actions)), np.zeros(len(actions), np.int16)
    marks = stored.marks.tolist()
    step, why = None, ""
    played = 0
    for action in actions.tolist() if actions.ndim == 1 else actions:
        reward, terminated, truncated, _ = environment.step(action, seen)
        left = environment.lives()
        check = chained(check, seen, float(reward), bool(terminated or truncated), left)
        checks[played], rewards[played], lives[played] = check, reward, left
        played += 1
        if step is None and check & 0xFF != marks[played - 1]:
            step, why = played - 1, "what the environment gave is not what it gave then"
        if (terminated or truncated) and played < len(actions):
            if step is None:
                step = played - 1
            why = f"the episode is over after {played} decisions, it had {len(actions)}"
            break
    if step is None and not np.array_equal(wholes_of(checks), stored.wholes):
        step, why = max(played - 1, 0), "the checksums differ"
    recording = Recording(
        observations=np.empty((0, *spec.shape), spec.dtype),
        actions=actions[:played],
        rewards=rewards[:played],
        lives=lives[:played],
        checks=checks[:played],
    )
    return Reproduction(step, _because(stored, step, why), recording)


def act_again(
    stored: StoredReplay,
    program: Program,
    worlds: Worlds | None = None,
    *,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
) -> Reproduction:
    """Has the program play the episode again in the sandbox, and compares its actions and what it was given.

    Raises:
        UsageError: the key of its seed is not on this machine.
    """
    job = Job(
        program=program,
        seed=stored.seed,
        key=stored.key,
        max_steps=stored.outcome.env_steps or None,
        record=Record.ACTIONS,
        checks=True,
    )
    with closing(evaluators(stored.task)) as evaluator:
        _, recording = evaluator.run([with_seeds(job, worlds or Worlds())])[0]
    assert recording is not None
    count = min(len(recording.actions), len(stored.actions))
    same = recording.actions[:count] == stored.actions[:count]
    if same.ndim == 2:
        same = same.all(axis=1)
    other = np.flatnonzero(~same)
    step, why = None, ""
    if len(other):
        step = int(other[0])
        acts, acted = recording.actions[step], stored.actions[step]
        why = f"the program acts {_told(acts)}, it acted {_told(acted)}"
    elif len(recording.actions) != len(stored.actions):
        step, why = (
            count,
            f"the program takes {len(recording.actions)} decisions, it took {len(stored.actions)}",
        )
    else:
        marks = np.flatnonzero((recording.checks & 0xFF).astype(np.uint8) != stored.marks)
        if len(marks):
            step, why = int(marks[0]), "what the environment gave is not what it gave then"
    return Reproduction(step, _because(stored, step, why), recording)


def _told(action: np.ndarray) -> str:
    return str(action.tolist())


def _because(stored: StoredReplay, step: int | None, why: str) -> str:
    if step is None:
        return ""
    here = dict(versions())
    others = [f"{n} {v} then, {here.get(n, 'none')} now" for n, v in stored.versions if here.get(n) != v]
    cause = (
        f"other versions: {', '.join(others)}"
        if others
        else "no version of a package that decides it has changed, so the environment or the program is not repeatable"
    )
    return f"at decision {step}: {why} ({cause})"
