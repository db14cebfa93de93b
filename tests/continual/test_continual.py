"""Sequences of variants: what is read, what is made of scores, and a program that recognises where it is."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from hlearn.continual import Results, StageResult, read_sequence, run_sequence
from hlearn.continual.composing import KnownVariant, compose, fit_world
from hlearn.continual.driver import _Player
from hlearn.continual.ppo_control import TaskEnvironment, train_through
from hlearn.continual.student import SequenceStudent
from hlearn.errors import MissingExtra, UsageError
from hlearn.evaluate.api import Job, Record
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.policy.modules import check_program
from hlearn.policy.skills import read_skill
from hlearn.records import Program
from hlearn.students.teaching import Lesson
from hlearn.students.variants import CARD, FOLDER
from hlearn.tasks import resolve_task
from hlearn.trust import Worlds
from tests.cli.programs import SEEK

SUITE = """
title = "a point that is pushed late"
env_id = "hlearn.testing.toys:Corridor-v0"
steps = 2000

[[stage]]
name = "plain"

[[stage]]
name = "late"
variant = "delay=1"
"""


def test_a_sequence_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(SUITE)
    sequence = read_sequence(path, steps=99)
    assert [s.name for s in sequence.stages] == ["plain", "late"] and sequence.steps == 99
    assert [s.task.variant for s in sequence.stages] == ["", "delay=1"]
    for change, why in (
        (("steps = 2000", "step = 1"), "unknown key step"),
        (('name = "late"', 'name = "plain"'), "same name"),
        (('name = "late"', 'name = "La te"'), "small letters"),
        (("env_id", "env"), "env_id is missing"),
        (("steps = 2000", "steps = 0"), "above 0"),
        (("[[stage]]", "[[stages]]"), "at least two"),
    ):
        path.write_text(SUITE.replace(*change))
        with pytest.raises(UsageError, match=why):
            read_sequence(path)
    path.write_text("title = ")
    with pytest.raises(UsageError, match="no TOML"):
        read_sequence(path)


def test_figures_of_a_matrix() -> None:
    def row(name: str, *scores: float) -> StageResult:
        return StageResult(
            stage=name, reused=False, noticed=1.0, steps=10, accepted=True, broken=(), scores=scores
        )

    results = Results(
        stages=("a", "b"),
        rows=(row("a", 100, 20), row("b", 90, 60)),
        random=(0.0, 10.0),
        alone=(100.0, 60.0),
        last_only=(50.0, 60.0),
    )
    assert np.allclose(results.matrix, [[1, 0.2], [0.9, 1]])
    assert results.average == pytest.approx(0.95) and results.forgetting == pytest.approx(0.1)
    assert results.forward == pytest.approx(0.2) and results.control == pytest.approx(0.75)
    assert "average 0.950" in results.lines()[-1] and results.as_json()["ppo"] is None
    beside = replace(results, ppo=((100.0, 10.0), (0.0, 60.0)))
    assert beside.as_json()["ppo"] == {"average": 0.5, "forgetting": 1.0, "matrix": [[1.0, 0.0], [0.0, 1.0]]}
    assert "average 0.500, forgetting 1.000" in beside.lines()[-1]


@pytest.mark.filterwarnings("ignore:.*A Box observation space")
def test_a_task_is_an_environment_of_gymnasium() -> None:
    environment = TaskEnvironment(resolve_task("CartPole-v1", variant="delay=1"), 3)
    check_env(environment, skip_render_check=True)
    seen, _ = environment.reset(seed=7)
    assert np.array_equal(seen, environment.reset(seed=7)[0])
    environment.close()


def test_a_ppo_goes_through_a_sequence_or_says_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(SUITE.replace("hlearn.testing.toys:Corridor-v0", "CartPole-v1"))
    sequence = read_sequence(path, steps=64)
    if importlib.util.find_spec("stable_baselines3") is None:
        with pytest.raises(MissingExtra, match="pip install stable-baselines3"):
            run_sequence(sequence, tmp_path / "out", ppo=True)
        assert not (tmp_path / "out").exists()
        return
    rows = train_through(sequence, seed=1, episodes=2, worlds=Worlds())
    assert len(rows) == 2 and all(len(row) == 2 and min(row) > 5 for row in rows)


def test_a_student_grows_with_a_sequence(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(SUITE)
    sequence = read_sequence(path)
    out = tmp_path / "out"
    if importlib.util.find_spec("torch") is None:
        with pytest.raises(MissingExtra, match=r"hlearn\[distill\]"):
            run_sequence(sequence, out, teach_every=1)
        assert not out.exists()
        return
    pytest.importorskip("onnxruntime", reason="pip install 'hlearn[distill]'")
    out.mkdir()
    program, said = Program(source=SEEK), list[str]()
    player = _Player(Worlds(), IsolatedEvaluator, 1, 2)
    student = SequenceStudent(1, out, seed=0, workers=1, lesson=Lesson(episodes=4, rounds=0))
    student.accepted(program, sequence.stages[:1], player, said.append)
    card = json.loads((out / FOLDER / CARD).read_text())
    assert [v["name"] for v in card["variants"]] == ["plain"]
    assert card["teacher_sha256"] == program.sha256
    # The program serves in a new variant as it is: the student is taught there too, and judged on both.
    student.accepted(program, sequence.stages, player, said.append)
    assert "plain: student over program" in said[-1] and "late: student over program" in said[-1]
    count = len(said)
    student.finish(program, sequence.stages, player, said.append)
    assert len(said) == count


def test_a_composed_program_recognises_its_world() -> None:
    """In one world actions come late: each has its skill, and nobody says which world it is."""
    tasks = {
        "plain": resolve_task("CartPole-v1"),
        "late": resolve_task("CartPole-v1", variant="delay=3"),
    }
    lean = (
        "class Lean:\n    def reset(self, seed):\n        pass\n\n"
        "    def act(self, o):\n        return int(o[2] + 0.5 * o[3] > 0)\n\n\n"
        'CARD = {"achieves": "stands"}\n'
    )
    skills = [read_skill(name, lean) for name in tasks]
    worlds = [
        KnownVariant(
            name=name,
            dynamics=fit_world(
                task, Program(source=lean), Worlds(), lambda t, workers=1: InProcessEvaluator(t), episodes=4
            ),
            skill=name,
        )
        for name, task in tasks.items()
    ]
    program = compose(skills, worlds, None)
    assert check_program(program) == []
    for name, task in tasks.items():
        with InProcessEvaluator(task) as evaluator:
            (result,) = evaluator.run([Job(program=program, seed=5, record=Record.TRACE)])
        assert result.recording is not None
        chosen = [t["skill"] for t in result.recording.traces]
        assert chosen[-1] == name, chosen
        assert "The world answers" in str(result.recording.traces[-1]["why"])
