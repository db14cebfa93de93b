"""From what a policy did to a program of plain rules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hlearn.errors import UsageError
from hlearn.evaluate.api import Job
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.policy.modules import check_program
from hlearn.program import Program
from hlearn.records import Episode
from hlearn.students.samples import LabelledEpisode, gather
from hlearn.students.trees import Leaf, fit_tree, tree_program
from hlearn.tasks import resolve_task
from hlearn.tasks.environment import ObservationSpec, Part
from hlearn.trust import Worlds

LEAN = (
    "class Lean:\n    def reset(self, seed):\n        pass\n\n"
    "    def act(self, o):\n        return int(o[2] + 0.5 * o[3] > 0)\n"
)


def test_a_tree_finds_the_question() -> None:
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(500, 3))
    tree = fit_tree(seen, (seen[:, 1] > 0.3).astype(np.int64), depth=3)
    assert not isinstance(tree, Leaf) and tree.component == 1 and abs(tree.threshold - 0.3) < 0.1
    assert fit_tree(seen, np.zeros(500, np.int64), depth=3) == Leaf(0, 1.0, 500)


def test_a_tree_plays_like_its_teacher(tmp_path: Path) -> None:
    task, teacher = resolve_task("CartPole-v1"), Program(source=LEAN)
    with InProcessEvaluator(task) as evaluator:
        from hlearn.students.programs import taught

        subject = taught(teacher, None, frames=1, share=0.0, discrete=True)
        episodes = gather(
            *(task, subject, range(3), tmp_path),
            led=True,
            worlds=Worlds(),
            evaluators=lambda t, workers=1: InProcessEvaluator(t),
        )
        spec = ObservationSpec(shape=(4,), dtype="float64", parts=(Part(name="angle", start=2, size=1),))
        program = tree_program(episodes, spec, teacher, depth=8)
        (result,) = evaluator.run([Job(program=program, seed=50)])
    assert check_program(program) == [] and "# angle" in program.source
    # questions lie along the axes, the teacher's border does not; random play scores 22
    assert isinstance(result.outcome, Episode) and result.outcome.score > 60
    vector = LabelledEpisode(seen=np.zeros((9, 2)), wanted=np.zeros((9, 2)), state={}, score=0.0, led=True)
    with pytest.raises(UsageError, match="components of a vector"):
        tree_program([vector], spec, teacher, depth=3)
