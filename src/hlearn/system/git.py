"""The ``git`` binary, by subprocess, with nothing of the user's configuration in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from hlearn.errors import HarnessError, StorageFull, UsageError

_CONFIG = {
    "user.name": "hlearn",
    "user.email": "hlearn@localhost",
    "core.hooksPath": "/dev/null",
    "core.autocrlf": "false",
    "core.fsync": "committed",
    "commit.gpgsign": "false",
    "gc.auto": "0",
    "init.defaultBranch": "main",
    "advice.detachedHead": "false",
}
_KEPT = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")


class Git:
    """One repository.

    Args:
        path: its working tree.

    Raises:
        UsageError: git is not installed.
    """

    def __init__(self, path: Path) -> None:
        binary = shutil.which("git")
        if binary is None:
            raise UsageError(
                "git is not installed; hlearn keeps a system's history in it: apt-get install git"
            )
        self.path = path
        self.inherited: tuple[
            int, ...
        ] = ()  # descriptors that every git keeps open: a lock that must outlive us
        self._command = [binary, *(x for k, v in _CONFIG.items() for x in ("-c", f"{k}={v}"))]
        self._env = {k: os.environ[k] for k in _KEPT if k in os.environ} | {
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CEILING_DIRECTORIES": str(path.absolute().parent),
            "HOME": os.devnull,
            "LC_ALL": "C.UTF-8",
        }

    def __call__(self, *arguments: str, ok: Sequence[int] = (0,), when: float | None = None) -> str:
        """Runs one git command in the working tree and returns its standard output.

        Args:
            *arguments: after ``git``.
            ok: exit codes that are no failure.
            when: time for a commit (seconds since the epoch); the present by default.

        Raises:
            StorageFull: git says that no space is left.
            UsageError: the repository belongs to another user.
            HarnessError: any other failure, with git's message.
        """
        env = self._env
        if when is not None:
            stamp = f"{int(when)} +0000"
            env = env | {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
        done = subprocess.run(
            [*self._command, *arguments],
            cwd=self.path,
            env=env,
            stdin=subprocess.DEVNULL,
            pass_fds=self.inherited,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode not in ok:
            message = done.stderr.strip() or done.stdout.strip()
            if "No space left on device" in message:
                raise StorageFull(f"{self.path}: git {arguments[0]}: {message}; what was committed is intact")
            if "dubious ownership" in message:
                raise UsageError(
                    f"{self.path} belongs to another user, so git does not touch it; work in a copy of your own (cp -r)"
                )
            raise HarnessError(f"{self.path}: git {' '.join(arguments[:3])} failed: {message}")
        return done.stdout

    def show(self, revision: str, path: str) -> str | None:
        """Returns a file's text at a revision, or None where it is not there."""
        if not self("ls-tree", revision, "--", path).strip():
            return None
        return self("show", f"{revision}:{path}")
