"""A learnt toy system, made once, and ways to call the command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from hlearn.cli.main import app
from tests.cli.programs import SEEK

CORRIDOR = "hlearn.testing.toys:Corridor-v0"


class Said(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        """The JSON object on the last line."""
        loaded: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return loaded


Hl = Callable[..., Said]


def hl(*arguments: object) -> Said:
    """Calls the command in this process."""
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Said(done.exit_code, done.stdout, done.stderr)


def command(*arguments: object) -> list[str]:
    """The same as a command line of a process of its own."""
    return [sys.executable, "-m", "hlearn.cli.main", *map(str, arguments)]


def process(arguments: Sequence[object], **options: Any) -> subprocess.CompletedProcess[str]:
    """Calls the command in a process of its own."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, check=False, timeout=120, **options
    )


@pytest.fixture(scope="session")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """A system that learnt the corridor from one proposal, and what ``hl learn`` said."""
    folder = tmp_path_factory.mktemp("learnt")
    (folder / "seek.py").write_text(SEEK)
    said = hl(
        *("learn", CORRIDOR, "--editor", f"command:cp {folder / 'seek.py'} policy.py", "--steps", 20_000),
        *("--out", folder / "system", "--holdout-episodes", 4, "--target", 9, "--workers", 1, "--json"),
    )
    return folder / "system", said


@pytest.fixture
def system(learnt: tuple[Path, Said], tmp_path: Path) -> Path:
    """A copy of that system to do with as one likes."""
    return Path(shutil.copytree(learnt[0], tmp_path / "system", symlinks=True))


@pytest.fixture(autouse=True)
def narrow_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test writes into the checkout."""
    monkeypatch.chdir(tmp_path)
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(root / "src"), str(root)]))
