"""Lanes: a row of bytes, each the place of something that crosses one lane, and the lane the player is in.

Whoever is run over is thrown back against the steering. Which byte was near which place whenever that happened
tells how the player's position maps to a lane, and where in the lane the player stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.editors.search.arcade.relations import ProbeTrajectory
from hlearn.editors.search.arcade.signals import DetectorTemplate, Signal

LEAST = 4  # lanes
NEAR = 9.0  # pixels between the player and what ran it over


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """How a row of bytes goes with the player's position.

    Attributes:
        row: the bytes, as one signal whose value is a list.
        count: how many lanes.
        origin: the player's position at the border of the first lane, ``height`` of one lane (signed: negative
            where a larger position means an earlier byte).
        place: where in a lane the player stands.
        explained: share of the accidents that this explains, out of ``events``.
    """

    row: Signal
    count: int
    origin: float
    height: float
    place: float
    explained: float
    events: int


def rows(indices: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of at least ``LEAST`` neighbouring bytes, as (first, end)."""
    found: list[tuple[int, int]] = []
    run: list[int] = []
    for index in [*sorted(indices), 10_000]:
        if run and index != run[-1] + 1:
            if len(run) >= LEAST:
                found.append((run[0], run[-1] + 1))
            run = []
        run.append(index)
    return found


def find_lanes(
    passages: Sequence[ProbeTrajectory],
    own: Signal,
    column: int,
    observations: Sequence[np.ndarray],
    indices: Sequence[int],
) -> list[Lanes]:
    """Returns the rows that explain accidents, the best first.

    Args:
        passages: recorded play.
        own: the player's position.
        column: 0 if ``own`` is steered across, 1 if up and down.
        observations: uint8[T, 128] per passage.
        indices: bytes that move by themselves.
    """
    found = []
    for first, end in rows(indices):
        places, cars = [], []
        for passage, obs in zip(passages, observations, strict=True):
            for t in setbacks(passage.series[own.key], passage.commands[:, column], own.sign):
                places.append(passage.series[own.key][t])
                cars.append(obs[t, first:end].astype(float))
        if len(places) < 6:
            continue
        lanes = _fit(np.array(places), np.array(cars), own, first, end)
        if lanes is not None:
            found.append(lanes)
    return sorted(found, key=lambda f: -f.explained)


def setbacks(place: np.ndarray, command: np.ndarray, sign: int) -> list[int]:
    """Steps at which a position turns against steering that has not changed.

    Args:
        place: the position, float[T]; nan where not seen.
        command: what was steered after each value, int[T].
        sign: 1 if a command of +1 raises the position, -1 if it lowers it.
    """
    change = np.nan_to_num(np.diff(place)) * sign
    found: list[int] = []
    for t in range(8, len(change) - 4):
        steered = command[t - 8 : t + 4]
        way = steered[0]
        turned = change[t - 1] * way > 0 and (change[t : t + 3] * way < 0).all()
        if way and (steered == way).all() and turned and (not found or t - found[-1] > 8):
            found.append(t)
    return found


def _fit(places: np.ndarray, cars: np.ndarray, own: Signal, first: int, end: int) -> Lanes | None:
    count = end - first
    events = len(places)
    spots = np.arange(0.0, 256.0, 3.0)
    best = (0.0, 0.0, 0.0, 0.0)
    for size in np.arange(4.0, 34.0, 1.0):
        for way in (1.0, -1.0):
            height = size * way
            edge = own.low if way > 0 else own.low + count * size
            for shift in np.arange(-size, size, max(1.0, size / 8)):
                origin = edge + shift
                lane = np.floor((places - origin) / height).astype(int)
                valid = (lane >= 0) & (lane < count)
                if valid.sum() < 0.6 * events:
                    continue
                at = cars[np.arange(events)[valid], lane[valid]]
                near = (np.abs(at[:, None] - spots[None, :]) <= NEAR).sum(axis=0)
                top = int(near.argmax())
                if near[top] > best[0]:
                    spot = float(np.median(at[np.abs(at - spots[top]) <= NEAR]))
                    best = (float(near[top]), origin, height, spot)
    if best[0] < max(5.0, 0.55 * events):
        return None
    row = Signal(
        sight=DetectorTemplate(
            key=f"ram[{first}:{end}]", body=(f"return [int(b) for b in obs[{first}:{end}]]",)
        ),
        low=float(cars.min()),
        high=float(cars.max()),
    )
    return Lanes(
        row=row,
        count=count,
        origin=best[1],
        height=best[2],
        place=best[3],
        explained=best[0] / events,
        events=events,
    )
