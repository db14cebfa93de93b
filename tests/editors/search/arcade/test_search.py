"""The whole arcade search through the loop: it ends with a champion, repeats itself, and resumes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from hlearn import LearnResult, learn
from hlearn.cli.summary import seen_lines
from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.editors.search import SearchEditor
from hlearn.errors import UsageError
from hlearn.evaluate.api import Job, Result
from hlearn.ledger import Measured
from hlearn.policy.rewriting import read_params
from hlearn.policy.source import check_source
from hlearn.records import Access, Protocol
from hlearn.system import System
from hlearn.tasks import Task, resolve_task
from tests.editors.search.plain_lab import PlainLab

STEPS = 20_000


@pytest.fixture(scope="module")
def breakout() -> Task:
    return resolve_task("ALE/Breakout-v5", access=Access.RAM, protocol=Protocol.ARTICLE)


def learned(task: Task, out: Path, editor: SearchEditor, *, resume: bool = False) -> LearnResult:
    return learn(task, out=out, editor=editor, steps=STEPS, seed=0, workers=1, holdout=0, resume=resume)


@pytest.fixture(scope="module")
def whole(breakout: Task, tmp_path_factory: pytest.TempPathFactory) -> tuple[LearnResult, Path]:
    out = tmp_path_factory.mktemp("arcade") / "whole"
    return learned(breakout, out, SearchEditor()), out


def paid(out: Path) -> list[tuple[str, int, str]]:
    rows = [r.event for r in System.open(out).ledger.rows if isinstance(r.event, Measured)]
    return [(e.program, o.seed, str(e.caps)) for e in rows for o in e.outcomes]


def test_a_small_budget_ends_with_a_champion(whole: tuple[LearnResult, Path]) -> None:
    result, out = whole
    assert result.accepted >= 1
    champion = System.open(out).champion()
    assert champion is not None
    assert champion.sha256 == result.program_sha256
    assert check_source(champion.source) == []
    assert "JoystickPolicy" in champion.source
    seen = seen_lines(out)
    assert seen[0] == "What the search saw"
    assert any("moving, random play scores" in line for line in seen)
    for name in read_params(champion.source):
        line = next(x for x in champion.source.splitlines() if x.strip().startswith(f"{name} = "))
        assert "  # " in line, "every constant says where it came from"


class Cut(Exception):
    """The lights go out."""


class CutShort(SearchEditor):
    """The search in a place where the power fails after some measurements."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after
        self.calls = 0

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        measure = lab.measure

        def failing(jobs: Sequence[Job]) -> list[Result]:
            self.calls += 1
            if self.calls > self.after:
                raise Cut
            return measure(jobs)

        lab.measure = failing  # type: ignore[method-assign]
        return super().propose(brief, lab)


def test_it_repeats_itself_and_resumes(
    breakout: Task, whole: tuple[LearnResult, Path], tmp_path: Path
) -> None:
    result, there = whole
    out = tmp_path / "cut"
    with pytest.raises(Cut):
        learned(breakout, out, CutShort(after=2))
    before = paid(out)
    assert 0 < len(before) < len(paid(there))
    again = learned(breakout, out, SearchEditor(), resume=True)
    assert again.program_sha256 == result.program_sha256
    assert again.env_steps == result.env_steps
    assert paid(out) == paid(there), "nothing is paid twice, nothing is lost"


def test_a_second_run_is_the_same(breakout: Task, whole: tuple[LearnResult, Path], tmp_path: Path) -> None:
    again = learned(breakout, tmp_path / "again", SearchEditor())
    assert again.program_sha256 == whole[0].program_sha256
    assert paid(tmp_path / "again") == paid(whole[1])


def test_a_task_without_joystick_is_refused() -> None:
    lab = PlainLab("CartPole-v1", steps=10)
    lab.task = Task(env_id="CartPole-v1", access=Access.PIXELS, protocol=Protocol.STANDARD)
    with pytest.raises(UsageError, match="named joystick actions"):
        SearchEditor().propose(
            Brief(
                task=lab.task,
                observation=lab.observation,
                actions=lab.actions,
                champion=None,
                champion_dev=None,
            ),
            lab,
        )
