"""Programs as text: what they may import, their parameters and their rules, read and rewritten in place.

Works on the text a person wrote: every edit replaces exactly the characters that it is about and leaves the
rest byte for byte (comments, blank lines, line endings, a byte order mark). Nothing here runs a program.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

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
_MARK = "\ufeff"  # a byte order mark, which Windows editors put before UTF-8 and Python skips in files
_ROLES = ("detect", "rule", "horizontal", "vertical", "trigger", "controller", "reflex")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamSpec:
    """One ``Param(...)`` of a program, as written.

    Attributes:
        value: the value in use.
        low: smallest sensible value, if given.
        high: largest sensible value, if given.
        unit: unit of the value.
        choices: the few values it may take, if it is of that sort.
        line: line of the value in the source, from 1.
    """

    value: float
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: tuple[float, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec:
    """One decorated method of a program.

    Attributes:
        role: "detect", "rule", "horizontal", "vertical", "trigger", "controller" or "reflex".
        first_line: line of its first decorator, from 1.
        last_line: its last line.
        summary: first line of its docstring, "" where it has none.
    """

    name: str
    role: str
    first_line: int
    last_line: int
    summary: str


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
    tree = ast.parse(source.removeprefix(_MARK), filename)
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
    return any(kind is None or _last_name(kind) in caught for kind in kinds)


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
    return _last_name(test) == "TYPE_CHECKING"


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


def read_params(source: str) -> dict[str, ParamSpec]:
    """Returns the parameters of a program by name, in the order written.

    Only class-level ``name = Param(number, ...)`` counts. Of two with the same name the later one is
    returned.

    Raises:
        SyntaxError: the source does not parse.
    """
    found = {}
    for name, call in _params(ast.parse(source.removeprefix(_MARK))):
        given = {k.arg: _literal(k.value) for k in call.keywords if k.arg}
        node = _value_node(call)
        value = None if node is None else _literal(node)
        if node is None or not _is_number(value):
            continue
        low, high, choices, unit = (given.get(k) for k in ("low", "high", "choices", "unit"))
        found[name] = ParamSpec(
            value=value,  # type: ignore[arg-type]
            low=low if _is_number(low) else None,  # type: ignore[arg-type]
            high=high if _is_number(high) else None,  # type: ignore[arg-type]
            unit=unit if isinstance(unit, str) else "",
            choices=tuple(choices) if isinstance(choices, (tuple, list)) else (),
            line=node.lineno,
        )
    return found


def with_params(source: str, values: Mapping[str, float]) -> str:
    """Returns the source with other values for some parameters, everything else byte for byte as it was.

    Raises:
        KeyError: the program has no such parameter.
        ValueError: a value is NaN or infinite.
        SyntaxError: the source does not parse.
    """
    known = read_params(source)
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise KeyError(f"no parameter {', '.join(unknown)}; the program has: {', '.join(known) or 'none'}")
    edits = []
    for name, call in _params(ast.parse(source.removeprefix(_MARK))):
        node = _value_node(call)
        if name in values and node is not None and _is_number(_literal(node)):
            edits.append((node, _number(name, values[name])))
    mark, lines = _lines(source)
    for node, text in sorted(edits, key=lambda e: (e[0].lineno, e[0].col_offset), reverse=True):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        head = lines[first].encode()[: node.col_offset].decode()
        tail = lines[last].encode()[node.end_col_offset :].decode()
        lines[first : last + 1] = [head + text + tail]
        lines[first + 1 : first + 1] = [""] * (last - first)  # keeps the numbering for the edits before it
    return mark + "".join(lines)


def list_rules(source: str) -> tuple[RuleSpec, ...]:
    """Returns the detectors, rules, controllers and reflexes of a program in the order written.

    Raises:
        SyntaxError: the source does not parse.
    """
    return tuple(spec for spec, _, _ in _rules(ast.parse(source.removeprefix(_MARK))))


def without_rule(source: str, name: str) -> str:
    """Returns the source without one detector, rule or reflex, its decorators and the comment right above it.

    Raises:
        KeyError: there is no such method.
        ValueError: it is a controller, without which a composed policy cannot act.
        SyntaxError: the source does not parse.
    """
    matches = [m for m in _rules(ast.parse(source.removeprefix(_MARK))) if m[0].name == name]
    if not matches:
        names = ", ".join(r.name for r in list_rules(source)) or "none"
        raise KeyError(f"no rule {name}; the program has: {names}")
    mark, lines = _lines(source)
    for spec, method, owner in reversed(matches):
        if spec.role == "controller":
            raise ValueError(f"{name} is the controller; a composed policy cannot act without it")
        first, last = spec.first_line - 1, spec.last_line
        indent = lines[method.lineno - 1][: method.col_offset]
        while first > 0 and lines[first - 1].startswith(indent + "#"):
            first -= 1
        while last < len(lines) and re.match(re.escape(indent) + r"[ \t]+#", lines[last]):
            last += 1
        while last < len(lines) and first > 0 and not lines[first - 1].strip() and not lines[last].strip():
            last += 1  # the blank lines above it stay, those below it go
        stub = [f"{indent}pass\n"] if len(owner.body) == 1 else []
        lines[first:last] = stub
    return mark + "".join(lines)


def _params(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for owner in (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)):
        for node in owner.body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                target: ast.expr = node.targets[0]
            elif isinstance(node, ast.AnnAssign):
                target = node.target
            else:
                continue
            if (
                isinstance(target, ast.Name)
                and isinstance(node.value, ast.Call)
                and _called(node.value) == "Param"
            ):
                yield target.id, node.value


def _rules(tree: ast.Module) -> Iterator[tuple[RuleSpec, ast.FunctionDef, ast.ClassDef]]:
    for owner in (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)):
        for node in owner.body:
            if not isinstance(node, ast.FunctionDef):
                continue
            roles = [r for d in node.decorator_list if (r := _last_name(d)) in _ROLES]
            if roles:
                summary = (ast.get_docstring(node) or "").split("\n")[0]
                first = min(d.lineno for d in node.decorator_list)
                yield (
                    RuleSpec(
                        name=node.name,
                        role=roles[0],
                        first_line=first,
                        last_line=node.end_lineno or node.lineno,
                        summary=summary,
                    ),
                    node,
                    owner,
                )


def _called(call: ast.Call) -> str:
    return _last_name(call.func)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _value_node(call: ast.Call) -> ast.expr | None:
    if call.args:
        return call.args[0]
    return next((k.value for k in call.keywords if k.arg == "value"), None)


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(name: str, value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    return repr(int(value)) if isinstance(value, int) or hasattr(value, "__index__") else repr(float(value))


def _lines(source: str) -> tuple[str, list[str]]:
    """Returns the byte order mark, "" without one, and the lines as Python's tokenizer sees them, their ends kept.

    ``str.splitlines`` also splits at form feeds.
    """
    text = source.removeprefix(_MARK)
    return source[: len(source) - len(text)], re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
