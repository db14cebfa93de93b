"""Gains from a model: how a linear model of the probed steps would be brought to rest at least cost.

The model is fitted to what the probe saw. Where the task is nearly linear near its goal, such gains are good at once;
elsewhere they lose the first race, which costs a few episodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.evaluate.api import Recording, Result
from hlearn.probe.vector.sketch import ANGLE, CHANGE, GAP, PLAIN, Feature, VectorFindings, values_of
from hlearn.records import Episode

FAR = 0.98  # discount of the cost, so that what cannot be moved does not count for ever
ROUNDS = 400  # of the Riccati iteration
PRICES = (0.1, 3.0)  # of a full push, beside a deviation of one spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """Linear feedback.

    Attributes:
        note: what was made small, for people.
        weights: of each signal in each axis's push, float[axes, signals].
        bias: of each axis, float[axes].
    """

    note: str
    weights: np.ndarray
    bias: np.ndarray


def regulated(sketch: VectorFindings) -> list[Feature]:
    """The signals that a regulator weighs."""
    return [s for s in sketch.signals if s.kind in (PLAIN, ANGLE, CHANGE, GAP)]


def regulators(sketch: VectorFindings, played: Sequence[Result]) -> Iterator[Gains]:
    """Gains for several costs: all signals, what the reward says, gaps alone; each at several prices of pushing."""
    signals = regulated(sketch)
    shown = [r for o, r in played if r is not None and isinstance(o, Episode) and len(r.observations) > 2]
    if not signals or not sketch.axes or not shown:
        return
    states, pushes, after, rewards, first = _steps(sketch, signals, shown)
    scale = np.array([s.scale for s in signals])
    design = np.concatenate([states / scale, pushes, np.ones((len(states), 1))], axis=1)
    spare = 1e-4 * len(design) * np.eye(design.shape[1])
    model = np.linalg.solve(design.T @ design + spare, design.T @ (after - states) / scale)
    size = len(signals)
    drift = np.eye(size) + model[:size].T
    lever = model[size : size + pushes.shape[1]].T
    for note, cost, goal in _costs(signals, states, rewards, first, scale):
        for price in PRICES:
            gain = _riccati(drift, lever, np.diag(cost), price * np.eye(lever.shape[1]))
            if gain is not None:
                yield Gains(note=note, weights=-gain / scale, bias=gain @ (goal / scale))


def _steps(
    sketch: VectorFindings, signals: Sequence[Feature], shown: Sequence[Recording]
) -> tuple[np.ndarray, ...]:
    """States, pushes, next states and rewards of all steps, and the mean first state."""
    parts: list[tuple[np.ndarray, ...]] = []
    first = []
    for recording in shown:
        seen = np.asarray(recording.observations, dtype=np.float64).reshape(len(recording.observations), -1)
        table = np.stack([values_of(s, seen) for s in signals], axis=1)
        acted = np.asarray(recording.actions, dtype=np.float64).reshape(len(seen), -1)
        if sketch.discrete:
            push = np.stack(
                [(acted[:, 0] == a.plus) - 1.0 * (acted[:, 0] == a.minus) for a in sketch.axes], axis=1
            )
        else:
            push = acted / np.array([max(abs(a.low), abs(a.high), 1e-9) for a in sketch.axes])
        first.append(table[0])
        parts.append((table[:-1], push[:-1], table[1:], recording.rewards[:-1]))
    joined = [np.concatenate([p[k] for p in parts]) for k in range(4)]
    return (*joined, np.mean(first, axis=0))


def _costs(
    signals: Sequence[Feature], states: np.ndarray, rewards: np.ndarray, first: np.ndarray, scale: np.ndarray
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """What is to be made small, with its weights per signal and the state at which it is 0."""
    gaps = np.array([float(s.kind == GAP) for s in signals])
    if gaps.any():
        yield "gaps", gaps, np.zeros(len(signals))
    yield "all that is seen", np.ones(len(signals)), np.zeros(len(signals))
    if np.abs(first / scale).max() > 0.3:
        yield "all that is seen, from the start's place", np.ones(len(signals)), first
    if np.std(rewards) < 1e-9:
        return
    centre = states.mean(axis=0)
    away = (states - centre) / scale
    design = np.concatenate([away, away**2, np.ones((len(away), 1))], axis=1)
    spare = 1e-3 * len(design) * np.eye(design.shape[1])
    found = np.linalg.solve(design.T @ design + spare, design.T @ (rewards / np.std(rewards)))
    size = len(signals)
    slope, bend = found[:size], found[size : 2 * size]
    cost = np.where(bend < -1e-3, -bend, 0.0)
    if cost.any():
        best = np.where(cost > 0, np.clip(slope / np.maximum(2 * cost, 1e-9), -2, 2), 0.0)
        yield "what costs reward", cost / cost.max(), centre + best * scale


def _riccati(drift: np.ndarray, lever: np.ndarray, cost: np.ndarray, price: np.ndarray) -> np.ndarray | None:
    """The gain of the discounted linear-quadratic regulator, float[pushes, signals]; None where it has none."""
    drift, lever = drift * np.sqrt(FAR), lever * np.sqrt(FAR)
    value = cost
    gain = np.zeros((lever.shape[1], lever.shape[0]))
    for _ in range(ROUNDS):
        gain = np.linalg.solve(price + lever.T @ value @ lever, lever.T @ value @ drift)
        value = cost + drift.T @ value @ (drift - lever @ gain)
        if not np.isfinite(value).all() or np.abs(value).max() > 1e9:
            return None
    return gain
