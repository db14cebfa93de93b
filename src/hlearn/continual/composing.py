"""A program of skills that finds out by itself which variant it plays: the one whose dynamics hold."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hlearn.evaluate.api import EvaluatorMaker, Job, Record
from hlearn.evaluate.keyed import KeyedEvaluator
from hlearn.parts.change import Dynamics, Recognizer
from hlearn.policy.skills import Skill
from hlearn.probe.random_play import random_program
from hlearn.program import Program, ProgramFile
from hlearn.records import Split
from hlearn.tasks.environment import Discrete
from hlearn.tasks.registry import describe
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

_MOST_FITTED = 20_000  # steps that dynamics are fitted to
_FIRST = 800_000  # position of the first seed in the development split
_EPISODES = 16  # that the program plays for it
_RANDOM = 4  # times as many of random play: they end sooner, and show what lies beside the program's way
_HELD_OUT = 4  # every such episode is left out of the first fit, and says what surprise is usual
_ABOVE = (
    2.5  # times the largest usual surprise: another world. Of 300 unchanged episodes none came to 1.5 times
)
_LEAST_STRANGE = 8.0  # where everything is as usual, to that much

_COMPOSED = '''"""{count} skills; which one acts is decided by whose world answers as this one does. Written by
hlearn."""

from hlearn.parts import Dynamics, Recognizer
from hlearn.policy import DispatchPolicy, asset, detect, rule

from .skills import {modules}

# By the world that was met, the skill that was learnt (or served) there.
SERVES = {serves!r}


class Composed(DispatchPolicy):
    """Recognises the world by what its actions bring, and has that world's skill act."""

    skills = {{{skills}}}
    otherwise = {first!r}
    all_watch = True

    def setup(self):
        known = {{name: Dynamics(**asset(f"worlds/{{name}}.npz")) for name in SERVES}}
        self.recognizer = Recognizer(known)

    @detect
    def world(self, obs):
        return self.recognizer.see(obs)

    @detect
    def surprise(self, obs):
        return self.recognizer.surprise

    @detect
    def strange(self, obs):
        return self.recognizer.is_strange

    @rule
    def known_world(self, s):
        """The world answers as it did where this skill serves."""
        return SERVES[s.world]

    def act(self, observation):
        action = super().act(observation)
        self.recognizer.did(observation, action)
        return action
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownVariant:
    """A variant that was met.

    Attributes:
        name: of the stage in which it was met first.
        dynamics: how it answers.
        skill: name of the skill that acts there.
    """

    name: str
    dynamics: Dynamics
    skill: str


def compose(skills: Sequence[Skill], worlds: Sequence[KnownVariant], parent: Program | None) -> Program:
    """The program of some skills and the worlds in which they serve."""
    source = _COMPOSED.format(
        count=len(skills),
        modules=", ".join(s.name for s in skills),
        serves={w.name: w.skill for w in worlds},
        skills=", ".join(f'"{s.name}": {s.name}.{s.policy}' for s in skills),
        first=worlds[0].skill,
    )
    files = [file for skill in skills for file in skill.files]
    files += [ProgramFile(path=f"worlds/{w.name}.npz", data=_packed(w.dynamics)) for w in worlds]
    return Program(source=source, parent=parent.sha256 if parent else None, files=tuple(files))


def fit_world(
    task: Task, program: Program, worlds: Worlds, evaluators: EvaluatorMaker, *, episodes: int = _EPISODES
) -> Dynamics:
    """Fits a variant's dynamics to what a program and random play do in it, and how much surprise is usual there."""
    description = describe(task)
    count = description.actions.n if isinstance(description.actions, Discrete) else 0
    players = ((program, episodes), (random_program(description.actions), _RANDOM * episodes))
    jobs = [
        Job(program=player, seed=seed, record=Record.STEPS, record_limit=max(2, _MOST_FITTED // (2 * share)))
        for place, (player, share) in enumerate(players)
        for seed in split_seeds(Split.DEV, 0, _FIRST + 1000 * place, share)
    ]
    with closing(KeyedEvaluator(evaluators(task, workers=1), worlds)) as evaluator:
        recordings = [r.recording for r in evaluator.run(jobs) if r.recording is not None]
    played = [
        _Played(np.asarray(r.observations, np.float64), r.actions[: len(r.observations) - 1])
        for r in recordings
        if len(r.observations) > 1
    ]
    # Usual is what the program meets: its alarms are the ones that count. Random play comes to where the fit ends.
    kept = [e for place, e in enumerate(played) if place % _HELD_OUT or place >= episodes]
    usual = _fit(kept or played, count)
    largest = max((_surprise(usual, e) for e in played[:episodes:_HELD_OUT]), default=0.0)
    found = _fit(played, count)
    found.strange = max(_LEAST_STRANGE, _ABOVE * largest)
    return found


class _Played(NamedTuple):
    """An episode: float64[T + 1, n], and what was done in each of T steps."""

    observations: np.ndarray
    actions: np.ndarray


def _fit(played: Sequence[_Played], count: int) -> Dynamics:
    return Dynamics.fit(
        np.concatenate([e.observations[:-1] for e in played]),
        np.concatenate([e.actions for e in played]),
        np.concatenate([e.observations[1:] for e in played]),
        count=count,
    )


def _surprise(dynamics: Dynamics, played: _Played) -> float:
    """The largest surprise of an episode, as a recognizer sees it."""
    recognizer = Recognizer({"": dynamics})
    largest = 0.0
    for step, observation in enumerate(played.observations):
        recognizer.see(observation)
        if step >= recognizer.patience:
            largest = max(largest, recognizer.surprise)
        if step < len(played.actions):
            recognizer.did(observation, played.actions[step])
    return largest


def _packed(dynamics: Dynamics) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **dynamics.arrays)  # type: ignore[arg-type]
    return buffer.getvalue()
