"""Evaluation in this very process, for debugging: breakpoints, prints and profilers work.

The same loop, the same checks of actions and the same outcomes as isolated evaluation, but no walls and no
limits: a program that hangs hangs here, and one that opens files does. Programs whose result hangs on
Python's hash seed (iteration over sets of strings) can differ from isolated evaluation, which fixes it to
0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

import numpy as np

from hlearn.evaluate import child
from hlearn.evaluate.actions import index_of, vector_of
from hlearn.evaluate.api import Job, Limits, Question, Result
from hlearn.evaluate.asking import MarkRecorder, answer
from hlearn.evaluate.loading import Unfit, compile_program, describe, load_policy, unload
from hlearn.evaluate.model_channel import Misuse
from hlearn.evaluate.play import (
    BoxGuard,
    ProgramFailed,
    box_size,
    check_score,
    play,
    question_data,
    seed_of_policy,
)
from hlearn.evaluate.simulating import ModelServer
from hlearn.evaluate.traces import encode_trace
from hlearn.policy.model import SimulatorHandle, provide, refused
from hlearn.records import FailureKind, Model
from hlearn.tasks import open_environment
from hlearn.tasks.environment import Box, Discrete, Environment
from hlearn.tasks.simulators import simulator_of
from hlearn.tasks.task import Task


class InProcessEvaluator:
    """Plays jobs of one task here and now.

    Args:
        task: what is played.
        opener: opens the environment.
    """

    def __init__(self, task: Task, *, opener: Callable[[Task], Environment] = open_environment) -> None:
        self.task = task
        self._environment = opener(task)
        self._server = (
            ModelServer(simulator_of(self._environment, task.env_id), self._environment.actions, Limits())
            if task.model is Model.SIMULATOR
            else None
        )
        spec = self._environment.observation
        self._observation = np.zeros(spec.shape, spec.dtype)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, jobs: Sequence[Job], on_result: Callable[[Result], None] | None = None) -> list[Result]:
        """Plays every job in order. A program's own failure is a Failure in its result."""
        results = []
        for job in jobs:
            program = _LocalProgram(self._environment, self._observation, self._server)
            results.append(play(self._environment, self._observation, program, job))
            check_score(self.task, results[-1])
            if on_result is not None:
                on_result(results[-1])
        return results

    def close(self) -> None:
        """Closes the environment."""
        if self._server is not None:
            self._server.close()
        self._environment.close()


_compiled = lru_cache(maxsize=64)(
    compile_program
)  # short episodes of the same program need it again and again


class _Direct:
    """The program's way to a simulator in this process."""

    def __init__(self, server: ModelServer) -> None:
        self._server = server

    def ask(
        self, actions: np.ndarray, starts: np.ndarray, observe: str, keep: bool, substeps: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        try:
            rolled, numbers = self._server.answer(actions, starts.tolist(), observe, keep, substeps)
        except Misuse as error:
            raise PermissionError(str(error)) from None
        seen = np.empty(0) if rolled.observations is None else rolled.observations
        return rolled.rewards, rolled.lengths, rolled.ended, seen, numbers

    def release(self, states: np.ndarray | None) -> None:
        self._server.release(None if states is None else states.tolist())


class _LocalProgram:
    """A program without walls."""

    def __init__(self, environment: Environment, observation: np.ndarray, server: ModelServer | None) -> None:
        self._server = server
        self._model = refused()
        space = environment.actions
        self._observation = observation
        self._space = space
        self._watch = MarkRecorder(())
        self._box = box_size(space)
        self._n = space.n if isinstance(space, Discrete) else 0
        self._guard = BoxGuard(space) if isinstance(space, Box) else None
        self._texts: dict[str, str] = {}
        self._policy: Any = None

    def begin(self, job: Job) -> None:
        """Checks, loads and resets the program."""
        self._texts = {}
        seed = seed_of_policy(job)
        if self._server is not None:
            self._server.begin(seed)
            self._model = SimulatorHandle(_Direct(self._server), self._box)
        provide(self._model)
        self._observation[...] = 0
        child.seed_globals(seed)
        try:
            loadable = _compiled(job.program, asked=job.question is not None)
            if isinstance(loadable, Unfit):
                raise ProgramFailed(*loadable)
            self._texts = loadable.texts
            self._watch = MarkRecorder(loadable.marks)
            self._policy = load_policy(loadable, self._watch.hooks() if loadable.marks else None)
            self._policy.reset(seed)
        except ProgramFailed:
            raise
        except Exception as error:
            raise ProgramFailed(*describe(error, self._texts)) from error

    def decide(self) -> Any:
        """A checked action."""
        if self._server is not None:
            self._server.turn()
        try:
            action = self._policy.act(self._observation)
            action = index_of(action) if self._guard is None else self._guard(vector_of(action, self._box))
        except Exception as error:
            raise ProgramFailed(*describe(error, self._texts)) from error
        if self._guard is None and not 0 <= action < self._n:
            raise ProgramFailed(
                FailureKind.INVALID_ACTION, f"expected an int in [0, {self._n}), got {action}"
            )
        return action

    def decide_traced(self) -> tuple[Any, bytes]:
        """A checked action and its trace."""
        action = self.decide()
        try:
            return action, encode_trace(self._policy)
        except Exception as error:
            raise ProgramFailed(*describe(error, self._texts)) from error

    @property
    def planner_steps(self) -> int:
        """Environment steps that the program simulated."""
        return 0 if self._server is None else self._server.steps

    def decide_asked(self, question: Question) -> tuple[Any, bytes]:
        """A checked action and why it was taken."""
        try:
            data = question_data(question, self._space)
            paths = frozenset(self._texts)
            action, why = answer(self._policy, self._observation, self._box, data, self._watch, paths)
            return (action if self._guard is None else self._guard(np.asarray(action))), why
        except Exception as error:
            raise ProgramFailed(*describe(error, self._texts)) from error

    def end(self) -> None:
        """Forgets the program."""
        self._model.close("the episode is over")
        self._policy = None
        unload()
