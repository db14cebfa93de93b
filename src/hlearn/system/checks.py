"""The system's own tests, run on a program in a copy of the system."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hlearn.errors import MissingExtra
from hlearn.foreign_text import write_source
from hlearn.records import Program
from hlearn.system.commands import allowed_environment, run_command

_LIMIT_S = 120.0


def run_system_tests(
    system: Path, program: Program, *, files: Sequence[tuple[str, str]] = (), limit_s: float = _LIMIT_S
) -> str | None:
    """Runs ``tests/`` with pytest in a process of its own, on a copy that holds this program.

    The generated tests run the program in the sandbox. Tests that a person or an agent wrote run as they are, with
    their time limited and all they start ended, but with the rights of the user.

    Args:
        system: its folder.
        program: stands in for ``policy.py``.
        files: what else the proposal adds (path within the system, text).
        limit_s: wall seconds for all tests.

    Returns:
        None where all pass (or there are none), else what failed.

    Raises:
        MissingExtra: pytest is not installed.
    """
    added = any(path.startswith("tests/") for path, _ in files)
    if not added and not any((system / "tests").glob("**/test_*.py")):
        return None
    if importlib.util.find_spec("pytest") is None:
        raise MissingExtra("the system's tests need pytest: pip install pytest")
    with tempfile.TemporaryDirectory(prefix="hlearn-tests-") as folder:
        copy = Path(folder)
        for name in ("tests", "cases"):
            if (system / name).is_dir():
                shutil.copytree(system / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        write_source(copy / "policy.py", program.source)
        for path, text in files:
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_text(text)
        env = allowed_environment(
            HOME=folder,
            PYTHONPATH=os.pathsep.join(p or os.getcwd() for p in sys.path),
            PYTHONDONTWRITEBYTECODE="1",
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
            OMP_NUM_THREADS="1",
            OPENBLAS_NUM_THREADS="1",
        )
        command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=short", "--color=no"]
        done = run_command(
            [*command, "-p", "no:cacheprovider", "--rootdir", folder, "-c", os.devnull, "tests"],
            cwd=copy,
            env=env,
            limit_s=limit_s,
        )
    if done.status in (0, 5):  # 5: no test was collected
        return None
    if done.timed_out:
        return f"the system's tests took longer than {limit_s:g} s"
    return done.output.strip()[-2000:]
