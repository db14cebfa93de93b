"""The untrusted side: one process that runs one program, by default for one episode, then is killed.

Forked from the program host (:mod:`hlearn.evaluate.host`), so everything a program may import is loaded
already and nothing of the environment or the seeds was ever in this memory.
"""

from __future__ import annotations

import fcntl
import importlib.abc
import importlib.machinery
import json
import os
import random
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from hlearn.evaluate import channel as ch
from hlearn.evaluate.actions import index_of, vector_of
from hlearn.evaluate.asking import MarkRecorder, answer
from hlearn.evaluate.loading import Loadable, describe, load_policy
from hlearn.evaluate.model_channel import DONE, MODEL, RELEASE, ModelChannel
from hlearn.evaluate.sandbox import SandboxReport, limit, seal
from hlearn.evaluate.traces import encode_trace
from hlearn.inherited import die_with_parent
from hlearn.policy.model import SimulatorHandle, provide, refused
from hlearn.records import FailureKind

WALLS = "walls"  # what a message of a failed sandbox is called
_IN, _OUT = 3, 4


class _NoMoreImports(importlib.abc.MetaPathFinder):
    """Refuses whatever was not loaded before the sandbox closed."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> None:
        raise PermissionError(f"a program may not import {fullname}, or it is not installed")


def seed_globals(seed: int) -> None:
    """Gives programs that use the global generators the same numbers every time."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - a program may use the legacy global generator


def run(
    request: dict[str, Any],
    program: Loadable,
    channel: ch.Channel,
    models: ModelChannel | None,
    fds: Sequence[int],
    report: SandboxReport,
    host: int,
) -> NoReturn:
    """Becomes the program: closes the walls, loads, plays until the worker hangs up or kills it."""
    status = 1
    try:
        try:
            _close_walls(request, fds, report, host)
        except (OSError, ValueError) as error:
            channel.put_message(WALLS, f"{type(error).__name__}: {error}")
            raise
        os.write(_OUT, ch.SEALED)
        reserve = bytearray(1 << 20)  # so that a report still fits after the program ate everything
        try:
            seed: int | None = request["seed"]
            while seed is not None:
                model = _handle(request, models)
                seed = _play(seed, request["box"], program, channel, model)
                model.close("the episode is over")
            status = 0
        except BaseException as error:  # noqa: BLE001 - whatever a program raises becomes its typed failure
            del reserve
            _report(error, program, channel)
    finally:
        os._exit(status)


def _close_walls(request: dict[str, Any], fds: Sequence[int], report: SandboxReport, host: int) -> None:
    os.setsid()
    die_with_parent(host)
    output = ch.create_memory("output")
    null = os.open(os.devnull, os.O_RDONLY)
    # First out of the way of the places they are going to, then to these places.
    sources = (null, output, output, *fds)
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD, len(sources)) for fd in sources]
    for place, fd in enumerate(high):
        os.dup2(fd, place)
    os.closerange(len(high), 1 << 16)
    sys.meta_path[:] = [
        importlib.machinery.BuiltinImporter,
        importlib.machinery.FrozenImporter,
        _NoMoreImports(),
    ]
    limit(request["memory_mb"], request["output_kb"])
    seal(report)


class _Asking:
    """The program's way to the worker's simulator."""

    def __init__(self, models: ModelChannel) -> None:
        self._models = models

    def ask(
        self, actions: np.ndarray, starts: np.ndarray, observe: str, keep: bool, substeps: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        self._models.put_request(actions, starts, observe, keep, substeps)
        self._say(MODEL)
        count, horizon = actions.shape[:2]
        rewards, lengths, ended, observations, states = self._models.outcome(count, horizon, observe)
        return rewards, lengths, ended, observations, states

    def release(self, states: np.ndarray | None) -> None:
        self._models.put_release(states)
        self._say(RELEASE)

    def _say(self, what: bytes) -> None:
        os.write(_OUT, what)
        if os.read(_IN, 1) != DONE:
            raise PermissionError(self._models.message())


def _handle(request: dict[str, Any], models: ModelChannel | None) -> SimulatorHandle:
    """What the program gets where it asks for a model: a handle, one that is not alive, or a refusal."""
    if not request["model"]:
        return refused()
    return SimulatorHandle(None if models is None else _Asking(models), request["box"])


def _play(seed: int, box: int, program: Loadable, channel: ch.Channel, model: SimulatorHandle) -> int | None:
    """Loads the program afresh and plays until the worker hangs up.

    Returns:
        The seed of the next episode if the worker begins one with this child, else None.
    """
    seed_globals(seed)
    provide(model)
    watch = MarkRecorder(program.marks) if program.marks else None
    paths = frozenset(program.texts)
    policy = load_policy(program, watch.hooks() if watch is not None else None)
    policy.reset(seed)
    read, write, wake, acted = os.read, os.write, ch.WAKE, ch.ACTED
    act, observation, slot, vector = policy.act, channel.observation, channel.slot, channel.vector
    write(_OUT, ch.READY)
    while said := read(_IN, 1):
        if said == ch.NEXT:
            return int.from_bytes(read(_IN, 8), "little")
        if said == ch.ASK:
            question = json.loads(_received(int.from_bytes(_received(4), "little")))
            assert watch is not None
            action, why = answer(policy, observation, box, question, watch, paths)
            if box:
                vector[:] = action
            else:
                slot[0] = action
            channel.put_trace(why)
            write(_OUT, acted)
            continue
        action = act(observation)
        if box:
            vector[:] = vector_of(action, box)
        else:
            slot[0] = action if type(action) is int and 0 <= action < 64 else index_of(action)
        if said != wake:
            channel.put_trace(encode_trace(policy))
        write(_OUT, acted)
    return None


def _received(count: int) -> bytes:
    data = b""
    while len(data) < count and (part := os.read(_IN, count - len(data))):
        data += part
    return data


def _report(error: BaseException, program: Loadable, channel: ch.Channel) -> None:
    try:
        kind, text = describe(error, program.texts)
    except MemoryError:
        kind, text = FailureKind.OUT_OF_MEMORY, "MemoryError"
    except RecursionError:
        kind, text = FailureKind.CRASHED, type(error).__name__
    channel.put_message(kind.value, text)
    os.write(_OUT, ch.FAILED)
