"""Who the player is, checked against the screen: the blobs that go where a byte goes that commands move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hlearn.parts.things import CODES
from hlearn.probe.blobs import Blobs
from hlearn.probe.things import Coordinate, votes

SURE = 0.25  # share of pictures, above chance, in which a colour must stand where the byte says
FULL = 0.33  # of the pictures must show it for full weight
WRAP = 24  # a larger change between two pictures is a new place (pixels)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerFound:
    """The player.

    Attributes:
        x: the coordinates of its middle.
        y: the same.
        size: its width and height (pixels).
        speed: pixels per step when it is steered, across and down; 0 where steering does not move it.
        low: smallest usual coordinates, ``high`` the largest.
        colour: of its blobs.
        sure: share of pictures, above chance, in which they stand where the bytes say.
    """

    x: Coordinate
    y: Coordinate
    size: tuple[float, float]
    speed: tuple[float, float]
    low: tuple[float, float]
    high: tuple[float, float]
    colour: int
    sure: float


def find_player(
    blobs: Blobs,
    rams: np.ndarray,
    commands: np.ndarray,
    obeying: tuple[Sequence[int], Sequence[int]],
    every: int,
    rng: np.random.Generator,
) -> PlayerFound | None:
    """Finds the player, None if nothing on the screen goes where a commanded byte goes.

    Args:
        blobs: what the pictures show.
        rams: uint8[T, 128], the bytes at each picture.
        commands: int[T, 2], across and down, given at each picture.
        obeying: bytes that commands across move, the clearest first, and those that commands down move.
        every: steps between two pictures.
        rng: draws voters.
    """
    matches = [m for axis in (0, 1) for m in [_match(blobs, rams, obeying[axis], axis)] if m is not None]
    if not matches:
        return None
    sure, axis, coordinate, mine = max(matches, key=lambda m: m[0])
    second = next((m for m in matches if m[1] != axis), None)
    usable = [b for b in range(rams.shape[1]) if len(np.unique(rams[:, b])) >= 5]
    other = None
    if second is not None and int(np.median(second[3].colour)) == int(np.median(mine.colour)):
        other = second[2]
    if other is None:
        places = mine.y if axis == 0 else mine.x
        told = votes(mine.t, places, rams, usable, rng, 2)[:1] if places.std() > 2 else []
        if second is not None and not (told and told[0][0] > SURE):
            other = second[2]
        else:
            other = (
                told[0][2]
                if told and told[0][0] > SURE
                else Coordinate(byte=None, plus=float(np.median(places)))
            )
    width, height = float(np.median(mine.w)), float(np.median(mine.h))
    pair = (coordinate, other) if axis == 0 else (other, coordinate)
    x, y = (replace(c, plus=c.plus + half) for c, half in zip(pair, (width / 2, height / 2), strict=True))
    ends = [np.percentile(c.of(rams), (1, 99)) for c in (x, y)]
    return PlayerFound(
        x=x,
        y=y,
        size=(width, height),
        speed=(_speed(x, rams, commands[:, 0], every), _speed(y, rams, commands[:, 1], every)),
        low=(float(ends[0][0]), float(ends[1][0])),
        high=(float(ends[0][1]), float(ends[1][1])),
        colour=int(np.median(mine.colour)),
        sure=sure,
    )


def _match(
    blobs: Blobs, rams: np.ndarray, bytes_: Sequence[int], axis: int
) -> tuple[float, int, Coordinate, Blobs] | None:
    """The colour whose blobs go where one of these bytes goes, and how the byte is to be read."""
    count = len(rams)
    later = np.roll(rams, count // 3, axis=0)
    best: tuple[float, int, Coordinate, Blobs] | None = None
    for colour in np.unique(blobs.colour):
        mine = blobs.pick(blobs.colour == colour)
        frames = len(np.unique(mine.t))
        if len(mine.t) < 40:
            continue
        places = mine.x if axis == 0 else mine.y
        for byte in bytes_:
            for code, table in CODES.items():
                gaps = places - table[rams[mine.t, byte]]
                counts = np.bincount(gaps + 600, minlength=1200)
                near = counts.copy()
                near[1:] += counts[:-1]
                near[:-1] += counts[1:]
                shift = int(near.argmax()) - 600
                hit = np.abs(gaps - shift) <= 1
                share = len(np.unique(mine.t[hit])) / frames
                wrong = np.abs(places - table[later[mine.t, byte]] - shift) <= 1
                worth = (share - len(np.unique(mine.t[wrong])) / frames) * min(1.0, frames / (FULL * count))
                if worth > SURE and (best is None or worth > best[0]):
                    best = (worth, axis, Coordinate(byte=byte, plus=float(shift), code=code), mine.pick(hit))
    return best


def _speed(coordinate: Coordinate, rams: np.ndarray, command: np.ndarray, every: int) -> float:
    """Pixels per step while a command is held and moves it, 0 if hardly ever."""
    if coordinate.byte is None:
        return 0.0
    change = np.diff(coordinate.of(rams))
    held = (command[1:] == command[:-1]) & (command[1:] != 0) & (np.abs(change) <= WRAP)
    along = (change * command[1:])[held]
    moved = along[along > 0]
    return float(np.mean(moved)) / every if len(moved) > 0.1 * max(1, len(along)) else 0.0
