"""Failures that an accepted trial mended become cases by themselves, few and cheap."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlearn import learn
from hlearn.editors.scripted import ScriptedEditor
from hlearn.evaluate.api import Evaluator
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.ledger import Measured, Purpose
from hlearn.loop.mended import ALL, MOST, ONE, PER_TRIAL
from hlearn.system import System
from hlearn.tasks import Task
from tests.cli.conftest import hl
from tests.loop.climber import CARTPOLE
from tests.loop.test_learn import GOOD, LEAN, LEFT

STEPS = 100_000


def in_process(task: Task, workers: int = 1) -> Evaluator:
    return InProcessEvaluator(task)


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> System:
    out = tmp_path_factory.mktemp("mended") / "system"
    learn(
        CARTPOLE,
        out=out,
        editor=ScriptedEditor([LEFT, LEAN, GOOD]),
        evaluator=in_process,
        steps=STEPS,
        workers=1,
        holdout=1,
    )
    return System.open(out)


def test_a_mended_failure_becomes_a_case_that_the_beaten_program_breaks(learnt: System) -> None:
    cases = [c for c in learnt.judged.cases() if c.mended]
    assert cases
    assert {c.trial for c in cases} <= {2, 3}
    assert all(c.goes_on and c.seed is not None for c in cases)
    first = cases[0]
    assert "a mended failure: e" in first.why  # an end, early or not
    assert len(cases) <= MOST
    assert max(sum(c.trial == t for c in cases) for t in (2, 3)) <= PER_TRIAL
    assert hl("case", "run", str(learnt.path)).code == 0
    said = hl("case", "run", str(learnt.path), "--program", "1")
    assert said.code == 1
    assert f"{first.name}: the episode ends after" in said.out


def test_they_are_cheap_and_counted(learnt: System) -> None:
    cases = [c for c in learnt.judged.cases() if c.mended]
    assert all((c.max_steps or 0) <= STEPS * ONE for c in cases)
    assert sum(c.max_steps or 0 for c in cases) <= STEPS * ALL
    rows = [r.event for r in learnt.ledger.rows if isinstance(r.event, Measured)]
    assert any(e.purpose is Purpose.CASE and e.caps.prefix for e in rows) or not any(c.prefix for c in cases)


def test_a_run_asked_again_stores_the_same(tmp_path: Path) -> None:
    """A run that is resumed is replayed from the ledger: the same cases, and nothing is paid twice."""
    before = None
    for resume in (False, True):
        learn(
            CARTPOLE,
            out=tmp_path / "s",
            editor=ScriptedEditor([LEFT, LEAN]),
            evaluator=in_process,
            steps=3_000,
            seed=4,
            workers=1,
            holdout=1,
            resume=resume,
        )
        system = System.open(tmp_path / "s")
        after = (system.judged.cases(), sum(isinstance(r.event, Measured) for r in system.ledger.rows))
        before = before or after
    assert before == after
