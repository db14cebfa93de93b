"""Programs as text: how they are parsed, what they may import and name. Nothing here runs a program."""

from __future__ import annotations

import ast
from collections.abc import Collection

from hlearn.program import PACKAGE, PROGRAM_FILE

ALLOWED_MODULES = frozenset({
    "__future__", "abc", "array", "base64", "binascii", "bisect", "cmath", "collections", "colorsys", "contextlib",
    "copy", "cv2", "dataclasses", "decimal", "difflib", "enum", "fractions", "functools", "graphlib", "heapq",
    "hlearn", "itertools", "json", "math", "numbers", "numpy", "operator", "pprint", "random", "re", "statistics",
    "string", "struct", "textwrap", "types", "typing", "unicodedata", "warnings", "weakref", "zlib",
})  # fmt: skip
"""Top-level modules that a program may import; of ``hlearn`` only ``hlearn.policy`` and ``hlearn.parts``."""

_HLEARN = ("hlearn.policy", "hlearn.parts")
_NUMPY_REFUSED = ("numpy.ctypeslib", "numpy.distutils", "numpy.f2py", "numpy.testing")
_NAMES_REFUSED = frozenset({"open", "exec", "eval", "compile", "input", "breakpoint", "__import__"})
MARK = "\ufeff"  # a byte order mark, which Windows editors put before UTF-8 and Python skips in files


def parse_program(source: str, filename: str = PROGRAM_FILE, own: Collection[str] = ()) -> ast.Module:
    """Parses a program as Python reads a file, without the blocks that never run in a program.

    A byte order mark is skipped. A program is imported, never started as a script, so what stands at the top level
    under ``if __name__ == "__main__":`` or ``if TYPE_CHECKING:`` is taken out: it may name whatever it likes. An import
    that may fail (``try: import numba``, ``except ImportError: ...``) does fail where it is not allowed.

    Args:
        source: the text of a module.
        filename: what its errors call it.
        own: modules that the program brings and may import.

    Raises:
        SyntaxError: it is no Python; so does ValueError (NUL) and, where it is nested too deeply, RecursionError or
            MemoryError.
    """
    tree = ast.parse(source.removeprefix(MARK), filename)
    body: list[ast.stmt] = []
    for statement in tree.body:
        if isinstance(statement, ast.If) and _never_runs(statement.test):
            body += statement.orelse
        else:
            body.append(statement)
    tree.body = body
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(_catches_imports(h) for h in node.handlers):
            node.body = [_failing(statement, own) for statement in node.body]
    return tree


def _catches_imports(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    caught = ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")
    return any(kind is None or last_name(kind) in caught for kind in kinds)


def _failing(statement: ast.stmt, own: Collection[str]) -> ast.stmt:
    """What stands for an import that is not allowed and may fail: its failure."""
    refused = [m for m in imported(statement) if m not in own and not _may_import(m)]
    if not refused:
        return statement
    text = ast.Constant(f"a program may not import {refused[0]}")
    call = ast.Call(ast.Name("ImportError", ast.Load()), [text], [])
    return ast.fix_missing_locations(ast.copy_location(ast.Raise(call), statement))


def imported(statement: ast.AST) -> list[str]:
    """Names of the modules that an import statement loads; none for other statements and relative imports."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    if not isinstance(statement, ast.ImportFrom) or statement.level:
        return []
    module = statement.module or ""
    if module == "hlearn":
        return [f"hlearn.{alias.name}" for alias in statement.names]
    return [module] + [f"numpy.{alias.name}" for alias in statement.names if module == "numpy"]


def _never_runs(test: ast.expr) -> bool:
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        sides = {ast.unparse(test.left), ast.unparse(test.comparators[0])}
        return sides == {"__name__", "'__main__'"}
    return last_name(test) == "TYPE_CHECKING"


def check_source(source: str) -> list[str]:
    """Returns why a program may not run, one line each; empty if nothing speaks against it.

    This catches honest mistakes early and with a clear message. It is no wall: that is the sandbox.
    """
    try:
        return check_tree(parse_program(source))
    except (SyntaxError, ValueError) as error:
        return [f"line {getattr(error, 'lineno', 0) or 0}: does not parse: {error}"]
    except (RecursionError, MemoryError):
        return ["line 0: does not parse: nested too deeply"]


def check_tree(tree: ast.Module, own: Collection[str] = (), package: str = "") -> list[str]:
    """The same for a module parsed by :func:`parse_program`.

    Args:
        tree: the module.
        own: modules that the program brings.
        package: the one from which its relative imports begin, "" for a program of one file.
    """
    refusals = []
    refused = _NAMES_REFUSED - _bound_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            if why := _leads_nowhere(node, own, package):
                refusals.append(f"line {node.lineno}: {why}")
        elif isinstance(node, ast.Name) and node.id in refused:
            refusals.append(f"line {node.lineno}: a program may not use {node.id}()")
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            refusals += [
                f"line {node.lineno}: a program may not import {m}"
                for m in imported(node)
                if m not in own and not _may_import(m)
            ]
    return refusals


def _leads_nowhere(node: ast.ImportFrom, own: Collection[str], package: str) -> str | None:
    """What is wrong with a relative import, None where nothing is."""
    said = "." * node.level + (node.module or "")
    if not package:
        return f"relative import {said}: {PROGRAM_FILE} has no other modules; make it a package, {PACKAGE}/"
    parents = package.split(".")
    if node.level > len(parents):
        return f"relative import {said} leads out of the program"
    target = ".".join([*parents[: len(parents) - node.level + 1], *(node.module or "").split(".")]).rstrip(
        "."
    )
    return None if target in own else f"relative import {said}: the program has no module {target}"


def _bound_names(tree: ast.Module) -> set[str]:
    """Names that a program gives to something of its own, such as a variable ``input``; they hide Python's."""
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.alias):
            bound.add(node.asname or node.name)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            bound.add(node.name)
    return bound - {"__import__"}


def _may_import(module: str) -> bool:
    if module.split(".")[0] == "hlearn":
        return any(module == allowed or module.startswith(allowed + ".") for allowed in _HLEARN)
    if any(module == refused or module.startswith(refused + ".") for refused in _NUMPY_REFUSED):
        return False
    return module.split(".")[0] in ALLOWED_MODULES


def last_name(node: ast.expr) -> str:
    """The name at the end of an expression such as ``a.b``, "" where it has none."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
