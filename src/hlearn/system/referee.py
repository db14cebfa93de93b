"""Runs a system's test files, each in a process of its own behind walls: ``python -m hlearn.system.referee PLAN``.

No file of tests shares a process with another: what was added cannot reach into what stood before, and what was
proposed last is not even on disk where the older files run. Results come over a pipe, test by test; an exit status
alone proves nothing. Programs never run in here nor in the tests' processes: a test that has one act asks, and this
process lets it act where all programs run (:mod:`hlearn.system.acting`).

PLAN is a JSON file: a list of ``[folder, path of a test file within it]``. The last line of the output is JSON:
``{"failed": why, or null where all passed}``.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import json
import os
import select
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from hlearn.evaluate.sandbox import limit, sandbox_report
from hlearn.inherited import put_right
from hlearn.records import Program
from hlearn.system import acting
from hlearn.system.acting import ActRequest
from hlearn.system.walls import close_in, readable_folders

_MEMORY_MB = 2048  # that a test file may add
_REPORT_LIMIT = 4 << 20  # bytes of results
_ASKED_LIMIT = 256 << 20  # bytes of one question to a program
_SAID = 1800  # characters of a failed test's text
_HEAD = struct.Struct("<QQ")
_OPTIONS = (
    "--noconftest",
    "--capture=sys",
    "--tb=short",
    "--color=no",
    "--import-mode=prepend",
    "-c/dev/null",
    *("-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:threadexception", "-p", "no:pastebin"),
)


class _Reporter:
    """Closes the walls before the first file of tests is looked at, and writes what becomes of each test."""

    def __init__(self, fd: int, close_walls: Callable[[], None]) -> None:
        self._fd = fd
        self._close_walls = close_walls

    def _say(self, **data: object) -> None:
        view = memoryview(json.dumps(data).encode() + b"\n")
        while view:
            view = view[os.write(self._fd, view) :]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._close_walls()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._say(collected=[item.nodeid for item in session.items])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._say(test=report.nodeid, outcome="failed", text=report.longreprtext[-_SAID:])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            text = report.longreprtext[-_SAID:] if report.failed else ""
            self._say(test=report.nodeid, outcome=report.outcome, text=text)

    def pytest_internalerror(self, excrepr: object) -> None:
        self._say(test="pytest", outcome="failed", text=str(excrepr)[-_SAID:])

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        self._say(end=int(exitstatus))


def expected_tests(source: str) -> list[str]:
    """Names of the tests that a file holds for certain: functions and methods at its top, whatever is done to them."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = []
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in body:
        if isinstance(node, kinds) and node.name.startswith("test"):
            found.append(node.name)
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test") and not node.bases:
            names = [n.name for n in node.body if isinstance(n, kinds)]
            found += [f"{node.name}::{n}" for n in names if n.startswith("test") and "__init__" not in names]
    return list(dict.fromkeys(found))


def verdict(path: str, expected: list[str], report: bytes, ended: str) -> str | None:
    """Why a file of tests does not pass, None where it does.

    Args:
        path: of the file.
        expected: names of its tests.
        report: what its process said of them, a JSON object per line.
        ended: how the process ended.
    """
    outcomes: dict[str, str] = {}
    collected: list[str] = []
    end: int | None = None
    for line in report.splitlines():
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            return f"{path}: its report cannot be read"
        if said.get("outcome") == "failed":
            return f"{said['test']} fails\n{said['text']}"
        collected += said.get("collected", [])
        end = said.get("end", end)
        if "test" in said:
            outcomes[said["test"]] = said["outcome"]
    missing = [i for i in collected if i not in outcomes]
    names = {i.partition("::")[2].partition("[")[0] for i in collected}
    missing += [f"{path}::{name}" for name in expected if name not in names]
    if end is None or missing:
        left = ", ".join(missing[:5]) or f"{path} as a whole"
        return f"tests did not run to their end: {left} ({ended})"
    if end not in (0, 5):
        return f"{path}: pytest ended with status {end}"
    if outcomes and "passed" not in outcomes.values():
        return f"{path}: every test was skipped, none ran"
    return None


# The process of one file ------------------------------------------------------------------------------------


def _become_tests(folder: Path, path: str, report: int, ask: int, answer: int) -> NoReturn:
    status = 70
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        high = [os.dup2(fd, 200 + i) for i, fd in enumerate((null, null, null, report, ask, answer))]
        for place, fd in enumerate(high):
            os.dup2(fd, place)
        os.closerange(len(high), 1 << 16)
        os.chdir(folder)
        folders = [*readable_folders(), folder]
        present = sandbox_report()

        def close_walls() -> None:
            limit(_MEMORY_MB, 64)
            close_in(folders, use_landlock=present.landlock, use_seccomp=present.seccomp)

        acting.act_elsewhere(lambda asked: _ask(asked, 4, 5))
        sys.argv[:] = ["pytest"]
        sys.path.insert(0, str(folder))  # as for who runs python -m pytest there
        status = int(
            pytest.main(
                [*_OPTIONS, f"--rootdir={folder}", f"--confcutdir={folder}", path],
                plugins=[_Reporter(3, close_walls)],
            )
        )
    finally:
        os._exit(status)


def _ask(asked: ActRequest, ask: int, answer: int) -> list[Any]:
    observations = np.ascontiguousarray(asked.observations)
    about = asked._asdict() | {"program": base64.b85encode(asked.program.content()).decode()}
    about |= {"observations": None, "shape": observations.shape, "dtype": observations.dtype.str}
    head = json.dumps(about).encode()
    view = memoryview(_HEAD.pack(len(head), observations.nbytes) + head + observations.tobytes())
    while view:
        view = view[os.write(ask, view) :]
    size, _ = _HEAD.unpack(_exactly(answer, _HEAD.size))
    said = json.loads(_exactly(answer, size))
    if "failed" in said:
        raise AssertionError(said["failed"])
    return list(said["actions"])


def _exactly(fd: int, count: int) -> bytes:
    parts = []
    while count:
        part = os.read(fd, min(count, 1 << 20))
        if not part:
            raise AssertionError("nobody lets programs act any more")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


# The referee ------------------------------------------------------------------------------------------------


def run_file(folder: Path, path: str) -> str | None:
    """Runs one file of tests; returns why it does not pass, None where it does."""
    report, report_end = os.pipe()
    asked, ask = os.pipe()
    answer, answer_end = os.pipe()
    os.chdir(folder)  # where the golden observations are
    pid = os.fork()
    if pid == 0:
        _become_tests(folder, path, report_end, ask, answer)
    for fd in (report_end, ask, answer):
        os.close(fd)
    try:
        said = _attend(report, asked, answer_end)
        with contextlib.suppress(ProcessLookupError):
            if len(said) >= _REPORT_LIMIT:
                os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    finally:
        for fd in (report, asked, answer_end):
            os.close(fd)
    code = os.waitstatus_to_exitcode(status)
    ended = f"killed by {signal.Signals(-code).name}" if code < 0 else f"the process ended with status {code}"
    expected = expected_tests((folder / path).read_text(errors="replace"))
    return verdict(path, expected, said, ended)


def _attend(report: int, asked: int, answer: int) -> bytes:
    """Collects results and lets programs act, until the tests' process closes its ends."""
    said, question = b"", b""
    open_ = {report, asked}
    while report in open_ and len(said) < _REPORT_LIMIT:
        for fd in select.select(list(open_), [], [])[0]:
            part = os.read(fd, 1 << 16)
            if not part:
                open_.discard(fd)
            elif fd == report:
                said += part
            else:
                question = _answer(question + part, answer)
    return said


def _answer(question: bytes, answer: int) -> bytes:
    """Answers a question that is complete; returns what is left of it."""
    if len(question) < _HEAD.size:
        return question
    size, more = _HEAD.unpack_from(question)
    if size + more > _ASKED_LIMIT:
        raise ValueError("a question to a program that is too long")
    end = _HEAD.size + size + more
    if len(question) < end:
        return question
    about = json.loads(question[_HEAD.size : _HEAD.size + size])
    dtype, shape = np.dtype(about.pop("dtype")), about.pop("shape")
    about["program"] = Program.of_content(base64.b85decode(about["program"]))
    about["observations"] = np.frombuffer(question[end - more : end], dtype).reshape(shape)
    try:
        said: dict[str, object] = {"actions": acting.act(ActRequest(**about))}
    except AssertionError as failed:
        said = {"failed": str(failed)}
    data = json.dumps(said).encode()
    with contextlib.suppress(BrokenPipeError):
        view = memoryview(_HEAD.pack(len(data), 0) + data)
        while view:
            view = view[os.write(answer, view) :]
    return question[end:]


def main(plan: Path) -> None:
    """Entry point."""
    put_right(alone=True)
    failed = None
    for folder, path in json.loads(plan.read_text()):
        failed = run_file(Path(folder), path)
        if failed is not None:
            break
    acting.end_evaluators()
    print("\n" + json.dumps({"failed": failed}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
