"""Whatever a process inherits or lacks, programs play, and one that spins is ended in time."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hlearn.evaluate import landlock, seccomp

ROOT = Path(__file__).parents[2]
fenced = pytest.mark.skipif(seccomp.machine() is None, reason="no system call table for this machine")


def _play(
    folder: Path, prepare: Callable[[], None] | None = None, refused: str = "", **changes: str | None
) -> str:
    """Plays in a process that starts in the given state; returns what became of the episodes."""
    out = folder / "out.txt"
    command = [sys.executable, "-m", "tests.evaluate.two_episodes", str(out)]
    if refused:
        command = [sys.executable, "-m", "tests.evaluate.kernel_refuses", refused, *command]
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT), *sys.path]), TMPDIR=str(folder))
    for key, value in changes.items():
        env.pop(key, None) if value is None else env.update({key: value})
    done = subprocess.run(
        command, cwd=folder, env=env, preexec_fn=prepare, timeout=60, capture_output=True, check=False
    )
    assert done.returncode == 0, (done.returncode, done.stderr[-3000:])
    return out.read_text().strip()


def _signals() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    for number in (signal.SIGCHLD, signal.SIGALRM, signal.SIGTERM, signal.SIGPIPE, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)


def _small() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    resource.setrlimit(resource.RLIMIT_STACK, (300_000, 300_000))
    os.umask(0o777)


def _closed() -> None:
    for fd in (0, 1, 2):
        os.close(fd)


def _few_descriptors_at_first() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    resource.setrlimit(resource.RLIMIT_STACK, (resource.RLIM_INFINITY,) * 2)


@pytest.mark.parametrize("prepare", [_signals, _small, _closed, _few_descriptors_at_first])
def test_what_is_inherited(prepare: Callable[[], None], tmp_path: Path) -> None:
    assert _play(tmp_path, prepare) == "8 timed_out 8"


def test_environment_variables(tmp_path: Path) -> None:
    odd: dict[str, Any] = {
        "PYTHONWARNINGS": "error",
        "PYTHONHASHSEED": "7",
        "PYTHONIOENCODING": "ascii",
        "PYTHONSTARTUP": "/nonexistent",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "LC_ALL": "C",
        "HOME": None,
        "PATH": None,
    }
    assert _play(tmp_path, **odd) == "8 timed_out 8"


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()

    def leave() -> None:
        os.chdir(gone)
        gone.rmdir()

    assert _play(tmp_path, leave) == "8 timed_out 8"


@fenced
@pytest.mark.parametrize(
    "refused",
    [
        "network,sockets",
        "memfd,pidfd,affinity,landlock",
        pytest.param(
            "writing,network",
            marks=pytest.mark.skipif(not landlock.abi(), reason="the kernel has no Landlock"),
        ),
    ],
)
def test_what_is_lacking(refused: str, tmp_path: Path) -> None:
    assert _play(tmp_path, refused=refused) == "8 timed_out 8"


def test_proc_is_no_need(monkeypatch: pytest.MonkeyPatch) -> None:
    from hlearn.evaluate import sandbox

    measured, told = sandbox._measured_address_space(), sandbox.address_space()
    assert abs(measured - told) <= 4 << 20
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY or told
