"""An environment without a time limit: its reports end, and say where they were stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlearn import learn
from hlearn.editors.scripted import ScriptedEditor
from hlearn.evidence.measure import measure_program
from hlearn.evidence.replay import replay
from hlearn.ledger import Measured, Purpose
from hlearn.records import Split
from hlearn.system import System
from hlearn.tasks import resolve_task
from hlearn.tasks.families import gymnasium as gymnasium_family
from tests.cli.conftest import hl
from tests.tasks import broken_environments  # noqa: F401  (what is imported here is asked here, not apart)

ENDLESS = "tests.tasks.broken_environments:Broken/Endless-v0"
STAYS = "class S:\n    def reset(self, seed): pass\n    def act(self, observation): return 1\n"


def test_reports_of_an_endless_environment_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gymnasium_family, "UNLIMITED_STEPS", 400)
    task, out = resolve_task(ENDLESS), tmp_path / "system"
    result = learn(task, out=out, editor=ScriptedEditor([STAYS]), steps=1_000, holdout=2, workers=1)
    assert result.score == 400
    system = System.open(out)
    reports = [
        e for r in system.ledger.rows if isinstance(e := r.event, Measured) and e.purpose is Purpose.REPORT
    ]
    assert reports and all(e.caps.max_steps is not None for e in reports)
    holdout = next(e for e in reports if e.split is Split.HOLDOUT)
    assert holdout.caps.max_steps == 400 and all(o.length == 400 for o in holdout.outcomes)
    program = system.champion()
    assert program is not None
    measured = measure_program(system, program, split=Split.DEV, episodes=1)
    assert measured.evaluation.mean == 400
    assert replay(task, program, 5).outcome.length == 400


def test_learn_says_that_there_is_no_time_limit(tmp_path: Path) -> None:
    said = hl(
        *("learn", ENDLESS, "--steps", 500, "--workers", 1, "--holdout-episodes", 0),
        *("--out", tmp_path / "system", "--editor", "command:true"),
    )
    assert "registered without max_episode_steps" in said.out + said.err
