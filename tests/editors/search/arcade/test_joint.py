"""Whole programs: drawn, varied, and those that look ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hlearn.editors.search.arcade import hypotheses
from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, LOOKING, Behavior
from hlearn.editors.search.arcade.emit import emit
from hlearn.editors.search.arcade.first_race import _affordable
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.joint import Draw
from hlearn.editors.search.arcade.outlook import PlayerSeen, Role, WorldModel
from hlearn.editors.search.arcade.search import FAIR, _outshines
from hlearn.editors.search.race import Runner
from hlearn.evaluate.api import Job
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.policy.source import check_source
from hlearn.records import Access, Episode, Program
from hlearn.tasks import resolve_task
from tests.editors.search.arcade.guesses import WORLD, pixel_pool, ram_pool

BUTTONS = ("NOOP", "FIRE", "UP", "RIGHT", "LEFT", "DOWN")


@pytest.fixture
def draw() -> Draw:
    home, pool = ram_pool()
    assert home.across is not None and home.down is not None
    return Draw(
        owns={ACROSS: [home.across], DOWN: [home.down]},
        targets=pool.signals[:3],
        signs=pool.signals,
        rhythms=hypotheses.presses(pool.signals[:1], has_button=True),
        world=WORLD,
        directions=((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)),
        rng=np.random.default_rng(2),
    )


def written(genome: Genome) -> str:
    return emit(genome, title="A test.", buttons=BUTTONS)


def test_drawn_programs_and_their_children_are_valid(draw: Draw) -> None:
    sources = set()
    family = [*draw.ahead(), *(draw.fresh() for _ in range(40))]
    for number in range(150):
        child = draw.varied(family[number % len(family)], family[:8], f"candidate {number}")
        source = written(child)
        compile(source, "program", "exec")
        assert check_source(source) == []
        sources.add(source)
        family.append(child)
    assert len(sources) > 100


def test_programs_are_drawn_from_what_the_screen_shows_too() -> None:
    home, pool = pixel_pool()
    assert home.across is not None and home.down is not None
    draw = Draw(
        owns={ACROSS: [home.across], DOWN: [home.down]},
        targets=pool.signals[:4],
        signs=pool.signals,
        rhythms=hypotheses.presses(pool.signals[:1], has_button=True),
        world=None,
        directions=(),
        rng=np.random.default_rng(4),
    )
    assert draw.ahead() == []
    genome = draw.fresh()
    for number in range(80):
        genome = draw.varied(genome, [draw.fresh()], f"candidate {number}")
        source = written(genome)
        compile(source, "program", "exec")
        assert check_source(source) == []


def test_where_too_many_guesses_come_up_they_are_thinned_out_evenly() -> None:
    guesses = [Genome() for _ in range(100)]
    few = _affordable(guesses, budget=50 * 1040)
    assert len(few) == 50
    assert few[1] is guesses[2]
    assert _affordable(guesses[:20], budget=0) == guesses[:20]


def test_programs_that_look_ahead_run_and_say_what_they_know(draw: Draw) -> None:
    genomes = [
        g for g in draw.ahead() if g.outlook is not None and any(r is Role.CLEAR for _, r in g.outlook.roles)
    ]
    assert genomes
    outlook = genomes[0].outlook
    assert outlook is not None
    roles = tuple(zip(WORLD.names, (Role.CLEAR, Role.TAKE, Role.ABOVE, Role.BESIDE), strict=True))
    busy = replace(genomes[0], outlook=replace(outlook, roles=roles, go=(0, -1), face=True, roam=True))
    source = written(busy)
    for told in (
        "Taught by the screen",
        "90 %",
        'KILLS = ("red",)',
        "keeps clear of red",
        "ahead.go(0, -self.pull)",
    ):
        assert told in source
    with InProcessEvaluator(resolve_task("ALE/Asteroids-v5")) as evaluator:
        result = evaluator.run([Job(program=Program(source=source), seed=1, max_steps=60)])[0]
    assert isinstance(result.outcome, Episode), f"{result.outcome}\n{source}"


@pytest.mark.parametrize("dark", [False, True])
def test_programs_that_see_the_screen_look_ahead_too(dark: bool) -> None:
    home, pool = pixel_pool(dark=dark)
    assert home.across is not None and home.down is not None
    seen = [s.sight for s in pool.signals if s.drive is None][::2]
    world = WorldModel(
        player=PlayerSeen(
            sight=home.across.sight, size=(8, 4), speed=(2, 1), low=(8, 20), high=(150, 180), sure=0.9
        ),
        sights=dict(enumerate(seen)),
        names={i: s.key for i, s in enumerate(seen)},
        boxes={i: (4.0, 4.0) for i, _ in enumerate(seen)},
        effects=(),
    )
    draw = Draw(
        owns={ACROSS: [home.across], DOWN: [home.down]},
        targets=pool.signals[:4],
        signs=pool.signals,
        rhythms=hypotheses.presses(pool.signals[:1], has_button=True),
        world=world,
        directions=((0, 0), (1, 0), (-1, 0)),
        rng=np.random.default_rng(4),
    )
    with InProcessEvaluator(resolve_task("ALE/Asteroids-v5", access=Access.PIXELS)) as evaluator:
        for genome in draw.ahead()[::3]:
            source = written(genome)
            assert check_source(source) == []
            result = evaluator.run([Job(program=Program(source=source), seed=1, max_steps=60)])[0]
            assert isinstance(result.outcome, Episode), f"{result.outcome}\n{source}"


def test_a_mates_way_to_look_ahead_brings_what_it_knows(draw: Draw) -> None:
    plain, mates = draw.fresh(), draw.ahead()[:3]
    for number in range(200):
        child = draw.varied(plain, mates, f"candidate {number}")
        if any(b.kind in LOOKING for b in child.behaviors):
            assert child.looks_ahead
            return
    pytest.fail("no child took over a mate's foresight")


def runner(number: int, scores: list[float], *kinds: str) -> Runner:
    behaviors = tuple(Behavior(kind=k, channel=ACROSS) for k in kinds)
    return Runner(
        number=number, program=Program(source=str(number)), what=Genome(behaviors=behaviors), scores=scores
    )


def test_who_meets_something_is_perfected_alone_only_if_far_ahead() -> None:
    meets = runner(1, [20.0] * 4, "intercept")
    pushes = [runner(2 + n, [-15.0] * 4, "push") for n in range(FAIR)]
    assert _outshines([meets, *pushes], by_chance=-20.0)
    assert not _outshines([meets, *pushes, runner(500, [18.0] * 4, "push")], by_chance=-20.0)
    assert not _outshines(pushes, by_chance=-20.0)
    assert not _outshines([runner(501, [-21.0] * 4, "intercept"), *pushes], by_chance=-20.0)


def test_the_fewer_others_were_tried_the_farther_ahead_it_must_be() -> None:
    meets = runner(1, [20.0] * 4, "intercept")
    pushes = [runner(2 + n, [-15.0] * 4, "push") for n in range(FAIR)]
    assert not _outshines([meets, *pushes[: FAIR // 10]], by_chance=-20.0)
    still = [runner(2 + n, [-20.0] * 4, "push") for n in range(8)]
    assert _outshines([meets, *still], by_chance=-20.0), "where others gain nothing, a few of them tell"
