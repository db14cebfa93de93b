"""What each kind of thing does, read from play: near before lives were lost, near or level when points were won.

A counter falls long after what made it fall, so every share is read at the lag where it stands out most from chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

LOSS_LAGS = range(0, 56, 2)  # looks before a life is lost at which a thing may have been near
TOUCH_LAGS = range(3)
LEVEL_LAGS = range(14)
WIDTH = 3  # looks in which near counts as near
MARGIN = 4.0  # pixels between two boxes that count as touching
APART = 18.0  # pixels that are too far to touch
SURE = 3.0  # standard errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """How much more often something was so at events than by chance.

    Attributes:
        times: share at events by share at any time; 1 where nothing stands out.
        errors: by how many standard errors it stands out.
        lag: looks before the event at which it does.
    """

    times: float = 1.0
    errors: float = 0.0
    lag: int = 0

    def __bool__(self) -> bool:
        return self.errors > SURE and self.times > 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a kind does.

    Attributes:
        kind: which.
        seen: share of looks in which one was there.
        kills: near before losses.
        pays: near at gains.
        above: above or below the player, apart, at gains (a shot).
        beside: beside it, apart, at gains.
        deaths: losses read, ``gains`` gains read.
    """

    kind: int
    seen: float
    kills: Lift
    pays: Lift
    above: Lift
    beside: Lift
    deaths: int
    gains: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledEpisode:
    """An episode as looks, one every few steps.

    Attributes:
        me: float[T, 2], the player's middle.
        kinds: int[T, slots], -1 where nothing is.
        places: float[T, slots, 2], middles.
        gained: bool[T], points were won since the look before.
        lost: bool[T], a life was lost.
    """

    me: np.ndarray
    kinds: np.ndarray
    places: np.ndarray
    gained: np.ndarray
    lost: np.ndarray


def read_effects(
    watches: Sequence[SampledEpisode], boxes: Mapping[int, tuple[float, float]], me: tuple[float, float]
) -> tuple[Effect, ...]:
    """Reads the effect of every kind.

    Args:
        watches: episodes.
        boxes: width and height by kind (pixels).
        me: the player's.
    """
    if not watches:
        return ()
    breaks = np.cumsum([0, *(len(w.me) for w in watches)])
    lost = np.flatnonzero(np.concatenate([w.lost for w in watches]))
    gained = np.flatnonzero(np.concatenate([w.gained for w in watches]))
    starts = np.repeat(breaks[:-1], np.diff(breaks))
    found = []
    for kind, (width, height) in boxes.items():
        there, near, above, beside = [], [], [], []
        for w in watches:
            is_it = w.kinds == kind
            gap = np.abs(w.places - w.me[:, None, :])
            wide, high = reach((width, height), me)
            there.append(is_it.any(axis=1))
            near.append((is_it & (gap[..., 0] < wide) & (gap[..., 1] < high)).any(axis=1))
            above.append((is_it & (gap[..., 0] < wide) & (gap[..., 1] >= max(high, APART))).any(axis=1))
            beside.append((is_it & (gap[..., 1] < high) & (gap[..., 0] >= max(wide, APART))).any(axis=1))
        close = np.concatenate(near)
        found.append(
            Effect(
                kind=kind,
                seen=float(np.concatenate(there).mean()),
                kills=_lift(lost, close, starts, LOSS_LAGS, WIDTH),
                pays=_lift(gained, close, starts, TOUCH_LAGS, WIDTH),
                above=_lift(gained, np.concatenate(above), starts, LEVEL_LAGS, 1),
                beside=_lift(gained, np.concatenate(beside), starts, LEVEL_LAGS, 1),
                deaths=len(lost),
                gains=len(gained),
            )
        )
    return tuple(found)


def reach(box: tuple[float, float], me: tuple[float, float]) -> tuple[float, float]:
    """How far apart the middles of a thing and the player may be that touch (pixels), given their sizes."""
    return (box[0] + me[0]) / 2 + MARGIN, (box[1] + me[1]) / 2 + MARGIN


def unexplained(
    watches: Sequence[SampledEpisode],
    boxes: Mapping[int, tuple[float, float]],
    me: tuple[float, float],
    effects: Sequence[Effect],
) -> int:
    """How many losses no thing that kills was near, at the lag at which its kind is.

    Args:
        watches: episodes.
        boxes: width and height by kind (pixels).
        me: the player's.
        effects: what was read from them.
    """
    count = 0
    for w in watches:
        lost = np.flatnonzero(w.lost)
        open_ = np.ones(len(lost), dtype=bool)
        for effect in (e for e in effects if e.kills):
            wide, high = reach(boxes[effect.kind], me)
            gap = np.abs(w.places - w.me[:, None, :])
            near = ((w.kinds == effect.kind) & (gap[..., 0] < wide) & (gap[..., 1] < high)).any(axis=1)
            for number, at in enumerate(lost - effect.kills.lag):
                open_[number] &= not near[max(0, at - WIDTH) : max(0, at + 1)].any()
        count += int(open_.sum())
    return count


def _lift(events: np.ndarray, so: np.ndarray, starts: np.ndarray, lags: range, width: int) -> Lift:
    """The lag at which ``so`` stands out most before events."""
    sums = np.concatenate([[0], np.cumsum(so)])

    def any_of(at: np.ndarray) -> np.ndarray:
        return np.asarray(sums[at + 1] - sums[np.maximum(at - width, 0)] > 0)

    chance = float(any_of(np.arange(width, len(so))).mean()) if len(so) > width else 0.0
    best = Lift()
    for lag in lags:
        at = (events - lag)[events - lag >= starts[events]]
        if len(at) < 4:
            continue
        share = float(any_of(at).mean())
        errors = (share - chance) / float(np.sqrt(max(chance * (1 - chance), 0.02) / len(at)))
        if errors > best.errors:
            best = Lift(times=(share + 0.02) / (chance + 0.02), errors=errors, lag=lag)
    return best
