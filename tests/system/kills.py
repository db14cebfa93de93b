"""Kills a command in front of each of its steps that leave something behind: a child process, ended by SIGKILL."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hlearn.ledger.journal import Journal
from hlearn.ledger.programs import ProgramStore
from hlearn.system.git import Git
from hlearn.system.system import System

DONE, BROKE = 0, 77
_MUTATING = {"add", "commit", "update-ref", "rm", "checkout", "reset"}


def run_killed(command: Callable[[], object], step: int) -> bool:
    """Runs a command in a forked child that is killed in front of its step number ``step``, from 0.

    Returns:
        Whether it was; False where the command ended before.
    """
    pid = os.fork()
    if pid == 0:
        status = BROKE
        try:
            os.setsid()
            _arm(step)
            command()
            status = DONE
        except BaseException:  # noqa: BLE001 - a forked copy of the test run must not go on
            traceback.print_exc()
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == DONE, "the command broke; its traceback is above"
    return False


def _arm(step: int) -> None:
    left = step

    def tick() -> None:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    def before(owner: type, name: str, counts: Callable[..., bool] = lambda *a: True) -> None:
        method = getattr(owner, name)

        def ticking(self: Any, *args: Any, **kwargs: Any) -> Any:
            if counts(self, *args):
                tick()
            return method(self, *args, **kwargs)

        setattr(owner, name, ticking)

    before(Journal, "_write")
    before(ProgramStore, "_append")
    before(System, "write")
    before(Git, "__call__", lambda self, *words: bool(words) and words[0] in _MUTATING)
    before(Path, "unlink", lambda self: self.suffix == ".json" or self.name == "hl-rollback")
