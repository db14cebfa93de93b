"""Runs one command and leaves nothing of it behind: ``python -I -S supervise.py SECONDS COMMAND...``.

Killing a process group is not enough: shells that coding agents start run in sessions of their own. This process
becomes the reaper of everything that the command starts, and kills until nothing is left: when the command ends,
when the time is up, when it is told to stop (SIGTERM), when its parent dies. Standard library only.

Exit status: the command's (128 + n where signal n ended it), 124 where the time was up, 127 where it cannot start.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def _descendants() -> list[int]:
    """Every process below this one."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(name))
    found, queue = [], [os.getpid()]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def _reap() -> None:
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


def end_all() -> None:
    """Stops, then kills everything below this process, until nothing is left."""
    deadline = time.monotonic() + 10
    while (below := _descendants()) and time.monotonic() < deadline:
        for stop in (signal.SIGSTOP, signal.SIGKILL):  # stopped first, so that nobody forks in between
            for pid in below:
                try:
                    os.kill(pid, stop)
                except (ProcessLookupError, PermissionError):
                    continue
        _reap()
        time.sleep(0.005)


def main(limit_s: float, command: list[str]) -> int:
    """Runs the command for at most ``limit_s`` seconds and returns the exit status."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def leave(number: int, frame: object) -> None:
        end_all()
        os._exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, leave)
    parent = os.getppid()
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        return 128 + signal.SIGTERM
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr, flush=True)
        return 127
    try:
        status = process.wait(limit_s)
    except subprocess.TimeoutExpired:
        status = 124
    end_all()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
