"""A user's environment that is wrong is told so, in plain words."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.errors import EnvironmentFault, HarnessError
from hlearn.evaluate.api import Job
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.records import Access, Program, Protocol
from hlearn.tasks import open_environment, resolve_task
from hlearn.tasks.registry import is_own, report_cap
from hlearn.tasks.task import Task

MODULE = "tests.tasks.broken_environments"
STAYS = Program(
    source="class S:\n    def reset(self, seed): pass\n    def act(self, observation): return 1\n"
)


def _task(name: str) -> Task:
    return Task(env_id=f"{MODULE}:Broken/{name}-v0", access=Access.VECTOR, protocol=Protocol.STANDARD)


FAULTS = [
    (
        "Raises",
        r"your environment Broken/Raises-v0 raised in step\(\): ValueError: my env broke \(broken_env.*py:\d+\)",
    ),
    ("RaisesInReset", r"raised in reset\(\): RuntimeError: no start \(broken_environments.py:\d+\)"),
    (
        "RaisesInConstructor",
        r"raised in its constructor: ValueError: no such level \(broken_environments.py:\d+\)",
    ),
    (
        "Short",
        r"gave in reset\(\) an array of shape \(3,\).*observation_space is Box\(-1.0, 1.0, \(4,\), float64\)",
    ),
    ("Single", r"gave in reset\(\) float 0.5 as observation"),
    ("Shrinks", r"gave in step\(\) an array of shape \(2,\)"),
    ("OldStep", r"returned 4 values from step\(\); expected five .* old gym"),
    ("OldStepUnlimited", r"returned 4 values from step\(\); expected five .* old gym"),
    ("OldReset", r"returned one ndarray from reset\(\); expected two values"),
    ("Unseeded", r"reset\(self, \*, seed=None, options=None\)"),
    ("NoReward", r"returned reward None.*expected a finite number"),
    ("NanReward", r"returned reward nan"),
    (
        "TextReward",
        r"returned reward '1.0'.*expected a finite number.*\(step\(\) is defined in broken_environments.py:\d+\)",
    ),
    (
        "Blank",
        r"gave in step\(\) NoneType None as observation; .*\(step\(\) is defined in broken_env.*py:\d+\)",
    ),
    ("BlankNumber", r"gave in step\(\) NoneType None as observation; its observation_space is Discrete\(3\)"),
    (
        "BlankAtOnce",
        r"gave in reset\(\) NoneType None as obs.*\(reset\(\) is defined in broken_environments.py:\d+\)",
    ),
    ("BlankPart", r"gave in step\(\) dict .*'lamp': None.* as observation; .*expected numbers, got None"),
    ("HalfBlank", r"gave in step\(\) list \[0.5, None.* as observation; .*expected numbers, got None"),
    ("Written", r"gave in step\(\) list \['0.5', .* as observation; .*expected numbers"),
    ("Repeats", r"gave in step\(\) float 0.5 as observation; .*expected 4 numbers, got 1"),
    ("NoInfo", r"gave None as info"),
    ("NoSpaces", "has no observation_space"),
    (
        "Sized",
        r"missing 1 required positional argument: .size.*; say what it is made with, as in: --env size=VALUE",
    ),
    ("Quits", r"raised in step\(\): SystemExit: 4"),
]


@pytest.mark.parametrize(("name", "words"), FAULTS)
def test_a_mistake_is_named_in_the_main_process(name: str, words: str) -> None:
    with pytest.raises(EnvironmentFault, match=words), InProcessEvaluator(_task(name)) as evaluator:
        evaluator.run([Job(program=STAYS, seed=3)])


@pytest.mark.parametrize(("name", "words"), [FAULTS[n] for n in (0, 1, 2, 3, 6)])
def test_a_mistake_is_named_where_workers_play(name: str, words: str) -> None:
    with pytest.raises(EnvironmentFault, match=words), IsolatedEvaluator(_task(name)) as evaluator:
        evaluator.run([Job(program=STAYS, seed=3)])


def test_an_environment_that_ends_its_process_is_named() -> None:
    words = r"Broken/Exits-v0 ended the process .*\(exit status 7\)"
    with pytest.raises(EnvironmentFault, match=words), IsolatedEvaluator(_task("Exits")) as evaluator:
        evaluator.run([Job(program=STAYS, seed=3)])


def test_a_module_that_raises_is_named(tmp_path, monkeypatch) -> None:
    (tmp_path / "raising_module.py").write_text("\n1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(
        EnvironmentFault, match=r"module raising_module raised .*ZeroDivision.*\(raising_module.py:2\)"
    ):
        resolve_task("raising_module:Thing-v0")


def test_a_sound_environment_is_left_alone() -> None:
    environment = open_environment(_task("Sound"))
    seen = np.empty(4)
    assert environment.reset(5, seen) == 0
    assert environment.step(1, seen) == (1.0, False, False, 1)
    environment.close()


def test_reports_stop_where_no_time_limit_is_registered() -> None:
    assert report_cap(_task("Sound")) is None
    assert report_cap(_task("Endless")) == 10_000
    assert report_cap(resolve_task("CartPole-v1")) is None
    assert report_cap(resolve_task("ALE/Pong-v5")) is None


def test_whose_an_environment_is() -> None:
    assert is_own(_task("Sound"))
    assert not is_own(resolve_task("CartPole-v1"))
    assert not is_own(resolve_task("ALE/Pong-v5"))
    assert not issubclass(EnvironmentFault, HarnessError)


def test_an_installed_packages_bare_assertion_is_told_by_its_line(tmp_path, monkeypatch) -> None:
    package = tmp_path / "packaged_env.py"
    package.write_text(
        "import gymnasium\n\n\nclass Broken(gymnasium.Env):\n    def __init__(self):\n        assert 1 + 1 == 3\n\n\n"
        'gymnasium.register("Packaged-v0", entry_point=Broken)\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("site.getsitepackages", lambda: [str(tmp_path)])
    with pytest.raises(EnvironmentFault, match=r"AssertionError \(packaged_env.py:6: assert 1 \+ 1 == 3\)"):
        open_environment(resolve_task("packaged_env:Packaged-v0"))
