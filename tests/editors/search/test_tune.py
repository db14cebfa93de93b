from __future__ import annotations

from dataclasses import replace

import pytest

from hlearn.editors.search.knobs import Knob, SourceKnobs, tidy, widened
from hlearn.editors.search.lane import TuningRun
from hlearn.editors.search.prune import prune
from hlearn.editors.search.trials import PairedComparison, compare, saturated
from hlearn.editors.search.tune import Tuner
from hlearn.evaluate.api import Job
from hlearn.records import Program
from tests.editors.search.plain_lab import PlainLab

SEEK = '''"""Go where the goal is."""

from hlearn.policy import Param, RulePolicy, detect, rule


class Seek(RulePolicy):
    gain = Param(-1.0, low=-4, high=4)
    bias = Param(3.0, low=-6, high=6)

    @detect
    def urge(self, obs):
        return self.gain * (obs[1] - obs[0]) + self.bias

    @rule
    def never(self, s):
        """Does nothing."""
        return None

    @rule
    def left(self, s):
        return 1 if s.urge < -0.5 else None

    @rule
    def right(self, s):
        return 2 if s.urge > 0.5 else None
'''
TASK = "hlearn.testing.toys:Corridor-v0"


def test_a_persons_parameters_become_knobs_and_text_stays():
    knobs = SourceKnobs.read(Program(source=SEEK))
    assert [(k.name, k.start, k.low, k.high) for k in knobs.knobs] == [
        ("gain", -1.0, -4, 4),
        ("bias", 3.0, -6, 6),
    ]
    changed = knobs.program({"gain": 1.0, "bias": 0.0}).source
    assert changed == SEEK.replace("Param(-1.0", "Param(1.0").replace("Param(3.0", "Param(0.0")
    assert knobs.droppable == ("never", "left", "right")


def test_a_lane_finds_the_numbers_and_pruning_drops_the_idle_rule():
    lab = PlainLab(TASK, steps=200_000)
    trials = PairedComparison(lab)
    knobs = SourceKnobs.read(Program(source=SEEK))
    lane = TuningRun(lab, trials, knobs, decide=8)
    for _ in range(25):
        if lane.done or lane.mean >= 10.0:
            break
        lane.step()
    assert lane.best is not None
    assert lane.best.mean >= 9.0
    pruned = prune(trials, knobs, lane.best, episodes=16)
    assert "never" in pruned.dropped
    assert "left" not in pruned.dropped
    assert "def never" not in pruned.best.program.source
    assert "def right" in pruned.best.program.source


def test_a_tuner_with_one_knob_stays_within_its_bounds():
    lab = PlainLab(TASK, steps=50_000)
    one = SourceKnobs(Program(source=SEEK), (Knob(name="bias", start=0.0, spread=2.0, low=-1.0, high=1.0),))
    tuner = Tuner(lab, one, episodes=1)
    played = [p for _ in range(3) for p in tuner.step()]
    assert all(set(p.values) == {"bias"} and -1.0 <= p.values["bias"] <= 1.0 for p in played)
    assert tuner.generation == 3


def test_a_failing_program_never_wins():
    lab = PlainLab(TASK, steps=10_000)
    trials = PairedComparison(lab)
    good = trials.candidate(SourceKnobs.read(Program(source=SEEK)), {"gain": 1.0, "bias": 0.0}, "good")
    broken = SourceKnobs(Program(source=SEEK.replace("return 2 if", "return 1 / 0 if")), ())
    bad = trials.candidate(broken, {}, "bad")
    assert trials.challenge(good, None, 4)
    assert not trials.challenge(bad, good, 4)
    assert not trials.challenge(bad, None, 4)
    assert compare(bad, good)[0] == -float("inf")


def test_saturated_means_equal_positive_scores_up_to_the_time_limit():
    lab = PlainLab("CartPole-v1", steps=100_000)
    source = (
        "class P:\n    def reset(self, seed):\n        pass\n\n    def act(self, o):\n"
        "        return int(0.2 * o[0] + 0.5 * o[1] + 8 * o[2] + 2 * o[3] > 0)\n"
    )
    trials = PairedComparison(lab)
    balanced = trials.candidate(SourceKnobs(Program(source=source), ()), {}, "balanced")
    trials.play([balanced], 8)
    assert balanced.mean == 500.0
    assert saturated(balanced, 20.0)
    assert not saturated(balanced, 500.0)
    falling = trials.candidate(SourceKnobs(Program(source=source.replace("> 0", "< 0")), ()), {}, "falling")
    trials.play([falling], 8)
    assert not saturated(falling, 0.0)
    (first,) = lab.measure([Job(program=balanced.program, seed=lab.seeds(500_000, 1)[0], together=True)])
    assert first.outcome == balanced.outcomes[0]


@pytest.mark.parametrize(("value", "text"), [(1.23456, 1.235), (-0.000123456, -0.0001235), (0.0, 0.0)])
def test_four_digits(value, text):
    assert tidy(value) == text


def test_a_bound_that_the_search_leans_on_moves_and_the_programs_text_with_it():
    knob = Knob(name="k", start=1.0, spread=0.2, low=0.0, high=2.0)
    assert widened(knob, 1.0) == knob
    assert (widened(knob, 1.99).low, widened(knob, 1.99).high) == (0.0, 4.0)
    assert widened(knob, 0.001).low == 0.0  # 0 means something
    assert widened(replace(knob, low=-1.0), -0.99).low == -4.0
    knobs = SourceKnobs.read(Program(source=SEEK))
    wider = knobs.with_knobs(tuple(widened(k, 4.0) for k in knobs.knobs))
    assert "gain = Param(9.0, low=-4, high=9.0)" in wider.program({"gain": 9.0}).source
