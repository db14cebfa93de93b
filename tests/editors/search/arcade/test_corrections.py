"""What missed balls and endless orbits say about an interception."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.editors.search.arcade.corrections import corrections, is_stuck, loosened, repaired
from hlearn.records import Episode, Failure, FailureKind, Outcome
from tests.editors.search.arcade.test_calibrate import HITS, contacts, interception, knob


def episode(score: float, steps: int, stopped: bool) -> Episode:
    return Episode(
        seed=1,
        score=score,
        length=steps,
        env_steps=steps,
        terminated=not stopped,
        truncated=False,
        stopped=stopped,
    )


def test_repair_goes_to_the_middle_between_misses() -> None:
    found = repaired(contacts(HITS, [-6, 8, 9]), interception(), 0)
    assert found is not None
    genome, told = found
    assert knob(genome, "offset") == 1.0
    assert knob(genome, "spread") <= 3.5
    assert told.startswith("3 of 24 missed")
    assert dict(genome.behaviors[0].knobs)["offset"].source == "repair: 1 missed below, 2 above"


@pytest.mark.parametrize(("miss", "way"), [(9.0, -1), (-7.0, 1)])
def test_repair_leaves_the_side_on_which_it_missed(miss: float, way: int) -> None:
    genome = interception()
    found = repaired(contacts(HITS, [miss]), genome, 0)
    assert found is not None
    assert np.sign(knob(found[0], "offset") - knob(genome, "offset")) == way
    assert knob(found[0], "spread") < knob(genome, "spread")


def test_nothing_to_repair() -> None:
    assert repaired(contacts(HITS, []), interception(), 0) is None
    assert repaired(contacts([0.0] * 5, [9.0]), interception(), 0) is None
    assert repaired(contacts(HITS, [90.0, -80.0]), interception(), 0) is None, "misses out of reach"


def test_who_got_stuck_aims_more_widely_unless_the_aim_was_wide() -> None:
    narrow = interception().turned((0, "spread"), 0.1, "trial 1")
    found = loosened(narrow, narrow, 0)
    assert found is not None
    assert knob(found, "spread") == pytest.approx(0.6 * knob(narrow, "deadband"), abs=0.01)
    assert knob(found, "offset") == knob(narrow, "offset")
    wide = narrow.turned((0, "spread"), knob(narrow, "deadband"), "trial 2")
    assert loosened(wide, wide, 0) is None


def test_misses_and_getting_stuck_are_answered_side_by_side() -> None:
    narrow = interception().turned((0, "spread"), 0.1, "trial 1")
    assert corrections(contacts(HITS, []), 0, narrow, 0) == []
    [moved, loose] = [g for g, _ in corrections(contacts(HITS, [9.0]), 2, narrow, 0)]
    assert knob(moved, "offset") == knob(loose, "offset") < knob(narrow, "offset")
    assert knob(moved, "spread") < 0.1 < knob(loose, "spread")
    [(alone, why)] = corrections(contacts(HITS, []), 2, narrow, 0)
    assert knob(alone, "offset") == knob(narrow, "offset")
    assert why == "2 got stuck, aim more widely"


@pytest.mark.parametrize(
    ("outcome", "stuck"),
    [
        (episode(score=860, steps=40_000, stopped=True), True),
        (episode(score=864, steps=40_000, stopped=True), False),
        (episode(score=860, steps=50_000, stopped=True), False),
        (episode(score=860, steps=40_000, stopped=False), False),
        (Failure(seed=1, kind=FailureKind.CRASHED, message=""), False),
    ],
    ids=["given up", "target reached", "cut", "lost", "failed"],
)
def test_stuck_is_who_was_given_up_before_target_and_cap(outcome: Outcome, stuck: bool) -> None:
    assert is_stuck(outcome, target=864, max_steps=50_000) is stuck
