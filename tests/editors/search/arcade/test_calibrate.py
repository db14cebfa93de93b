"""What hits and misses say about an interception."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hlearn.editors.search.arcade.calibrate import find_edges, variants
from hlearn.editors.search.arcade.contacts import Contact, find_contacts
from hlearn.editors.search.arcade.genome import Genome
from hlearn.evaluate.api import Recording
from tests.editors.search.arcade.guesses import kinds, ram_pool

HALF = 6  # pixels from a paddle's middle to its edge


def interception(option: int = 1) -> Genome:
    home, pool = ram_pool()
    meet = next(b for b in kinds(pool)["intercept"] if b.option == option)
    return replace(home, behaviors=(meet,))


def rally(option: int, middle: float, arrivals: int = 40) -> Recording:
    """A ball between 60 and the line; the own thing stands off-centre by a varying gap; what misses starts anew."""
    line = dict(interception(option).behaviors[0].knobs)["line"].value
    rng = np.random.default_rng(2)
    traces: list[dict[str, float | None]] = []
    for _ in range(arrivals):
        gap = float(rng.uniform(-2.5 * HALF, 2.5 * HALF))
        ball = float(rng.uniform(80, 160))
        hit = abs(gap) <= HALF
        path = [line - 40 + 2 * t for t in range(21)]
        path += [line - 2 * t for t in range(1, 21)] if hit else [line + 2 * t for t in range(1, 10)]
        for depth in path:
            there = depth if option > 0 else 2 * line - depth
            traces.append({"ball": ball, "ball_depth": there, "player_x": ball - gap - middle})
        traces += [{"ball": None, "ball_depth": None, "player_x": 90.0}] * 12
    none = np.zeros(0)
    return Recording(observations=none, actions=none, rewards=none, traces=tuple(traces))


@pytest.mark.parametrize("option", [1, -1])
def test_contacts_edges_and_middle(option: int) -> None:
    genome = interception(option)
    behavior = genome.behaviors[0]
    contacts = find_contacts(rally(option, middle=3.0), genome, 0)
    assert len(contacts) == 40
    line = dict(behavior.knobs)["line"].value
    assert {round(c.depth - line) for c in contacts if c.hit} == {0}
    assert all(abs(c.gap - 3.0) <= HALF for c in contacts if c.hit)
    assert all(abs(c.gap - 3.0) > HALF for c in contacts if not c.hit)
    edges = find_edges(contacts)
    assert edges is not None
    assert sum(edges) / 2 == pytest.approx(3.0, abs=1.5)
    assert (edges[1] - edges[0]) / 2 == pytest.approx(HALF, abs=1.5)


def test_without_traces_or_own_thing_there_are_no_contacts() -> None:
    genome = interception()
    none = np.zeros(0)
    empty = Recording(observations=none, actions=none, rewards=none, traces=({"rule": "idle"},) * 50)
    assert find_contacts(empty, genome, 0) == []
    assert find_contacts(rally(1, 0.0), replace(genome, across=None, down=None), 0) == []


def contacts(hits: list[float], misses: list[float]) -> list[Contact]:
    return [Contact(step=0, gap=g, depth=0.0, hit=True) for g in hits] + [
        Contact(step=0, gap=g, depth=0.0, hit=False) for g in misses
    ]


def test_edges_lie_between_hits_and_misses() -> None:
    assert find_edges(contacts([-3, -1, 0, 2, 4], [-6, 7, 30])) == (-4.5, 5.5)
    assert find_edges(contacts([-3, -1, 0, 2, 4], [])) == (-3, 4)
    assert find_edges(contacts([0, 1, 2], [5])) is None
    edges = find_edges(contacts([-3, -1, 0, 2, 4, 40], [10, 12, 14, 16]))
    assert edges == (-3, 7.0), "a lucky hit far away costs more misses than it brings"


HITS = [float(g) for g in np.linspace(-4, 6, 21)]


def knob(genome: Genome, name: str) -> float:
    return dict(genome.behaviors[0].knobs)[name].value


def test_variants_meet_both_edges() -> None:
    genome = interception()
    found = variants(genome, 0)
    offsets = [knob(v, "offset") for v in found]
    assert offsets == sorted(offsets)
    assert offsets[0] < knob(genome, "offset") < offsets[-1]
    assert all(knob(v, "spread") > 2 * knob(genome, "spread") for v in found)
