"""The system's own tests, run on a program in a copy of the system."""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.util
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from hlearn.errors import HarnessError, MissingExtra
from hlearn.inherited import search_path
from hlearn.records import Program
from hlearn.system import templates
from hlearn.system.commands import allowed_environment, run_command
from hlearn.system.system import System

_LIMIT_S = 120.0
_TESTS = ("test_*.py", "*_test.py")


def run_system_tests(
    system: System, program: Program, *, files: Sequence[tuple[str, str]] = (), limit_s: float = _LIMIT_S
) -> str | None:
    """Runs ``tests/`` with pytest behind walls, on a copy that holds this program.

    The tests that were committed run as they were committed, without what was added since beside them; added ones run
    after them, in processes of their own (:mod:`hlearn.system.referee`).

    Args:
        system: whose tests.
        program: stands in for the system's.
        files: what else the proposal adds (path within the system, text).
        limit_s: wall seconds for all tests.

    Returns:
        None where all pass (or there are none), else what failed.

    Raises:
        MissingExtra: pytest is not installed.
        HarnessError: what runs the tests failed itself.
    """
    standing = _renewed(system.judged.committed())
    added = system.judged.added() | {path: text.encode() for path, text in files}
    if not any(map(_is_test, (*standing, *added))):
        return None
    if importlib.util.find_spec("pytest") is None:
        raise MissingExtra("the system's tests need pytest: pip install pytest")
    policy = program.as_files()
    with tempfile.TemporaryDirectory(prefix="hlearn-tests-") as name:
        folder = Path(name).resolve()
        plan = [(str(folder / "standing"), path) for path in sorted(standing) if _is_test(path)]
        _lay_out(folder / "standing", standing | policy)
        if added:
            _lay_out(folder / "added", standing | added | policy)
            plan += [(str(folder / "added"), path) for path in sorted(added) if _is_test(path)]
        (folder / "plan.json").write_text(json.dumps(plan))
        env = allowed_environment(
            HOME=name,
            PYTHONPATH=search_path(),
            PYTHONDONTWRITEBYTECODE="1",
            PYTHONHASHSEED="0",
            PYTHONUTF8="1",
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
            OMP_NUM_THREADS="1",
            OPENBLAS_NUM_THREADS="1",
        )
        command = [sys.executable, "-P", "-m", "hlearn.system.referee", str(folder / "plan.json")]
        done = run_command(command, cwd=folder, env=env, limit_s=limit_s)
    if done.timed_out:
        return f"the system's tests took longer than {limit_s:g} s"
    try:
        failed = json.loads(done.output.strip().rpartition("\n")[2])["failed"]
    except (ValueError, KeyError, TypeError):
        raise HarnessError(
            f"the system's tests could not be run (exit status {done.status}): {done.output.strip()[-1000:]}"
        ) from None
    return None if failed is None else str(failed)[-2000:]


def _renewed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files, with hlearn's own test in its present form: older ones knew programs of one file only."""
    name, text = f"tests/{templates.TEST_FILE}", templates.TEST_POLICY.encode()
    older = hashlib.sha256(files.get(name, b"")).hexdigest() in templates.OLDER_TESTS
    return {**files, name: text} if older else dict(files)


def _is_test(path: str) -> bool:
    return path.startswith("tests/") and any(fnmatch.fnmatch(path.rpartition("/")[2], p) for p in _TESTS)


def _lay_out(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
