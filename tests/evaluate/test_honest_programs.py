"""None of the honest programs of unusual style is refused, anywhere where a program is looked at."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.compress.unused import without_unused
from hlearn.evaluate.api import Job
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.gate import program_size
from hlearn.policy.source import check_source
from hlearn.records import Access, Episode, Program, Protocol
from hlearn.system.acting import act_on, check
from hlearn.tasks.task import Task

from .honest_programs import HONEST

CORRIDOR = Task(env_id="hlearn.testing.toys:Corridor-v0", access=Access.VECTOR, protocol=Protocol.STANDARD)
SEEN = np.array([[10.0, 12.0], [11.0, 3.0]])


@pytest.fixture(scope="module")
def evaluators():
    with IsolatedEvaluator(CORRIDOR) as isolated, InProcessEvaluator(CORRIDOR) as local:
        yield isolated, local


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_program_plays(evaluators, name):
    program = Program(source=HONEST[name])
    assert check_source(program.source) == [] and check(program.source) == []
    for evaluator in evaluators:
        [result] = evaluator.run([Job(program=program, seed=1)])
        assert isinstance(result.outcome, Episode), result.outcome.message
        assert result.outcome.score == 10.0
    assert program_size(program.source) < len(program.source) / 2  # it was parsed


def test_a_systems_own_test_and_compression_read_them_too():
    for name in ("byte order mark", "a script below the class", "np.char"):
        assert act_on(HONEST[name], SEEN, seed=0) == [2, 1]
    assert check_source(without_unused(HONEST["byte order mark"])) == []


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("class A:\n def reset(self, s): pass\n def act(self, o): return 0\n\nprint(open('x'))", "open"),
        ("if __name__ == '__main__':\n    pass\nelse:\n    import os", "may not import os"),
        ("if __name__ != '__main__':\n    import os", "may not import os"),
        ("input = 3\nexec('1')", "exec"),
        ("__import__ = 3\n__import__('os')", "__import__"),
    ],
)
def test_what_looks_alike_and_runs_is_still_refused(source, says):
    assert any(says in refusal for refusal in check_source(source))
