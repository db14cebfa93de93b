"""``hl`` as a command in odd surroundings: it answers as always, and ``hl doctor`` names what is odd."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from hlearn.evaluate import landlock, seccomp

ROOT = Path(__file__).parents[2]
CALL = [sys.executable, "-c", "import sys; from hlearn.cli.main import app; sys.exit(app())"]


def _hl(
    *arguments: str,
    prepare: Callable[[], None] | None = None,
    cwd: Path = ROOT,
    refused: str = "",
    **changes: str,
) -> subprocess.CompletedProcess[str]:
    before = [sys.executable, "-m", "tests.evaluate.kernel_refuses", refused] if refused else []
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT), *sys.path])) | changes
    return subprocess.run(
        [*before, *CALL, *arguments],
        preexec_fn=prepare,
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=250,
        check=False,
    )


def _odd() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    os.umask(0o777)
    os.close(0)


@pytest.mark.skipif(seccomp.machine() is None, reason="no system call table for this machine")
def test_doctor_names_what_is_odd(tmp_path: Path) -> None:
    said = _hl(
        "doctor", "--json", prepare=_odd, refused="memfd,pidfd,affinity", HOME="/nonexistent", LC_ALL="C",
        PYTHONUTF8="0", PYTHONCOERCECLOCALE="0",
    )  # fmt: skip
    checks = {c["name"]: c for c in json.loads(said.stdout.splitlines()[-1])["checks"]}
    for word in ("SIGALRM", "SIGCHLD", "stdin was closed", "umask 777"):
        assert word in checks["start"]["detail"]
    for word in ("open files 48", "size of a file"):
        assert word in checks["limits"]["detail"]
    for word in ("memfd_create", "pidfd_open", "pinning"):
        assert word in checks["kernel"]["detail"]
    assert "HOME (/nonexistent)" in checks["folders"]["detail"]
    assert "ascii" in checks["locale"]["detail"]
    assert checks["speed"]["value"]["isolated"] > 0


def test_doctor_names_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()

    def leave() -> None:
        os.chdir(gone)
        gone.rmdir()

    said = _hl("doctor", "--json", prepare=leave)
    checks = {c["name"]: c for c in json.loads(said.stdout.splitlines()[-1])["checks"]}
    assert said.returncode == 1
    assert checks["folders"]["ok"] is False and "deleted" in checks["folders"]["detail"]


@pytest.mark.parametrize("closed", [c for n in (1, 2, 3) for c in combinations((0, 1, 2), n)])
def test_closed_streams(closed: tuple[int, ...]) -> None:
    def prepare() -> None:
        for fd in closed:
            os.close(fd)

    said = _hl("--version", prepare=prepare)
    assert said.returncode == 0
    assert (said.stdout == "") == (1 in closed)


def test_the_exit_code_is_kept_where_python_is_told_to_inspect() -> None:
    said = _hl("history", "/nonexistent", PYTHONINSPECT="1")
    assert said.returncode == 2, said.stderr
    assert "Traceback" not in said.stderr


def test_a_program_in_letters_that_the_locale_lacks(tmp_path: Path) -> None:
    ascii_only: dict[str, Any] = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert _hl("init", "CartPole-v1", str(tmp_path / "s"), **ascii_only).returncode == 0
    source = "# größer ☃\nclass P:\n    def reset(self, seed): pass\n    def act(self, obs): return int(obs[2] > 0)\n"
    (tmp_path / "s" / "policy.py").write_text(source, encoding="utf-8")
    for verb in (("gate", "--note", "höher"), ("history",), ("eval", "--episodes", "1"), ("replay",)):
        said = _hl(verb[0], str(tmp_path / "s"), *verb[1:], **ascii_only)
        assert said.returncode == 0, said.stderr
    committed = subprocess.run(
        ["git", "show", "HEAD:policy.py"], cwd=tmp_path / "s", capture_output=True, check=True
    )
    assert committed.stdout.decode("utf-8") == source


@pytest.mark.skipif(not landlock.abi() or seccomp.machine() is None, reason="the kernel has no Landlock")
def test_within_the_sandbox_of_a_coding_agent(tmp_path: Path) -> None:
    """All is read, only this folder is written, nothing moves from folder to folder, the network is refused."""
    own = str(tmp_path)
    surroundings: dict[str, Any] = {"HLEARN_STATE": f"{own}/state", "TMPDIR": own, "HOME": own}

    def within(*arguments: str) -> subprocess.CompletedProcess[str]:
        return _hl(*arguments, cwd=tmp_path, refused="writing,network", **surroundings)

    source = "class P:\n    def reset(self, seed): pass\n    def act(self, obs): return int(3 * obs[2] + obs[3] > 0)\n"
    (tmp_path / "p.py").write_text(source)
    (tmp_path / "worse.py").write_text(source.replace("int(", "1 - int("))
    few = ("--steps", "9000", "--holdout-episodes", "2")
    learnt = within(
        "learn", "CartPole-v1", *few, "--out", "s", "--editor", f"command:'cp {own}/p.py policy.py'"
    )
    assert learnt.returncode == 0, learnt.stderr + learnt.stdout
    for code, verb in ((0, ("eval", "s")), (1, ("gate", "s", "--program", "worse.py")), (0, ("verify", "s"))):
        said = within(*verb)
        assert said.returncode == code, (verb, said.stderr, said.stdout)
