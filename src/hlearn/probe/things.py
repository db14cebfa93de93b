"""Things in memory, taught by the screen: which bytes hold where what is seen stands, and which say what it is.

Pictures of random play are cut into blobs; for each colour every byte votes for being the coordinate of its blobs, in
each way in which a byte may hold one; what matches far better than the same bytes at another time becomes a slot.
The screen is read here and nowhere later: the program reads bytes alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.parts.things import CODES
from hlearn.probe.blobs import Blobs

NEAR_X, NEAR_Y = 2, 4  # pixels within which a slot has found a blob
COLOURS = 14  # that are looked at, those with the most blobs
RARE = 0.015  # of the pictures must show a colour
SLOTS = 24  # at most
PER_COLOUR = 10
POINTS = 1200  # blobs that vote
TAUGHT = 0.7  # share of the pictures that teach; the rest tests


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinate:
    """How memory holds a coordinate: a byte, its code and a shift, or a constant (``byte`` None)."""

    byte: int | None
    plus: float
    code: str = "plain"

    def of(self, rams: np.ndarray) -> np.ndarray:
        """Its values, float[T]."""
        if self.byte is None:
            return np.full(len(rams), self.plus)
        return np.asarray(CODES[self.code][rams[:, self.byte]] + self.plus, dtype=float)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFound:
    """A slot: where memory holds the place of a thing.

    Attributes:
        x: the coordinates.
        y: the same.
        teller: the byte that says what is there; None if it is always of one kind.
        kinds: kind by the teller's value; {-1: kind} without one.
        recall: share of the test's blobs of its colours that it found.
        chance: the same for bytes of another time.
        size: median width and height (pixels).
    """

    x: Coordinate
    y: Coordinate
    teller: int | None
    kinds: dict[int, int]
    recall: float
    chance: float
    size: tuple[float, float]

    def kind_at(self, rams: np.ndarray) -> np.ndarray:
        """The kind that is there, int[T]; -1 for nothing."""
        if self.teller is None:
            return np.full(len(rams), self.kinds[-1])
        table = np.full(256, -1)
        for value, kind in self.kinds.items():
            table[value] = kind
        return np.asarray(table[rams[:, self.teller]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Percept:
    """What memory tells of what the screen shows.

    Attributes:
        slots: the best first.
        recall: share of all moving blobs of the test that some slot found.
        chance: the same for bytes of another time.
    """

    slots: tuple[SlotFound, ...]
    recall: float
    chance: float


def find_slots(blobs: Blobs, rams: np.ndarray, rng: np.random.Generator) -> Percept:
    """Finds slots.

    Args:
        blobs: what the pictures show.
        rams: uint8[T, 128], the bytes at each picture.
        rng: draws blobs that vote, and the other times.
    """
    count = len(rams)
    teaching = np.arange(count) % 10 < 10 * TAUGHT
    later = np.roll(rams, count // 3, axis=0)
    usable = [b for b in range(rams.shape[1]) if len(np.unique(rams[:, b])) >= 5]
    found: dict[tuple[object, ...], tuple[Coordinate, Coordinate, float, float, float]] = {}
    tests = []
    colours, seen = np.unique(blobs.colour, return_counts=True)
    order = [
        c
        for c, n in sorted(zip(colours, seen, strict=True), key=lambda z: (-z[1], z[0]))
        if n >= max(30, RARE * count)
    ]
    for colour in order[:COLOURS]:
        mine = blobs.pick(blobs.colour == colour)
        if mine.x.std() <= 2 and mine.y.std() <= 2:
            continue
        taught, test = mine.pick(teaching[mine.t]), mine.pick(~teaching[mine.t])
        if len(taught.t) < 25 or len(test.t) < 8:
            continue
        tests.append(test)
        rest = (
            taught
            if len(taught.t) <= 4 * POINTS
            else taught.pick(np.sort(rng.choice(len(taught.t), 4 * POINTS, replace=False)))
        )
        for _ in range(PER_COLOUR):
            if len(rest.t) < max(15, 0.03 * len(taught.t)):
                break
            pair = _best_pair(rest, rams, usable, rng)
            if pair is None:
                break
            rest = rest.pick(~_hits(rest, rams, *pair))
            right = float(_hits(test, rams, *pair).mean())
            wrong = float(_hits(test, later, *pair).mean())
            key = (
                pair[0].byte,
                pair[0].code,
                pair[1].byte if pair[1].byte is not None else round(pair[1].plus / 10),
            )
            if right >= 0.03 and right > 2.5 * wrong + 0.01 and key not in found:
                found[key] = (*pair, right * len(mine.t), right, wrong)
    ranked = sorted(found.values(), key=lambda f: -f[2])[:SLOTS]
    slots = [s for f in ranked if (s := _told(f, blobs, set(order[:COLOURS]), rams, teaching)) is not None]
    return Percept(slots=tuple(slots), recall=_share(tests, slots, rams), chance=_share(tests, slots, later))


def _share(tests: Sequence[Blobs], slots: Sequence[SlotFound], rams: np.ndarray) -> float:
    """Share of blobs that some slot finds."""
    total = sum(len(t.t) for t in tests)
    hit = sum(
        int(np.any([np.zeros(len(t.t), bool), *(_hits(t, rams, s.x, s.y) for s in slots)], axis=0).sum())
        for t in tests
    )
    return hit / total if total else 0.0


def _hits(blobs: Blobs, rams: np.ndarray, x: Coordinate, y: Coordinate) -> np.ndarray:
    at = rams[blobs.t]
    return np.asarray((np.abs(blobs.x - x.of(at)) <= NEAR_X) & (np.abs(blobs.y - y.of(at)) <= NEAR_Y))


def _best_pair(
    rest: Blobs, rams: np.ndarray, usable: Sequence[int], rng: np.random.Generator
) -> tuple[Coordinate, Coordinate] | None:
    """The bytes that hold the places of most of these blobs."""
    best: tuple[int, Coordinate, Coordinate] | None = None
    if rest.x.std() <= 2:
        ahead = [(Coordinate(byte=None, plus=float(np.median(rest.x))), np.ones(len(rest.t), bool))]
    else:
        ahead = []
        for gain, share, x in votes(rest.t, rest.x, rams, usable, rng, 1):
            hit = np.abs(rest.x - x.of(rams[rest.t])) <= NEAR_X
            if gain >= 0.05 and share >= 2 * (share - gain) and hit.sum() >= 12:
                ahead.append((x, hit))
    for x, hit in ahead:
        some = rest.pick(hit)
        middle = float(np.median(some.y))
        y = Coordinate(byte=None, plus=middle)
        held = int((np.abs(some.y - middle) <= NEAR_Y).sum())
        if some.y.std() > 2:
            for gain, share, told in votes(some.t, some.y, rams, usable, rng, 2)[:1]:
                right = int((np.abs(some.y - told.of(rams[some.t])) <= NEAR_Y - 1).sum())
                if gain > 0.2 and share > 0.35 and right > 1.15 * held:
                    y, held = told, right
        if x.byte is None and y.byte is None:
            continue
        if held >= 12 and (best is None or held > best[0]):
            best = (held, x, y)
    return None if best is None else best[1:]


def votes(
    times: np.ndarray,
    places: np.ndarray,
    rams: np.ndarray,
    usable: Sequence[int],
    rng: np.random.Generator,
    tolerance: int,
) -> list[tuple[float, float, Coordinate]]:
    """The four codings that explain most places: (share above that of other times, share, coding), best first.

    Args:
        times: int[n], picture of each place.
        places: int[n], coordinates (pixels).
        rams: uint8[T, 128].
        usable: bytes that may vote.
        rng: draws voters and other times.
        tolerance: pixels either way.
    """
    if len(times) > POINTS:
        some = np.sort(rng.choice(len(times), POINTS, replace=False))
        times, places = times[some], places[some]
    at = rams[times]
    ranked: list[tuple[float, int, str, int]] = []
    for byte in usable:
        column = at[:, byte]
        for code, table in CODES.items():
            counts = np.bincount(places - table[column] + 600, minlength=1200)
            near = counts.copy()
            near[1:] += counts[:-1]
            near[:-1] += counts[1:]
            shift = int(near.argmax())
            ranked.append((near[shift] / len(times), byte, code, shift - 600))
    ranked.sort(key=lambda r: -r[0])
    other = rams[
        (times + len(rams) // 2 + int(rng.integers(-len(rams) // 8, len(rams) // 8 + 1))) % len(rams)
    ]
    found = []
    for share, byte, code, shift in ranked[:12]:
        by_chance = float((np.abs(places - CODES[code][other[:, byte]] - shift) <= tolerance).mean())
        found.append((share - by_chance, share, Coordinate(byte=byte, plus=float(shift), code=code)))
    return sorted(found, key=lambda f: -f[0])[:4]


def _told(
    found: tuple[Coordinate, Coordinate, float, float, float],
    blobs: Blobs,
    colours: set[int],
    rams: np.ndarray,
    teaching: np.ndarray,
) -> SlotFound | None:
    """The slot with what says which kind it holds; None if mostly nothing is there and no byte says when."""
    x, y, _, recall, chance = found
    right = np.flatnonzero(_hits(blobs, rams, x, y) & np.isin(blobs.colour, list(colours)))[::-1]
    if not len(right):
        return None
    held = np.full(len(rams), -1)
    held[blobs.t[right]] = blobs.colour[right]
    size = (float(np.median(blobs.w[right])), float(np.median(blobs.h[right])))
    kinds, at = np.unique(held, return_inverse=True)
    usual = int(np.bincount(at[teaching]).argmax())
    base = float((at[~teaching] == usual).mean())
    best: tuple[float, int, dict[int, int]] | None = None
    for byte in range(rams.shape[1]):
        column = rams[:, byte]
        if not 2 <= len(np.unique(column)) <= 100:
            continue
        table = np.bincount(column[teaching] * len(kinds) + at[teaching], minlength=256 * len(kinds)).reshape(
            256, -1
        )
        told = np.where(table.sum(axis=1) >= 2, table.argmax(axis=1), usual)
        share = float((told[column[~teaching]] == at[~teaching]).mean())
        if best is None or share > best[0] + 0.002:
            values = [int(v) for v in np.unique(column) if kinds[told[v]] >= 0]
            best = (share, byte, {v: int(kinds[told[v]]) for v in values})
    if best is not None and best[2] and best[0] > base + 0.02 and 1 - best[0] < 0.8 * (1 - base):
        return SlotFound(x=x, y=y, teller=best[1], kinds=best[2], recall=recall, chance=chance, size=size)
    there = kinds[usual] >= 0
    if not there and base >= 0.75:
        return None
    often = np.bincount(at[teaching], minlength=len(kinds)).astype(float)
    often[kinds < 0] = -1.0
    return SlotFound(
        x=x, y=y, teller=None, kinds={-1: int(kinds[often.argmax()])}, recall=recall, chance=chance, size=size
    )
