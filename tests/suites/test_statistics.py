"""Statistics over tasks, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hlearn.suites.report import article_curve
from hlearn.suites.statistics import (
    aggregate,
    performance_profile,
    probability_of_improvement,
    running_median,
)


def test_medians_means_and_counts() -> None:
    total = aggregate({"a": [0.0, 0.2], "b": [1.0, 1.0], "c": [0.6, 0.4], "d": []})
    assert total is not None
    assert (total.tasks, total.runs, total.at_one, total.at_half) == (3, 6, 1, 2)
    assert total.median.value == pytest.approx(0.5)
    assert total.mean.value == pytest.approx((0.1 + 1.0 + 0.5) / 3)
    assert total.iqm.value == pytest.approx((0.2 * 0.5 + 0.4 + 0.6 + 1.0 * 0.5) / 3)
    assert total.median.low <= 0.5 <= total.median.high
    assert aggregate({}) is None and aggregate({"a": []}) is None


def test_intervals_come_from_runs_within_a_task_alone() -> None:
    total = aggregate({"a": [0.0, 0.0, 0.0], "b": [1.0, 1.0, 1.0]})
    assert total is not None
    assert (total.mean.low, total.mean.value, total.mean.high) == (0.5, 0.5, 0.5)


def test_where_each_task_has_one_run_intervals_are_of_tasks() -> None:
    total = aggregate({name: [score] for name, score in zip("abcdefgh", range(8), strict=True)})
    assert total is not None and total.over_tasks
    assert total.median.low < 2.5 < total.median.value == 3.5 < 4.5 < total.median.high
    chance = probability_of_improvement({"a": [2.0], "b": [0.0]}, {"a": [1.0], "b": [1.0]})
    assert chance is not None
    assert (chance.low, chance.value, chance.high) == (0.0, 0.5, 1.0)
    several = aggregate({"a": [0.0, 1.0], "b": [1.0]})
    assert several is not None and not several.over_tasks


def test_a_profile_counts_tasks_alike() -> None:
    found = performance_profile({"a": [0.0, 1.0, 1.0, 1.0], "b": [0.0]}, [-1.0, 0.5, 1.0])
    assert found.tolist() == [1.0, 0.375, 0.0]


def test_probability_of_improvement_counts_ties_half() -> None:
    chance = probability_of_improvement({"a": [1.0, 2.0], "b": [0.0], "c": [9.0]}, {"a": [1.0], "b": [1.0]})
    assert chance is not None and chance.value == pytest.approx((0.75 + 0.0) / 2)
    assert probability_of_improvement({"a": [1.0]}, {"b": [1.0]}) is None


def test_the_running_median_needs_half_of_the_tasks() -> None:
    def after(step: float, value: float):
        return lambda grid: np.where(grid >= step, value, np.nan)

    grid = np.array([1.0, 10.0, 100.0])
    median = running_median({"a": [after(10, 1.0)], "b": [after(100, 3.0)], "c": [after(100, 5.0)]}, grid)
    assert np.isnan(median[:2]).all() and median[2] == 3.0


def test_the_articles_curve_ends_where_most_games_do() -> None:
    for access in ("ram", "pixels"):
        best = np.array([value for _, value in article_curve(access)])
        # The source itself falls once by 0.001.
        assert len(best) > 30 and np.diff(best).min() > -0.01
