"""Random play: where draws lie, and that a probe is known as one."""

from __future__ import annotations

import itertools

import numpy as np

from hlearn.probe.random_play import is_probe, probing_program, random_program
from hlearn.records import Program
from hlearn.tasks.environment import Box, Discrete, draw_action

WIDE = Box(low=(-2.0, -np.inf, -5e7, 0.0, 5.0), high=(0.5, np.inf, 3.0, 3_200.0, np.inf))
BOUNDS = ((-2.0, 0.5), (-1.0, 1.0), (-1.0, 3.0), (0.0, 3_200.0), (5.0, 6.0))


def drawn(program: Program, count: int) -> list[object]:
    names: dict[str, type] = {}
    exec(compile(program.source, "policy", "exec"), names)
    policy = next(v for v in names.values() if isinstance(v, type) and hasattr(v, "act"))()
    policy.reset(5)
    return [policy.act(None) for _ in range(count)]


def test_draws_lie_within_the_bounds_and_within_one_where_there_are_none() -> None:
    assert WIDE.finite_bounds == BOUNDS
    rng = np.random.default_rng(0)
    by_hand = np.array([draw_action(WIDE, rng) for _ in range(200)])
    by_program = np.array(drawn(random_program(WIDE), 200))
    for actions in (by_hand, by_program):
        for k, (low, high) in enumerate(BOUNDS):
            assert low <= actions[:, k].min() < low + 0.2 * (high - low)
            assert high - 0.2 * (high - low) < actions[:, k].max() <= high


def test_a_probe_holds_what_it_draws_and_is_known() -> None:
    actions = drawn(probing_program(Discrete(n=50)), 400)
    changes = sum(a != b for a, b in itertools.pairwise(actions))
    assert 40 < changes < 200, "held for one to eight steps"
    assert set(drawn(random_program(Discrete(n=3)), 100)) == {0, 1, 2}
    assert is_probe(probing_program(WIDE))
    assert not is_probe(random_program(WIDE)), "a control may be shown and kept"
