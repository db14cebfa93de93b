"""Skills that a program carries and does not use: found, placed under a rule, and kept only where that is better."""

from __future__ import annotations

from dataclasses import replace

from hlearn.editors.api import Brief
from hlearn.editors.search import SearchEditor
from hlearn.editors.search.placing import SkillPlacing, placed, unplaced
from hlearn.evaluate.api import Job, Record
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.policy.modules import check_program
from hlearn.policy.skills import read_skill, with_skill
from hlearn.program import Program
from hlearn.tasks import resolve_task
from hlearn.testing.labs import PlainLab

# Pushes the right way on the left of 0.03 only: from there on it lets the pole fall.
LEFT = '''"""Left."""


class Left:
    def reset(self, seed):
        pass

    def act(self, o):
        good = int(o[2] + 0.5 * o[3] + 0.1 * (o[1] + 0.5 * o[0]) > 0)
        return good if o[0] {sign} 0.0{more} else 1 - good
'''
BASE = Program(source=LEFT.format(sign="<", more="3"))
CARD = '\n\nCARD = {"achieves": "keeps the pole up on the right"}\n'
RIGHT = read_skill("right", LEFT.format(sign="> -", more="3").replace("class Left", "class Right") + CARD)


def brief(lab: PlainLab, champion: Program) -> Brief:
    return Brief(
        task=lab.task,
        observation=lab.observation,
        actions=lab.actions,
        champion=champion,
        champion_dev=None,
    )


def test_a_skill_that_is_carried_is_no_skill_that_is_used() -> None:
    carrying = with_skill(BASE, RIGHT)
    assert [s.name for s in unplaced(carrying)] == ["right"] and unplaced(BASE) == ()
    using = placed(carrying, RIGHT, 0, 0.0, above=True, named="cart")
    assert unplaced(using) == () and check_program(using) == []
    assert {f.path for f in using.files} == {"base.py", "skills/right.py"}
    again = placed(using, replace(RIGHT, name="other"), 0, 0.0, above=True, named="cart")
    assert "base_2.py" in {f.path for f in again.files} and check_program(again) == []


def test_a_placed_skill_acts_where_its_rule_says() -> None:
    program = placed(with_skill(BASE, RIGHT), RIGHT, 0, 0.0, above=True, named="cart")
    with InProcessEvaluator(resolve_task("CartPole-v1")) as evaluator:
        (result,) = evaluator.run([Job(program=program, seed=5, record=Record.TRACES)])
    assert result.outcome.score == 500 and result.recording is not None
    acted = {(t["skill"], float(str(t["watched"])) > 0) for t in result.recording.traces}
    assert acted <= {("base", False), ("right", True)} and ("right", True) in acted
    assert "keeps the pole up" in str(next(t["why"] for t in result.recording.traces if t["why"]))


def test_the_search_places_a_skill_where_it_helps() -> None:
    lab = PlainLab("CartPole-v1", steps=400_000)
    champion = with_skill(BASE, RIGHT)
    proposal = SearchEditor().propose(brief(lab, champion), lab)
    assert proposal is not None and "the skill right where" in proposal.note
    assert proposal.dev is not None and proposal.dev.mean is not None and proposal.dev.mean > 400
    assert lab.spent < 60_000
    placing = SkillPlacing()
    useless = read_skill("useless", "class Still:\n    def reset(self, s):\n        pass\n\n    def act(self, o):\n"
                         "        return 0\n" + CARD)  # fmt: skip
    assert placing.propose(brief(lab, with_skill(proposal.program, useless)), lab) is None
    assert placing.propose(brief(lab, with_skill(proposal.program, useless)), lab) is None, "asked once"
