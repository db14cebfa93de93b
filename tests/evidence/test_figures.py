"""Reports are drawn by hl's own settings, whatever matplotlib's settings of a person say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hlearn.evidence.figures import draw_learning
from hlearn.evidence.history import summarize_run
from hlearn.system import System
from hlearn.tasks import resolve_task

DRAW = """
import sys
from pathlib import Path
from hlearn.evidence.figures import draw_learning
from hlearn.evidence.history import summarize_run
from hlearn.system import System
draw_learning(summarize_run(System.open(sys.argv[1])), Path(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("figures") / "s"
    System.create(path, resolve_task("hlearn.testing.toys:Corridor-v0"))
    return path


@pytest.mark.parametrize(
    ("backend", "settings"),
    [
        ("module://matplotlib_inline.backend_inline", b""),
        ("nonsense", b""),
        ("TkAgg", b"text.usetex: True\nfont.family: No Such Font\nsavefig.dpi: 9999\n"),
        ("", b"not a setting\nbackend: nonsense\nfigure.figsize: many\n"),
        ("", b"font.family: \xff\xfe\n"),
    ],
)
def test_a_report_is_drawn_whatever_the_settings(
    empty: Path, tmp_path: Path, backend: str, settings: bytes
) -> None:
    (tmp_path / "matplotlibrc").write_bytes(settings)
    env = os.environ | {"MPLBACKEND": backend, "MATPLOTLIBRC": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", DRAW, str(empty), "a.png"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert not done.stderr


def test_settings_of_this_process_stay_as_they_were(empty: Path, tmp_path: Path) -> None:
    import matplotlib as mpl

    with mpl.rc_context({"text.usetex": True}):
        draw_learning(summarize_run(System.open(empty)), tmp_path / "a.png")
        assert mpl.rcParams["text.usetex"]
