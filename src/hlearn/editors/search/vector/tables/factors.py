"""What a state is made of: components of the observation, or rows and columns within the number of a state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from hlearn.editors.search.vector.tables.model import ENDED, TabularModel
from hlearn.tasks.environment import ObservationSpec

USUAL = 0.6  # share of the moves that the steps of a grid explain


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A whole number that is part of a state.

    Attributes:
        name: how programs call it.
        source: Python expression over ``obs``.
        index: component of the observation.
        unit: the factor is ``(component - base) // unit % size``; size 0: without the remainder.
        low: smallest value met.
        high: largest value met.
    """

    name: str
    source: str
    index: int
    base: int = 0
    unit: int = 1
    size: int = 0
    low: int
    high: int

    def of(self, keys: np.ndarray) -> np.ndarray:
        """The factor of states, int[n, d] -> int[n]."""
        value = (keys[:, self.index] - self.base) // self.unit
        return np.asarray(value % self.size if self.size else value)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorLayout:
    """The factors of a task's states.

    Attributes:
        factors: all of them, in order.
        rows: place of the factor that runs down a map, None where nothing looks like a map.
        columns: place of the factor that runs across it.
        arrows: a letter for each action: an arrow where it moves along the map, else a digit.
    """

    factors: tuple[Factor, ...]
    rows: int | None
    columns: int | None
    arrows: str

    def table(self, keys: Sequence[tuple[int, ...]]) -> np.ndarray:
        """The factors of states, int[n, factors]."""
        every = np.array(keys, dtype=int)
        return np.stack([f.of(every) for f in self.factors], axis=1)


def find_layout(model: TabularModel, names: Sequence[str], observation: ObservationSpec) -> FactorLayout:
    """Reads the factors from where actions led.

    Args:
        model: what play has shown.
        names: of the observation's components.
        observation: its bounds, where they are finite.
    """
    keys = np.array(model.keys, dtype=int)
    factors: list[Factor] = []
    columns: set[bytes] = set()
    moved = [(s, a, t, n) for s, a, t, n in model.transitions if t not in (ENDED, s)]
    for index, name in enumerate(names):
        low, high = int(keys[:, index].min()), int(keys[:, index].max())
        if len(names) > 1 and (high == low or keys[:, index].tobytes() in columns):
            continue  # it never changes, or says what another one says
        columns.add(keys[:, index].tobytes())
        units = _units(keys[:, index], moved) if len(names) == 1 else []
        if not units:
            source = f"int(obs[{index}])"
            factors.append(Factor(name=name, source=source, index=index, low=low, high=high))
            continue
        base = int(observation.low[index])
        sizes = [b // a for a, b in pairwise(units)] + [0]
        called = (
            ["column", "row", "floor"][-len(units) :] if len(units) > 2 else ["column", "row"][: len(units)]
        )
        if units[0] > 1:
            units, sizes, called = [1, *units], [units[0], *sizes], ["rest", *called]
        number = f"int(obs[{index}])" if base == 0 else f"(int(obs[{index}]) - {base})"
        for unit, size, called_ in reversed(list(zip(units, sizes, called, strict=True))):
            source = number + (f" // {unit}" if unit > 1 else "") + (f" % {size}" if size else "")
            factor = Factor(
                name=called_, source=source, index=index, base=base, unit=unit, size=size, low=0, high=0
            )
            value = factor.of(keys)
            factors.append(replace(factor, low=int(value.min()), high=int(value.max())))
    return _with_map(factors, keys, moved, model.actions)


def _units(numbers: np.ndarray, moved: Iterable[tuple[int, int, int, float]]) -> list[int]:
    """Steps by which moves change the number of a state, each a multiple of the one before; empty if there are none."""
    steps: Counter[int] = Counter()
    for state, _, later, count in moved:
        steps[abs(int(numbers[later] - numbers[state]))] += count  # type: ignore[assignment]
    total = sum(steps.values())
    units: list[int] = []
    explained = 0.0
    for step, count in steps.most_common(6):
        chain = sorted([*units, step])
        if all(b % a == 0 for a, b in pairwise(chain)) and count > 0.05 * total:
            units, explained = chain, explained + count
        if len(units) == 3 or (len(units) == 2 and explained > USUAL * total):
            break
    return units if len(units) > 1 and explained > USUAL * total else []


def _with_map(
    factors: list[Factor], keys: np.ndarray, moved: list[tuple[int, int, int, float]], actions: int
) -> FactorLayout:
    """Finds the two factors along which actions move by one, and draws actions as arrows."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    arrows = [digits[a] if a < len(digits) else "?" for a in range(actions)]
    plain = FactorLayout(factors=tuple(factors), rows=None, columns=None, arrows="".join(arrows))
    if len(factors) < 2 or not moved or not all(f.high - f.low < 100 for f in factors):
        return plain
    table = np.stack([f.of(keys) for f in factors], axis=1)
    led = np.zeros((len(keys), actions, len(factors)))  # where each action leads from each state, on the mean
    tried = np.full((len(keys), actions, 1), 1e-9)
    single = np.zeros(len(factors))
    for state, action, later, count in moved:
        step = table[later] - table[state]
        tried[state, action] += count
        if np.abs(step).sum() == 1:
            led[state, action] += count * step
            single += count * np.abs(step)
    led /= tried
    drift = (led - led.mean(axis=1, keepdims=True)).sum(axis=0)  # beside what any action does there
    size = np.abs(drift).max(axis=1)
    along = [int(np.abs(drift[a]).argmax()) if size[a] > 0 else -1 for a in range(actions)]
    used = sorted({i for i in along if i >= 0}, key=lambda i: -single[i])[:2]
    if len(used) < 2 or {np.sign(drift[a, i]) for a, i in enumerate(along) if i in used} != {-1.0, 1.0}:
        return plain
    rows, columns = sorted(used)
    for action, place in enumerate(along):
        if place in (rows, columns) and np.abs(drift[action]).max() > 0.4 * np.abs(drift[action]).sum():
            arrow = ("↑↓" if place == rows else "←→")[int(drift[action, place] > 0)]
            arrows[action] = arrow if arrow not in arrows else arrows[action]
    return FactorLayout(factors=tuple(factors), rows=rows, columns=columns, arrows="".join(arrows))
