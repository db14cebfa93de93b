"""How large a program is, for "equal score and simpler wins"."""

from __future__ import annotations

import ast

from hlearn.policy.source import parse_program
from hlearn.records import Program

_NUMBER = 8  # bytes of an asset that weigh as much as a number in the text


def program_size(program: Program | str) -> int:
    """Number of syntax nodes without docstrings, of all modules: comments, names and layout weigh nothing.

    An asset weighs what its numbers would weigh if they were written down. A module that does not parse has the size
    of its text, so that nothing is simpler than a program that does.

    Args:
        program: the program, or the text of one that is one file.
    """
    if isinstance(program, str):
        return _size(program)
    tables = sum(-(-len(data) // _NUMBER) for data in program.assets.values())
    return tables + sum(_size(module.source) for module in program.modules)


def _size(source: str) -> int:
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
