"""A program's parameters and rules, read from its text and rewritten in place.

Works on the text a person wrote: every edit replaces exactly the characters that it is about and leaves the
rest byte for byte (comments, blank lines, line endings, a byte order mark). Nothing here runs a program.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hlearn.policy.source import MARK, last_name

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


def read_params(source: str) -> dict[str, ParamSpec]:
    """Returns the parameters of a program by name, in the order written.

    Only class-level ``name = Param(number, ...)`` counts. Of two with the same name the later one is
    returned.

    Raises:
        SyntaxError: the source does not parse.
    """
    found = {}
    for name, call in _params(ast.parse(source.removeprefix(MARK))):
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

    A bound (``low``, ``high``) that a value lies beyond is moved to it.

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
    for name, call in _params(ast.parse(source.removeprefix(MARK))):
        node = _value_node(call)
        if name in values and node is not None and _is_number(_literal(node)):
            edits.append((node, _number(name, values[name])))
            edits += [(bound, _number(name, values[name])) for bound in _passed(call, values[name])]
    mark, lines = _lines(source)
    for node, text in sorted(edits, key=lambda e: (e[0].lineno, e[0].col_offset), reverse=True):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        head = lines[first].encode()[: node.col_offset].decode()
        tail = lines[last].encode()[node.end_col_offset :].decode()
        lines[first : last + 1] = [head + text + tail]
        lines[first + 1 : first + 1] = [""] * (last - first)  # keeps the numbering for the edits before it
    return mark + "".join(lines)


def _passed(call: ast.Call, value: float) -> list[ast.expr]:
    """The bounds of a parameter that a value lies beyond, where they are plain numbers."""
    bounds = {k.arg: k.value for k in call.keywords if k.arg in ("low", "high")}
    known = {name: _literal(node) for name, node in bounds.items()}
    return [
        bounds[name]
        for name, bound in known.items()
        if _is_number(bound) and (value < bound if name == "low" else value > bound)  # type: ignore[operator]
    ]


def list_rules(source: str) -> tuple[RuleSpec, ...]:
    """Returns the detectors, rules, controllers and reflexes of a program in the order written.

    Raises:
        SyntaxError: the source does not parse.
    """
    return tuple(spec for spec, _, _ in _rules(ast.parse(source.removeprefix(MARK))))


def without_rule(source: str, name: str) -> str:
    """Returns the source without one detector, rule or reflex, its decorators and the comment right above it.

    Raises:
        KeyError: there is no such method.
        ValueError: it is a controller, without which a composed policy cannot act.
        SyntaxError: the source does not parse.
    """
    matches = [m for m in _rules(ast.parse(source.removeprefix(MARK))) if m[0].name == name]
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
            named = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
            roles = [r for d in named if (r := last_name(d)) in _ROLES]
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
    return last_name(call.func)


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
    text = source.removeprefix(MARK)
    return source[: len(source) - len(text)], re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
