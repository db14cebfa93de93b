"""An environment that is not repeatable is found out before anything is learnt."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hlearn import learn
from hlearn.editors.scripted import ScriptedEditor
from hlearn.errors import EnvironmentFault, NotRepeatable
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.lab import Silent
from hlearn.loop.repeatable import check_repeatable
from hlearn.system import System
from hlearn.tasks import Task, open_environment, resolve_task
from tests.evaluate.processes import descendants

MODULE = "tests.tasks.broken_environments:Broken"


def _rehearse(task: Task, workers: int) -> None:
    environment = open_environment(task)
    observation, actions = environment.observation, environment.actions
    environment.close()
    with IsolatedEvaluator(task, workers=workers) as evaluator:
        check_repeatable(evaluator, evaluator.task, evaluator.workers, observation, actions, 0)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("name", "words"), [("Forgetful", "showed other observations"), ("Remembers", "brought 1 and")]
)
def test_what_ignores_its_seed_or_keeps_state_is_found_out(name: str, words: str, workers: int) -> None:
    with pytest.raises(NotRepeatable, match=rf"not repeatable: the same actions on seed \d+.* {words}"):
        _rehearse(resolve_task(f"{MODULE}/{name}-v0"), workers)


@pytest.mark.parametrize(
    "env_id",
    [
        "hlearn.testing.toys:Seek-v0",
        "tests.tasks.own_environments:hlearn-tests/Echo-v0",
        f"{MODULE}/Careless-v0",  # what it draws from is seeded for it
    ],
)
def test_what_is_repeatable_passes(env_id: str) -> None:
    _rehearse(resolve_task(env_id), 2)


def test_what_ships_with_gymnasium_is_not_rehearsed() -> None:
    import os

    before = descendants(os.getpid())
    with IsolatedEvaluator(resolve_task("CartPole-v1")) as evaluator:
        environment = open_environment(evaluator.task)
        check_repeatable(
            evaluator, evaluator.task, evaluator.workers, environment.observation, environment.actions, 0
        )
        environment.close()
        assert descendants(os.getpid()) == before


def test_a_system_without_a_run_is_rehearsed_when_it_is_resumed(tmp_path: Path) -> None:
    task = resolve_task(f"{MODULE}/Forgetful-v0")
    system = System.create(tmp_path / "system", task)
    with pytest.raises(NotRepeatable):
        learn(task, out=system.path, editor=ScriptedEditor([]), steps=1_000, workers=1, resume=True)
    assert (system.path / "hl.toml").exists()


@pytest.mark.parametrize(("name", "error"), [("Forgetful", NotRepeatable), ("Exits", EnvironmentFault)])
def test_learning_refuses_it_and_leaves_nothing(name: str, error: type[Exception], tmp_path: Path) -> None:
    task, out = resolve_task(f"{MODULE}/{name}-v0"), tmp_path / "system"
    with pytest.raises(error):
        learn(task, out=out, editor=ScriptedEditor([]), steps=1_000, workers=1)
    assert not out.exists()


class _Notes(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def noted(self, text: str) -> None:
        self.notes.append(text)


def test_a_slow_environment_is_tried_for_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hlearn.loop.repeatable._SECONDS", 1.0)
    task, notes = resolve_task("tests.tasks.odd_environments:Odd-v0", habit="dawdle in reset"), _Notes()
    environment = open_environment(task)
    with IsolatedEvaluator(task, workers=2) as evaluator:
        check_repeatable(
            evaluator,
            evaluator.task,
            evaluator.workers,
            environment.observation,
            environment.actions,
            0,
            notes,
        )
    [note] = notes.notes
    assert re.fullmatch(
        r"the environment takes 0\.1\d* s per step: it is tried for [5-7] steps.*\(about 2 s\)", note
    )


def test_one_that_hangs_is_named_before_anything_is_made(tmp_path: Path) -> None:
    task, out = resolve_task("tests.tasks.odd_environments:Odd-v0", habit="hang in step"), tmp_path / "system"
    with pytest.raises(EnvironmentFault, match=r"did not come back from step\(\) within 1.5 s"):
        learn(task, out=out, editor=ScriptedEditor([]), steps=1_000, workers=1, env_timeout=1.5)
    assert not out.exists()
