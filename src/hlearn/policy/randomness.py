"""Whether a program may act by chance."""

from __future__ import annotations

import ast
from functools import lru_cache

from hlearn.policy.source import parse_program
from hlearn.records import Program


@lru_cache(maxsize=4096)
def uses_randomness(program: Program) -> bool:
    """Whether a program may act differently from one seed to the next on its own account."""
    return any(_draws(module.source) for module in program.modules)


def _draws(source: str) -> bool:
    try:
        tree = parse_program(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    handed_on = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "reset"
        for argument in node.args
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("rng", "random"):
            return True
        if isinstance(node, ast.Name) and (
            node.id in ("rng", "random") or (node.id == "seed" and id(node) not in handed_on and _read(node))
        ):
            return True
        if isinstance(node, (ast.Import, ast.ImportFrom)) and any("random" in n.name for n in node.names):
            return True
    return False


def _read(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)
