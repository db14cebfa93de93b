"""The program host: a clean process with numpy, policy base and parts loaded, which forks the children.

Started by a worker with ``python -m hlearn.evaluate.host``; it never held an environment, a seed or an API
key. It loads a fixed list of modules, reads requests from the worker, checks and compiles programs (remembered
by their text), forks one child per episode and reports how that ended. It runs no line of any program, and
imports nothing because a program names it: OpenCV, which is large, waits until the first program asks for it,
and is the same whichever asks.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import os
import pkgutil
import signal
import socket
import sys
import warnings
from collections import OrderedDict
from types import CodeType

from hlearn.evaluate import child, wire
from hlearn.evaluate.channel import Channel
from hlearn.evaluate.sandbox import adopt_orphans, sandbox_report
from hlearn.inherited import die_with_parent, put_right
from hlearn.policy.source import ALLOWED_MODULES, check_tree, parse_program
from hlearn.records import FailureKind

_REMEMBERED = 512
_MAX_SOURCE = 1 << 20
_LATE = "cv2"  # loaded when the first program asks for it: it would double the start
_BESIDE = (
    "collections.abc",
    *("numpy.char", "numpy.dtypes", "numpy.exceptions", "numpy.fft", "numpy.lib.format"),
    *("numpy.lib.introspect", "numpy.lib.mixins", "numpy.lib.npyio", "numpy.lib.scimath"),
    *("numpy.lib.stride_tricks", "numpy.linalg", "numpy.ma", "numpy.ma.extras", "numpy.ma.mrecords"),
    *("numpy.matlib", "numpy.polynomial", "numpy.random", "numpy.rec", "numpy.strings", "numpy.typing"),
    *("hlearn.policy", "hlearn.parts"),
)

Prepared = CodeType | tuple[FailureKind, str]


def preload() -> None:
    """Loads what programs may import, so that no child has to open a file."""
    with warnings.catch_warnings(action="ignore"):
        for name in (*sorted(ALLOWED_MODULES - {_LATE, "hlearn"}), *_BESIDE):
            with contextlib.suppress(ImportError):  # another version of numpy may lack one
                importlib.import_module(name)
        for package in ("hlearn.policy", "hlearn.parts"):
            for found in pkgutil.iter_modules(importlib.import_module(package).__path__):
                importlib.import_module(f"{package}.{found.name}")
    gc.collect()
    gc.freeze()


def prepare(source: str) -> Prepared:
    """Parses, checks and compiles a program, or says why not."""
    if len(source) > _MAX_SOURCE:
        return FailureKind.REFUSED, f"the program has {len(source)} characters, the limit is {_MAX_SOURCE}"
    try:
        tree = parse_program(source, child.FILENAME)
        refusals = check_tree(tree)
        if refusals:
            return FailureKind.REFUSED, "\n".join(refusals)[:4000]
        code = compile(tree, child.FILENAME, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return FailureKind.CRASHED, child.describe(error, "")[1]
    if _LATE not in sys.modules and _asks_for_late(tree):
        _load_late()
    return code


def _asks_for_late(tree: ast.Module) -> bool:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return any(name.partition(".")[0] == _LATE for name in names)


def _load_late() -> None:
    with contextlib.suppress(ImportError):  # the child meets the same error in the program's own line
        importlib.import_module(_LATE)
        sys.modules[_LATE].setNumThreads(1)  # a program may not start threads


def serve(sock: socket.socket) -> None:
    """Answers the worker until it hangs up."""
    report = sandbox_report()
    remembered: OrderedDict[str, Prepared] = OrderedDict()
    host = os.getpid()
    opened = wire.receive(sock, 1)
    if opened is None:
        return
    shape, dtype, box = opened[0]["layout"]
    memory = opened[1][0]
    channel = Channel(memory, tuple(shape), dtype, box)
    os.close(memory)
    wire.send(sock, {"hello": host})
    while (received := wire.receive(sock, 2)) is not None:
        request, fds = received
        source = request["source"]
        prepared = remembered.pop(source, None)
        if prepared is None:
            prepared = prepare(source)
            gc.freeze()
        remembered[source] = prepared
        if len(remembered) > _REMEMBERED:
            remembered.popitem(last=False)
        pid = 0
        if isinstance(prepared, CodeType):
            try:
                pid = os.fork()
            except OSError as error:
                wire.send(sock, {"no_child": error.strerror or str(error)})
                return
            if pid == 0:
                child.run(request, prepared, channel, fds, report, host)
        for fd in fds:
            os.close(fd)
        if not isinstance(prepared, CodeType):
            wire.send(sock, {"failed": prepared[0].value, "message": prepared[1]})
            continue
        wire.send(sock, {"pid": pid})
        _, status = os.waitpid(pid, 0)
        if not report.seccomp:
            _end_strays()
        wire.send(sock, {"status": status})


def _end_strays() -> None:
    """Kills what a child left running; only possible where no filter kept it from starting processes."""
    task = f"/proc/self/task/{os.getpid()}/children"
    while True:
        try:
            with open(task) as file:
                strays = [int(pid) for pid in file.read().split()]
        except OSError:
            return  # no such list on this machine: strays end with the host
        if not strays:
            return
        for pid in strays:
            os.kill(pid, signal.SIGKILL)
        for pid in strays:
            os.waitpid(pid, 0)


def main(arguments: list[str]) -> None:
    """Entry point: descriptor of the socket to the worker, the worker's process id."""
    sock_fd, parent = arguments
    put_right(alone=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(int(parent))
    adopt_orphans()
    preload()
    with wire.end_of(int(sock_fd)) as sock:
        serve(sock)


if __name__ == "__main__":
    main(sys.argv[1:])
