"""Omens: a number that is unusually high or low whenever a life is about to be lost (a gun that runs hot, a clock)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.editors.search.arcade.events import LEAST, Events, Trajectory, accidents
from hlearn.editors.search.arcade.signals import Signal

SURE = 5.0  # log-likelihood ratio that an omen must reach
SHARE = 0.4  # share of accidents, of those that are left, that it must precede
EARLY = 100  # steps
VALUES = 5  # that a gauge takes at least: a flag tells what is, not what comes
USUAL = 0.5  # what is beyond the level in more of all steps tells nothing that could be avoided


@dataclass(frozen=True, slots=True, kw_only=True)
class Precursor:
    """A number that stands beyond a level before accidents.

    Attributes:
        sign: the number.
        high: whether it is at or above ``level``; else at or below.
        level: where the border lies, ``early`` where the number stood ``EARLY`` steps before such accidents (median).
        explained: accidents that it preceded, of ``events``.
        evidence: log-likelihood ratio against chance.
    """

    sign: Signal
    high: bool
    level: float
    early: float
    explained: int
    events: int
    evidence: float


def find_omens(
    plays: Sequence[Trajectory], owns: Sequence[Signal], signs: Sequence[Signal], most: int = 3
) -> list[Precursor]:
    """Returns omens of accidents, what precedes most first; each precedes some that those before it do not.

    Args:
        plays: recorded episodes, with every sign's values.
        owns: the player's coordinates: no omens themselves.
        signs: what may be one.
        most: how many at most.
    """
    deaths = accidents(plays, owns)
    events = Events(plays, deaths, deaths)
    left = np.ones(events.count, dtype=bool)
    known = {own.key for own in owns}
    found: list[Precursor] = []
    while left.sum() >= LEAST and len(found) < most:
        told = [
            omen
            for sign in signs
            if sign.key not in known
            for high in (True, False)
            for omen in [_omen(events, left, sign, high=high)]
            if omen is not None
        ]
        if not told:
            break
        found.append(max(told, key=lambda o: o.evidence))
        turn = 1.0 if found[-1].high else -1.0
        left &= ~(turn * events.at(found[-1].sign.key) >= turn * found[-1].level)
    return found


def _omen(events: Events, left: np.ndarray, sign: Signal, *, high: bool) -> Precursor | None:
    """The level that the accidents that are left prefer most over all other times."""
    turn = 1.0 if high else -1.0
    count = int(left.sum())
    at, before = (turn * events.at(sign.key, b)[left] for b in (0, EARLY))
    usual = np.sort(turn * events.usual(sign.key))
    seen = np.isfinite(at) & np.isfinite(before)
    at, before, usual = at[seen], before[seen], usual[np.isfinite(usual)]
    if not len(at) or len(np.unique(usual)) < VALUES:
        return None
    middle = float(np.median(usual))
    best: Precursor | None = None
    for level in np.unique(at):
        inside = int((at >= level).sum())
        chance = float(len(usual) - np.searchsorted(usual, level, "left")) / len(usual)
        if inside < max(LEAST, SHARE * count) or chance > USUAL:
            continue
        early = float(np.median(before[at >= level]))
        if early <= middle:
            continue  # it came all at once: nothing warned
        chance = max(chance, 0.01)
        evidence = inside * np.log(inside / (count * chance))
        if inside < count:
            evidence += (count - inside) * np.log((count - inside) / (count * (1 - chance)))
        if inside > count * chance and evidence >= max(SURE, best.evidence if best else 0.0):
            best = Precursor(
                sign=sign,
                high=high,
                level=float(turn * level),
                early=turn * early,
                explained=inside,
                events=events.count,
                evidence=float(evidence),
            )
    return best
