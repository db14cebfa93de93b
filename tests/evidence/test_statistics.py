from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlearn.evidence.statistics import interquartile_mean, summarize

SCORES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


def test_iqm_of_a_known_list() -> None:
    assert interquartile_mean(np.array([0.0, 1.0, 2.0, 100.0])) == 1.5
    assert interquartile_mean(np.array([7.0])) == 7.0
    # Five scores: the quarter at either end takes one score and a quarter of the next.
    assert interquartile_mean(np.array([0.0, 1.0, 2.0, 3.0, 90.0])) == pytest.approx(
        (0.75 + 2 + 0.75 * 3) / 2.5
    )


@given(SCORES)
def test_iqm_lies_within_and_does_not_depend_on_the_order(scores: list[float]) -> None:
    value = float(interquartile_mean(np.array(scores)))
    slack = 1e-9 * (1 + max(map(abs, scores)))
    assert min(scores) - slack <= value <= max(scores) + slack
    assert value == pytest.approx(float(interquartile_mean(np.array(scores[::-1]))), abs=slack)


def test_the_interval_holds_the_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(100):
        seen = summarize(list(rng.normal(5.0, 2.0, size=30)))
        assert seen is not None
        inside += seen.mean_interval[0] <= 5.0 <= seen.mean_interval[1]
    assert inside >= 85


def test_same_scores_same_intervals_and_nothing_is_nothing() -> None:
    assert summarize([1.0, 2.0, 5.0]) == summarize([1.0, 2.0, 5.0])
    assert summarize([]) is None
