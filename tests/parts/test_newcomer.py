"""A part of a newcomer's is one new file in ``hlearn/parts``: nothing else names it, and programs import it at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import hlearn

PART = '''"""The middle of the last three."""

from __future__ import annotations


class Median:
    """The middle of the last three numbers."""

    def __init__(self) -> None:
        self._last: list[float] = []

    def next(self, value: float) -> float:
        """Takes a number in and returns the middle one."""
        self._last = [*self._last[-2:], value]
        return sorted(self._last)[len(self._last) // 2]
'''

PROGRAM = """
from hlearn.parts.newcomer import Median
from hlearn.policy import RulePolicy, detect, rule


class Lean(RulePolicy):
    def setup(self):
        self._median = Median()

    @detect
    def lean(self, obs):
        return self._median.next(obs[2] + 0.5 * obs[3])

    @rule
    def follow(self, s):
        return 1 if s.lean > 0 else 0
"""

SCRIPT = """
import sys
import hlearn
from hlearn.evaluate.api import Job
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.policy.source import check_source
from hlearn.records import Program
from hlearn.tasks import resolve_task

if __name__ == "__main__":
    assert hlearn.__file__.startswith(sys.argv[1]), hlearn.__file__
    source = open(sys.argv[2]).read()
    assert check_source(source) == []
    task = resolve_task("CartPole-v1")
    jobs = [Job(program=Program(source=source), seed=s, max_steps=100) for s in range(2)]
    with IsolatedEvaluator(task, workers=1) as isolated, InProcessEvaluator(task) as here:
        outcomes = [result.outcome for e in (isolated, here) for result in e.run(jobs)]
    print([getattr(o, "score", o) for o in outcomes])
"""


def test_a_part_is_one_new_file(tmp_path: Path) -> None:
    copy = tmp_path / "site" / "hlearn"
    shutil.copytree(
        Path(hlearn.__file__).parent, copy, ignore=shutil.ignore_patterns("systems", "__pycache__")
    )
    (copy / "parts" / "newcomer.py").write_text(PART)
    (tmp_path / "policy.py").write_text(PROGRAM)
    (tmp_path / "play.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "play.py"), str(copy), str(tmp_path / "policy.py")],
        env=os.environ | {"PYTHONPATH": str(copy.parent)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[100.0, 100.0, 100.0, 100.0]"
