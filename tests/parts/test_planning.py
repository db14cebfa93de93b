"""Planners on a model of a few lines: they find what is good and keep to their bounds and budgets."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hlearn.parts.planning import (
    ICEM,
    ILQR,
    MPPI,
    UCT,
    Beam,
    Cyclic,
    GradientShooting,
    Identified,
    RandomShooting,
    RolloutIW,
    Value,
    coloured,
    continued,
    held,
    knotted,
)


@dataclass
class Puck:
    """A puck on a line, pushed by numbers: position and speed; the reward is -|position - 1| - |push| / 100."""

    place: float = 0.0
    speed: float = 0.0
    alive: bool = True
    asked: int = 0
    broken_beyond: float = np.inf
    kept: dict[int, tuple[float, float]] = field(default_factory=dict)

    def rollout(self, actions: Any, *, start: Any = 0, observe: str = "last", keep: bool = False) -> Any:
        plans = np.asarray(actions, float).reshape(len(actions), -1)
        starts = np.broadcast_to(start, (len(plans),))
        rewards, seen, states, way = np.zeros(plans.shape), [], [], np.zeros((*plans.shape, 2))
        for b, plan in enumerate(plans):
            x, v = self.kept[int(starts[b])] if starts[b] else (self.place, self.speed)
            for h, push in enumerate(plan):
                v += 0.2 * push
                x += 0.2 * v
                way[b, h] = x, v
                rewards[b, h] = -np.inf if x > self.broken_beyond else -abs(x - 1.0) - abs(push) / 100
            seen.append([x, v])
            if keep:
                states.append(len(self.kept) + 1)
                self.kept[states[-1]] = (x, v)
        self.asked += plans.size
        return SimpleNamespace(
            rewards=rewards,
            returns=rewards.sum(axis=1),
            lengths=np.full(len(plans), plans.shape[1]),
            ended=np.zeros(len(plans), bool),
            observations=way if observe == "all" else np.array(seen),
            states=np.array(states, np.int64),
        )

    def release(self, states: Any = None) -> None:
        for number in list(self.kept) if states is None else states:
            self.kept.pop(int(number), None)


_KINDS = [
    lambda **o: RandomShooting(samples=60, horizon=10, **o),
    lambda **o: ICEM(samples=60, horizon=10, **o),
    lambda **o: MPPI(samples=60, horizon=10, rounds=2, **o),
    lambda **o: Cyclic(samples=60, horizon=10, knots=5, **o),
    lambda **o: GradientShooting(samples=60, horizon=10, spread=1.0, **o),
    lambda **o: ILQR(samples=60, horizon=10, spread=1.0, **o),
]


@pytest.mark.parametrize("make", _KINDS)
def test_a_planner_brings_the_puck_to_its_place_within_its_budget(make: Any) -> None:
    model, planner = Puck(), make(seed=3)
    for _ in range(40):
        push = float(planner.decide(model, np.zeros((10, 1)))[0])
        assert -1.0 <= push <= 1.0
        model.speed += 0.2 * push
        model.place += 0.2 * model.speed
    assert abs(model.place - 1.0) < 0.1
    assert model.asked / 10 / 40 <= 75
    assert planner.gain >= 0.0


@pytest.mark.parametrize("make", _KINDS)
def test_a_planner_stays_near_the_base_where_it_is_told_to(make: Any) -> None:
    model, planner = Puck(), make(limit=0.1)
    base = np.full((10, 1), -0.5)
    for _ in range(5):
        assert -0.6001 <= planner.decide(model, base)[0] <= -0.3999


@pytest.mark.parametrize("make", _KINDS)
def test_without_a_state_the_base_acts(make: Any) -> None:
    model = Puck(alive=False)
    assert make().decide(model, np.full((10, 1), 0.25)).tolist() == [0.25]
    assert model.asked == 0


@pytest.mark.parametrize("make", _KINDS[:4])
def test_what_is_no_number_is_avoided(make: Any) -> None:
    model, planner = Puck(broken_beyond=0.5), make()
    for _ in range(25):
        push = float(planner.decide(model, np.zeros((10, 1)))[0])
        model.speed += 0.2 * push
        model.place += 0.2 * model.speed
    assert model.place <= 0.5


@pytest.mark.parametrize("make", _KINDS)
def test_the_same_seed_decides_the_same(make: Any) -> None:
    first, second = (make(seed=8).decide(Puck(), np.zeros((10, 1))) for _ in range(2))
    assert first.tolist() == second.tolist()


def test_a_deadline_leaves_rounds_out() -> None:
    hasty, patient = Puck(), Puck()
    ICEM(samples=90, horizon=5, rounds=6, ms=0.0).decide(hasty, np.zeros((5, 1)))
    ICEM(samples=90, horizon=5, rounds=6).decide(patient, np.zeros((5, 1)))
    assert 0 < hasty.asked < patient.asked / 2


def test_a_value_sees_beyond_the_horizon() -> None:
    model = Puck(place=1.0)
    blind = RandomShooting(samples=30, horizon=2, seed=1).decide(model, np.zeros((2, 1)))
    sighted = RandomShooting(samples=30, horizon=2, value=Value([0.0, 50.0]), seed=1)
    assert sighted.decide(model, np.zeros((2, 1)))[0] > abs(blind[0])


def test_a_value_is_fitted_to_what_is_to_come() -> None:
    rng = np.random.default_rng(0)
    seen = rng.standard_normal((400, 2))
    rewards = np.concatenate([[0.0], seen[:-1, 0]])
    value = Value.fitted(seen, rewards, horizon=2)
    assert value(np.array([[2.0, 0.0]]))[0] > 1.0 > value(np.array([[0.0, 2.0]]))[0]


def test_a_base_program_is_continued_and_stays_as_it_was() -> None:
    class Counting:
        def __init__(self) -> None:
            self.count = 0

        def act(self, observation: np.ndarray) -> list[float]:
            self.count += 1
            return [0.1 * self.count]

    base, model = Counting(), Puck()
    plan = continued(model, base, np.zeros(2), 4)
    assert plan.ravel().tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert base.count == 0
    assert held(plan[0], 3).shape == (3, 1)


def test_coloured_noise_has_unit_variance_and_runs_on() -> None:
    rng = np.random.default_rng(0)
    for horizon in (2, 7, 16):
        for colour in (0.0, 1.0, 3.0):
            drawn = coloured(rng, 3000, horizon, 2, colour)
            assert drawn.shape == (3000, horizon, 2)
            assert drawn.std() == pytest.approx(1.0, abs=0.03)
    drawn = coloured(rng, 3000, 16, 1, 3.0)
    assert np.mean(drawn[:, 1:] * drawn[:, :-1]) > 0.8


def test_a_beam_chooses_the_primitive_that_leads_there() -> None:
    model = Puck()
    beam = Beam([np.full((4, 1), -1.0), np.zeros((4, 1)), np.full((4, 1), 1.0)], depth=3)
    assert beam.decide(model) == 2
    assert not model.kept
    assert beam.decide(Puck(alive=False)) is None


@dataclass
class Maze:
    """A corridor of 8 cells, left and right; 1 for the last cell, where it ends; cell 0 ends too, with nothing."""

    alive: bool = True
    asked: int = 0
    at: int = 2
    kept: dict[int, int] = field(default_factory=dict)

    def rollout(self, actions: Any, *, start: Any = 0, observe: str = "last", keep: bool = False) -> Any:
        plans = np.asarray(actions)
        starts = np.broadcast_to(start, (len(plans),))
        rewards, lengths = np.zeros(plans.shape), np.full(len(plans), plans.shape[1])
        ended, seen, states = np.zeros(len(plans), bool), [], []
        for b, plan in enumerate(plans):
            cell = self.kept[int(starts[b])] if starts[b] else self.at
            for h, action in enumerate(plan):
                cell += 1 if action else -1
                if cell in (0, 7):
                    rewards[b, h], lengths[b], ended[b] = cell // 7, h + 1, True
                    break
            seen.append([cell])
            if keep:
                states.append(len(self.kept) + 1)
                self.kept[states[-1]] = cell
        self.asked += int(lengths.sum())
        return SimpleNamespace(
            rewards=rewards,
            lengths=lengths,
            ended=ended,
            observations=np.array(seen, np.uint8),
            states=np.array(states, np.int64),
        )

    def release(self, states: Any = None) -> None:
        self.kept.clear()


@pytest.mark.parametrize("make", [RolloutIW, UCT])
def test_trees_find_the_way(make: Any) -> None:
    model, planner = (
        Maze(),
        make(2, steps=120, hold=1, walkers=2) if make is RolloutIW else make(2, steps=600, hold=1),
    )
    while model.at not in (0, 7):
        action = planner.decide(model)
        assert action is not None
        model.at += 1 if action else -1
    assert model.at == 7
    assert planner.decide(Maze(alive=False)) is None


def test_iterated_width_stops_where_nothing_is_new() -> None:
    model, planner = Maze(), RolloutIW(2, steps=10_000, hold=1, walkers=1)
    assert planner.decide(model) == 1
    assert model.asked < 60


def test_a_fitted_model_is_planned_with_like_a_simulator() -> None:
    puck, rng = Puck(), np.random.default_rng(0)
    model = Identified(2, 1, lambda seen, pushes: -np.abs(seen[:, 0] - 1.0) - np.abs(pushes[:, 0]) / 100)
    planner = ICEM(horizon=10, samples=60, seed=1)
    for number in range(70):
        model.see(np.array([puck.place, puck.speed]))
        assert model.alive == (number >= 20)
        push = planner.decide(model, np.zeros((10, 1))) if model.alive else rng.uniform(-1, 1, 1)
        model.note(push)
        puck.speed += 0.2 * float(push[0])
        puck.place += 0.2 * puck.speed
    assert abs(puck.place - 1.0) < 0.1
    base = held(np.zeros(1), 3)
    out = model.rollout(base[None], keep=True, observe="all")
    assert out.observations.shape == (1, 3, 2)
    assert model.rollout(base[None], start=out.states).lengths.tolist() == [3]
    model.release()
    assert not model._kept


def test_bounds_of_a_planner_are_finite() -> None:
    with pytest.raises(ValueError, match="finite bounds"):
        ICEM(horizon=3, samples=5, low=-np.inf, high=np.inf)


def test_noise_at_knots_goes_straight_in_between_and_has_variance_one_there() -> None:
    drawn = knotted(np.random.default_rng(0), 4000, 7, 2, 3)
    assert drawn.shape == (4000, 7, 2)
    assert np.abs(np.diff(drawn[:, :4], n=2, axis=1)).max() < 1e-9
    assert np.abs(drawn[:, [0, 3, 6]].std(axis=0) - 1.0).max() < 0.05
    assert knotted(np.random.default_rng(0), 5, 4, 1, 1).std(axis=1).max() == 0.0


class Pump(Puck):
    """Pays for pushes that change their sign at every second step: what pays is a cycle of four."""

    now: int = 0

    def rollout(self, actions: Any, **options: Any) -> Any:
        out = super().rollout(actions)
        signs = np.where((self.now + np.arange(out.rewards.shape[1])) // 2 % 2, -1.0, 1.0)
        out.rewards = np.asarray(actions, float)[..., 0] * signs
        return out


def test_a_cycle_that_was_played_is_played_again() -> None:
    model, planner = Pump(), Cyclic(horizon=8, samples=24, knots=4, longest=6, seed=1)
    paid = []
    for _ in range(60):
        push = planner.decide(model, np.zeros((8, 1)))[0]
        paid.append(push * (-1.0 if model.now // 2 % 2 else 1.0))
        model.now += 1
    assert planner.repeated > 0
    assert np.mean(paid[-20:]) > 0.8


def test_coarse_physics_is_asked_for_where_it_is_wanted_only() -> None:
    asked: list[dict[str, Any]] = []

    class Asked(Puck):
        def rollout(self, actions: Any, **options: Any) -> Any:
            asked.append(options)
            return super().rollout(actions)

    for substeps in (0, 2):
        RandomShooting(horizon=3, samples=4, substeps=substeps).decide(Asked(), np.zeros((3, 1)))
    assert ["substeps" in options for options in asked] == [False, True]
    assert asked[1]["substeps"] == 2


def test_cycles_take_no_more_than_half_of_the_samples() -> None:
    model, planner = Puck(), Cyclic(horizon=10, samples=8, knots=3, longest=10)
    for _ in range(15):
        model.asked = 0
        planner.decide(model, np.zeros((10, 1)))
    assert model.asked <= 10 * (2 + 4 + 2 + 1)
