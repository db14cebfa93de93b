"""Why a program decided: the stated decision is the one taken, and what is said to turn it turns it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlearn.errors import UsageError
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.explain.decisions import Explained, explain_steps, explain_with, play_change
from hlearn.explain.words import decision_lines, nearest, source_lines
from hlearn.program import ProgramFile
from hlearn.records import Program
from hlearn.tasks import resolve_task
from hlearn.tasks.registry import describe
from hlearn.trust import Worlds
from tests.cli.conftest import hl

WALK = '''
from typing import NamedTuple
from hlearn.parts import toward
from hlearn.policy import Param, RulePolicy, detect, rule


class Thing(NamedTuple):
    x: float
    far: bool


class Walk(RulePolicy):
    near = Param(0.5, low=0, high=10, unit="cells")

    def setup(self):
        self.went = 0

    @detect
    def here(self, obs):
        return int(obs[0])

    @detect
    def goal(self, obs):
        return Thing(float(obs[1]), bool(abs(obs[1] - obs[0]) > 12))

    @rule
    def rest(self, s):
        """Every thirteenth step, if near."""
        self.went += 1
        if self.went % 13 == 0 and not s.goal.far:
            return 0
        return None

    @rule
    def walk(self, s):
        way = toward(s.here, s.goal.x, self.near)
        return None if way == 0 else 1 if way < 0 else 2
'''
GAIN = """
import numpy as np
from hlearn.policy import ComposedPolicy, Param, controller, reflex


class Gain(ComposedPolicy):
    gain = Param(0.4, low=0.0, high=2.0)

    def act(self, obs):
        self.s.gap = obs[2:] - obs[:2]
        return super().act(obs)

    @controller
    def close(self, s):
        return self.gain * s.gap

    @reflex
    def stop(self, s):
        return -self.gain * s.gap if float(np.abs(s.gap).max()) < 0.2 else None
"""
PLAIN = """
class Plain:
    def reset(self, seed):
        self.steps = iter(range(10_000))

    def act(self, obs):
        next(self.steps)
        return 2 if obs[0] < obs[1] else 1
"""
FAR = b"def far(obs):\n    if obs[0] > 3:\n        return True\n    return False\n"
CORRIDOR, SEEK = (resolve_task(f"hlearn.testing.toys:{name}-v0") for name in ("Corridor", "Seek"))


@pytest.fixture(scope="module")
def walked() -> Explained:
    return explain_steps(CORRIDOR, Program(source=WALK), 5, range(40))


def test_the_stated_decision_is_the_one_taken(walked: Explained) -> None:
    assert len(walked.decisions) == 40
    for decision in walked.decisions:
        assert decision.agrees and decision.rule in ("rest", "walk", "idle")
        spoke = [part.name for part in decision.asked if part.spoke and part.role == "rule"]
        assert (spoke or ["idle"]) == [decision.rule]


def test_a_decision_names_conditions_values_and_lines(walked: Explained) -> None:
    rest = walked.decisions[12]
    (part,) = (p for p in rest.asked if p.name == "rest")
    assert part.conditions[0].compared == (0, "==", 0) and part.conditions[0].holds
    text = "\n".join(decision_lines(rest, Program(source=WALK), describe(CORRIDOR).actions))
    assert "self.went % 13 == 0" in text and "saw: here" in text
    walk = next(d for d in walked.decisions if d.rule == "walk")
    (call,) = (c for p in walk.asked for c in p.calls if c.name == "toward")
    assert dict(call.given)["deadband"] == 0.5 and call.result in (-1, 1)
    source = list(source_lines(walk, Program(source=WALK)))
    assert source[0] == "policy.py:" and any(line.startswith(">") for line in source)


def test_counterfactuals_turn_the_decision_when_they_are_played(walked: Explained) -> None:
    program = Program(source=WALK)
    played = turned = 0
    kinds = set()
    with IsolatedEvaluator(CORRIDOR) as evaluator:
        for decision in walked.decisions[5:15:3]:
            for one in nearest(decision.counterfactuals, 4):
                kinds.add(one.kind)
                taken = play_change(evaluator, CORRIDOR, program, decision, one.change, Worlds())
                played += 1
                turned += taken == one.action != decision.taken
    assert played == turned > 8 and kinds >= {"state", "observation"}


def test_a_controller_is_explained_by_its_parts_and_gains() -> None:
    explained = explain_steps(SEEK, Program(source=GAIN), 1, (0, 49))
    first, last = explained.decisions
    assert first.agrees and first.rule == "close" and last.rule == "close+stop"
    assert {c.name for c in first.counterfactuals} >= {"gain"} and first.counterfactuals[0].share > 0


def test_a_plain_class_that_cannot_be_copied_is_explained_without_counterfactuals() -> None:
    (decision,) = explain_steps(CORRIDOR, Program(source=PLAIN), 1, (3,)).decisions
    assert decision.agrees and decision.asked[0].name == "act"
    assert decision.asked[0].conditions[0].text == "obs[0] < obs[1]"
    generator = PLAIN.replace("iter(range(10_000))", "(n for n in range(10_000))")
    (decision,) = explain_steps(CORRIDOR, Program(source=generator), 1, (3,)).decisions
    assert decision.agrees and "generator" in decision.uncopyable and not decision.counterfactuals


def test_a_program_of_several_files_is_asked_too() -> None:
    program = Program(
        source="from .seeing import far\nclass P:\n    def reset(self, seed): pass\n"
        "    def act(self, obs): return 2 if far(obs) else 1\n",
        files=(ProgramFile(path="seeing.py", data=FAR),),
    )
    with IsolatedEvaluator(CORRIDOR) as evaluator:
        (decision,) = explain_with(evaluator, CORRIDOR, program, 1, (0,)).decisions
    assert ("policy/seeing.py", 2) in {(c.path, c.line) for c in decision.asked[0].conditions}


def test_a_step_past_the_end_is_named() -> None:
    with pytest.raises(UsageError, match=r"past the end: .* has \d+ decisions"):
        explain_steps(CORRIDOR, Program(source=WALK), 5, (100_000,))


def test_the_command_says_why(system: Path) -> None:
    said = hl("why", system, "--step", 3, "--check", "--json")
    assert said.code == 0, said.err
    assert said.data["action"] == said.data["taken"] and all(said.data["checked"])
    assert "says" in said.err
    assert hl("why", system, "--step", 10**6).code == 2
    assert hl("why", system, "--seed", 2**29 + 5).code == 2
    (system / "policy.py").write_text("nonsense(")
    broken = hl("why", system, "--step", 0)
    assert broken.code == 2 and "before its first decision" in broken.err
