"""Where a ball turns round is told by where it arrived."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hlearn.editors.search.arcade.contacts import Flight
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.walls import find_line, find_walls
from hlearn.parts.motion import reflect
from tests.editors.search.arcade.guesses import kinds, ram_pool

LOW, HIGH = 56.0, 193.0  # where the ball turns; the guess says 52 and 198


def interception(option: int) -> Genome:
    home, pool = ram_pool()
    return replace(home, behaviors=(next(b for b in kinds(pool)["intercept"] if b.option == option),))


def flight(genome: Genome, arrivals: int, speed: float) -> Flight:
    """Balls that come down 80 px and are met; each starts elsewhere."""
    behavior = genome.behaviors[0]
    line = dict(behavior.knobs)["line"].value * behavior.option
    rng = np.random.default_rng(0)
    ball: list[float] = []
    depth: list[float] = []
    for _ in range(arrivals):
        start, way = float(rng.uniform(LOW + 10, HIGH - 10)), float(rng.choice([-speed, speed]))
        places = [reflect(start + way * t, LOW, HIGH) for t in range(60)]
        ball += places
        depth += [line - 80 + 2.0 * t if t <= 40 else line - 2.0 * (t - 40) for t in range(60)]
    there = np.array(ball)
    return Flight(ball=there, depth=np.array(depth), here=there - 1.0)


@pytest.mark.parametrize("option", [1, -1])
def test_walls_lie_halfway_between_where_it_was_bound_for_and_where_it_came(option: int) -> None:
    genome = interception(option)
    walls = find_walls([flight(genome, 60, 3.0)], genome, 0)
    assert walls["wall_low"] == pytest.approx(LOW, abs=0.5)
    assert walls["wall_high"] == pytest.approx(HIGH, abs=0.5)


@pytest.mark.parametrize("moved", [24.0, -8.0], ids=["too near", "too far"])
def test_walls_are_found_where_balls_turned_beyond_them(moved: float) -> None:
    genome = interception(1)
    behavior = genome.behaviors[0]
    walls = {"wall_low": LOW + moved, "wall_high": HIGH - moved}
    knobs = tuple((n, replace(k, value=walls[n]) if n in walls else k) for n, k in behavior.knobs)
    found = find_walls(
        [flight(genome, 60, 3.0)], replace(genome, behaviors=(replace(behavior, knobs=knobs),)), 0
    )
    assert found["wall_low"] == pytest.approx(LOW, abs=0.5)
    assert found["wall_high"] == pytest.approx(HIGH, abs=0.5)


@pytest.mark.parametrize("option", [1, -1])
def test_a_line_lies_where_balls_were_met_wherever_it_was_taken_to_be(option: int) -> None:
    genome = interception(option)
    line = dict(genome.behaviors[0].knobs)["line"].value
    seen = [flight(genome, 60, 3.0)]
    assert find_line(seen, genome, 0) == line
    knobs = tuple((n, replace(k, low=-999, high=999)) for n, k in genome.behaviors[0].knobs)
    moved = replace(genome, behaviors=(replace(genome.behaviors[0], knobs=knobs),))
    nearer = moved.turned((0, "line"), line - 40 * option, "probe")
    assert find_line(seen, nearer, 0) == pytest.approx(line, abs=2)
    farther = moved.turned((0, "line"), line + 10 * option, "probe")
    assert find_line(seen, farther, 0) == line + 10 * option


def test_a_ball_that_turns_nowhere_tells_no_walls() -> None:
    genome = interception(1)
    assert find_walls([flight(genome, 60, 0.0)], genome, 0) == {}
    assert find_walls([], genome, 0) == {}
