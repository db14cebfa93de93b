"""The benchmark of attacks can be run: its cases are there, and a few of them hold here and now."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.attacks.__main__ import CASES
from benchmarks.attacks.kills import VERBS

ROOT = Path(__file__).parents[1]


def test_there_are_many_cases_of_every_kind_each_with_what_is_expected() -> None:
    kinds = {case.kind for case in CASES.values()}
    assert kinds == {"programs", "seeds", "texts", "edits", "tampering", "states", "honest"}
    assert len(CASES) >= 300 and len(VERBS) >= 8
    assert all(case.expected and case.limit_s > 0 for case in CASES.values())


@pytest.mark.parametrize(
    "chosen", ["programs/proc-self-environ", "texts/exception-half-a-pair", "honest/program-crlf"]
)
def test_a_few_of_them_hold(tmp_path: Path, chosen: str) -> None:
    kind, name = chosen.split("/")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.attacks", "--kind", kind, "--only", name),
            *("--workers", "1", "--out", tmp_path / "a.json"),
        ],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"held   {chosen}" in done.stdout
