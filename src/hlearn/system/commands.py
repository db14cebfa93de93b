"""Running a command under the supervisor, with bounded time and output."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_SUPERVISOR = Path(__file__).with_name("supervise.py")
_SHOWN = 8000  # characters of output that are kept
ALLOWED = ("PATH", "LANG", "LC_ALL", "TERM", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


class Finished(NamedTuple):
    """How a command ended. ``output`` is the end of standard output and error together."""

    status: int
    output: str
    timed_out: bool


def allowed_environment(**more: str) -> dict[str, str]:
    """The allow-listed part of this process's environment, with additions."""
    return {name: os.environ[name] for name in ALLOWED if name in os.environ} | more


def run_command(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], limit_s: float) -> Finished:
    """Runs a command to its end or its time limit; nothing that it started outlives this call.

    Args:
        command: program and arguments.
        cwd: where it runs.
        env: its whole environment.
        limit_s: wall seconds.
    """
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_SUPERVISOR), str(limit_s), *command],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(limit_s + 30)
        except BaseException:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            raise
        size = output.seek(0, os.SEEK_END)
        output.seek(max(0, size - _SHOWN))
        return Finished(status, output.read().decode(errors="replace"), status == 124)
