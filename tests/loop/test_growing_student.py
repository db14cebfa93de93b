"""A network that is taught while a system grows, beside the learning that it must not disturb."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from hlearn.cli.options import lessons_every
from hlearn.editors.scripted import ScriptedEditor
from hlearn.errors import MissingExtra, UsageError
from hlearn.learning import learn
from hlearn.students.variants import CARD, FOLDER, student_of
from hlearn.trust.store import fresh_key
from tests.cli.conftest import CORRIDOR
from tests.cli.programs import SEEK

LEFT = "class Left:\n    def reset(self, seed):\n        pass\n\n    def act(self, o):\n        return 0\n"


def test_every_n_is_read() -> None:
    assert lessons_every("every=3") == 3
    for text in ("3", "every=0", "every=", "each=2", "every=-1"):
        with pytest.raises(UsageError, match="every=N"):
            lessons_every(text)


def test_without_pytorch_nothing_begins(tmp_path: Path) -> None:
    if importlib.util.find_spec("torch") is not None:
        pytest.skip("PyTorch is installed")
    with pytest.raises(MissingExtra, match="pip install"):
        learn(CORRIDOR, out=tmp_path / "s", steps=1_000, teach_every=1)
    assert not (tmp_path / "s").exists()
    with pytest.raises(UsageError, match="at least 1"):
        learn(CORRIDOR, out=tmp_path / "s", steps=1_000, teach_every=0)


def test_a_student_follows_the_system(tmp_path: Path) -> None:
    """Taught after each accepted program; the run is the same, step for step, as one without a student."""
    pytest.importorskip("torch", reason="pip install 'hlearn[distill]'")
    pytest.importorskip("onnxruntime", reason="pip install 'hlearn[distill]'")
    key, results = fresh_key(), []
    for name, every in (("with", 1), ("without", None)):
        editor = ScriptedEditor([LEFT, SEEK])
        results.append(
            learn(
                CORRIDOR,
                out=tmp_path / name,
                editor=editor,
                steps=4_000,
                holdout=2,
                workers=1,
                key=key,
                teach_every=every,
            )
        )
    with_, without = results
    assert with_.accepted >= 1 and with_.env_steps == without.env_steps
    assert with_.program_sha256 == without.program_sha256
    card = json.loads((tmp_path / "with" / FOLDER / CARD).read_text())
    assert card["teacher_sha256"] == with_.program_sha256 and card["accepted_programs"] == with_.accepted
    assert student_of(tmp_path / "with") is not None and not (tmp_path / "without" / FOLDER).exists()
