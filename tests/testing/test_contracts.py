"""What is in the box keeps to the contracts that are shipped for others."""

from __future__ import annotations

import numpy as np

from hlearn.editors.api import Editor
from hlearn.editors.scripted import ScriptedEditor
from hlearn.editors.search import SearchEditor
from hlearn.evaluate.api import Evaluator
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.policy import ComposedPolicy, Policy, RulePolicy, controller, detect, reflex, rule
from hlearn.tasks import open_environment, resolve_task
from hlearn.tasks.environment import Box, Environment
from hlearn.testing.contracts import EditorContract, EnvironmentContract, EvaluatorContract, PolicyContract

WALK = """
from hlearn.policy import RulePolicy, rule

class Walk(RulePolicy):
    @rule
    def go(self, s): return 1
"""


class TestAtari(EnvironmentContract):
    def make(self) -> Environment:
        return open_environment(resolve_task("ALE/Pong-v5"))


class TestGymnasium(EnvironmentContract):
    def make(self) -> Environment:
        return open_environment(resolve_task("hlearn.testing.toys:Seek-v0"))


class TestDiscreteObservation(EnvironmentContract):
    def make(self) -> Environment:
        return open_environment(resolve_task("FrozenLake-v1"))


class TestInProcess(EvaluatorContract):
    def make(self) -> Evaluator:
        return InProcessEvaluator(resolve_task("hlearn.testing.toys:Corridor-v0"))


class TestIsolated(EvaluatorContract):
    action = "[0.1, 0.2]"

    def make(self) -> Evaluator:
        return IsolatedEvaluator(resolve_task("hlearn.testing.toys:Seek-v0"))


class TestScripted(EditorContract):
    def make(self) -> Editor:
        return ScriptedEditor([WALK])


class TestSearch(EditorContract):
    def make(self) -> Editor:
        return SearchEditor()


class Lean(RulePolicy):
    def setup(self) -> None:
        self.seen = 0

    @detect
    def many(self, obs: np.ndarray) -> bool:
        self.seen += 1
        return self.seen > 5

    @rule
    def follow(self, s: object) -> int:
        return int(self.s.many)  # type: ignore[attr-defined]


class TestRules(PolicyContract):
    def make(self) -> Policy:
        return Lean()


class Hold(ComposedPolicy):
    @controller
    def hold(self, s: object) -> np.ndarray:
        return np.zeros(2)

    @reflex
    def shake(self, s: object) -> np.ndarray:
        return np.array([self.rng.random(), 5.0])


class TestComposed(PolicyContract):
    actions = Box(low=(-1.0, -1.0), high=(1.0, 1.0))

    def make(self) -> Policy:
        return Hold()
