"""What a program mentions nowhere: detectors, parameters, constants and imports that a dropped part leaves behind."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self

from hlearn.policy.modules import reached_modules
from hlearn.policy.rewriting import list_rules, without_rule
from hlearn.program import PACKAGE
from hlearn.records import Program

_ROUNDS = 20
_MARK = "\ufeff"  # a byte order mark


def shortened(program: Program) -> Program:
    """Returns the program without what nothing in any of its files reads, files that nothing reads included.

    Raises:
        SyntaxError: a module does not parse.
    """
    for _ in range(_ROUNDS):
        before = program.sha256
        reached = reached_modules(program)
        for module in program.modules:
            if module.name not in reached:
                program = program.without_file(module.path.partition("/")[2])
        texts = {t for m in program.modules for t in _Read.of(ast.parse(m.source.removeprefix(_MARK))).texts}
        for path in program.assets:
            if path not in texts:
                program = program.without_file(path)
        for module in program.modules:
            others = [m.source for m in program.modules if m.path != module.path]
            if module.name != PACKAGE or "class " in module.source:  # else it only imports the policy
                program = program.with_source(module.path, without_unused(module.source, others))
        if program.sha256 == before:
            break
    return program


def without_unused(source: str, others: Sequence[str] = ()) -> str:
    """Returns the source without what nothing in it reads; everything else stays byte for byte.

    Only what cannot have an effect goes: detectors that no part asks for, class-level ``Param``, module constants
    made of literals and calls, imported names. A detector that calls methods of ``self`` may keep state that others
    rely on, and stays.

    Args:
        source: the text of a module.
        others: texts of the program's other modules, which may read what this one has.

    Raises:
        SyntaxError: the source does not parse.
    """
    source = source.removeprefix(_MARK)  # not needed either
    elsewhere = _Read.of(*(ast.parse(other.removeprefix(_MARK)) for other in others))
    for _ in range(_ROUNDS):
        shorter = _one_round(source, elsewhere)
        if shorter == source:
            return source
        source = shorter
    return source


class _Read(NamedTuple):
    """What texts mention: names that they load, attributes, texts, names that they import from other modules."""

    names: set[str]
    attributes: set[str]
    texts: set[str]
    imported: set[str]

    @classmethod
    def of(cls, *trees: ast.AST) -> Self:
        nodes = [n for tree in trees for n in ast.walk(tree)]
        return cls(
            {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)},
            {n.attr for n in nodes if isinstance(n, ast.Attribute)},
            {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)},
            {a.name for n in nodes if isinstance(n, ast.ImportFrom) for a in n.names},
        )


def _one_round(source: str, elsewhere: _Read) -> str:
    tree = ast.parse(source)
    here = _Read.of(tree)
    if "*" in elsewhere.imported:
        return source  # who takes everything may read anything
    attributes, texts = here.attributes | elsewhere.attributes, here.texts | elsewhere.texts
    names = here.names | elsewhere.imported | elsewhere.attributes | elsewhere.texts
    for spec in list_rules(source):
        if spec.role == "detect" and spec.name not in attributes | texts and _is_pure(tree, spec.name):
            return without_rule(source, spec.name)
    owners: list[ast.Module | ast.ClassDef] = [tree, *(n for n in tree.body if isinstance(n, ast.ClassDef))]
    for owner in owners:
        for statement, name in _assigned(owner):
            read = names | texts if owner is tree else attributes | names | texts
            if name not in read:
                return _without_lines(source, statement.lineno, statement.end_lineno or statement.lineno)
    return _without_imports(source, tree, names)


def _is_pure(tree: ast.Module, method: str) -> bool:
    """Whether a detector only looks: it sets nothing and calls nothing of the policy itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == method:
            for inner in ast.walk(node):
                if isinstance(inner, (ast.Attribute, ast.Subscript)) and isinstance(inner.ctx, ast.Store):
                    return False
                if isinstance(inner, ast.Call) and _root(inner.func) == "self":
                    return False
    return True


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _assigned(owner: ast.Module | ast.ClassDef) -> Iterator[tuple[ast.stmt, str]]:
    """Assignments to one name that may go: ``Param`` in a class, constants in the module."""
    if len(owner.body) < 2:
        return
    for node in owner.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            name = node.target.id
        else:
            continue
        called = node.value.func if isinstance(node.value, ast.Call) else None
        is_param = isinstance(called, ast.Name) and called.id == "Param"
        if (is_param if isinstance(owner, ast.ClassDef) else name.isupper()) and not name.startswith("__"):
            yield node, name


def _without_imports(source: str, tree: ast.Module, names: set[str]) -> str:
    for node in tree.body:
        if not isinstance(node, (ast.Import, ast.ImportFrom)) or getattr(node, "module", "") == "__future__":
            continue
        kept = [a for a in node.names if a.name == "*" or (a.asname or a.name).split(".")[0] in names]
        if len(kept) == len(node.names):
            continue
        first, last = node.lineno, node.end_lineno or node.lineno
        if not kept:
            return _without_lines(source, first, last)
        node.names = kept
        lines = source.splitlines(keepends=True)
        lines[first - 1 : last] = [ast.unparse(node) + "\n"]
        return "".join(lines)
    return source


def _without_lines(source: str, first: int, last: int) -> str:
    """Drops whole lines (from 1), a comment right above them, and a blank line that would stand doubled."""
    lines = source.splitlines(keepends=True)
    start = first - 1
    indent = re.match(r"[ \t]*", lines[start])
    while start > 0 and indent and lines[start - 1].startswith(indent[0] + "#"):
        start -= 1
    while last < len(lines) and start > 0 and not lines[start - 1].strip() and not lines[last].strip():
        last += 1
    return "".join(lines[:start] + lines[last:])
