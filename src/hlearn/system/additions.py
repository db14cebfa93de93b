"""What may be added to a system's tests and cases, and what would switch some of them off."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Collection
from pathlib import PurePosixPath

from hlearn.ledger.events import Refusal

_RESERVED = re.compile(r"trial-\d+\.json")
_STEERING = {
    "conftest.py",
    "pytest.ini",
    ".pytest.ini",
    "pytest.toml",
    ".pytest.toml",
    "pyproject.toml",
    "tox.ini",
    "setup.cfg",
    "sitecustomize.py",
    "usercustomize.py",
}


def unfit(path: str, content: bytes, known: Collection[str]) -> tuple[Refusal, str] | None:
    """Why an added test or case is not taken, None where it is.

    Args:
        path: within the system, below ``tests/`` or ``cases/``.
        content: of the file.
        known: paths of the files that the system has.
    """
    pure = PurePosixPath(path)
    if pure.parts[0] == "cases":
        if len(pure.parts) != 2 or pure.suffix != ".json":
            return Refusal.UNFIT_CASE, f"{path}: a case is a file cases/NAME.json"
        if _RESERVED.fullmatch(pure.name):
            return (
                Refusal.RESERVED_NAME,
                f"{path}: cases of that name are the gate's own; choose another name",
            )
        return None
    if pure.name in _STEERING or pure.suffix == ".pth":
        return (
            Refusal.TESTS_STEERED,
            f"{path} steers how tests run; tests are taken, settings of tests are not",
        )
    if pure.suffix not in (".py", ".pyi", ".so", ".pyd"):
        return None
    if pure.name == "__init__.py":
        if _is_empty(content):
            return None
        return Refusal.TESTS_STEERED, f"{path} runs before the tests beside it; leave it empty, or away"
    if pure.suffix != ".py":
        return Refusal.TESTS_STEERED, f"{path} is no Python source"
    return _shadowing(pure, known)


def _shadowing(path: PurePosixPath, known: Collection[str]) -> tuple[Refusal, str] | None:
    for part in (*path.parts[1:-1], path.stem):
        if _is_module(part):
            return Refusal.SHADOWS_MODULE, f"{path} would stand in for the module {part}; choose another name"
    package, module = path.with_suffix(""), str(path.parent) + ".py"
    if f"{path.parent}/{path.stem}/__init__.py" in known or module in known:
        return Refusal.SHADOWS_MODULE, f"{path} would stand in for a test of the system of the name {package}"
    return None


def _is_module(name: str) -> bool:
    if name in sys.stdlib_module_names or name == "hlearn":
        return True
    if not name.isidentifier() or name in ("tests", "cases"):
        return False
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    # a bare folder beside whoever asks is no module
    return found is not None and found.origin is not None and "site-packages" in found.origin


def _is_empty(content: bytes) -> bool:
    """Whether a module says nothing but words about itself."""
    try:
        body = ast.parse(content).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) for s in body)
