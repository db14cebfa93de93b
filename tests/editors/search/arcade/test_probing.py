"""Lanes from accidents, relations from events, lives from counters."""

from __future__ import annotations

import numpy as np

from hlearn.editors.search.arcade.lanes import _fit, find_lanes, rows, setbacks
from hlearn.editors.search.arcade.look_ram import byte_sight
from hlearn.editors.search.arcade.relations import ProbeTrajectory, find_relations, lives_counters
from hlearn.editors.search.arcade.signals import Signal
from hlearn.probe.scene import Axis

OWN = Signal(sight=byte_sight(14), low=6, high=176, speed=1, drive=Axis.Y, pending=(1.0,))
OTHER = Signal(sight=byte_sight(30), low=0, high=160)
LANES, SIZE, PLACE = 10, 16, 44


def accident(rng: np.random.Generator) -> tuple[float, np.ndarray]:
    lane = int(rng.integers(LANES))
    cars = rng.integers(0, 160, LANES).astype(float)
    cars[lane] = PLACE + rng.integers(-5, 6)
    return float(OWN.low + lane * SIZE + rng.integers(2, SIZE - 2)), cars


def test_accidents_tell_the_lanes() -> None:
    rng = np.random.default_rng(1)
    places, cars = zip(*(accident(rng) for _ in range(40)), strict=True)
    lanes = _fit(np.array(places), np.array(cars), OWN, 108, 108 + LANES)
    assert lanes is not None
    assert lanes.explained > 0.9
    assert lanes.count == LANES
    assert abs(lanes.height - SIZE) <= 1
    assert abs(lanes.origin - OWN.low) <= 5
    assert abs(lanes.place - PLACE) <= 5
    assert lanes.row.key == "ram[108:118]"


def test_accidents_at_random_tell_nothing() -> None:
    rng = np.random.default_rng(2)
    cars = rng.integers(0, 160, (40, LANES)).astype(float)
    assert _fit(rng.uniform(OWN.low, OWN.high, 40), cars, OWN, 108, 108 + LANES) is None


def test_rows_are_runs_of_neighbours() -> None:
    assert rows([7, 3, 4, 5, 6, 20, 21, 22, 40, 41, 42, 43]) == [(3, 8), (40, 44)]
    assert rows([]) == []


def test_setbacks_go_against_steering_that_has_not_changed() -> None:
    place = np.array([*range(20), *range(18, 8, -1), *range(10, 30)], dtype=float)
    steady = np.ones(len(place), dtype=int)
    assert setbacks(place, steady, 1) == [19]
    assert setbacks(-place, steady, -1) == [19]
    turned = steady.copy()
    turned[17:] = -1
    assert setbacks(place, turned, 1) == [29], "steered down, thrown up"


def test_lanes_from_whole_passages() -> None:
    rng = np.random.default_rng(4)
    place, cars = [6.0] * 10, []
    while len(place) < 3000:
        there = place[-1] + 1
        if there > OWN.high or rng.random() < 0.03:
            place += [there - k for k in range(2, 10)] if there < OWN.high else [OWN.low] * 3
        place.append(max(OWN.low, place[-1] + 1))
    values = np.array(place)
    for at in values:
        row = rng.integers(0, 256, 6).astype(np.uint8)
        row[min(5, int((at - OWN.low) // 30))] = PLACE
        cars.append(row)
    observations = np.zeros((len(values), 128), np.uint8)
    observations[:, 50:56] = cars
    commands = np.stack([np.zeros(len(values), dtype=int), np.ones(len(values), dtype=int)], axis=1)
    lost = np.zeros(len(values), dtype=bool)
    passage = ProbeTrajectory(
        series={OWN.key: values}, rewards=np.zeros(len(values)), lost=lost, commands=commands
    )
    found = find_lanes([passage], OWN, 1, [observations], list(range(50, 56)))
    assert found
    assert found[0].explained > 0.9
    assert abs(found[0].place - PLACE) <= 9


def passage(event: str, *, related: bool) -> ProbeTrajectory:
    rng = np.random.default_rng(7)
    steps = 3000
    place = 90 + 60 * np.sin(np.arange(steps) / 90)
    other = rng.uniform(0, 160, steps)
    at = np.arange(100, steps, 150)
    if related:
        other[at - 1] = place[at - 1] + 10 + rng.uniform(-3, 3, len(at))
    rewards, lost = np.zeros(steps), np.zeros(steps, dtype=bool)
    if event == "gain":
        rewards[at] = 1.0
    else:
        lost[at] = True
    commands = np.zeros((steps, 2), dtype=int)
    return ProbeTrajectory(
        series={OWN.key: place, OTHER.key: other}, rewards=rewards, lost=lost, commands=commands
    )


def test_what_is_near_at_events_is_related() -> None:
    for event in ("gain", "loss"):
        found = find_relations([passage(event, related=True)], OWN, [OWN, OTHER])
        assert [(r.event, r.own.key, r.other.key) for r in found] == [(event, OWN.key, OTHER.key)]
        assert abs(found[0].gap - 10) < 3
        assert found[0].strength > 6
        assert found[0].events == 20


def test_what_is_anywhere_at_events_is_not() -> None:
    assert find_relations([passage("gain", related=False)], OWN, [OTHER]) == []


def test_things_not_seen_are_no_relation() -> None:
    there = passage("gain", related=True)
    series = {**there.series, OTHER.key: np.full(3000, np.nan)}
    unseen = ProbeTrajectory(series=series, rewards=there.rewards, lost=there.lost, commands=there.commands)
    assert find_relations([unseen], OWN, [OTHER]) == []


def test_lives_only_count_down() -> None:
    observations = np.zeros((400, 128), np.uint8)
    observations[:, 5] = 5 - np.arange(400) // 100
    observations[:, 6] = np.arange(400) // 100  # counts up: a score
    observations[:, 7] = 200 - np.arange(400) // 20  # too often: a timer
    assert lives_counters([observations, observations]) == [5]
