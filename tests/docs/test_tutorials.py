"""Tutorials and examples run as they stand: files written, commands and Python executed, in a fresh folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
_BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _run(command: list[str], folder: Path) -> None:
    state = {"PYTHONPATH": str(folder), "XDG_STATE_HOME": str(folder / "state")}
    done = subprocess.run(
        command, cwd=folder, env=os.environ | state, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda p: p.stem)
def test_tutorial_runs(page: Path, tmp_path: Path) -> None:
    blocks = _BLOCK.findall(page.read_text())
    assert blocks
    for language, file, text in blocks:
        if file:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(text)
        elif language == "console":
            for line in re.findall(r"^\$ (.*)$", text, re.MULTILINE):
                verb, *words = shlex.split(line)
                assert verb == "hl", line
                _run([sys.executable, "-m", "hlearn.cli.main", *words], tmp_path)
        elif language == "python":
            _run([sys.executable, "-c", text], tmp_path)


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda p: p.stem)
def test_example_runs(script: Path, tmp_path: Path) -> None:
    _run([sys.executable, str(script)], tmp_path)
