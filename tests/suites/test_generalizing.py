"""What an unchanged program keeps on relatives of its task."""

from __future__ import annotations

import pytest
from tests.cli.programs import SEEK

from hlearn.program import Program
from hlearn.suites.generalizing import generalize
from hlearn.tasks import resolve_task
from hlearn.tasks.relatives import relatives
from hlearn.trust import Key


def test_a_program_is_played_on_its_task_and_on_relatives() -> None:
    task = resolve_task("hlearn.testing.toys:Corridor-v0")
    rows = generalize(task, Program(source=SEEK), episodes=3, key=Key(bytes(32)))
    assert rows[0].relative == "as learnt" and rows[0].kept == pytest.approx(1.0)
    by_name = {r.relative: r for r in rows}
    assert {"delay 1", "action noise 0.1"} <= by_name.keys()
    late = by_name["delay 1"]
    assert late.score is not None and late.random is not None and late.kept is not None


def test_a_game_has_its_modes_difficulties_and_protocols() -> None:
    names = [r.name for r in relatives(resolve_task("ALE/Freeway-v5"))]
    assert {"mode 1", "mode 7", "difficulty 1", "protocol article", "protocol v5", "delay 1"} <= set(names)
    assert "mode 0" not in names and not any(n.startswith("mass") for n in names)
