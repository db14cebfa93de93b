"""Reading events: what was near when a point was won, what was near when something was lost.

If a thing's distance from the player at such moments is much more alike than at other times, the thing has
to do with it: a hazard to make way for, or a target to go for, and at which distance. A loss shows as a negative
reward, a counter of lives going down, or the player being thrown to another place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.editors.search.arcade.signals import Signal
from hlearn.probe.motion import JUMP

LEAST = 5  # events
STRONG = 4.0  # standard errors above chance


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTrajectory:
    """Recorded play as numbers.

    Attributes:
        series: values per signal key, float[T]; nan where not seen.
        rewards: float[T], what the action after each value brought.
        lost: bool[T], whether a counter of lives went down.
        commands: int[T, 2], what was steered after each value: across and down.
    """

    series: Mapping[str, np.ndarray]
    rewards: np.ndarray
    lost: np.ndarray
    commands: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class DistanceAssociation:
    """A distance that goes with an event.

    Attributes:
        event: "gain" or "loss".
        own: the player's coordinate, ``other`` the thing's.
        gap: other minus own at such events (median).
        width: half the range of gaps that counts as near.
        strength: standard errors above chance.
        events: how many events it was seen in.
    """

    event: str
    own: Signal
    other: Signal
    gap: float
    width: float
    strength: float
    events: int


def find_relations(
    passages: Sequence[ProbeTrajectory], own: Signal, others: Sequence[Signal]
) -> list[DistanceAssociation]:
    """Returns the relations between one's own coordinate and other signals, the strongest first."""
    found = []
    for event in ("gain", "loss"):
        moments = [_moments(p, own, event) for p in passages]
        if sum(len(m) for m in moments) < LEAST:
            continue
        for other in others:
            if other.key == own.key:
                continue
            gaps = [p.series[other.key] - p.series[own.key] for p in passages]
            at = np.concatenate([g[m] for g, m in zip(gaps, moments, strict=True)])
            usual = np.concatenate(gaps)
            relation = _concentration(at[np.isfinite(at)], usual[np.isfinite(usual)], own)
            if relation is not None:
                gap, width, strength = relation
                found.append(
                    DistanceAssociation(
                        event=event,
                        own=own,
                        other=other,
                        gap=gap,
                        width=width,
                        strength=strength,
                        events=len(at),
                    )
                )
    return sorted(found, key=lambda r: -r.strength)


def _moments(passage: ProbeTrajectory, own: Signal, event: str) -> np.ndarray:
    """The steps just before an event."""
    if event == "gain":
        hit = np.asarray(passage.rewards > 0)
    else:
        place = passage.series[own.key]
        thrown = np.zeros(len(place), dtype=bool)
        with np.errstate(invalid="ignore"):
            thrown[:-1] = (np.abs(np.diff(place)) > JUMP) | (np.isnan(place[1:]) & ~np.isnan(place[:-1]))
        hit = (passage.rewards < 0) | passage.lost | thrown | _setback(place, own)
    steps = np.flatnonzero(hit)
    apart = [s for i, s in enumerate(steps) if i == 0 or s - steps[i - 1] > 8]
    return np.asarray(np.maximum(np.array(apart, dtype=int) - 1, 0))


def _setback(place: np.ndarray, own: Signal) -> np.ndarray:
    """Steps at which a steady advance turns into a fast retreat that steering cannot make."""
    change = np.diff(place, append=place[-1])
    fast = 1.5 * max(own.speed, abs(own.pending[0]) if own.pending else own.speed)
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(change) > fast) & (np.abs(change) <= JUMP))


def _concentration(at: np.ndarray, usual: np.ndarray, own: Signal) -> tuple[float, float, float] | None:
    """The window of gaps that events prefer most, as (gap, half width, strength)."""
    if len(at) < LEAST or len(usual) < 100:
        return None
    width = max(3.0, 0.06 * own.span)
    ordered = np.sort(usual)
    best = (0.0, 0.0, 0.0)
    for centre in np.unique(np.round(at)):
        inside = int((np.abs(at - centre) <= width).sum())
        low, high = (
            np.searchsorted(ordered, centre - width, "left"),
            np.searchsorted(ordered, centre + width, "right"),
        )
        share = min(max(float((high - low) / len(ordered)), 0.005), 0.98)
        strength = (inside - len(at) * share) / math.sqrt(len(at) * share * (1 - share))
        if inside >= LEAST and strength > best[2]:
            best = (float(np.median(at[np.abs(at - centre) <= width])), width, strength)
    return best if best[2] > STRONG else None


def lives_counters(episodes: Sequence[np.ndarray]) -> list[int]:
    """Bytes that only ever count down by one, a few times per episode: lives.

    Args:
        episodes: uint8[T, 128] per episode.
    """
    found = []
    for index in range(episodes[0].shape[1]):
        drops, good = 0, True
        for observations in episodes:
            change = np.diff(observations[:, index].astype(np.int16))
            moved = change[change != 0]
            if (moved != -1).any() or len(moved) > 8:
                good = False
                break
            drops += len(moved)
        if good and drops >= max(2, len(episodes) // 2):
            found.append(index)
    return found
