"""Editors by name, by dotted path, by the entry point of an installed package; and what is no editor."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hlearn import learn
from hlearn.editors.command import CommandEditor
from hlearn.editors.search import SearchEditor
from hlearn.editors.table import make_editor
from hlearn.errors import MissingExtra, UsageError

GOOD = """
class Own:
    name = "own"
    deterministic = False

    def propose(self, brief, lab):
        return None

class Forgetful:
    name = "forgetful"

    def propose(self, brief, lab):
        return None

class Nested:
    class Inner(Own):
        name = "inner"

instance = Own()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "editors_of_a_user.py").write_text(GOOD)
    (tmp_path / "editors_that_need.py").write_text("import a_package_that_is_nowhere")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "editors_of_a_user"


def test_the_table() -> None:
    assert isinstance(make_editor("search"), SearchEditor)
    assert isinstance(make_editor("command:'true'"), CommandEditor)


def test_a_dotted_path(module: str) -> None:
    assert make_editor(f"{module}:Own").name == "own"
    assert make_editor(f"{module}:Nested.Inner").name == "inner"
    assert make_editor(f"{module}:instance").name == "own"


def test_a_module_in_the_current_folder_is_found_but_not_in_a_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the tutorial has it: ``--editor grid:Grid`` beside ``grid.py``."""
    (tmp_path / "hlearn_editor_here.py").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p not in ("", str(tmp_path))])
    (tmp_path / "hl.toml").write_text("")
    with pytest.raises(UsageError, match="neither installed nor in this folder"):
        make_editor("hlearn_editor_here:Own")
    (tmp_path / "hl.toml").unlink()
    assert make_editor("hlearn_editor_here:Own").name == "own"


def test_an_entry_point(tmp_path: Path, module: str) -> None:
    info = tmp_path / "guest-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guest\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[hlearn.editors]\nguest = {module}:Own\n")
    assert make_editor("guest").name == "own"
    with pytest.raises(UsageError, match="guest"):
        make_editor("nobody")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("searhc", "choose search or command"),
        ("search:deep", "no editor search:deep"),
        ("command:", "empty"),
        ("no_such_module_at_all:Own", "there is no module no_such_module_at_all"),
        ("editors_of_a_user:Missing", "cannot be made: AttributeError"),
        ("editors_of_a_user:Forgetful", "lacks deterministic"),
        ("editors_of_a_user:GOOD-", "choose"),
    ],
)
def test_what_is_no_editor(module: str, spec: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_editor(spec)


def test_an_editor_whose_package_is_missing(module: str) -> None:
    with pytest.raises(MissingExtra, match="pip install a_package_that_is_nowhere"):
        make_editor("editors_that_need:Own")


def test_learn_looks_at_an_editor_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lacks name, deterministic, propose"):
        learn("CartPole-v1", out=tmp_path / "s", editor=object())  # type: ignore[arg-type]
    assert not (tmp_path / "s").exists()
