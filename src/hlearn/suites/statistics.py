"""Statistics over many tasks: median, mean, interquartile mean, performance profile, probability of improvement.

After Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice" (2021): intervals are
stratified bootstraps, which draw a task's runs anew within the task; where each task has one run alone, tasks are drawn
anew instead. Own code on numpy, since rliable brings arch, scipy, pandas and statsmodels with it (some 300 MB) for what
is a page here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.evidence.statistics import CONFIDENCE, RESAMPLES, interquartile_mean

Runs = Mapping[str, Sequence[float]]  # normalised scores of a task's runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """What normalised scores over tasks come to (0 is random play, 1 a human or whatever counts as solved).

    Attributes:
        tasks: how many tasks.
        runs: how many runs in all.
        median: median over tasks of the mean over runs.
        mean: the same, as a mean.
        iqm: mean of the middle half of all runs.
        at_one: tasks whose mean is at least 1.
        at_half: tasks whose mean is at least 0.5.
        over_tasks: whether intervals are of tasks drawn anew, as no task has a second run that could tell of luck.
    """

    tasks: int
    runs: int
    median: Estimate
    mean: Estimate
    iqm: Estimate
    at_one: int
    at_half: int
    over_tasks: bool = False


def aggregate(runs: Runs, rng: np.random.Generator | None = None) -> Aggregate | None:
    """Returns what scores come to; None where there are none."""
    tasks = [np.asarray(scores, float) for scores in runs.values() if len(scores)]
    if not tasks:
        return None
    means = np.array([t.mean() for t in tasks])
    rng = rng or np.random.default_rng(0)
    single = all(len(t) == 1 for t in tasks)
    if single:
        everything = task_means = means[rng.integers(len(means), size=(RESAMPLES, len(means)))]
    else:
        drawn = _redrawn(tasks, rng)
        task_means = np.stack([d.mean(axis=1) for d in drawn], axis=1)
        everything = np.concatenate(drawn, axis=1)
    return Aggregate(
        tasks=len(tasks),
        runs=sum(map(len, tasks)),
        median=_estimate(float(np.median(means)), np.median(task_means, axis=1)),
        mean=_estimate(float(means.mean()), task_means.mean(axis=1)),
        iqm=_estimate(float(interquartile_mean(np.concatenate(tasks))), interquartile_mean(everything)),
        at_one=int((means >= 1).sum()),
        at_half=int((means >= 0.5).sum()),
        over_tasks=single,
    )


def performance_profile(runs: Runs, levels: Sequence[float]) -> np.ndarray:
    """Share of runs above each level, every task counting alike.

    Returns:
        float64[levels]
    """
    tasks = [np.asarray(scores, float) for scores in runs.values() if len(scores)]
    return np.array([np.mean([(t > level).mean() for t in tasks]) if tasks else np.nan for level in levels])


def probability_of_improvement(
    ours: Runs, theirs: Runs, rng: np.random.Generator | None = None
) -> Estimate | None:
    """Chance that a run of ours beats one of theirs on the same task, mean over the tasks that both have.

    Ties count one half. None where no task is in both. Tasks are drawn anew for the interval where both have one run of
    each, else their runs.
    """
    rng = rng or np.random.default_rng(0)
    shared = [
        (np.asarray(ours[t], float), np.asarray(theirs[t], float))
        for t in ours
        if t in theirs and len(ours[t]) and len(theirs[t])
    ]
    if not shared:
        return None
    each = np.array([_beats(a[None], b[None])[0] for a, b in shared])
    value = float(each.mean())
    if all(len(a) == len(b) == 1 for a, b in shared):
        return _estimate(value, each[rng.integers(len(each), size=(RESAMPLES, len(each)))].mean(axis=1))
    drawn = np.mean(
        [_beats(*(d for d in (_redrawn([a], rng)[0], _redrawn([b], rng)[0]))) for a, b in shared], axis=0
    )
    return _estimate(value, drawn)


def running_median(
    curves: Mapping[str, Sequence[Callable[[np.ndarray], np.ndarray]]], grid: np.ndarray
) -> np.ndarray:
    """Median over tasks of the mean over runs at each point of a grid; NaN where fewer than half have a value.

    Args:
        curves: for each task, a function per run from environment steps to a normalised score (NaN before the first).
        grid: environment steps.

    Returns:
        float64[grid]
    """
    rows = [np.mean([c(grid) for c in runs], axis=0) for runs in curves.values() if runs]
    if not rows:
        return np.full(len(grid), np.nan)
    table = np.stack(rows)
    there = (~np.isnan(table)).mean(axis=0)
    median = np.array([np.median(c[~np.isnan(c)]) if (~np.isnan(c)).any() else np.nan for c in table.T])
    return np.where(there >= 0.5, median, np.nan)


def _redrawn(tasks: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Runs drawn anew within each task: float64[RESAMPLES, runs] per task."""
    return [t[rng.integers(len(t), size=(RESAMPLES, len(t)))] for t in tasks]


def _beats(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    gaps = a[:, :, None] - b[:, None, :]
    return np.asarray(((gaps > 0) + 0.5 * (gaps == 0)).mean(axis=(1, 2)))


def _estimate(value: float, drawn: np.ndarray) -> Estimate:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Estimate(value=value, low=float(low), high=float(high))
