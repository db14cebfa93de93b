"""The program host: a clean process with numpy, policy base and parts loaded, which forks the children.

Started by a worker with ``python -m hlearn.evaluate.host``; it never held an environment, a seed or an API
key. It loads a fixed list of modules, reads requests from the worker, checks and compiles programs (remembered
by their address), forks one child per episode and reports how that ended. It runs no line of any program, and
imports nothing because a program names it: OpenCV and onnxruntime, which are large, wait until the first program asks
for them, and are the same whichever asks.
"""

from __future__ import annotations

import base64
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

from hlearn.evaluate import child, wire
from hlearn.evaluate.channel import Channel
from hlearn.evaluate.loading import Loadable, Unfit, compile_program
from hlearn.evaluate.model_channel import ChannelLayout, ModelChannel
from hlearn.evaluate.sandbox import adopt_orphans, sandbox_report
from hlearn.inherited import die_with_parent, put_right
from hlearn.policy.source import ALLOWED_MODULES
from hlearn.program import NETWORK
from hlearn.records import Program

_REMEMBERED = 512
_REMEMBERED_BYTES = 64 << 20
_LATE = "cv2"  # loaded when the first program asks for it: it would double the start
_WITH_LATE = "hlearn.parts.blobs"  # the part that needs it
_RUNTIME = (
    "onnxruntime"  # likewise, when the first program with a network comes; no program imports it itself
)
_BESIDE = (
    *("collections.abc", "zipfile", "encodings.cp437"),  # the latter two read a program's .npz files
    *("numpy.char", "numpy.dtypes", "numpy.exceptions", "numpy.fft", "numpy.lib.format"),
    *("numpy.lib.introspect", "numpy.lib.mixins", "numpy.lib.npyio", "numpy.lib.scimath"),
    *("numpy.lib.stride_tricks", "numpy.linalg", "numpy.ma", "numpy.ma.extras", "numpy.ma.mrecords"),
    *("numpy.polynomial", "numpy.random", "numpy.rec", "numpy.strings", "numpy.typing"),
    *("hlearn.policy", "hlearn.parts"),
)


def preload() -> None:
    """Loads what programs may import, so that no child has to open a file."""
    with warnings.catch_warnings(action="ignore"):
        for name in (*sorted(ALLOWED_MODULES - {_LATE, "hlearn"}), *_BESIDE):
            with contextlib.suppress(ImportError):  # another version of numpy may lack one
                importlib.import_module(name)
        for package in ("hlearn.policy", "hlearn.parts"):
            for found in pkgutil.iter_modules(importlib.import_module(package).__path__):
                if (name := f"{package}.{found.name}") != _WITH_LATE:
                    importlib.import_module(name)
    gc.collect()
    gc.freeze()


def prepare(program: Program, *, asked: bool = False) -> Loadable | Unfit:
    """Parses, checks and compiles a program, or says why not; loads what only some programs need."""
    found = compile_program(program, asked=asked)
    imports = found.imports if isinstance(found, Loadable) else ()
    if _LATE not in sys.modules and any(n.partition(".")[0] == _LATE or n == _WITH_LATE for n in imports):
        _load_late()
    if _RUNTIME not in sys.modules and any(path.endswith(NETWORK) for path in program.assets):
        _load_runtime()
    return found


def _load_late() -> None:
    with contextlib.suppress(ImportError):  # the child meets the same error in the program's own line
        importlib.import_module(_LATE)
        sys.modules[_LATE].setNumThreads(1)  # a program may not start threads
        importlib.import_module(_WITH_LATE)


def _load_runtime() -> None:
    with contextlib.suppress(ImportError):  # the child is told so by the part that needs it
        importlib.import_module(_RUNTIME)
        gc.freeze()


class _Remembered:
    """The programs that were asked for last, compiled."""

    def __init__(self) -> None:
        self._programs: OrderedDict[str, tuple[Loadable | Unfit, int]] = OrderedDict()
        self._bytes = 0

    def get(self, sha256: str, packed: str, *, asked: bool = False) -> Loadable | Unfit:
        """The program with this address; ``packed`` is its content in base64; with marks where it will be asked why."""
        sha256 += "?" if asked else ""
        found = self._programs.pop(sha256, None)
        if found is None:
            content = base64.b64decode(packed)
            found = prepare(Program.of_content(content), asked=asked), len(content)
            self._bytes += len(content)
            gc.freeze()
        self._programs[sha256] = found
        while len(self._programs) > 1 and (
            len(self._programs) > _REMEMBERED or self._bytes > _REMEMBERED_BYTES
        ):
            self._bytes -= self._programs.popitem(last=False)[1][1]
        return found[0]


def serve(sock: socket.socket) -> None:
    """Answers the worker until it hangs up."""
    report = sandbox_report()
    remembered = _Remembered()
    host = os.getpid()
    opened = wire.receive(sock, 2)
    if opened is None:
        return
    shape, dtype, box = opened[0]["layout"]
    channel = Channel(opened[1][0], tuple(shape), dtype, box)
    models = [ModelChannel(fd, ChannelLayout(tuple(shape), dtype, box)) for fd in opened[1][1:]]
    for memory in opened[1]:
        os.close(memory)
    wire.send(sock, {"hello": host})
    while (received := wire.receive(sock, 2)) is not None:
        request, fds = received
        prepared = remembered.get(request["sha256"], request["program"], asked=request["asked"])
        pid = 0
        if isinstance(prepared, Loadable):
            try:
                pid = os.fork()
            except OSError as error:
                wire.send(sock, {"no_child": error.strerror or str(error)})
                return
            if pid == 0:
                child.run(request, prepared, channel, models[0] if models else None, fds, report, host)
        for fd in fds:
            os.close(fd)
        if isinstance(prepared, Unfit):
            wire.send(sock, {"failed": prepared.kind.value, "message": prepared.message})
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
