"""Isolated evaluation over several worker processes.

    main process --jobs--> worker (trusted: environment, seeds, reward) --observation--> child (the program)
                 <-results--                                           <--action------

Each worker owns a program host, a clean process that forks the children; worker and children share one CPU
core. By default every episode gets a fresh child: no state of a program survives its episode, so the same
job gives the same episode bit for bit, whatever was played before, in whatever order and by however many
workers. That costs 2 to 4 ms per episode. Where episodes are much shorter than that and the numbers only
steer a search, a job's ``together`` (or ``episodes_per_child``, for all jobs) lets one child play several
episodes of the *same* program, each with a freshly executed module
and reseeded generators. An honest program cannot tell the difference; one that hides state in a library's
module could, so the gate and reports keep the default.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Self

from hlearn.errors import HarnessError, HlearnError
from hlearn.evaluate.api import Job, Limits, Result
from hlearn.evaluate.hosting import start_process
from hlearn.evaluate.watchdog import Heartbeat
from hlearn.evaluate.worker import READY, TOLD_TO_END, Setup
from hlearn.inherited import Output, python_environment
from hlearn.tasks import open_environment
from hlearn.tasks.environment import Environment
from hlearn.tasks.faults import ended_process, stuck
from hlearn.tasks.registry import is_own
from hlearn.tasks.task import Task

_QUEUE = 8  # jobs that wait at one worker at most, so that short episodes do not wait for the main process
_LOOK_S = 1.0  # how often workers' pulses are looked at
_SILENCE_S = 5.0  # beyond the environment's limit, before a silent watchdog means that it cannot run
_START_S = 120.0  # for a process to come up, on a machine however busy
_QUEUE_BYTES = 1 << 16  # and their size, so that sending never blocks while the worker sends a result


class _Worker:
    """A worker process, seen from the main process.

    Args:
        setup: what it is for.

    Raises:
        HarnessError: no process can be started.
    """

    def __init__(self, setup: Setup) -> None:
        mine, theirs = socket.socketpair()
        self.task, self._env_s = setup.task, setup.limits.env_s
        self.output = Output()
        self._pulse = Heartbeat()
        self._beats, self._method = 0, ""
        self._silent_s, self._looked = 0.0, time.monotonic()
        with theirs, self.output.for_child() as printed:
            fds = (theirs.fileno(), self._pulse.fd)
            command = [sys.executable, "-P", "-m", "hlearn.evaluate.worker", *map(str, fds), str(os.getpid())]
            self.process = start_process(
                command,
                env=python_environment(),
                pass_fds=fds,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                start_new_session=True,
            )
        self.connection = Connection(mine.detach())
        self.connection.send(setup)
        self.ready = False
        self.outstanding: dict[int, int] = {}

    def give(self, index: int, job: Job) -> bool:
        """Sends a job unless the queue is full."""
        size = len(job.program.content()) + 1000
        if self.outstanding and sum(self.outstanding.values()) + size > _QUEUE_BYTES:
            return False
        self.connection.send((index, job))
        self.outstanding[index] = size
        return True

    def hear(self, results: list[Result | None]) -> Result | None:
        """Takes one message, puts a result into its place and returns it; None where it only says that it is ready.

        Raises:
            HlearnError: what the worker says that went wrong, or why it ended.
        """
        try:
            message = self.connection.recv()
        except (EOFError, ConnectionResetError):
            raise self.died() from None
        if isinstance(message, BaseException):
            raise message
        if message == READY:
            self.ready = True
            return None
        index, result = message
        results[index] = result
        del self.outstanding[index]
        return result  # type: ignore[no-any-return]

    def check_pulse(self) -> None:
        """Looks whether the worker's watchdog still runs; called often while something is expected of the worker.

        Raises:
            EnvironmentFault: the environment keeps the whole process from running, as native code does that hangs
                without giving Python's lock back.
            HarnessError: the process does not come up.
        """
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, 2 * _LOOK_S), now
        beats, method = self._pulse.read()
        if beats != self._beats:
            self._beats, self._method, self._silent_s = beats, method, 0.0
            return
        self._silent_s += passed
        if beats and self._silent_s > self._env_s + _SILENCE_S:
            self.process.kill()
            raise stuck(self.task.env_id, self._method or "step()", self._env_s)
        if not beats and self._silent_s > _START_S:
            self.process.kill()
            raise HarnessError(
                f"an evaluation worker did not start within {_START_S:g} s\n{self.output.end()}".rstrip()
            )

    def rest(self) -> None:
        """Nothing is expected of the worker for now."""
        self._silent_s, self._looked = 0.0, time.monotonic()

    def died(self) -> HlearnError:
        """Says how the process ended, and whether the environment did it."""
        try:
            code = self.process.wait(5.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if self.ready and code != TOLD_TO_END and is_own(self.task):
            fault = ended_process(self.task.env_id, code)
            if fault is not None:
                return fault
        return HarnessError(f"an evaluation worker died ({_ended(code)})\n{self.output.end()}".rstrip())

    def close(self, patience_s: float) -> None:
        """Ends the process and everything it started."""
        self.connection.close()
        try:
            self.process.terminate()
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(
            OSError
        ):  # what the environment started, in the session that was made for it
            os.killpg(self.process.pid, signal.SIGKILL)
        self.output.close()
        self._pulse.close()


def _ended(code: int) -> str:
    if code == -signal.SIGXCPU:
        return "over the limit on processor time, ulimit -t"
    if code == -signal.SIGKILL:
        return "exit status -9: killed from outside, or by the kernel, which ran out of memory"
    return f"exit status {code}"


class IsolatedEvaluator:
    """Plays jobs of one task with isolated programs. Not for use by several threads at once.

    Workers start with the first :meth:`run` (or :meth:`start`) and stay until :meth:`close`; use it as a
    context manager.

    Args:
        task: what is played.
        workers: processes that play side by side; as many as cores is best.
        limits: what a program may use.
        episodes_per_child: see above; 1 is the safest.
        opener: opens the environment in the worker; a module-level function.
    """

    def __init__(
        self,
        task: Task,
        *,
        workers: int = 1,
        limits: Limits | None = None,
        episodes_per_child: int = 1,
        opener: Callable[[Task], Environment] = open_environment,
    ) -> None:
        if workers < 1 or episodes_per_child < 1:
            raise ValueError(
                f"expected at least 1, got workers {workers}, episodes_per_child {episodes_per_child}"
            )
        self.task = task
        self.workers = workers
        self.limits = limits or Limits()
        self._episodes_per_child = episodes_per_child
        self._opener = opener
        self._pool: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Starts the workers without waiting for them."""
        # The kernel ties a life to the starting *thread*, which may end long before the evaluator does.
        bound = threading.current_thread() is threading.main_thread()
        for number in range(len(self._pool), self.workers):
            setup = Setup(
                task=self.task,
                opener=self._opener,
                limits=self.limits,
                episodes_per_child=self._episodes_per_child,
                number=number,
                bound=bound,
            )
            self._pool.append(_Worker(setup))

    def run(self, jobs: Sequence[Job], on_result: Callable[[Result], None] | None = None) -> list[Result]:
        """Plays every job and returns their results in the order of the jobs.

        Args:
            jobs: what to play.
            on_result: told each result as soon as it is there, in the order in which episodes end; returns quickly.

        Raises:
            HarnessError: a worker failed; the message carries its traceback.
            EnvironmentFault: the environment's own code raised or ended its process.
            UsageError: the environment cannot be opened as the task says.
        """
        results: list[Result | None] = [None] * len(jobs)
        if not jobs:
            return []
        try:
            self.start()
            self._run(jobs, results, on_result)
        except BaseException:
            self.close()  # half-played jobs must not answer a later run
            raise
        return [r for r in results if r is not None]

    def _run(
        self,
        jobs: Sequence[Job],
        results: list[Result | None],
        on_result: Callable[[Result], None] | None,
    ) -> None:
        waiting = deque(range(len(jobs)))
        missing = len(jobs)
        by_connection: dict[object, _Worker] = {w.connection: w for w in self._pool}
        by_output: dict[object, _Worker] = {w.output: w for w in self._pool}
        watched: list[Any] = [*by_connection, *by_output]
        for worker in self._pool:
            worker.rest()
            if worker.ready:
                self._feed(worker, waiting, jobs)
        looked = time.monotonic()
        while missing:
            readable = wait(watched, _LOOK_S)
            if time.monotonic() - looked > _LOOK_S / 2:
                looked = time.monotonic()
                for worker in self._pool:
                    worker.check_pulse()
            for one in readable:
                if one in by_output:
                    if not by_output[one].output.read():
                        watched.remove(one)  # closed by its process, which may play on
                    continue
                worker = by_connection[one]
                result = worker.hear(results)
                missing -= result is not None
                self._feed(worker, waiting, jobs)
                if on_result is not None and result is not None:
                    on_result(result)

    def _feed(self, worker: _Worker, waiting: deque[int], jobs: Sequence[Job]) -> None:
        # Few jobs left: one each, so that no worker sits on work that another could do.
        depth = min(max(len(waiting) // (2 * self.workers), 1), _QUEUE)
        try:
            while waiting and len(worker.outstanding) < depth and worker.give(waiting[0], jobs[waiting[0]]):
                waiting.popleft()
        except (BrokenPipeError, ConnectionResetError):
            if worker.connection.poll(1.0):
                return  # its last words come first
            raise worker.died() from None

    def close(self) -> None:
        """Ends every process that was started, at once."""
        pool, self._pool = self._pool, []
        for worker in pool:
            worker.process.terminate()
        for worker in pool:
            worker.close(patience_s=3.0)
