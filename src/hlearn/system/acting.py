"""A program acting on stored observations inside the sandbox: what a system's own tests are made of."""

from __future__ import annotations

import os
import select
import signal
import time
from typing import Any

import numpy as np

from hlearn.evaluate.child import seed_globals
from hlearn.evaluate.host import preload, prepare
from hlearn.evaluate.loading import Loadable, Unfit, describe, load_policy
from hlearn.evaluate.sandbox import limit, sandbox_report, seal
from hlearn.policy.modules import check_program
from hlearn.records import Program

_REPORT_LIMIT = 16 << 20  # bytes


def check(program: Program | str) -> list[str]:
    """Returns what the static checks refuse in a program, one message each; empty where it is allowed."""
    return check_program(_program(program))


def _program(program: Program | str) -> Program:
    """Tests of older systems hand over the text of the one file."""
    return Program(source=program) if isinstance(program, str) else program


def act_on(
    program: Program | str,
    observations: np.ndarray,
    *,
    seed: int,
    limit_s: float = 20.0,
    memory_mb: int = 1024,
) -> list[Any]:
    """Loads a program in a sandboxed process and returns its action for each observation.

    Args:
        program: the program, or the text of one that is one file.
        observations: [T, ...], shown in order as one episode.
        seed: the program's own seed.
        limit_s: wall seconds for the whole call.
        memory_mb: memory it may add.

    Returns:
        T actions, each an int or a list of floats.

    Raises:
        AssertionError: the program failed; the text is its traceback.
    """
    preload()  # what a program may import must be there before the walls close
    loadable = prepare(_program(program))
    if isinstance(loadable, Unfit):
        raise AssertionError(loadable.message)
    report = sandbox_report()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            os.close(read)
            limit(memory_mb, 64)
            seal(report)
            text = _act(loadable, observations, seed)
            view = memoryview(text)
            while view:
                view = view[os.write(write, view) :]
        finally:
            os._exit(0)
    os.close(write)
    try:
        said = _read(read, time.monotonic() + limit_s)
    finally:
        os.close(read)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    if said is None:
        raise AssertionError(f"the program took longer than {limit_s:g} s for {len(observations)} actions")
    if said[:1] != b"+":
        raise AssertionError(said[1:].decode(errors="replace") or "the program's process died")
    values = np.frombuffer(said, dtype=np.float64, offset=8)
    width = int.from_bytes(said[1:8], "little")
    if width == 0:
        return [int(v) for v in values]
    return [list(map(float, row)) for row in values.reshape(-1, width)]


def _act(loadable: Loadable, observations: np.ndarray, seed: int) -> bytes:
    try:
        seed_globals(seed)
        policy = load_policy(loadable)
        policy.reset(seed)
        actions = [np.array(policy.act(np.array(o)), dtype=np.float64) for o in observations]
        width = actions[0].size if actions and actions[0].ndim else 0
        return b"+" + width.to_bytes(7, "little") + np.asarray(actions, dtype=np.float64).tobytes()
    except BaseException as error:  # noqa: BLE001 - whatever a program raises becomes the test's message
        return b"-" + describe(error, loadable.texts)[1].encode(errors="replace")


def _read(fd: int, deadline: float) -> bytes | None:
    """Reads to the end, None past the deadline."""
    parts, size = [], 0
    while size < _REPORT_LIMIT:
        ready, _, _ = select.select([fd], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        part = os.read(fd, 1 << 16)
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)
