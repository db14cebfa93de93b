"""Planners around a base: the programs that are written, and the search that proposes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hlearn.editors.api import Brief, Proposal
from hlearn.editors.search.editor import SearchEditor
from hlearn.editors.search.planning import search
from hlearn.editors.search.planning.search import PlanningSearch, ShareLab, fitted
from hlearn.editors.search.planning.written import Planned, PlannerKind, kinds_for, renamed
from hlearn.evaluate.api import Job
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.policy.source import check_source
from hlearn.records import Episode, Planning, Program
from hlearn.tasks import describe, resolve_task
from hlearn.tasks.environment import Box, Discrete
from tests.editors.search.plain_lab import PlainLab

_PUSH = '''"""A base."""

from hlearn.policy import ComposedPolicy, Param, controller


class Base(ComposedPolicy):
    """Pushes."""

    low, high = -2.0, 2.0
    size = Param(0.1, low=0, high=1)

    @controller
    def push(self, s):
        return [self.size]
'''
_LEFT = """from hlearn.policy import RulePolicy, rule


class Left(RulePolicy):
    @rule
    def go(self, s):
        return 0
"""


def _planned(kind: PlannerKind, base: str, actions: Box | Discrete) -> Program:
    planned = Planned(base=Program(source=base), title="Task", kind=kind, actions=actions, knobs=kind.knobs)
    return planned.program({k.name: k.start for k in kind.knobs}, origin="Candidate 1.")


@pytest.mark.parametrize(
    ("env_id", "base", "steps"),
    [("Pendulum-v1", _PUSH, 100), ("CartPole-v1", _LEFT, 100), ("ALE/Breakout-v5", _LEFT, 60)],
)
def test_every_kind_writes_a_program_that_plays(env_id: str, base: str, steps: int) -> None:
    task = resolve_task(env_id, model="simulator")
    actions = describe(task).actions
    assert isinstance(actions, Box | Discrete)
    kinds = kinds_for(actions, vector=task.access.value == "vector", steps=steps)
    programs = [_planned(kind, base, actions) for kind in kinds]
    assert all(check_source(p.source) == [] for p in programs)
    with IsolatedEvaluator(task) as evaluator:
        results = evaluator.run(
            [Job(program=p, seed=1, max_steps=12 if base is _PUSH else 40) for p in programs]
        )
        plain = evaluator.run([Job(program=Program(source=base), seed=1, max_steps=12)])
    for result in results:
        assert isinstance(result.outcome, Episode), result.outcome
        assert result.outcome.planner_steps > 0
    assert plain[0].outcome.planner_steps == 0


def test_a_written_planner_acts_where_nothing_can_be_simulated() -> None:
    task = resolve_task("Pendulum-v1", model="simulator")
    actions = describe(task).actions
    assert isinstance(actions, Box)
    program = _planned(kinds_for(actions, vector=True, steps=100)[0], _PUSH, actions)
    space: dict[str, object] = {}
    exec(program.source, space)
    policy = space["Task"]()  # type: ignore[operator]
    policy.reset(1)
    assert policy.act(np.zeros(3)).tolist() == [0.1]


def test_the_base_keeps_its_words() -> None:
    assert renamed(_PUSH) == _PUSH.replace("class Base(", "class _Base(")


def test_a_value_is_fitted_or_there_is_none() -> None:
    rng = np.random.default_rng(0)
    seen = rng.standard_normal((100, 3))
    assert fitted([seen], [np.zeros(100)]) is None
    beyond = fitted([seen, seen], [np.cumsum(seen[:, 0])] * 2)
    assert beyond is not None
    assert len(beyond.weights) == 3


def test_the_search_proposes_its_base_then_a_planner_that_is_better(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SHORT", 40)
    monkeypatch.setattr(search, "LONGER", 40)
    monkeypatch.setattr(search, "WHOLE", 1)
    monkeypatch.setattr(search, "kinds_for", lambda *given, **named: kinds_for(*given, **named)[:2])
    lab = PlainLab("Pendulum-v1", steps=4_000, model="simulator")
    lab.planning = Planning(budget=60_000, per_decision=24)
    brief = Brief(
        task=lab.task, observation=lab.observation, actions=lab.actions, champion=None, champion_dev=None
    )
    editor = SearchEditor()
    notes: list[str] = []
    means: list[float] = []
    while len(notes) < 2 and (proposal := editor.propose(brief, lab)) is not None:
        notes.append(proposal.note)
        means.append(-np.inf if proposal.dev is None or proposal.dev.mean is None else proposal.dev.mean)
        brief = replace(brief, champion=proposal.program)
    assert "over" in notes[1]
    assert means[1] > means[0]


class _NoBase:
    """A search for bases that finds none."""

    reigning: str | None = None

    def proposals(self) -> Iterator[Proposal]:
        return iter(())


def test_who_plays_coarse_physics_may_play_more_of_it_and_planners_need_no_base(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "SHORT", 6)
    monkeypatch.setattr(search, "LONGER", 6)
    monkeypatch.setattr(search, "WHOLE", 1)
    monkeypatch.setattr(
        search, "kinds_for", lambda *given, **named: [k for k in kinds_for(*given, **named) if k.coarse]
    )
    lab = PlainLab("HalfCheetah-v5", steps=2_000, model="simulator")
    lab.planning = Planning(budget=200_000, per_decision=300)
    lab.longest = 6
    measured: list[Job] = []
    play = lab.measure

    def measure(jobs: Sequence[Job]) -> Any:
        measured.extend(jobs)
        return play(jobs)

    monkeypatch.setattr(lab, "measure", measure)
    found = next(PlanningSearch(lab, _NoBase(), ShareLab(lab)).proposals())
    assert found.dev is not None
    assert "waits" in found.program.source
    samples = [float(re.findall(r"samples = Param\(([0-9.]+)", j.program.source)[0]) for j in measured]
    assert max(samples[:2]) > 2.0 * samples[0]
