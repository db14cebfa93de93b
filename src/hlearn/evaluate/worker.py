"""The trusted worker process: holds the environment, the seeds and the rewards, and plays the jobs.

Started by :class:`hlearn.evaluate.isolated.IsolatedEvaluator` with ``python -m hlearn.evaluate.worker``.
Messages are
pickled: both ends are ours. The first in is a :class:`Setup`; then ``(index, job)`` pairs, answered by
``(index, result)``; whatever goes wrong here is answered by an exception and ends the process.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import FrameType

from hlearn.errors import HarnessError, UsageError
from hlearn.evaluate.api import Limits
from hlearn.evaluate.cores import claim_core
from hlearn.evaluate.play import play
from hlearn.evaluate.program import IsolatedProgram
from hlearn.evaluate.sandbox import die_with_parent
from hlearn.evaluate.watchdog import Watchdog
from hlearn.tasks.environment import Environment
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


def main(fd: int, parent: int) -> None:
    """Entry point."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's to handle
    connection = Connection(fd)
    try:
        _serve(connection, parent)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the main process closed or is gone
    except UsageError as error:
        _tell(connection, error)
    except BaseException as error:  # noqa: BLE001 - the border: re-raised in the main process
        _tell(connection, HarnessError(f"an evaluation worker failed: {error}\n{traceback.format_exc()}"))


def _tell(connection: Connection, error: Exception) -> None:
    try:
        connection.send(error)
    except OSError:
        return


def _serve(connection: Connection, parent: int) -> None:
    setup: Setup = connection.recv()
    if setup.bound:
        die_with_parent(parent)
    claim = claim_core(setup.number)
    limits = setup.limits
    environment = setup.opener(setup.task)
    program: IsolatedProgram | None = None

    def leave(number: int = 0, frame: FrameType | None = None) -> None:
        if program is not None:
            program.abort()
        os._exit(TOLD_TO_END)

    signal.signal(signal.SIGTERM, leave)
    tick_s = min(max(min(limits.action_s, limits.load_s, limits.episode_s) / 8, 0.01), 0.25)
    watchdog = Watchdog(parent, leave, tick_s)
    try:
        program = IsolatedProgram(environment, limits, watchdog, setup.episodes_per_child)
        program.start_host()
        connection.send(READY)
        while True:
            if not connection.poll():
                program.drop()  # nothing to do: leave no program running
            index, job = connection.recv()
            connection.send((index, play(environment, program.observation, program, job)))
    finally:
        if program is not None:
            program.close()
        environment.close()
        if claim is not None:
            claim.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
