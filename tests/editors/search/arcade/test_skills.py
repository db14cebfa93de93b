"""A new kind of behaviour is one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hlearn.editors.search.arcade import skills
from hlearn.editors.search.arcade.behaviors import ACROSS
from hlearn.editors.search.arcade.emit import emit
from hlearn.editors.search.arcade.joint import Draw
from hlearn.evaluate.api import Job
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.policy.source import check_source
from hlearn.records import Episode, Program
from hlearn.tasks import resolve_task
from tests.editors.search.arcade.guesses import ram_pool

CIRCLING = '''"""Going round and round."""

from hlearn.editors.search.arcade.behaviors import Behavior, BehaviorKnob
from hlearn.editors.search.arcade.writing import BehaviorKind


def _write(b, w):
    turn = w.part("turn", f"Pulse({w.knob('period')}, 5)")
    w.lines.append(f"return 1 if {turn}.next() else -1")


def _draw(own, targets, channel, rng):
    period = BehaviorKnob(value=float(rng.integers(6, 60)), low=6, high=60, unit="steps", step=5)
    return Behavior(kind="circling", channel=channel, knobs=(("period", period),))


KINDS = {
    "circling": BehaviorKind(
        told="go round", doc="Goes round and round.", noun={}, write=_write, draw=_draw
    ),
}
'''


def test_a_file_adds_a_kind_that_is_drawn_written_told_and_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "circling.py").write_text(CIRCLING)
    monkeypatch.setattr(skills, "__path__", [*skills.__path__, str(tmp_path)])
    kinds = skills.found(skills.__path__)
    assert kinds.keys() - skills.KINDS.keys() == {"circling"}
    monkeypatch.setitem(skills.KINDS, "circling", kinds["circling"])
    home, pool = ram_pool()
    assert home.across is not None
    draw = Draw(
        owns={ACROSS: [home.across]},
        targets=pool.signals[:3],
        signs=(),
        rhythms=(),
        world=None,
        directions=(),
        rng=np.random.default_rng(1),
    )
    genome = next(g for g in (draw.fresh() for _ in range(200)) if "circling" in str(g))
    child = next(
        c
        for n in range(200)
        if "circling" in str(c := draw.varied(genome, [], f"candidate {n}")) and c != genome
    )
    for program in (genome, child):
        source = emit(program, title="A test.", buttons=("NOOP", "FIRE", "RIGHT", "LEFT"))
        assert check_source(source) == []
        assert "go round" in source and "Goes round and round." in source
        with InProcessEvaluator(resolve_task("ALE/Breakout-v5")) as evaluator:
            result = evaluator.run([Job(program=Program(source=source), seed=1, max_steps=40)])[0]
        assert isinstance(result.outcome, Episode), result.outcome


def test_two_kinds_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "again.py").write_text("KINDS = {'follow': None}\n")
    monkeypatch.setattr(skills, "__path__", [*skills.__path__, str(tmp_path)])
    with pytest.raises(ValueError, match="two skills are called follow"):
        skills.found(skills.__path__)
