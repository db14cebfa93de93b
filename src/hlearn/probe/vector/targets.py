"""Targets: values of a signal at which the reward peaks, which is where whoever regulates wants it to stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hlearn.probe.vector.sketch import ANGLE, GAP, PLAIN, Feature, values_of

FEWEST = 60  # steps, from which on a peak is looked for
TELLING = 0.25  # of the reward's variance that the distance from a target explains, at least
GRID = np.linspace(0.02, 0.98, 25)  # quantiles of a signal that may be its target
ROUND = 0.02  # of the variance, within which 0 is taken for the target
MOST = 2  # signals with a target, those that tell most


def find_targets(
    signals: Sequence[Feature], episodes: Sequence[np.ndarray], rewards: Sequence[np.ndarray]
) -> list[Feature]:
    """The signals, those with a target where the reward falls with the distance from a value of theirs.

    Args:
        signals: what is seen.
        episodes: observations before each decision, float[T, d].
        rewards: what each decision brought, float[T], of the same episodes.
    """
    pairs = [(e, r) for e, r in zip(episodes, rewards, strict=True) if len(e) > 1]
    paid = np.concatenate([r[:-1] for _, r in pairs]) if pairs else np.empty(0)
    if len(paid) < FEWEST or paid.std() < 1e-9:
        return list(signals)
    told: list[tuple[float, str, float]] = []
    for signal in signals:
        if signal.kind in (PLAIN, ANGLE, GAP) and signal.rate_of is None:
            share, target = _peak(np.concatenate([values_of(signal, e)[1:] for e, _ in pairs]), paid)
            if share >= TELLING:
                told.append((share, signal.name, target))
    best = {name: target for _, name, target in sorted(told, reverse=True)[:MOST]}
    return [replace(s, target=best.get(s.name)) for s in signals]


def _peak(values: np.ndarray, paid: np.ndarray) -> tuple[float, float]:
    """The share of the reward's variance that falls with the distance from a value, and that value."""
    low, high = float(values.min()), float(values.max())
    found = [(_explained(values, paid, t), t) for t in np.quantile(values, GRID).tolist()]
    share, target = max(found)
    if low < 0.0 < high and (at_zero := _explained(values, paid, 0.0)) >= share - ROUND:
        return at_zero, 0.0
    return share, target


def _explained(values: np.ndarray, paid: np.ndarray, target: float) -> float:
    """The larger share of the reward's variance that goes with the distance or its square; 0 where it rises with it."""
    gap = np.abs(values - target)
    shares = [0.0]
    for distance in (gap, gap**2):
        if distance.std() > 1e-12:
            goes = float(np.corrcoef(distance, paid)[0, 1])
            shares.append(goes**2 if goes < 0.0 else 0.0)
    return max(shares)
