"""A running program host, seen from the worker that started it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import Any

from hlearn.errors import HarnessError
from hlearn.evaluate import wire


class Host:
    """A running program host (:mod:`hlearn.evaluate.host`).

    It is best started before an environment's code runs, so that it inherits nothing of what that changes.

    Args:
        path: the module search path.

    Raises:
        HarnessError: no process can be started.
    """

    def __init__(self, path: str) -> None:
        mine, theirs = socket.socketpair()
        with theirs:
            # A clean environment: no keys, one thread per library, the same hashes in every run.
            environment = {
                "PATH": os.defpath,
                "PYTHONPATH": path,
                "PYTHONHASHSEED": "0",
                "PYTHONUTF8": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
                "MKL_NUM_THREADS": "1",
            }
            command = [sys.executable, "-P", "-m", "hlearn.evaluate.host"]
            command += [str(theirs.fileno()), str(os.getpid())]
            self.process = start_process(
                command, env=environment, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL
            )
        self.socket = mine

    def share(self, memories: tuple[int, ...], layout: tuple[tuple[int, ...], str, int]) -> None:
        """Hands over the memory in which programs see and act, and that in which they simulate; waits for the host.

        Raises:
            ConnectionError: the host ended.
        """
        wire.send(self.socket, {"layout": layout}, memories)
        self.answer()

    def answer(self) -> dict[str, Any]:
        """Waits for the host's next message.

        Raises:
            ConnectionError: the host ended.
        """
        received = wire.receive(self.socket)
        if received is None:
            raise ConnectionError("the program host ended")
        return received[0]

    def close(self) -> None:
        """Ends the host and waits for it; its child ends with it."""
        self.socket.close()
        self.process.kill()
        self.process.wait()


def start_process(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
    """Starts a process of ours.

    Raises:
        HarnessError: the machine or one of its limits refuses.
    """
    try:
        return subprocess.Popen(command, **options)
    except OSError as error:
        raise HarnessError(
            f"no process can be started: {error.strerror or error}; limits on processes, memory or open files "
            "(ulimit -u, -v, -n, or the container's) do that"
        ) from error
