from __future__ import annotations

import pytest

from hlearn.editors.api import Brief
from hlearn.editors.search.vector import VectorSearch
from hlearn.evaluate.api import Job
from hlearn.records import Program
from tests.editors.search.plain_lab import PlainLab

WRITTEN_BY_A_PERSON = '''"""Lean with the pole."""

from hlearn.policy import Param, RulePolicy, rule


class Lean(RulePolicy):
    lean = Param(-1.0, low=-10, high=10)
    spin = Param(0.5, low=-10, high=10)
    drift = Param(0.0, low=-10, high=10)

    @rule
    def push(self, s):
        return 1 if s.urge > 0 else 0
'''.replace(
    "    @rule\n",
    "    from hlearn.policy import detect\n\n    @detect\n    def urge(self, obs):\n"
    "        return self.lean * obs[2] + self.spin * obs[3] + self.drift * obs[1]\n\n    @rule\n",
)


def brief(lab: PlainLab, champion: Program | None = None) -> Brief:
    return Brief(
        task=lab.task, observation=lab.observation, actions=lab.actions, champion=champion, champion_dev=None
    )


def test_cartpole_is_solved_by_a_readable_program_and_the_search_ends():
    lab = PlainLab("CartPole-v1", steps=300_000, seed=1)
    proposals = list(VectorSearch(brief(lab), lab).proposals())
    last = proposals[-1]
    assert last.dev is not None
    assert last.dev.mean == 500.0
    assert last.dev.program == last.program.sha256
    assert "Param(" in last.program.source
    assert len(last.program.source.splitlines()) < 80
    fresh = [Job(program=last.program, seed=seed) for seed in lab.seeds(700_000, 20)]
    assert lab.remaining > 0
    assert sum(r.outcome.score for r in lab.measure(fresh)) / 20 > 490


def test_the_same_seed_gives_the_same_proposals():
    def sources() -> list[str]:
        lab = PlainLab("CartPole-v1", steps=20_000, seed=3)
        return [p.program.source for p in VectorSearch(brief(lab), lab).proposals()]

    first = sources()
    assert first
    assert first == sources()


def test_a_budget_that_ends_within_the_probe_gives_nothing():
    lab = PlainLab("CartPole-v1", steps=5)
    assert list(VectorSearch(brief(lab), lab).proposals()) == []
    lab = PlainLab("CartPole-v1", steps=50)  # a probe takes a tenth, or one episode
    assert len(list(VectorSearch(brief(lab), lab).proposals())) == 1


def test_a_persons_program_is_tuned_too():
    lab = PlainLab("CartPole-v1", steps=60_000, seed=2)
    proposals = list(VectorSearch(brief(lab, Program(source=WRITTEN_BY_A_PERSON)), lab).proposals())
    assert any(text.startswith("parameters:") for text in lab.said)
    assert not any("inf" in text for text in lab.said)  # who has no score yet has none, not minus infinity
    assert proposals
    scores = [p.dev.mean for p in proposals if p.dev is not None]
    assert scores[-1] is not None
    assert scores[-1] > 300


def test_a_users_own_environment():
    lab = PlainLab("hlearn.testing.toys:Corridor-v0", steps=120_000)
    proposals = list(VectorSearch(brief(lab), lab).proposals())
    assert proposals[-1].dev is not None
    assert proposals[-1].dev.mean == pytest.approx(10.0, abs=1.0)


def test_a_task_whose_speeds_are_hidden_gets_a_memory():
    lab = PlainLab("tests.editors.search.own_environments:Ice-v0", steps=80_000)
    proposals = list(VectorSearch(brief(lab), lab).proposals())
    assert "Change()" in proposals[-1].program.source
    assert proposals[-1].dev is not None
    assert proposals[-1].dev.mean is not None
    assert proposals[-1].dev.mean > 80
