"""Ray: tracks of a suite, or episodes of one learning run, spread over a cluster.

Ray is an extra, and is loaded late.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hlearn.errors import HarnessError, MissingExtra, UsageError
from hlearn.evaluate.api import Evaluator, Job, Result
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.suites.executors import FinishedTrack, TrackCommand
from hlearn.suites.folder import versions
from hlearn.tasks.task import Task
from hlearn.trust import Key
from hlearn.trust.store import KeyStore

_GRACE_S = 60.0
_CONNECT_S = 10.0
_CHUNK = 4  # jobs that a node is handed at once


class RayExecutor:
    """A Ray cluster: a track per CPU of its nodes.

    The suite's folder must lie at the same path on every node (a shared file system). A track whose node dies is
    started
    again elsewhere and goes on from its ledger. The suite's key is handed to the nodes, and kept there for this
    user as
    every key is.

    Args:
        address: "auto", or HOST:PORT of the cluster's head.
        tracks: how many side by side; the cluster's CPUs if None.
        key: of the suite.

    Raises:
        MissingExtra: Ray is not installed.
        UsageError: the cluster does not answer, or a node has other versions than this machine.
    """

    def __init__(self, address: str, *, tracks: int | None, key: Key) -> None:
        self._ray = connect(address)
        nodes = [n for n in self._ray.nodes() if n["Alive"]]
        _refuse_other_versions(self._ray, nodes)
        cpus = int(sum(n["Resources"].get("CPU", 0) for n in nodes))
        self.slots = min(tracks or cpus, cpus)
        self.where = f"{self.slots} of {cpus} CPUs on {len(nodes)} Ray nodes"
        self._remote = self._ray.remote(num_cpus=1, max_retries=0)(_play_track)
        self._secret = key.secret
        self._running: dict[Any, TrackCommand] = {}

    def start(self, command: TrackCommand) -> None:
        """Hands a command to the cluster."""
        reference = self._remote.remote(list(command.words), str(command.log), self._secret, versions())
        self._running[reference] = command

    def finished(self, wait_s: float) -> Sequence[FinishedTrack]:
        """Returns those that ended since the last call; waits for one at most so long."""
        if not self._running:
            return ()
        ready, _ = self._ray.wait(list(self._running), num_returns=1, timeout=wait_s)
        return [self._collect(r) for r in ready]

    def stop(self) -> Sequence[FinishedTrack]:
        """Asks all to put everything away and end, waits for them, and returns them."""
        for reference in self._running:
            self._ray.cancel(reference)
        self._ray.wait(
            list(self._running), num_returns=max(1, len(self._running)), timeout=_GRACE_S
        ) if self._running else None
        return [self._collect(r) for r in list(self._running)]

    def _collect(self, reference: Any) -> FinishedTrack:
        command = self._running.pop(reference)
        errors = self._ray.exceptions
        try:
            code, output = self._ray.get(reference, timeout=1.0)
        except errors.TaskCancelledError:
            return FinishedTrack(name=command.name, code=143, output="")
        except errors.RayTaskError as error:
            return FinishedTrack(name=command.name, code=3, output="", reason=str(error).splitlines()[-1])
        except (errors.RayError, TimeoutError) as error:
            return FinishedTrack(
                name=command.name, code=None, output="", reason=f"its node is gone ({type(error).__name__})"
            )
        return FinishedTrack(name=command.name, code=code, output=output)


class RayEvaluator:
    """Plays the episodes of one run on a Ray cluster, with the worker processes and walls of every node.

    Args:
        task: what is played.
        workers: episodes side by side.
        address: of the cluster.
    """

    def __init__(self, task: Task, *, workers: int = 1, address: str = "auto") -> None:
        self._ray = connect(address)
        actor = self._ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=2)(_Player)
        self._players = [actor.remote(task) for _ in range(workers)]

    def run(self, jobs: Sequence[Job], on_result: Callable[[Result], None] | None = None) -> list[Result]:
        """Plays every job and returns their results in the same order.

        Raises:
            HarnessError: a node failed again and again.
        """
        chunks = [range(i, min(i + _CHUNK, len(jobs))) for i in range(0, len(jobs), _CHUNK)]
        found: dict[int, Result] = {}
        free = list(self._players)
        asked: dict[Any, tuple[range, Any]] = {}
        try:
            while chunks or asked:
                while chunks and free:
                    chunk, player = chunks.pop(0), free.pop()
                    asked[player.run.remote([jobs[i] for i in chunk])] = (chunk, player)
                [ready], _ = self._ray.wait(list(asked), num_returns=1)
                chunk, player = asked.pop(ready)
                free.append(player)
                for number, result in zip(chunk, self._ray.get(ready), strict=True):
                    found[number] = result
                    if on_result is not None:
                        on_result(result)
        except self._ray.exceptions.RayError as error:
            raise HarnessError(f"the Ray cluster failed: {str(error).splitlines()[-1]}") from error
        return [found[i] for i in range(len(jobs))]

    def close(self) -> None:
        """Ends every process that was started."""
        for player in self._players:
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._ray.get(player.close.remote(), timeout=_GRACE_S)
            self._ray.kill(player)


def ray_evaluators(address: str) -> Callable[..., Evaluator]:
    """Makes :class:`RayEvaluator` for ``learn(evaluator=...)``."""

    def make(task: Task, *, workers: int = 1) -> Evaluator:
        return RayEvaluator(task, workers=workers, address=address)

    return make


def connect(address: str) -> Any:
    """Connects to a cluster, once per process.

    Raises:
        MissingExtra: Ray is not installed.
        UsageError: nothing answers at the address.
    """
    try:
        ray = importlib.import_module("ray")
    except ImportError:
        raise MissingExtra("--ray needs Ray; install it with: pip install 'hlearn[ray]'") from None
    if ray.is_initialized():
        return ray
    _refuse_silence(address)
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", configure_logging=False)
    except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise UsageError(
            f"no Ray cluster answers at {address}: {said[0]}; start one with: ray start --head, and see ray status"
        ) from None
    return ray


def _refuse_silence(address: str) -> None:
    """Ray itself would try for minutes, and then end the process."""
    host, colon, port = address.rpartition(":")
    if address == "auto" or "://" in address:
        return
    try:
        if not colon or not port.isdigit():
            raise UsageError(f"--ray {address}: expected auto, or HOST:PORT of the cluster's head")
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"no Ray cluster answers at {address} ({error}); start one with: ray start --head, and see ray status"
        ) from None


def _refuse_other_versions(ray: Any, nodes: Sequence[dict[str, Any]]) -> None:
    strategy = importlib.import_module("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy
    asked = [
        ray.remote(num_cpus=0)(versions)
        .options(scheduling_strategy=strategy(n["NodeID"], soft=False))
        .remote()
        for n in nodes
    ]
    here = versions()
    for node, there in zip(nodes, ray.get(asked), strict=True):
        if there != here:
            other = ", ".join(
                f"{k} {there.get(k)} there, {v} here" for k, v in here.items() if there.get(k) != v
            )
            raise UsageError(
                f"the node {node['NodeManagerAddress']} has other versions than this machine, which do not mix: {other}"
            )


def _play_track(words: list[str], log: str, secret: bytes, wanted: dict[str, str]) -> tuple[int, str]:
    """Runs on a node: the command in a process of its own, ended with this one."""
    if (here := versions()) != wanted:
        raise HarnessError(f"a node has other versions: {here}, expected {wanted}")
    key = KeyStore().keep(Key(secret))
    words = [
        str(key) if before == "--key" else word for before, word in zip(["", *words], words, strict=False)
    ]
    with Path(log).open("wb") as said, tempfile.TemporaryFile() as answer:
        process = subprocess.Popen(
            [sys.executable, *words],
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=said,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        try:
            code = process.wait()
        except BaseException:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_S / 2)
            raise
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        answer.seek(0)
        return code, answer.read().decode("utf-8", "replace")


def _end_with_parent() -> None:
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class _Player:
    """Lives on a node and plays what it is handed."""

    def __init__(self, task: Task) -> None:
        self._evaluator = IsolatedEvaluator(task, workers=1)

    def run(self, jobs: Sequence[Job]) -> list[Result]:
        """Plays jobs."""
        return self._evaluator.run(jobs)

    def close(self) -> None:
        """Ends its processes."""
        self._evaluator.close()
