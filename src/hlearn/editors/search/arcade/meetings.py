"""Reading events: what was where, relative to the player, when a life was lost or points were won.

What kills stands at the same distance from the player each time (in one coordinate), and at the player's height (in
the other): both are found by how much more often than usual a window of values is met. Events that one thing explains
are set aside before the next is sought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hlearn.editors.search.arcade.events import LEAST, Events, Trajectory, accidents, gains
from hlearn.editors.search.arcade.signals import Signal
from hlearn.probe.motion import JUMP

BEFORE = 6  # steps before an accident from which the approach is read
CLOSE = 5.0  # half a window of distances, at least
LEVEL = 8.0  # half a window of heights
SURE = 7.0  # log-likelihood ratio that a pair of windows must reach
USUAL_GAP = 20.0  # coordinates of things that meet differ by so much (standard deviation of a guess)
PLAINER = 4.0  # how much more a second coordinate must tell
EDGES = 4.0  # windows between the two edges of one thing, at most
SHORTLIST = 16  # hazards for which a second coordinate is sought


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAssociation:
    """A thing that goes with events.

    Attributes:
        own: the player's coordinate, ``thing`` that of the thing along the same axis.
        gap: thing minus own in events (median).
        width: half the range of such gaps.
        depth: the thing's other coordinate, None where none tells more.
        beside: the player's other coordinate if ``depth`` is told relative to it, None if ``depth`` counts as it is.
        level: ``depth`` in events (median; relative to ``beside`` if there is one).
        closing: change of the gap per step before events (signed).
        approach: change of ``depth`` per step before events (signed).
        explained: events it explains, of ``events``.
        evidence: log-likelihood ratio against chance.
    """

    own: Signal
    thing: Signal
    gap: float
    width: float
    closing: float
    depth: Signal | None = None
    beside: Signal | None = None
    level: float = 0.0
    approach: float = 0.0
    explained: int
    events: int
    evidence: float


def find_meetings(
    plays: Sequence[Trajectory],
    event: str,
    own: Signal,
    other: Signal | None,
    signals: Sequence[Signal],
    most: int = 4,
) -> list[EventAssociation]:
    """Returns what goes with events, what explains most first.

    Args:
        plays: recorded episodes, with every signal's values.
        event: "loss" (an accident) or "gain".
        own: the player's coordinate on one axis.
        other: the player's coordinate on the other axis, None if it has none.
        signals: what may be a thing's coordinate.
        most: how many at most.
    """
    owns = [o for o in (own, other) if o is not None]
    deaths = accidents(plays, owns)
    events = Events(plays, deaths if event == "loss" else gains(plays), deaths)
    found: list[EventAssociation] = []
    left = np.ones(events.count, dtype=bool)
    others = [s for s in signals if s.key not in {o.key for o in owns}]
    while left.sum() >= LEAST and len(found) < most:
        meeting, explains = _strongest(events, left, own, other, others)
        if meeting is None:
            break
        found = _joined(found, meeting)
        left &= ~explains
    return found


def _joined(found: Sequence[EventAssociation], new: EventAssociation) -> list[EventAssociation]:
    """Adds a meeting; one that is met on both sides is met at its edges: that is one thing, wider than a window."""
    for at, old in enumerate(found):
        if (old.thing.key, old.depth, old.beside) == (new.thing.key, new.depth, new.beside):
            apart = abs(old.gap - new.gap)
            if apart > EDGES * old.width:
                break
            both = replace(
                old,
                gap=(old.gap + new.gap) / 2,
                width=(apart + old.width) / 2,
                explained=old.explained + new.explained,
                evidence=old.evidence + new.evidence,
            )
            return [*found[:at], both, *found[at + 1 :]]
    return [*found, new]


def _strongest(
    events: Events, left: np.ndarray, own: Signal, other: Signal | None, signals: Sequence[Signal]
) -> tuple[EventAssociation | None, np.ndarray]:
    """What explains the events that are left best, and which of all events it explains."""
    here, usually = events.at(own.key), events.usual(own.key)
    close = max(CLOSE, 0.04 * own.span)
    near = []
    for thing in signals:
        if thing.axis is not None and own.axis is not None and thing.axis is not own.axis:
            continue
        gaps, usual = events.at(thing.key) - here, events.usual(thing.key) - usually
        evidence, centre = _window(gaps[left], usual, close)
        evidence -= _unlikely(centre)
        near.append((evidence, thing, centre, gaps, usual))
    near.sort(key=lambda n: (-n[0], n[1].key))
    best: EventAssociation | None = None
    explains = np.zeros(len(left), dtype=bool)
    for evidence, thing, centre, gaps, usual in near[:SHORTLIST]:
        inside = np.abs(gaps - centre) <= close
        if (inside & left).sum() < LEAST:
            continue
        meeting, both = _with_depth(
            events, left, own, other, thing, (centre, close), (inside, usual), signals
        )
        alone = EventAssociation(
            own=own,
            thing=thing,
            gap=float(np.median(gaps[inside & left])),
            width=close,
            closing=_change(events, thing, inside & left) - _change(events, own, inside & left),
            explained=int((inside & left).sum()),
            events=events.count,
            evidence=evidence,
        )
        if meeting is None or alone.evidence + PLAINER > meeting.evidence:
            meeting, both = alone, inside
        if meeting.evidence >= SURE and (best is None or meeting.evidence > best.evidence):
            best, explains = meeting, both
    return best, explains


def _with_depth(
    events: Events,
    left: np.ndarray,
    own: Signal,
    other: Signal | None,
    thing: Signal,
    window: tuple[float, float],
    told: tuple[np.ndarray, np.ndarray],
    signals: Sequence[Signal],
) -> tuple[EventAssociation | None, np.ndarray]:
    """The second coordinate that tells most about a thing's events."""
    (centre, close), (inside, usual) = window, told
    usually_inside = np.abs(usual - centre) <= close
    share = float(usually_inside.mean())
    count = int(left.sum())
    best: EventAssociation | None = None
    explains = inside
    ways = [None] if other is None else [None, other]
    for depth in signals:
        if _same(depth, thing) or (thing.axis is not None and depth.sight.key != thing.sight.key):
            continue
        for beside in ways:
            if beside is not None and depth.axis is not None and depth.axis is not beside.axis:
                continue
            base = 0.0 if beside is None else events.at(beside.key)
            usual_base = 0.0 if beside is None else events.usual(beside.key)
            values = events.at(depth.key) - base
            usually = (events.usual(depth.key) - usual_base)[usually_inside]
            _, level = _window(values[inside & left], usually, LEVEL)
            both = inside & (np.abs(values - level) <= LEVEL)
            k = int((both & left).sum())
            if k < LEAST:
                continue
            chance = share * float((np.abs(usually - level) <= LEVEL).mean()) if len(usually) else share
            evidence = _likelihood(k, count, chance, 1.0 / max(1, len(usual)))
            evidence -= _unlikely(centre) + (_unlikely(level) if beside is not None else 0.0)
            if evidence <= (best.evidence if best is not None else 0.0):
                continue
            approach = _change(events, depth, both & left)
            if abs(approach) > JUMP / 2 or (beside is None and approach == 0.0):
                continue  # no height that something comes down or up to
            gaps = events.at(thing.key) - events.at(own.key)
            best = EventAssociation(
                own=own,
                thing=thing,
                gap=float(np.median(gaps[both & left])),
                width=close,
                closing=_change(events, thing, both & left) - _change(events, own, both & left),
                depth=depth,
                beside=beside,
                level=float(np.median(values[both & left])),
                approach=approach,
                explained=k,
                events=events.count,
                evidence=evidence,
            )
            explains = both
    return (best, explains) if best is None else _centred(events, left, best)


def _centred(
    events: Events, left: np.ndarray, meeting: EventAssociation
) -> tuple[EventAssociation, np.ndarray]:
    """Reads the gap again among events at the height found: others, without it, had blurred it."""
    assert meeting.depth is not None
    height, usual_height = events.at(meeting.depth.key), events.usual(meeting.depth.key)
    if meeting.beside is not None:
        height = height - events.at(meeting.beside.key)
        usual_height = usual_height - events.usual(meeting.beside.key)
    gaps = events.at(meeting.thing.key) - events.at(meeting.own.key)
    usual = events.usual(meeting.thing.key) - events.usual(meeting.own.key)
    level = np.abs(height - meeting.level) <= LEVEL
    _, centre = _window(
        gaps[level & left], usual[np.abs(usual_height - meeting.level) <= LEVEL], meeting.width
    )
    both = level & (np.abs(gaps - centre) <= meeting.width)
    told = gaps[both & left]
    return replace(meeting, gap=float(np.median(told)), explained=len(told)), both


def _change(events: Events, signal: Signal, which: np.ndarray) -> float:
    """How a signal changes per step before some events (median)."""
    change = (events.at(signal.key) - events.at(signal.key, BEFORE))[which] / BEFORE
    change = change[np.abs(change) <= JUMP]
    return float(np.median(change)) if len(change) else 0.0


def _window(values: np.ndarray, usual: np.ndarray, half: float) -> tuple[float, float]:
    """The window of a given half width that values prefer most over their usual places.

    Returns:
        Its log-likelihood ratio and its centre; zeros where there is none.
    """
    values = values[np.isfinite(values)]
    usual = np.sort(usual[np.isfinite(usual)])
    if len(values) < LEAST or not len(usual):
        return 0.0, 0.0
    best = (0.0, 0.0)
    for centre in np.unique(np.round(values)):
        inside = int((np.abs(values - centre) <= half).sum())
        low = np.searchsorted(usual, centre - half, "left")
        high = np.searchsorted(usual, centre + half, "right")
        evidence = _likelihood(inside, len(values), float(high - low) / len(usual), 1.0 / len(usual))
        if evidence > best[0]:
            best = (evidence, float(centre))
    return best


def _same(one: Signal, other: Signal) -> bool:
    """Whether two signals are one number, perhaps read in two ways."""
    return one.field == other.field and one.sight.key.split(" ")[0] == other.sight.key.split(" ")[0]


def _unlikely(gap: float) -> float:
    """How much a distance in accidents speaks against two things' being in one frame of reference, in log odds."""
    return min(6.0, gap * gap / (2 * USUAL_GAP * USUAL_GAP))


def _likelihood(inside: int, count: int, chance: float, floor: float) -> float:
    """Log-likelihood ratio of ``inside`` of ``count`` against a chance, 0 where it is no more than expected."""
    chance = min(max(chance, floor, 0.002), 0.98)
    if inside <= count * chance:
        return 0.0
    told = inside * np.log(inside / (count * chance))
    if inside < count:
        told += (count - inside) * np.log((count - inside) / (count * (1 - chance)))
    return float(told)
