"""What a case is, and the bench that it is tried on."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

TASK = "hlearn.testing.toys:Corridor-v0"
BEST = 10.0  # nobody can score more in the corridor
GOOD = """class Walk:
    def reset(self, seed):
        self.t = 0

    def act(self, obs):
        self.t += 1
        return 2 if obs[1] > obs[0] else 1 if obs[1] < obs[0] else 0
"""
SLOW = """class Walk:
    def reset(self, seed):
        self.t = 0

    def act(self, obs):
        self.t += 1
        if self.t % 9:
            return 0
        return 2 if obs[1] > obs[0] else 1 if obs[1] < obs[0] else 0
"""
STAND = "HLEARN_ATTACKS_STAND"  # names the folder with what all cases start from
PYTHON = sys.executable
HL = [PYTHON, "-m", "hlearn.cli.main"]


class Broken(AssertionError):
    """The case did not hold; the text says what came about instead."""


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        """The JSON object on the last line, {} where there is none."""
        lines = self.out.strip().splitlines()
        try:
            loaded = json.loads(lines[-1]) if lines else {}
        except ValueError:
            return {}
        return loaded if isinstance(loaded, dict) else {}

    @property
    def said(self) -> str:
        """Everything that it printed."""
        return self.out + self.err


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One attack.

    Attributes:
        kind: module that it stands in.
        name: unique in its kind.
        expected: the outcome in words.
        run: tries it; raises :class:`Broken` where something else came about.
        limit_s: wall seconds after which it counts as broken: it got stuck.
    """

    kind: str
    name: str
    expected: str
    run: Callable[[Bench], None]
    limit_s: float = 120.0

    @property
    def key(self) -> str:
        """KIND/NAME."""
        return f"{self.kind}/{self.name}"


class Bench:
    """A scratch folder, a system with a slow champion, and the command.

    Args:
        folder: empty, of this case alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stand = Path(os.environ[STAND])
        self.state = folder / "state"
        shutil.copytree(self.stand / "state", self.state, symlinks=True)

    @property
    def env(self) -> dict[str, str]:
        """The environment of commands: this process's, with the keys of this case."""
        return os.environ | {"HLEARN_STATE": str(self.state)}

    def system(self, name: str = "s") -> Path:
        """A system of its own in which a slow walker is the champion."""
        path = self.folder / name
        shutil.copytree(self.stand / "system", path, symlinks=True)
        return path

    def write(self, name: str, content: str | bytes) -> Path:
        """A file in the scratch folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def hl(
        self,
        *arguments: object,
        env: Mapping[str, str] | None = None,
        limit_s: float = 100.0,
        before: Callable[[], object] | None = None,
        **options: Any,
    ) -> Done:
        """Runs the command to its end.

        Raises:
            Broken: it takes too long.
        """
        try:
            done = subprocess.run(
                [*HL, *(os.fspath(_plain(a)) for a in arguments)],
                env=dict(env or self.env),
                stdin=options.pop("stdin", subprocess.DEVNULL),
                capture_output=True,
                timeout=limit_s,
                check=False,
                preexec_fn=before,
                **options,
            )
        except subprocess.TimeoutExpired:
            raise Broken(f"hl {arguments[0]} did not end within {limit_s:g} s") from None
        return Done(done.returncode, _text(done.stdout), _text(done.stderr))

    def learn(
        self, system: Path, script: str, *more: object, steps: int = 3000, limit_s: float = 110
    ) -> Done:
        """Lets a shell script edit, once or twice, and judges what it made."""
        path = self.write("edit.sh", script)
        arguments: tuple[object, ...] = (
            "learn",
            TASK,
            "--out",
            system,
            "--resume",
            "--editor",
            f"command:sh {path}",
        )
        arguments += (
            "--steps",
            str(steps),
            "--holdout-episodes",
            "0",
            "--workers",
            "1",
            "--json",
            *map(str, more),
        )
        return self.hl(*arguments, limit_s=limit_s)

    def git(self, system: Path, *arguments: str, check: bool = True) -> str:
        """What git says of a system, in whose settings nobody is believed."""
        env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", "-C", system, *arguments],
            env=env | {"GIT_ATTR_NOSYSTEM": "1"},
            capture_output=True,
            check=False,
        )
        if check and done.returncode:
            raise Broken(f"git {arguments[0]} fails in the system: {_text(done.stderr)[:300]}")
        return _text(done.stdout)


def _plain(value: object) -> str | bytes:
    return value if isinstance(value, bytes) else str(value)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def expect(holds: object, otherwise: str) -> None:
    """Raises :class:`Broken` unless something holds."""
    if not holds:
        raise Broken(otherwise[-600:])


def expect_code(done: Done, *codes: int, what: str = "hl") -> None:
    """An exit code among those, and no traceback or "unexpected" in what was said."""
    said = done.said.strip()
    expect(done.code in codes, f"{what} ended with {done.code}, expected {codes}: {said[-400:]}")
    expect(
        "unexpected " not in done.err and "Traceback (most recent" not in done.err, f"{what}: {said[-500:]}"
    )


@contextlib.contextmanager
def no_orphans() -> Iterator[None]:
    """Raises :class:`Broken` where something that the block started outlives it: orphans come to this process."""
    import ctypes
    import signal
    import time

    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    yield
    for _ in range(40):
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        left = _children()
        if not left:
            return
        time.sleep(0.05)
    for pid in left:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    raise Broken(f"{len(left)} processes were left running: {left}")


def _children() -> dict[int, str]:
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path(f"/proc/{name}/stat").read_text().rsplit(")", 1)[1].split()
                if stat[1] == str(os.getpid()) and stat[0] != "Z":
                    found[int(name)] = Path(f"/proc/{name}/cmdline").read_text().replace("\0", " ")[:80]
            except OSError:
                continue
    return found
