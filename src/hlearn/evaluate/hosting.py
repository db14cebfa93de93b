"""A running program host, seen from the worker that started it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import Any

from hlearn.evaluate import wire


class Host:
    """A running program host (:mod:`hlearn.evaluate.host`)."""

    def __init__(self, memory: int, layout: tuple[tuple[int, ...], str, int]) -> None:
        mine, theirs = socket.socketpair()
        with theirs:
            # A clean environment: no keys, one thread per library, the same hashes in every run.
            environment = {
                "PATH": os.defpath,
                "PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path),
                "PYTHONHASHSEED": "0",
                "PYTHONDONTWRITEBYTECODE": "1",
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
                "MKL_NUM_THREADS": "1",
            }
            command = [sys.executable, "-P", "-m", "hlearn.evaluate.host", str(theirs.fileno()), str(memory)]
            command += [str(os.getpid()), json.dumps(layout)]
            self.process = subprocess.Popen(
                command, env=environment, pass_fds=(theirs.fileno(), memory), stdin=subprocess.DEVNULL
            )
        self.socket = mine

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
