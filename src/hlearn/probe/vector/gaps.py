"""Gaps: differences of parts of the same shape, such as goal less hand, which is what reaching is about.

A set point is the same for a single number: it rests, jumps now and then, and the reward goes with how far another
number is from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from hlearn.probe.vector.naming import names_of
from hlearn.probe.vector.sketch import GAP, PLAIN, Feature
from hlearn.tasks.environment import ObservationSpec, Part

MOST_PAIRS = 4  # of parts
LARGEST = 16  # components of such a part
ALIKE = 0.5  # of the range that two numbers without bounds take together, that both take
JUMPS = 0.05  # of the steps within an episode, in which a set point may change
TELLING = 0.25  # of the reward's variance that the distance from a set point explains, at least
UNTOLD = 0.9  # of what a number alone leaves unexplained, that the distance leaves at most


def find_gaps(
    signals: Sequence[Feature],
    observation: ObservationSpec,
    episodes: Sequence[np.ndarray],
    rewards: Sequence[np.ndarray] = (),
) -> list[Feature]:
    """Signals for the gaps between named parts of the same size and a similar range, nearest names first.

    Of single numbers only where they are of one kind (:func:`_alike`): an hour less a temperature means nothing. Where
    the reward says which number is to be near a set point, that gap stands for all gaps of single numbers.

    Args:
        signals: what is seen already.
        observation: its parts.
        episodes: observations, float[T, d].
        rewards: float[T] of the same steps, empty where they are not known.
    """
    if not episodes:
        return []
    every = np.concatenate(list(episodes))
    low, high = every.min(axis=0), every.max(axis=0)
    rates = {i for s in signals if s.rate_of is not None for i in s.indices}
    parts = [p for p in observation.parts if p.size <= LARGEST and not rates & set(_places(p))]
    pairs = [
        (a, b)
        for a, b in combinations(parts, 2)
        if a.size == b.size
        and (a.size > 1 or _alike(a, b, observation, low, high))
        and all(_overlap(i, j, low, high) for i, j in zip(_places(a), _places(b), strict=True))
    ]
    pairs.sort(key=lambda pair: -_kinship(pair[0].name, pair[1].name))
    names = names_of(observation)
    found: list[Feature] = []
    places: list[tuple[int, int]] = []
    for a, b in pairs[:MOST_PAIRS]:
        there, here = (a, b) if _stillness(a, episodes) >= _stillness(b, episodes) else (b, a)
        places += zip(_places(there), _places(here), strict=True)
    if not places and not observation.parts:
        places = _unnamed(signals, episodes, low, high)
    held = _set_points(signals, episodes, rewards) if rewards else []
    single = {p.start for p in parts if p.size == 1} if held else set()
    known = single | {i for i, _ in held}
    places = [pair for pair in places if pair in held or not known & set(pair)]
    places += [pair for pair in held if pair not in places]
    for i, j in places:
        gap = every[:, i] - every[:, j]
        if gap.std() > 1e-9:
            found.append(
                Feature(
                    name=f"{names[i]}_from_{names[j]}",
                    source=f"float(obs[{i}] - obs[{j}])",
                    indices=(i, j),
                    kind=GAP,
                    goal=next((p.name for p in observation.parts if i in _places(p)), "what rests"),
                    centre=float(gap.mean()),
                    scale=float(gap.std()),
                )
            )
    return found


def _set_points(
    signals: Sequence[Feature], episodes: Sequence[np.ndarray], rewards: Sequence[np.ndarray]
) -> list[tuple[int, int]]:
    """Pairs of a number that rests and the one whose distance from it the reward goes with, clearly."""
    plain = [s.indices[0] for s in signals if s.kind == PLAIN and s.rate_of is None]
    rest = [i for i in plain if _jumps(i, episodes) <= JUMPS]
    every, paid = np.concatenate(list(episodes)), np.concatenate(list(rewards))
    spread = float(paid.var())
    found: list[tuple[int, int]] = []
    for i in rest if spread > 1e-12 else []:
        telling: list[tuple[float, int]] = []
        for j in plain:
            there, here = every[:, i], every[:, j]
            if j in rest or there.min() > here.max() or there.max() < here.min():
                continue
            gap = np.abs(there - here)
            alone = _unexplained(paid, [here, np.abs(here - here.mean())])
            left = _unexplained(paid, [gap])
            falls = float(np.cov(gap, paid)[0, 1]) < 0.0
            if falls and left <= min(UNTOLD * alone, (1.0 - TELLING) * spread):
                telling.append((left, j))
        if telling:
            found.append((i, min(telling)[1]))
    return found


def _jumps(i: int, episodes: Sequence[np.ndarray]) -> float:
    """In which share of the steps within episodes a component changes."""
    steps = np.concatenate([np.diff(e[:, i]) for e in episodes])
    return float(np.mean(np.abs(steps) > 1e-9)) if len(steps) else 1.0


def _unexplained(paid: np.ndarray, columns: Sequence[np.ndarray]) -> float:
    """The variance of the reward that no weighted sum of the columns explains."""
    design = np.stack([*columns, np.ones(len(paid))], axis=1)
    return float(np.var(paid - design @ np.linalg.lstsq(design, paid, rcond=None)[0]))


def _unnamed(
    signals: Sequence[Feature], episodes: Sequence[np.ndarray], low: np.ndarray, high: np.ndarray
) -> list[tuple[int, int]]:
    """Pairs of what rests within an episode and what moves, of a similar range; in order where they are as many."""
    plain = [s.indices[0] for s in signals if s.kind == PLAIN and s.rate_of is None]
    rest = [i for i in plain if all(np.ptp(e[:, i]) < 1e-9 for e in episodes)]
    move = [i for i in plain if i not in rest]
    pairs = (
        list(zip(rest, move, strict=True)) if len(rest) == len(move) else [(i, j) for i in rest for j in move]
    )
    pairs = [(i, j) for i, j in pairs if _overlap(i, j, low, high)]
    return pairs if len(pairs) <= LARGEST else []


def _places(part: Part) -> range:
    return range(part.start, part.start + part.size)


def _overlap(i: int, j: int, low: np.ndarray, high: np.ndarray) -> bool:
    """Whether two components have ranges that meet, neither a hundred times as wide as the other."""
    if high[i] == low[i] and high[j] == low[j]:
        return bool(abs(low[i] - low[j]) <= 1.0)
    width = max(high[i] - low[i], high[j] - low[j])
    return bool(low[i] <= high[j] + width and low[j] <= high[i] + width)


def _alike(one: Part, other: Part, observation: ObservationSpec, low: np.ndarray, high: np.ndarray) -> bool:
    """Whether two single numbers are of one kind: their names share a word, or their ranges are alike.

    Declared bounds must be the same; where a number has none, what was seen of both must be about the same range.
    """
    if _kinship(one.name, other.name):
        return True
    i, j = one.start, other.start
    bounds = [(observation.low[k], observation.high[k]) for k in (i, j)]
    if np.isfinite(bounds).all():
        return bounds[0] == bounds[1]
    shared = min(high[i], high[j]) - max(low[i], low[j])
    return bool(shared >= ALIKE * (max(high[i], high[j]) - min(low[i], low[j])))


def _kinship(one: str, other: str) -> int:
    """How many words two names share."""
    return len(set(one.split("_")) & set(other.split("_")))


def _stillness(part: Part, episodes: Sequence[np.ndarray]) -> float:
    """Minus how much a part moves within an episode: goals rest."""
    steps = [np.abs(np.diff(e[:, _places(part)], axis=0)).mean() for e in episodes if len(e) > 1]
    return -float(np.mean(steps)) if steps else 0.0
