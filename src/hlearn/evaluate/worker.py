"""The trusted worker process: holds the environment, the seeds and the rewards, and plays the jobs.

Started by :class:`hlearn.evaluate.isolated.IsolatedEvaluator` with ``python -m hlearn.evaluate.worker``.
Messages are pickled: both ends are ours. The first in is a :class:`Setup`; then ``(index, job)`` pairs, answered by
``(index, result)``; whatever goes wrong here is answered by an exception and ends the process.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any

from hlearn.errors import HarnessError, StorageFull, UsageError
from hlearn.evaluate.api import Limits
from hlearn.evaluate.cores import claim_core
from hlearn.evaluate.play import check_score, play
from hlearn.evaluate.program import IsolatedProgram
from hlearn.evaluate.watchdog import Heartbeat, Watchdog
from hlearn.inherited import die_with_parent, put_right
from hlearn.tasks import calls, faults, open_environment
from hlearn.tasks.environment import Environment
from hlearn.tasks.faults import came_from_outside, raised
from hlearn.tasks.registry import is_own
from hlearn.tasks.task import Task

READY = "ready"
TOLD_TO_END = 128 + signal.SIGTERM  # exit status, as shells count


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a worker is for.

    Attributes:
        opener: opens the environment; pickled by its module and name.
        episodes_per_child: how many episodes of one program a child may play.
        number: of this worker, from 0; its preferred core.
        bound: whether the kernel may tie the worker's life to the thread that started it.
    """

    task: Task
    opener: Callable[[Task], Environment]
    limits: Limits
    episodes_per_child: int
    number: int
    bound: bool


class _Line:
    """The connection to the main process, on which two threads may have something to say."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self.poll = connection.poll
        self.receive: Callable[[], Any] = connection.recv

    def say(self, message: object) -> None:
        with self._lock:
            self._connection.send(message)

    def last_word(self, error: Exception) -> None:
        """Says why this process ends, unless nobody listens any more."""
        with contextlib.suppress(OSError):
            self.say(error)


def main(fd: int, pulse: int, parent: int) -> None:
    """Entry point; ends the process, whatever threads an environment left in it."""
    put_right(alone=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's to handle
    line = _Line(Connection(fd))
    setup: Setup | None = None
    try:
        setup = line.receive()
        _serve(line, setup, Heartbeat(pulse), parent)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the main process closed or is gone
    except (UsageError, StorageFull) as error:
        line.last_word(error)
    except BaseException as error:  # noqa: BLE001 - the border: re-raised in the main process
        line.last_word(_fault(setup, error))
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


def _fault(setup: Setup | None, error: BaseException) -> Exception:
    """What a worker failed by: its own mistake, or the environment's in a signal handler or another odd place."""
    task = setup.task if setup is not None and setup.opener is open_environment else None
    if task is not None and is_own(task) and came_from_outside(error):
        return raised(
            f"your environment {task.env_id}", "the process that plays it, outside of its methods", error
        )
    return HarnessError(f"an evaluation worker failed: {error}\n{traceback.format_exc()}")


def _serve(line: _Line, setup: Setup, pulse: Heartbeat, parent: int) -> None:
    if setup.bound:
        die_with_parent(parent)
    claim = claim_core(setup.number)
    limits, task = setup.limits, setup.task
    tick_s = min(max(min(limits.action_s, limits.load_s, limits.episode_s, limits.env_s) / 8, 0.01), 0.25)
    watchdog = Watchdog(tick_s=tick_s, environment_s=limits.env_s)
    program = IsolatedProgram(limits, watchdog, setup.episodes_per_child)

    def leave(number: int = 0, frame: FrameType | None = None) -> None:
        program.abort()
        os._exit(TOLD_TO_END)

    def stuck(method: str, limit_s: float) -> None:
        program.abort()
        line.last_word(faults.stuck(task.env_id, method, limit_s))
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    program.start_host()  # before the environment's code runs: it inherits nothing of that
    watchdog.start(pulse, parent, leave, stuck)
    environment: Environment | None = None
    try:
        if setup.opener is open_environment:
            _load_libraries()
        watchdog.enter("its constructor")
        calls.listener = watchdog.enter
        environment = setup.opener(task)
        watchdog.end()
        program.meet(environment, task.model)
        line.say(READY)
        while True:
            if not line.poll():
                program.drop()  # nothing to do: leave no program running
            index, job = line.receive()
            result = play(environment, program.observation, program, job)
            check_score(task, result)
            line.say((index, result))
    finally:
        program.close()
        if environment is not None:
            watchdog.enter("close()")
            environment.close()
            watchdog.end()
        if claim is not None:
            claim.close()


def _load_libraries() -> None:
    """What every environment stands on is not its own time."""
    for name in ("gymnasium", "ale_py"):
        with contextlib.suppress(ImportError):  # said in words where it is needed
            importlib.import_module(name)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
