"""From a program's files to a running policy: checked and compiled once, imported from memory each time.

Nothing here opens a file. Modules of a program find each other as they would on disk, ``from .detectors import Ball``
or ``from policy.detectors import Ball``, and a traceback names the file and line that a system has.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import linecache
import sys
import traceback
from collections.abc import Mapping, Sequence
from types import CodeType, ModuleType
from typing import Any, NamedTuple

from hlearn.evaluate.actions import BadAction
from hlearn.evaluate.instrument import Mark, marked
from hlearn.policy.assets import provide
from hlearn.policy.base import Policy, find_policy
from hlearn.policy.modules import check_modules, limits_refuse, parse_modules
from hlearn.program import PACKAGE, Program
from hlearn.records import FailureKind


class Code(NamedTuple):
    """One compiled module.

    Attributes:
        code: its body.
        path: what tracebacks call it.
        is_package: whether other modules may lie below it.
    """

    code: CodeType
    path: str
    is_package: bool


class Loadable(NamedTuple):
    """A program that may run.

    Attributes:
        modules: by name, the main one first.
        texts: sources by path, for tracebacks.
        assets: by path within the package.
        imports: names of all modules that it imports, its own left out.
        marks: places that tell what they do, where the program is asked why it decides.
    """

    modules: dict[str, Code]
    texts: dict[str, str]
    assets: dict[str, bytes]
    imports: frozenset[str]
    marks: tuple[Mark, ...] = ()


class Unfit(NamedTuple):
    """Why a program may not run."""

    kind: FailureKind
    message: str


def compile_program(program: Program, *, asked: bool = False) -> Loadable | Unfit:
    """Parses, checks and compiles a program, or says why not.

    Args:
        program: its files.
        asked: whether it will be asked why it decides, and so needs marks.
    """
    marks: list[Mark] = []
    if refusals := limits_refuse(program):
        return Unfit(FailureKind.REFUSED, "\n".join(refusals))
    texts = {m.path: m.source for m in program.modules}
    try:
        parsed = parse_modules(program)
        if refusals := check_modules(program, parsed):
            return Unfit(FailureKind.REFUSED, "\n".join(refusals)[:4000])
        trees = {
            p.module.name: marked(p.tree, p.module.path, p.module.source, marks) if asked else p.tree
            for p in parsed
        }
        modules = {
            p.module.name: Code(
                compile(trees[p.module.name], p.module.path, "exec", dont_inherit=True),
                p.module.path,
                p.module.is_package,
            )
            for p in parsed
        }
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Unfit(FailureKind.CRASHED, describe(error, {})[1])
    for name in list(modules):  # a folder without an __init__.py is a package too, as on disk
        while name := name.rpartition(".")[0]:
            empty = f"{name.replace('.', '/')}/__init__.py"
            modules.setdefault(name, Code(compile("", empty, "exec", dont_inherit=True), empty, True))
    imports = frozenset(name for p in parsed for name in p.imports)
    return Loadable(modules, texts, program.assets, imports, tuple(marks))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a program's own modules in memory."""

    def __init__(self, modules: Mapping[str, Code], hooks: Mapping[str, Any]) -> None:
        self._modules = modules
        self._hooks = hooks

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        found = self._modules.get(fullname)
        if found is None:
            if fullname.partition(".")[0] != PACKAGE:
                return None
            raise ModuleNotFoundError(f"the program has no module {fullname}", name=fullname)
        return importlib.machinery.ModuleSpec(fullname, self, origin=found.path, is_package=found.is_package)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__.update(self._hooks)
        exec(self._modules[module.__name__].code, module.__dict__)


_touched = False  # whether this process loaded a program before


def load_policy(program: Loadable, hooks: Mapping[str, Any] | None = None) -> Policy:
    """Runs a program's modules in fresh namespaces and constructs its one policy.

    Args:
        program: compiled.
        hooks: what its marks call, by name.
    """
    global _touched
    if (
        _touched
    ):  # not in a fresh child: looking through all modules writes to pages that it shares with its host
        unload()
    _touched = True
    provide(program.assets)
    main = program.modules[PACKAGE]
    if main.is_package:
        sys.meta_path.insert(0, _Finder(program.modules, hooks or {}))
        module = importlib.import_module(PACKAGE)
    else:
        module = ModuleType(PACKAGE)
        module.__dict__.update(hooks or {})
        sys.modules[PACKAGE] = module  # dataclasses and pickling-like tools look their module up
        exec(main.code, module.__dict__)
    return find_policy(module.__dict__, PACKAGE)()


def unload() -> None:
    """Forgets the program that was loaded last."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    for name in [n for n in sys.modules if n.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    provide({})


def describe(error: BaseException, texts: Mapping[str, str]) -> tuple[FailureKind, str]:
    """Types a program's exception; the text is its traceback without the harness's own frames.

    Args:
        error: what the program raised.
        texts: its sources by path.
    """
    kind = FailureKind.CRASHED
    if isinstance(error, MemoryError) or (
        type(error).__name__ == "error" and getattr(error, "code", 0) == -4
    ):
        kind = FailureKind.OUT_OF_MEMORY  # -4 is OpenCV's StsNoMem
    elif isinstance(error, (PermissionError, ModuleNotFoundError)):
        kind = FailureKind.REFUSED
    elif isinstance(error, OSError) and error.errno == 27:  # EFBIG: the limit on output
        return FailureKind.REFUSED, "printed more than the limit on output"
    elif isinstance(error, BadAction):
        return FailureKind.INVALID_ACTION, str(error)
    for path, text in texts.items():
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename not in texts:
        frames = frames.tb_next
    start = None if isinstance(error, SyntaxError) and frames is None else frames or error.__traceback__
    shown = traceback.TracebackException(type(error), error, start, limit=-20)
    if frames is not None:  # between modules lie those of the import system
        shown.stack[:] = [f for f in shown.stack if not _is_between(f)]
    text = "".join(shown.format(chain=False))
    return kind, text if len(text) <= 4000 else text[:1000] + "\n...\n" + text[-2990:]


def _is_between(frame: Any) -> bool:
    name: str = frame.filename
    return name == __file__ or name.startswith("<frozen importlib")
