"""How large a program is, for "equal score and simpler wins"."""

from __future__ import annotations

import ast

from hlearn.policy.source import parse_program


def program_size(source: str) -> int:
    """Number of syntax nodes without docstrings: comments, names and layout weigh nothing.

    A program that does not parse has the size of its text, so that nothing is simpler than a program that does.
    """
    try:
        tree = parse_program(source)
    except (SyntaxError, ValueError, RecursionError):
        return len(source)
    count = 0
    for node in ast.walk(tree):
        count += 1
        if (
            isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            and node.body
            and isinstance(node.body[0], ast.Expr)
            and isinstance(node.body[0].value, ast.Constant)
            and isinstance(node.body[0].value.value, str)
        ):
            count -= 2
    return count
