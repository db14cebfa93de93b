"""Runs one command and leaves nothing of it behind: ``python -I -S supervise.py SECONDS WALLS COMMAND...``.

Killing a process group is not enough: shells that coding agents start run in sessions of their own. This process
becomes the reaper of everything that the command starts, and kills until nothing is left: when the command ends,
when the time is up, when it is told to stop (SIGTERM), when its parent dies. Standard library only.

WALLS is JSON: ``{"pids": bool, "mounts": bool, "hide": [folder, ...], "fix": [folder, ...]}``. With ``mounts`` the
command sees an empty folder in place of each hidden one, and can write nothing into a fixed one (a mount namespace; in
a user namespace, where this user may not mount otherwise).
With ``pids`` it also sees no process but its own, so that it can end neither this one nor whoever waits for it (a
process namespace, which the kernel empties as a whole). It keeps the user's rights otherwise. ``"fence"``, where there
is one, stands in for all of these where namespaces cannot be made: ``{"version": int, "write": [path, ...], "hide":
[folder, ...]}`` for Landlock.

Exit status: the command's (128 + n where signal n ended it), 124 where the time was up, 125 where the walls cannot be
made, 127 where the command cannot start.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER, _PR_CAP_AMBIENT = 1, 24, 36, 47
_NEWNS, _NEWUSER, _NEWPID = 0x00020000, 0x10000000, 0x20000000
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REC, _PRIVATE = 1, 2, 4, 8, 16384, 1 << 18
_REMOUNT, _NOATIME, _BIND, _RELATIME = 32, 1024, 4096, 1 << 21
# With any of these a command could undo the mounts, reach around them, or reach into other processes:
# DAC_READ_SEARCH, SYS_MODULE, SYS_RAWIO, SYS_PTRACE, SYS_ADMIN, SYS_BOOT, MKNOD, PERFMON, BPF, CHECKPOINT_RESTORE
_DROPPED = (2, 16, 17, 19, 21, 22, 27, 38, 39, 40)
TIME_UP, NO_WALLS, NOT_FOUND = 124, 125, 127
_LANDLOCK = Path(__file__).resolve().parents[1] / "evaluate" / "landlock.py"
_libc = ctypes.CDLL(None, use_errno=True)


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


# Walls ------------------------------------------------------------------------------------------------------


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _unshare(flags: int) -> None:
    """Enters new namespaces; a user namespace of the same user and group comes first where that is needed."""
    if _libc.unshare(flags) == 0:
        return
    uid, gid = os.geteuid(), os.getegid()
    _check(_libc.unshare(flags | _NEWUSER), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _mount(what: str, where: str, kind: str | None, flags: int, options: str | None = None) -> None:
    encoded = [None if text is None else os.fsencode(text) for text in (what, where, kind)]
    data = None if options is None else options.encode()
    _check(_libc.mount(*encoded, ctypes.c_ulong(flags), data), f"mount over {where}")


def _fix(folder: str) -> None:
    """Makes a mount read-only; what else it forbids stays, as a user namespace demands."""
    kept = 0
    for name, flag in ((os.ST_NOSUID, _NOSUID), (os.ST_NODEV, _NODEV), (os.ST_NOEXEC, _NOEXEC)):
        kept |= flag if os.statvfs(folder).f_flag & name else 0
    kept |= _RELATIME if os.statvfs(folder).f_flag & os.ST_RELATIME else 0
    kept |= _NOATIME if os.statvfs(folder).f_flag & os.ST_NOATIME else 0
    _mount("none", folder, None, _BIND | _REMOUNT | _RDONLY | kept)


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _wall_off(walls: dict[str, Any]) -> None:
    """Makes the namespaces and hides the folders; the caller's next child is the first of its process namespace."""
    _unshare(_NEWNS | (_NEWPID if walls["pids"] else 0))
    _mount("none", "/", None, _REC | _PRIVATE)
    for folder in walls.get("fix", ()):
        if os.path.isdir(folder):
            _mount(folder, folder, None, _BIND | _REC)
            _fix(folder)
    for folder in walls["hide"]:
        if os.path.isdir(folder):
            _mount("none", folder, "tmpfs", _RDONLY | _NOSUID | _NODEV | _NOEXEC, "size=4k,mode=0555")


def _give_up_rights() -> None:
    _libc.prctl(_PR_CAP_AMBIENT, 4, 0, 0, 0)  # clear all
    for number in _DROPPED:
        _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)


def _become(command: list[str]) -> NoReturn:
    """Turns this process into the command."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.closerange(3, 1 << 16)
    try:
        os.execvpe(command[0], command, os.environ)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(NOT_FOUND)


def _fence(walls: dict[str, Any]) -> None:
    """Closes Landlock around this process and what it starts; it then needs no right to mount or to trace either."""
    spec = importlib.util.spec_from_file_location("landlock", _LANDLOCK)
    assert spec is not None and spec.loader is not None
    landlock = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(landlock)
    try:
        landlock.fence(walls["version"], writable=map(Path, walls["write"]), hidden=map(Path, walls["hide"]))
    except OSError as error:
        os.write(2, f"hlearn: {error}\n".encode())
        os._exit(NO_WALLS)
    _give_up_rights()


def _behind_walls(walls: dict[str, Any], command: list[str]) -> NoReturn:
    """The child of the supervisor: makes the walls, and waits for the command behind them."""
    try:
        _wall_off(walls)
        _die_with_parent()  # after the change of rights, which would clear it
        first = os.fork()
        if first == 0:
            _die_with_parent()
            if walls["pids"]:
                _mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
            _first(command)
        _, status = os.waitpid(first, 0)
        os._exit(_exit_status(status))
    except OSError as error:
        os.write(2, f"hlearn: {error.strerror}\n".encode())
        os._exit(NO_WALLS)


def _first(command: list[str]) -> NoReturn:
    """The first process behind the walls: reaps what is left to it, and ends with the command."""
    pid = os.fork()
    if pid == 0:
        _give_up_rights()
        _become(command)
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            os._exit(_exit_status(status))


def _exit_status(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


# The supervisor ---------------------------------------------------------------------------------------------


def _wait(pid: int, limit_s: float) -> int:
    """Waits for a child and reaps others; returns its exit status, or TIME_UP."""
    deadline = time.monotonic() + limit_s
    pause = 0.001
    while time.monotonic() < deadline:
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended == pid:
            return _exit_status(status)
        if ended == 0:
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)
    return TIME_UP


def main(limit_s: float, walls: dict[str, Any], command: list[str]) -> int:
    """Runs the command for at most ``limit_s`` seconds and returns the exit status."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def leave(number: int, frame: object) -> None:
        end_all()
        os._exit(128 + number)

    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, leave)
    parent = os.getppid()
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        return 128 + signal.SIGTERM
    pid = os.fork()
    if pid == 0:
        if walls["mounts"] or walls["pids"]:
            _behind_walls(walls, command)
        if walls.get("fence"):
            _fence(walls["fence"])
        _become(command)
    status = _wait(pid, limit_s)
    end_all()
    return status


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]))
