"""What a process inherits or lacks: whoever starts hl, it works as always, or names the cause."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from benchmarks.attacks.case import BEST, GOOD, Bench, Case, expect, expect_code

KIND = "states"
_WORKS = "the gate accepts the better program as always"


def cases() -> Iterator[Case]:
    """Every state."""
    for name, before in _inherited().items():
        yield Case(kind=KIND, name=name, expected=_WORKS, run=partial(_gate, before, {}))
    for name, env in _environments().items():
        yield Case(kind=KIND, name=name, expected=_WORKS, run=partial(_gate, None, env))
    for name, before in _loops().items():
        yield Case(
            kind=KIND,
            name=f"loop-with-{name}",
            expected="a program that loops is ended as always",
            run=partial(_loop, before),
        )
    for name, codes, run in (
        ("no-git-in-path", (2,), _no_git), ("disk-quota-by-fsize", (0, 2, 3), _fsize), ("no-tmp", (0, 2, 3), _no_tmp),
        ("folder-removed-under-it", (0, 2), _gone), ("read-only-system", (0, 2), _read_only), ("full-pipe-closed", (0, 141), _pipe),
    ):  # fmt: skip
        yield Case(kind=KIND, name=name, expected=f"ends with one of {codes} and says why", run=run)


def _inherited() -> dict[str, Callable[[], object]]:
    def block(*numbers: int) -> Callable[[], object]:
        return lambda: signal.pthread_sigmask(signal.SIG_BLOCK, numbers)

    def ignore(*numbers: int) -> Callable[[], object]:
        return lambda: [signal.signal(n, signal.SIG_IGN) for n in numbers]

    def limit(which: int, soft: int) -> Callable[[], object]:
        return lambda: resource.setrlimit(which, (soft, resource.getrlimit(which)[1]))

    def close(*fds: int) -> Callable[[], object]:
        return lambda: list(map(os.close, fds))

    everything = tuple(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})
    return {
        "alarm-blocked": block(signal.SIGALRM),
        "everything-blocked": block(*everything),
        "chld-blocked": block(signal.SIGCHLD),
        "term-blocked": block(signal.SIGTERM),
        "chld-ignored": ignore(signal.SIGCHLD),
        "alarm-ignored": ignore(signal.SIGALRM),
        "pipe-default": lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL),
        "hup-ignored": ignore(signal.SIGHUP),
        "int-ignored": ignore(signal.SIGINT),
        "usr-ignored": ignore(signal.SIGUSR1, signal.SIGUSR2),
        "few-descriptors": limit(resource.RLIMIT_NOFILE, 64),
        "many-descriptors": limit(resource.RLIMIT_NOFILE, 4096),
        "no-core": limit(resource.RLIMIT_CORE, 0),
        "small-stack": limit(resource.RLIMIT_STACK, 1 << 20),
        "memlock-none": limit(resource.RLIMIT_MEMLOCK, 0),
        "stdin-closed": close(0),
        "stdout-closed": close(1),
        "stderr-closed": close(2),
        "all-closed": close(0, 1, 2),
        "umask-nothing": lambda: os.umask(0o777),
        "umask-all": lambda: os.umask(0),
        "low-priority": lambda: os.nice(19),
        "own-session": lambda: os.setsid(),
        "one-core": lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}),
        "not-dumpable": lambda: __import__("ctypes").CDLL(None).prctl(4, 0, 0, 0, 0),
        "no-new-privileges": lambda: __import__("ctypes").CDLL(None).prctl(38, 1, 0, 0, 0),
        "extra-descriptors": lambda: (
            [os.dup2(os.open(os.devnull, os.O_RDONLY), 100 + i, inheritable=True) for i in range(50)]
        ),
        "oom-score": lambda: Path("/proc/self/oom_score_adj").write_text("500"),
        "alarm-pending": lambda: signal.setitimer(signal.ITIMER_REAL, 300),
    }


def _environments() -> dict[str, Mapping[str, str | None]]:
    return {
        "locale-c": {"LC_ALL": "C", "LANG": "C"},
        "locale-none": {"LC_ALL": None, "LANG": None},
        "locale-unknown": {"LC_ALL": "xx_YY.nonsense"},
        "encoding-ascii": {
            "PYTHONIOENCODING": "ascii",
            "PYTHONUTF8": "0",
            "LC_ALL": "POSIX",
            "PYTHONCOERCECLOCALE": "0",
        },
        "encoding-utf16": {"PYTHONIOENCODING": "utf-16"},
        "no-home": {"HOME": None},
        "home-missing": {"HOME": "/nonexistent/home"},
        "no-user": {"USER": None, "LOGNAME": None},
        "python-optimized": {"PYTHONOPTIMIZE": "2"},
        "python-hash-seed": {"PYTHONHASHSEED": "77"},
        "python-warnings-are-errors": {"PYTHONWARNINGS": "error"},
        "python-dev-mode": {"PYTHONDEVMODE": "1"},
        "python-startup": {"PYTHONSTARTUP": "/nonexistent.py", "PYTHONINSPECT": ""},
        "python-safe-path": {"PYTHONSAFEPATH": "1"},
        "python-unbuffered": {"PYTHONUNBUFFERED": "1"},
        "python-malloc-debug": {"PYTHONMALLOC": "debug"},
        "python-fault-handler": {"PYTHONFAULTHANDLER": "1"},
        "git-dir": {"GIT_DIR": "/nonexistent/.git"},
        "git-work-tree": {"GIT_WORK_TREE": "/"},
        "git-index-file": {"GIT_INDEX_FILE": "/nonexistent/index"},
        "git-config-by-environment": {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "commit.gpgsign",
            "GIT_CONFIG_VALUE_0": "true",
        },
        "git-hooks-by-environment": {"GIT_CONFIG_PARAMETERS": "'core.hookspath=/nonexistent'"},
        "git-author": {"GIT_AUTHOR_DATE": "nonsense", "GIT_COMMITTER_NAME": "", "EMAIL": ""},
        "git-object-directory": {"GIT_OBJECT_DIRECTORY": "/nonexistent"},
        "git-trace": {"GIT_TRACE": "1", "GIT_TRACE_SETUP": "1"},
        "git-editor": {"GIT_EDITOR": "false", "EDITOR": "false", "GIT_PAGER": "false", "PAGER": "false"},
        "force-color": {"FORCE_COLOR": "3"},
        "no-color": {"NO_COLOR": "1"},
        "dumb-terminal": {"TERM": "dumb"},
        "no-terminal": {"TERM": None},
        "columns-odd": {"COLUMNS": "²", "LINES": "-1"},
        "matplotlib-backend": {"MPLBACKEND": "module://nonsense"},
        "blas-threads": {"OMP_NUM_THREADS": "0", "OPENBLAS_NUM_THREADS": "nonsense"},
        "time-zone": {"TZ": "Mars/Olympus"},
        "pytest-options": {"PYTEST_ADDOPTS": "--collect-only -p no:nothing"},
        "pytest-plugins": {"PYTEST_PLUGINS": "nonsense"},
        "mujoco-backend": {"MUJOCO_GL": "nonsense"},
        "proxies": {"http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "socks5://127.0.0.1:9"},
        "large-environment": {f"FILLER_{i}": "x" * 20_000 for i in range(20)},
        "odd-variable-names": {"A B": "1", "ü": "ß", "PS1": "\x1b[2J"},
    }


def _loops() -> dict[str, Callable[[], object]]:
    chosen = (
        "alarm-blocked",
        "everything-blocked",
        "alarm-ignored",
        "chld-ignored",
        "few-descriptors",
        "one-core",
    )
    return {name: _inherited()[name] for name in chosen}


def _gate(before: Callable[[], object] | None, env: Mapping[str, str | None], bench: Bench) -> None:
    system = bench.system()
    arguments = ("gate", system, "--program", bench.write("good.py", GOOD), "--workers", 1, "--json")
    merged = {**bench.env, **{k: v for k, v in env.items() if v is not None}}
    for name in (k for k, v in env.items() if v is None):
        merged.pop(name, None)
    done = bench.hl(*arguments, env=merged, before=before)
    expect(done.code == 0, f"ended with {done.code}: {done.said[-400:]}")
    expect(bench.git(system, "show", "HEAD:policy.py") == GOOD, "the better program is not the champion")
    if done.out.isascii() and done.data:
        expect(done.data["trials"][0]["challenger_mean"] == BEST, str(done.data))
    expect_code(bench.hl("history", system), 0)


def _loop(before: Callable[[], object], bench: Bench) -> None:
    source = "class L:\n    def reset(self, seed): pass\n    def act(self, obs):\n        while True: pass\n"
    program = bench.write("loop.py", source)
    done = bench.hl(
        "eval", bench.system(), "--program", program, "--episodes", 1, "--json", before=before, limit_s=60
    )
    expect_code(done, 1)
    expect("timed_out" in done.said, done.said[-300:])


def _no_git(bench: Bench) -> None:
    done = bench.hl("history", bench.system(), env=bench.env | {"PATH": "/nonexistent"})
    expect(done.code == 2 and "git" in done.err, done.said[-300:])


def _fsize(bench: Bench) -> None:
    system = bench.system()
    size = (system / "ledger.jsonl").stat().st_size
    done = bench.hl(
        "gate", system, "--program", bench.write("good.py", GOOD), "--workers", 1,
        before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size + 500, resource.getrlimit(resource.RLIMIT_FSIZE)[1])),
    )  # fmt: skip
    expect_code(done, 0, 2, 3)
    expect(
        done.code == 0 or "space" in done.err or "limit" in done.err or "large" in done.err, done.said[-300:]
    )
    expect_code(bench.hl("gate", system, "--program", bench.write("good.py", GOOD), "--workers", 1), 0, 2)
    expect(
        bench.git(system, "show", "HEAD:policy.py") == GOOD,
        "the better program is not the champion afterwards",
    )


def _no_tmp(bench: Bench) -> None:
    arguments = ("gate", bench.system(), "--program", bench.write("good.py", GOOD), "--workers", 1)
    expect_code(bench.hl(*arguments, env=bench.env | {"TMPDIR": "/nonexistent"}), 0, 2, 3)


def _gone(bench: Bench) -> None:
    (bench.folder / "here").mkdir()
    system, program = bench.system(), bench.write("good.py", GOOD)
    done = bench.hl(
        "gate", system, "--program", program, "--workers", 1,
        cwd=bench.folder / "here", before=lambda: os.rmdir(bench.folder / "here"),
    )  # fmt: skip
    expect_code(done, 0, 2)


def _read_only(bench: Bench) -> None:
    system = bench.system()
    for path in system.rglob("*"):
        with contextlib.suppress(OSError):
            path.chmod(path.stat().st_mode & ~0o222)
    expect_code(bench.hl("history", system), 0)
    expect_code(bench.hl("gate", system, "--program", bench.write("good.py", GOOD), "--workers", 1), 0, 2)


def _pipe(bench: Bench) -> None:
    read, write = os.pipe()
    os.close(read)
    import subprocess

    from benchmarks.attacks.case import HL

    done = subprocess.run(
        [*HL, "history", bench.system()], env=bench.env, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    expect(done.returncode in (0, 141, -13), f"ended with {done.returncode}: {done.stderr[-200:]!r}")
    expect(b"Traceback" not in done.stderr, done.stderr[-300:].decode())
