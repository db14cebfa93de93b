"""Every behaviour becomes source that compiles, may run and runs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, PRESS, BehaviorKnob, Guard
from hlearn.editors.search.arcade.emit import emit
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.skills import KINDS
from hlearn.editors.search.arcade.vary import LIMIT, Pool, vary
from hlearn.evaluate.api import Job, Record
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.policy.rewriting import read_params
from hlearn.policy.source import check_source
from hlearn.records import Access, Episode, Program, Protocol
from hlearn.tasks import resolve_task
from tests.editors.search.arcade.guesses import kinds, pixel_pool, ram_pool

BUTTONS = ("NOOP", "FIRE", "RIGHT", "LEFT")
Made = tuple[Genome, Pool, InProcessEvaluator]


def written(genome: Genome) -> str:
    return emit(genome, title="A test.", buttons=BUTTONS)


@pytest.fixture(scope="module", params=["ram", "pixels"])
def made(request: pytest.FixtureRequest) -> Iterator[Made]:
    home, pool = ram_pool() if request.param == "ram" else pixel_pool()
    task = resolve_task("ALE/Breakout-v5", access=Access(request.param), protocol=Protocol.ARTICLE)
    with InProcessEvaluator(task) as evaluator:
        yield home, pool, evaluator


def runs(evaluator: InProcessEvaluator, source: str) -> None:
    assert check_source(source) == []
    job = Job(program=Program(source=source), seed=1, max_steps=50, record=Record.TRACES)
    result = evaluator.run([job])[0]
    assert isinstance(result.outcome, Episode), f"{result.outcome}\n{source}"


def test_the_pools_hold_every_kind() -> None:
    assert set(kinds(ram_pool()[1])) | set(kinds(pixel_pool()[1])) == set(KINDS)


def test_doing_nothing_runs(made: Made) -> None:
    home, _, evaluator = made
    source = written(replace(home, behaviors=()))
    assert "Does nothing." in source
    runs(evaluator, source)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_runs(made: Made, kind: str) -> None:
    home, pool, evaluator = made
    for behavior in kinds(pool).get(kind, [])[:4]:
        source = written(replace(home, behaviors=(behavior,)))
        runs(evaluator, source)
        module = ast.parse(source)
        assert (ast.get_docstring(module) or "").startswith("A test.")
        assert KINDS[kind].doc.split("{")[0] in source


@pytest.mark.parametrize("test", ["<", ">", "near"])
@pytest.mark.parametrize("channel", [ACROSS, DOWN, PRESS])
def test_guards_run(made: Made, test: str, channel: str) -> None:
    home, pool, evaluator = made
    guard = Guard(
        signal=pool.signals[0], test=test, level=BehaviorKnob(value=60, low=0, high=160, source="trial")
    )
    behavior = replace(pool.behaviors[channel][1], guard=guard)
    source = written(replace(home, behaviors=(behavior,)))
    runs(evaluator, source)
    assert "# trial" in source


def test_equal_genomes_give_equal_source() -> None:
    for make in (ram_pool, pixel_pool):
        for at, behaviors in enumerate(kinds(make()[1]).values()):
            again = list(kinds(make()[1]).values())[at]
            assert written(replace(make()[0], behaviors=(behaviors[0],))) == written(
                replace(make()[0], behaviors=(again[0],))
            )


def test_knobs_become_parameters_with_their_source() -> None:
    home, pool = ram_pool()
    meet = kinds(pool)["intercept"][0]
    genome = replace(home, behaviors=(meet,)).turned((0, "offset"), 3.25, "candidate 12")
    source = written(genome)
    params = read_params(source)
    for name, knob in genome.behaviors[0].knobs:
        spec = params[f"intercept_{name}"]
        assert (spec.value, spec.low, spec.high) == pytest.approx((knob.value, knob.low, knob.high), rel=1e-4)
        assert spec.unit == knob.unit
    line = next(x for x in source.splitlines() if x.strip().startswith("intercept_offset = "))
    assert line.endswith('unit="px")  # candidate 12')
    assert any(x.endswith("# probe") for x in source.splitlines())


def test_two_of_a_kind_have_their_own_names() -> None:
    home, pool = ram_pool()
    one, two = kinds(pool)["follow"][:2]
    source = written(replace(home, behaviors=(one, two)))
    assert "def follow(self" in source
    assert "def follow_2(self" in source
    assert {"follow_offset", "follow_2_offset"} <= set(read_params(source))


@pytest.mark.parametrize("make", [ram_pool, pixel_pool])
def test_variations_stay_valid(make: Callable[[], tuple[Genome, Pool]]) -> None:
    home, pool = make()
    rng = np.random.default_rng(11)
    family = [home]
    sources = set()
    for number in range(200):
        parent = family[int(rng.integers(len(family)))]
        child = vary(parent, family[-3:], pool, rng, f"candidate {number}")
        source = written(child)
        compile(source, "program", "exec")
        assert check_source(source) == []
        for _, knob in child.knobs():
            assert knob.low - 0.01 <= knob.value <= knob.high + 0.01
        assert all(len(child.on(c)) <= LIMIT + 1 for c in (ACROSS, DOWN, PRESS))
        sources.add(source)
        family.append(child)
    assert len(sources) > 120


def test_variations_run(made: Made) -> None:
    home, pool, evaluator = made
    rng = np.random.default_rng(12)
    genome = home
    for number in range(40):
        genome = vary(genome, [home, genome], pool, rng, f"candidate {number}")
        if number % 4 == 3:
            runs(evaluator, written(genome))


def test_the_same_randomness_gives_the_same_variations() -> None:
    home, pool = ram_pool()
    trails = []
    for _ in range(2):
        rng, genome, trail = np.random.default_rng(3), home, []
        for _ in range(30):
            genome = vary(genome, [home], pool, rng, "x")
            trail.append(written(genome))
        trails.append(trail)
    assert trails[0] == trails[1]


def test_carried_detectors_show_in_the_trace_and_change_nothing(made: Made) -> None:
    home, pool, evaluator = made
    genome = replace(home, behaviors=(pool.behaviors[ACROSS][0],))
    carried = emit(
        genome,
        title="A test.",
        buttons=BUTTONS,
        carried=[s.sight for s in pool.signals if s.drive is None][:2],
    )
    plain, traced = evaluator.run(
        [
            Job(program=Program(source=source), seed=1, max_steps=200, record=Record.TRACES)
            for source in (written(genome), carried)
        ]
    )
    assert plain.recording is not None and traced.recording is not None
    assert (plain.recording.actions == traced.recording.actions).all()
    assert {"sight_0", "sight_1"} <= set(traced.recording.traces[-1])


@pytest.mark.parametrize("kind", sorted(kinds(pixel_pool(dark=True)[1])))
def test_every_kind_runs_while_nothing_is_seen(made: Made, kind: str) -> None:
    evaluator = made[2]
    if evaluator.task.access is Access.RAM:
        pytest.skip("bytes are always seen")
    home, pool = pixel_pool(dark=True)
    for behavior in kinds(pool)[kind]:
        runs(evaluator, written(replace(home, behaviors=(behavior,))))
