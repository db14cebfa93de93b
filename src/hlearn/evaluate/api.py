"""What goes into an evaluation and what comes out, whoever runs it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np

from hlearn.records import Hurdle, Outcome, Program
from hlearn.tasks.apart import call_limit_s
from hlearn.tasks.task import Task

PICTURE_EVERY = 4  # decisions
_STEP = struct.Struct("<d?i")
Trace = Mapping[str, object]  # what a program says of one decision: whatever JSON can hold, by name


class Record(StrEnum):
    """What is kept of an episode beside its outcome."""

    NOTHING = "nothing"
    ACTIONS = "actions"  # actions and rewards alone: small whatever the observations are
    STEPS = "steps"  # observations, actions, rewards
    SHOWN = (
        "shown"  # the same as STEPS, and a picture of the screen at every :data:`PICTURE_EVERY`-th decision
    )
    TRACE = "trace"  # the same, and the policy's trace of every step
    TRACES = "traces"  # actions, rewards and traces, without the observations


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a program and its environment may use; each is enforced from outside.

    Attributes:
        load_s: wall seconds to import and construct the policy.
        action_s: wall seconds for one action (checked by a watchdog, so up to twice this).
        episode_s: seconds that it may think in one episode, the environment's time not counted.
        memory_mb: memory the program may add to its process.
        output_kb: what it may print in one episode.
        env_s: wall seconds for one call of the environment (its constructor with the import of its module, reset, step,
            close); an environment that does not come back is a fault, one that takes nearly as long is only slow. By
            default what :func:`hlearn.tasks.apart.limited_calls` says.
        planner_steps: decisions that it may simulate for one decision, where its task lets it simulate.
        kept_states: states that it may keep at a time.
    """

    load_s: float = 20.0
    action_s: float = 2.0
    episode_s: float = 1800.0
    memory_mb: int = 1024
    output_kb: int = 64
    env_s: float = field(default_factory=call_limit_s)
    planner_steps: int = 200_000
    kept_states: int = 20_000


class Intervention(NamedTuple):
    """A value in place of another, for one decision.

    Attributes:
        kind: "param", "state" (what a detector says) or "observation".
        name: of the parameter; the path of the value, such as ``ball.x``; the component's number.
    """

    kind: str
    name: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Why a program decides as it does, asked of it in its child (:mod:`hlearn.evaluate.asking`).

    The episode is played as ever, and ends after the last decision that is asked about.

    Attributes:
        steps: the decisions that are asked about, from 0, rising.
        changes: with which these decisions are taken.
        search: whether to look for the nearest changes that make it act otherwise.
        scales: by path, what is a large change of a value of the state, or of ``obs.N``.
        observation: whether components of the observation may be changed too.
        limit_s: seconds for the search, per decision.
    """

    steps: tuple[int, ...]
    changes: tuple[Intervention, ...] = ()
    search: bool = True
    scales: tuple[tuple[str, float], ...] = ()
    observation: bool = False
    limit_s: float = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One episode to play.

    Attributes:
        seed: the public label of the episode, by which ledgers and reports name it.
        max_steps: stop after so many environment steps (the outcome is then marked stopped).
        stop_score: stop as soon as the return reaches this (marked stopped), where it is above 0 and the return never
            fell before: a return that falls too, such as one of step costs, is known at the end of the episode only.
        stall_steps: stop when no reward came for so many environment steps (marked stopped).
        hurdles: environment steps, rising, and the least return at each: stop at the first that is missed (marked
            stopped). A least return of None stops nobody. The outcome holds the return at each
            (:attr:`hlearn.records.Episode.passed`).
        record_limit: how many decisions to record at most, from the start.
        key: id of the key whose worlds are meant; the present one of the system where None.
        world_seed: what the environment is really seeded with; ``seed`` where None. Filled in by
            :class:`hlearn.evaluate.keyed.KeyedEvaluator` alone, and never shown to the program.
        policy_seed: what the program is reset with; derived from ``seed`` where None.
        together: whether a process that played other episodes of the same program may play it, with a freshly executed
            module: for numbers that only steer a search, where episodes are so short that processes cost most.
        checks: whether the recording holds a running checksum per decision.
        spool: path of a file to which steps and traces are streamed (:mod:`hlearn.evaluate.spool`) instead of being
            held in memory, for episodes of any length; the recording is then empty.
        prefix: actions that are taken first, whatever the program says: it looks on from the beginning, and plays on
            from where they lead. The score is what comes after them.
        question: what the program is asked about its decisions; the recording, which must be asked for too, has the
            answers.
    """

    program: Program
    seed: int
    max_steps: int | None = None
    stop_score: float | None = None
    stall_steps: int | None = None
    hurdles: tuple[Hurdle, ...] = ()
    record: Record = Record.NOTHING
    record_limit: int | None = None
    key: str | None = None
    world_seed: int | None = None
    policy_seed: int | None = None
    together: bool = False
    checks: bool = False
    spool: str | None = None
    prefix: tuple[int | tuple[float, ...], ...] = ()
    question: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The steps of one episode.

    Attributes:
        observations: what the program saw before each decision, [T, ...] in the observation's dtype; [0, ...]
            where actions alone were asked for.
        actions: int64[T] or float64[T, n].
        rewards: float64[T], the reward that each decision brought.
        lives: int16[T], lives left after each decision as the environment tells them; all 0 where it tells none.
        traces: one mapping per decision, empty unless a trace was asked for.
        pictures: the screen before decisions 0, :data:`PICTURE_EVERY`, ..., packed; none unless asked for.
        picture_shape: height, width and colours of each.
        checks: uint32[T], the checksum of everything that the environment gave until after each decision
            (:func:`chained`); [0] unless asked for.
        answers: one for each decision that was asked about and reached.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    lives: np.ndarray = field(default_factory=lambda: np.empty(0, np.int16))
    traces: tuple[Trace, ...] = field(default=())
    pictures: tuple[bytes, ...] = field(default=())
    picture_shape: tuple[int, ...] = (0, 0, 0)
    checks: np.ndarray = field(default_factory=lambda: np.empty(0, np.uint32))
    answers: tuple[Trace, ...] = field(default=())

    def picture(self, number: int) -> np.ndarray:
        """The screen before decision ``number * PICTURE_EVERY``, uint8[height, width, 3]."""
        return np.frombuffer(zlib.decompress(self.pictures[number]), np.uint8).reshape(self.picture_shape)


def chained(
    check: int, observation: np.ndarray, reward: float = 0.0, over: bool = False, lives: int = 0
) -> int:
    """The next checksum of an episode (CRC-32): of what came before, and of what one decision brought.

    Two episodes with the same checksum at a decision went the same way until then, bit for bit. It finds out accidents,
    such as another version of a package; it does not stand against forgery.
    """
    check = zlib.crc32(observation.data, check)
    return zlib.crc32(_STEP.pack(reward, over, lives), check)


class Result(NamedTuple):
    """An outcome and, if asked for, the recording."""

    outcome: Outcome
    recording: Recording | None


class Evaluator(Protocol):
    """Runs jobs of one task. Results come in the order of the jobs, whatever finished first."""

    def run(self, jobs: Sequence[Job], on_result: Callable[[Result], None] | None = None) -> list[Result]:
        """Plays every job and returns their results in the same order.

        Args:
            jobs: what to play.
            on_result: told each result as soon as it is there, in the order in which episodes end; returns quickly.

        Raises:
            HarnessError: the machinery failed. A failing program is a Failure in its result.
        """

    def close(self) -> None:
        """Ends every process that was started."""


class EvaluatorMaker(Protocol):
    """Makes evaluators for whatever plays; :class:`hlearn.evaluate.isolated.IsolatedEvaluator` is one."""

    def __call__(self, task: Task, *, workers: int = 1) -> Evaluator:
        """Returns an evaluator of a task that plays so many episodes side by side; whoever asked closes it."""
