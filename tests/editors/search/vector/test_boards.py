"""Boards of cells: who is moved, where the others are from there, and programs that go by it."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.editors.api import Brief
from hlearn.editors.search.vector import VectorSearch
from hlearn.editors.search.vector.approaches import approaches
from hlearn.editors.search.vector.probing import probe
from hlearn.evaluate.api import Job
from hlearn.probe.vector.boards import find_board_signals
from hlearn.tasks.environment import Grid
from tests.editors.search.plain_lab import PlainLab

CATCH = "tests.editors.search.own_environments:Catch-{}-v0"


@pytest.mark.parametrize(
    ("layout", "own", "falls"),
    [("last", "plane0", "plane1"), ("first", "plane0", "plane1"), ("kinds", "kind5", "kind2")],
)
def test_what_is_moved_is_told_from_what_falls(layout: str, own: str, falls: str) -> None:
    sketch = probe(PlainLab(CATCH.format(layout), steps=6_000))
    read = {s.name for s in sketch.signals if s.reading is not None}
    assert f"{own}_column" in read
    assert {f"{falls}_rows_off", f"{falls}_columns_off"} <= read
    assert not any(name.startswith(("plane2", "kind3_row")) for name in read)  # the wall never moves
    assert [(a.plus, a.minus) for a in sketch.axes] in ([(2, 1)], [(1, 2)])
    assert sketch.neutral == 0


@pytest.mark.parametrize("layout", ["last", "kinds"])
def test_catching_is_learnt_within_a_small_budget(layout: str) -> None:
    lab = PlainLab(CATCH.format(layout), steps=6_000, seed=5)
    brief = Brief(
        task=lab.task, observation=lab.observation, actions=lab.actions, champion=None, champion_dev=None
    )
    last = list(VectorSearch(brief, lab).proposals())[-1]
    assert "_columns_off" in last.program.source
    lab.grant(5_000)
    fresh = lab.measure([Job(program=last.program, seed=s) for s in lab.seeds(800_000, 20)])
    assert np.mean([r.outcome.score for r in fresh]) > 8.0


def test_there_are_programs_that_go_to_a_thing_and_that_keep_away_from_it() -> None:
    sketch = probe(PlainLab(CATCH.format("last"), steps=6_000))
    stories = [g.template.story for g in approaches(sketch, "Catch")]
    assert "Goes to plane1." in stories and "Keeps away from plane1." in stories


def test_tables_that_are_no_boards_are_left_alone() -> None:
    rng = np.random.default_rng(0)
    seen, pushes = [rng.random((60, 48))], [rng.random((60, 1))]
    assert find_board_signals([Grid(start=0, shape=(2, 24))], seen, pushes) == []
    assert find_board_signals([Grid(start=0, shape=(2, 2, 2, 6))], seen, pushes) == []
    assert (
        find_board_signals([Grid(start=0, shape=(6, 8))], seen, pushes) == []
    )  # measured numbers, no things
