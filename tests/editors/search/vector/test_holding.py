"""Signals are held at the value at which the reward peaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hlearn.editors.api import Brief
from hlearn.editors.search.vector import VectorSearch
from hlearn.editors.search.vector.holding import holds
from hlearn.editors.search.vector.probing import probe
from hlearn.evaluate.api import Job
from hlearn.probe.vector.targets import find_targets
from tests.editors.search.plain_lab import PlainLab

ROOM = "tests.editors.search.own_environments:Room-v0"


@pytest.mark.parametrize("seed", [3, 4])
def test_the_reward_tells_what_is_to_be_held_and_where(seed: int) -> None:
    sketch = probe(PlainLab(ROOM, steps=4_000, seed=seed))
    targets = {s.name: s.target for s in sketch.signals if s.target is not None}
    assert targets["x0"] == pytest.approx(21.0, abs=1.5)
    assert "x2" not in targets


def test_where_nothing_is_to_be_held_nothing_is() -> None:
    sketch = probe(PlainLab("CartPole-v1", steps=20_000))
    assert all(s.target is None for s in sketch.signals)
    assert list(holds(sketch, "CartPole")) == []


def test_a_signal_that_is_better_the_farther_it_is_has_no_target() -> None:
    sketch = probe(PlainLab(ROOM, steps=4_000))
    seen = np.random.default_rng(0).normal(size=(300, 3))
    away = find_targets(sketch.signals, [seen], [np.append(np.abs(seen[1:, 0]), 0.0)])
    assert all(s.target is None for s in away)


def test_a_room_is_kept_warm_by_a_rule_within_twenty_episodes() -> None:
    lab = PlainLab(ROOM, steps=2_000, seed=5)
    brief = Brief(
        task=lab.task, observation=lab.observation, actions=lab.actions, champion=None, champion_dev=None
    )
    last = list(VectorSearch(brief, lab).proposals())[-1]
    lab.grant(3_000)
    fresh = lab.measure([Job(program=last.program, seed=s) for s in lab.seeds(800_000, 20)])
    assert np.mean([r.outcome.score for r in fresh]) > -150.0  # a valve that never moves: -218 at best


def test_every_rule_that_holds_plays() -> None:
    lab = PlainLab(ROOM, steps=20_000)
    sketch = probe(lab)
    rules = list(holds(sketch, "Room"))
    assert {g.template.name for g in rules} == {"bang-bang", "one gain"}
    for guess in rules:
        program = guess.template.program(guess.values)
        lab.measure([Job(program=program, seed=1, max_steps=20)])


def test_while_one_channel_regulates_the_others_keep_to_their_best_push() -> None:
    sketch = probe(PlainLab(ROOM, steps=20_000))
    (valve,) = sketch.axes
    fan = replace(valve, name="push1", plus=1, drives=())
    both = list(holds(replace(sketch, axes=(valve, fan)), "Room", {"push0": 40.0, "push1": 25.0}))
    sources = [g.template.program(g.values).source for g in both]
    assert ", 25]" in sources[0]
    assert any(s.rstrip().endswith(", 0]") for s in sources)
    gains = next(g for g in both if g.template.name == "one gain")
    assert gains.sums[1] == {"": 25.0} and "x0" in gains.sums[0]
