"""The public surface: what may be imported, and that importing the package loads nothing."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import hlearn

SURFACE = {
    "hlearn": ["HlearnError", "LearnResult", "Program", "System", "Task", "learn", "resolve_task"],
    "hlearn.editors.api": ["Brief", "Editor", "Lab", "Proposal"],
    "hlearn.evaluate.api": ["Evaluator", "EvaluatorMaker", "Job", "Limits", "Record", "Recording", "Result"],
    "hlearn.evaluate.isolated": ["IsolatedEvaluator"],
    "hlearn.evaluate.inprocess": ["InProcessEvaluator"],
    "hlearn.gate": ["Gate", "Verdict"],
    "hlearn.policy": [
        "ComposedPolicy",
        "JoystickPolicy",
        "Param",
        "Policy",
        "RulePolicy",
        "controller",
        "detect",
        "reflex",
        "rule",
    ],
    "hlearn.records": [
        "Access",
        "Cost",
        "Episode",
        "Evaluation",
        "Failure",
        "FailureKind",
        "Program",
        "Protocol",
        "Split",
    ],
    "hlearn.tasks.environment": ["Box", "Discrete", "Environment", "ObservationSpec"],
    "hlearn.tasks.family": ["EnvironmentFamily", "ScoreScale", "Traits"],
    "hlearn.testing.contracts": [
        "EditorContract",
        "EnvironmentContract",
        "EvaluatorContract",
        "PolicyContract",
    ],
    "hlearn.testing.labs": ["PlainLab", "ScriptedLab"],
}


@pytest.mark.parametrize("module", SURFACE)
def test_what_is_promised_is_there(module: str) -> None:
    found = importlib.import_module(module)
    for name in SURFACE[module]:
        assert getattr(found, name).__doc__, f"{module}.{name}"


def test_the_package_names_what_it_offers() -> None:
    assert sorted(hlearn.__all__) == SURFACE["hlearn"]
    assert set(hlearn.__all__) <= set(dir(hlearn))
    with pytest.raises(AttributeError, match="no attribute 'teach'"):
        _ = hlearn.teach


def test_importing_the_package_loads_nothing() -> None:
    code = (
        "import sys, hlearn; print(sorted(m for m in sys.modules if m.startswith('hlearn') or m == 'numpy'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['hlearn']"


def test_learn_stays_the_function_whatever_was_imported_before() -> None:
    code = "import hlearn.learning; from hlearn import learn; print(callable(learn), learn.__module__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "hlearn.learning"]
