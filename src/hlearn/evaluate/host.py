"""The program host: a clean process with numpy, policy base and parts loaded, which forks the children.

Started by a worker with ``python -m hlearn.evaluate.host``; it never held an environment, a seed or an API
key. It reads requests from the worker, checks and compiles programs (remembered by their text), preloads
the modules that they import, forks one child per episode and reports how that ended. It runs no line of any
program.
"""

from __future__ import annotations

import ast
import gc
import importlib
import json
import os
import signal
import socket
import sys
from collections import OrderedDict
from types import CodeType

from hlearn.evaluate import child, wire
from hlearn.evaluate.channel import Channel
from hlearn.evaluate.sandbox import adopt_orphans, die_with_parent, sandbox_report
from hlearn.policy.source import ALLOWED_MODULES, check_tree, parse_program
from hlearn.records import FailureKind

_REMEMBERED = 512
_MAX_SOURCE = 1 << 20
_NOT_AHEAD = {"cv2", "hlearn"}  # loaded when the first program asks for it
# What numpy itself loads late: reading np.char imports numpy.char.
_NUMPY = (
    "char",
    "dtypes",
    "exceptions",
    "fft",
    "lib.stride_tricks",
    "linalg",
    "ma",
    "polynomial",
    "random",
    "rec",
    "strings",
    "typing",
)

Prepared = CodeType | tuple[FailureKind, str]


def preload() -> None:
    """Loads what programs may import, so that no child has to open a file."""
    for name in sorted(ALLOWED_MODULES - _NOT_AHEAD):
        importlib.import_module(name)
    for name in _NUMPY:
        importlib.import_module(f"numpy.{name}")
    importlib.import_module("hlearn.policy")
    importlib.import_module("hlearn.parts")
    gc.collect()
    gc.freeze()


def prepare(source: str) -> Prepared:
    """Parses, checks and compiles a program and loads its imports, or says why not."""
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
    for node in ast.walk(tree):
        try:
            if isinstance(node, ast.Import):
                for name in node.names:
                    _load(name.name)
            elif isinstance(node, ast.ImportFrom) and node.module:
                _load(node.module, tuple(n.name for n in node.names))
        except ImportError:
            pass  # the child meets the same error in the program's own line
    return code


def _load(module: str, names: tuple[str, ...] = ()) -> None:
    known = module in sys.modules
    __import__(module, fromlist=names)
    if module.split(".")[0] == "cv2" and not known:
        sys.modules["cv2"].setNumThreads(1)  # a program may not start threads


def serve(sock: socket.socket, channel: Channel) -> None:
    """Answers the worker until it hangs up."""
    report = sandbox_report()
    remembered: OrderedDict[str, Prepared] = OrderedDict()
    host = os.getpid()
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
            pid = os.fork()
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
        with open(task) as file:
            strays = [int(pid) for pid in file.read().split()]
        if not strays:
            return
        for pid in strays:
            os.kill(pid, signal.SIGKILL)
        for pid in strays:
            os.waitpid(pid, 0)


def main(arguments: list[str]) -> None:
    """Entry point: descriptors of socket and memory, the worker's process id, the memory's layout."""
    sock_fd, memory_fd, parent, layout = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(int(parent))
    adopt_orphans()
    preload()
    shape, dtype, box = json.loads(layout)
    channel = Channel(int(memory_fd), tuple(shape), dtype, box)
    os.close(int(memory_fd))
    with socket.socket(fileno=int(sock_fd)) as sock:
        serve(sock, channel)


if __name__ == "__main__":
    main(sys.argv[1:])
