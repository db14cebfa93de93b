"""A network of a program that met several variants: taught in all of them, kept only where none got worse."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlearn.errors import UsageError
from hlearn.students.teaching import _shares
from hlearn.students.variants import VariantRatio, _change, accepted, read_variants
from tests.cli.conftest import CORRIDOR, hl
from tests.cli.programs import SEEK

WHY = "pip install 'hlearn[distill]'"


def lived(folder: Path) -> Path:
    """What a sequence leaves, as far as teaching reads it."""
    for name, more in (("plain", []), ("short", ["--env", "goals=4"])):
        assert hl("init", CORRIDOR, folder / "systems" / name, *more).code == 0
    (folder / "policy.py").write_text(SEEK)
    return folder


def test_what_a_sequence_left_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="hl continual"):
        read_variants(tmp_path)
    variants = read_variants(lived(tmp_path / "lived"))
    assert variants.names == ("plain", "short") and variants.before is None
    assert _shares(7, 3) == [3, 2, 2] and _shares(1, 2) == [1, 1]


def test_a_student_that_forgets_is_not_taken() -> None:
    def standing(teacher: float, student: float, before: float | None) -> VariantRatio:
        change = _change([teacher], [student], [] if before is None else [before])
        return VariantRatio(name="x", ratio=None, interval=None, before=None, change=change)

    assert accepted([standing(100, 50, None), standing(100, 97, 100), standing(100, 100, 20)])
    assert not accepted([standing(100, 100, 20), standing(100, 90, 100)])
    assert accepted([standing(-80, -84, -82)]) and not accepted([standing(-80, -95, -82)])


def test_a_student_is_taught_in_every_variant(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason=WHY)
    pytest.importorskip("onnxruntime", reason=WHY)
    folder = lived(tmp_path / "lived")
    options = (
        "--episodes",
        4,
        "--rounds",
        0,
        "--holdout-episodes",
        2,
        "--frames",
        1,
        "--workers",
        1,
        "--json",
    )
    said = hl("teach", folder, *options)
    assert said.code == 0, said.err
    assert [v["name"] for v in said.data["variants"]] == ["plain", "short"]
    assert (folder / "student" / "policy" / "student.onnx").exists()
    assert hl("teach", folder, *options).data == {"folder": str(folder), "taught": False}
    assert sorted(p.name for p in folder.iterdir()) == ["policy.py", "student", "systems"]
