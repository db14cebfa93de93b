"""Tasks with few states: what is counted, planned and written."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.editors.api import Brief, Proposal
from hlearn.editors.search.vector import VectorSearch
from hlearn.editors.search.vector.tables.tree import grow_trees
from hlearn.evaluate.api import Job
from tests.editors.search.plain_lab import PlainLab

MODULE = "tests.editors.search.counted_environments:Counted"


def _last(lab: PlainLab) -> Proposal:
    brief = Brief(
        task=lab.task, observation=lab.observation, actions=lab.actions, champion=None, champion_dev=None
    )
    return list(VectorSearch(brief, lab).proposals())[-1]


def _fresh(lab: PlainLab, proposal: Proposal, episodes: int) -> float:
    lab.grant(100 * episodes)
    jobs = [Job(program=proposal.program, seed=s) for s in lab.seeds(800_000, episodes)]
    return float(np.mean([r.outcome.score for r in lab.measure(jobs)]))


@pytest.mark.parametrize("name", ["Maze", "Apart"])
def test_a_maze_is_solved_by_the_shortest_way_and_drawn_as_a_map(name: str) -> None:
    lab = PlainLab(f"{MODULE}/{name}-v0", steps=6_000)
    last = _last(lab)
    assert last.dev is not None
    assert last.dev.mean == pytest.approx(1.0 - 0.01 * 14)  # the only way
    assert any(arrow in last.program.source for arrow in "↑→↓←")
    assert "row" in last.program.source and "column" in last.program.source


def test_a_maze_seen_as_a_whole_is_counted_too() -> None:
    last = _last(PlainLab(f"{MODULE}/Floor-v0", steps=6_000))
    assert last.dev is not None
    assert last.dev.mean == pytest.approx(1.0 - 0.01 * 14)


def test_where_the_floor_slips_ways_are_weighed_by_how_often_they_led_where() -> None:
    lab = PlainLab(f"{MODULE}/Slips-v0", steps=12_000)
    assert _fresh(lab, _last(lab), 100) > 0.75


def test_one_step_episodes_with_chance_give_a_rule() -> None:
    lab = PlainLab(f"{MODULE}/Dice-v0", steps=6_000)
    last = _last(lab)
    # Taking is worth the face, rolling 3.5 less the fee: take from 3 on, or from 2 on where the fee is 2.
    assert _fresh(lab, last, 3_000) == pytest.approx(3.61, abs=0.1)
    assert "part0" in last.program.source
    assert len(last.program.source.splitlines()) < 35


def test_walking_along_a_cliff_takes_a_few_questions() -> None:
    lab = PlainLab("CliffWalking-v1", steps=20_000)
    lab.longest = 10_000
    last = _last(lab)
    assert last.dev is not None and last.dev.mean == -13.0
    assert lab.spent < 20_000
    assert len(last.program.source.splitlines()) < 30


def test_a_tree_sees_what_only_two_questions_together_tell() -> None:
    table = np.array([(a, b) for a in range(4) for b in range(4)])
    apart = (table[:, 0] >= 2) != (table[:, 1] >= 2)
    cost = np.stack([apart, ~apart], axis=1).astype(float)
    *_, tree = grow_trees(table, cost, 4)
    assert (cost[np.arange(16), tree.choose(table)] == 0).all()
    assert tree.leaves == 4
