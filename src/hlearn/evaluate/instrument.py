"""A program's syntax tree with marks: what was compared with what, which way a test went, which branches ran.

Only a program that is asked why it decides is marked, in a child of its own; it acts as without marks, which whoever
asks checks by its actions. The host marks trees and runs nothing; what the marks call is put into the program's modules
by the child (:mod:`hlearn.evaluate.asking`).
"""

from __future__ import annotations

import ast
from typing import NamedTuple, TypeVar

COMPARE, TEST, SEEN = "__hl_compare__", "__hl_test__", "__hl_seen__"
N = TypeVar("N", ast.If, ast.While, ast.IfExp)
_TEXT = 160  # characters of a condition
_OPERATORS = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}


class Mark(NamedTuple):
    """A place in a program.

    Attributes:
        path: of the file.
        line: from 1.
        text: the condition as written.
        kind: what the mark calls.
    """

    path: str
    line: int
    text: str
    kind: str


def marked(tree: ast.Module, path: str, source: str, marks: list[Mark]) -> ast.Module:
    """Puts marks into a tree and appends them to ``marks``; a mark's number is its place there."""
    _Marker(path, source, marks).visit(tree)
    return ast.fix_missing_locations(tree)


class _Marker(ast.NodeTransformer):
    def __init__(self, path: str, source: str, marks: list[Mark]) -> None:
        self._path, self._source, self._marks = path, source, marks

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        number = self._mark(node, COMPARE)
        self.generic_visit(node)
        if len(node.ops) > 1:  # the parts of a chain are evaluated as far as needed: only its result is told
            return _call(TEST, node, ast.Constant(number), node)
        operator = ast.Constant(_OPERATORS[type(node.ops[0])])
        return _call(COMPARE, node, ast.Constant(number), operator, node.left, node.comparators[0])

    def visit_If(self, node: ast.If) -> ast.If:
        node = self._tested(node)
        node.body = self._seen(node.body)
        if node.orelse:
            node.orelse = self._seen(node.orelse)
        return node

    def visit_While(self, node: ast.While) -> ast.While:
        node = self._tested(node)
        node.body = self._seen(node.body)
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        node.body = self._seen(node.body)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.IfExp:
        return self._tested(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        has_words = ast.get_docstring(node, clean=False) is not None
        node.body = node.body[:has_words] + self._seen(node.body[has_words:], node)
        return node

    def _tested(self, node: N) -> N:
        plain = not isinstance(node.test, ast.Compare)
        number = self._mark(node.test, TEST) if plain else 0
        self.generic_visit(node)
        if plain:
            node.test = _call(TEST, node.test, ast.Constant(number), node.test)
        return node

    def _seen(self, body: list[ast.stmt], owner: ast.stmt | None = None) -> list[ast.stmt]:
        if not body:
            return body
        at = body[0]
        number = self._mark(owner or at, SEEN, at.lineno)
        return [ast.copy_location(ast.Expr(_call(SEEN, at, ast.Constant(number))), at), *body]

    def _mark(self, node: ast.stmt | ast.expr, kind: str, line: int | None = None) -> int:
        text = ast.get_source_segment(self._source, node) or ""
        if kind == SEEN:
            text = text.strip().split("\n")[0]
        mark = Mark(self._path, line or node.lineno, " ".join(text.split())[:_TEXT], kind)
        self._marks.append(mark)
        return len(self._marks) - 1


def _call(name: str, at: ast.AST, *arguments: ast.expr) -> ast.Call:
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), list(arguments), []), at)
