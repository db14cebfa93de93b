"""What the console's bytes are, as far as recorded play can tell: which one steering moves, which move alone.

Only observations, actions and action names are used. A byte may hold a position as it is, or in the form that
the video chip wants (:func:`hlearn.parts.fine_coarse`); both readings are tried on every byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.parts.ram import fine_coarse
from hlearn.policy.joystick import action_meaning
from hlearn.probe.scene import Axis

LAGS = 8  # steps for which a command is followed
JUMP = 12  # a larger change in one step is a new thing, not a motion (pixels)
_DECODED = np.array([fine_coarse(b) for b in range(256)], dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteMotion:
    """A byte that holds a position.

    Attributes:
        index: which of the 128 bytes.
        coded: read it with ``fine_coarse``; otherwise as it is.
        low: smallest value seen while it moved (2nd percentile), ``high`` the largest (98th).
        turns: lowest and highest value at which it turned round, the 5th and 95th percentile; nan if never.
        moving: share of steps in which it moved.
        speed: median absolute change while it moves (per step).
        steady: share of moves that go the way of the move before.
        axis: the axis whose commands move it, None if it moves by itself.
        response: change per step, 0 to ``LAGS - 1`` steps after a command of +1 (right or down) for one step.
        explained: share of the variance of its motion that commands explain (0 to 1).
    """

    index: int
    coded: bool
    low: float
    high: float
    turns: tuple[float, float]
    moving: float
    speed: float
    steady: float
    axis: Axis | None = None
    response: tuple[float, ...] = ()
    explained: float = 0.0

    @property
    def reach(self) -> float:
        """How far a command of one step moves it in the end (signed)."""
        return float(sum(self.response))

    @property
    def pending(self) -> tuple[float, ...]:
        """What a command will still move it, 1, 2, ... steps after it was given."""
        tail = np.cumsum(self.response[::-1])[::-1]
        return tuple(round(float(v), 2) for v in tail[1:])


def find_motions(
    episodes: Sequence[tuple[np.ndarray, np.ndarray]], action_names: Sequence[str]
) -> tuple[ByteMotion, ...]:
    """Returns every byte that moves like a position: first those that commands move, best explained first.

    Args:
        episodes: (observations uint8[T, 128], actions int[T]) pairs; ``observations[t]`` is what was seen
            before ``actions[t]``.
        action_names: the environment's action names in its order.
    """
    meaning = np.array([action_meaning(n) for n in action_names])
    found = []
    for index in range(128):
        readings = []
        for coded in (False, True):
            values = [
                _DECODED[obs[:, index]] if coded else obs[:, index].astype(np.int64) for obs, _ in episodes
            ]
            motion = _motion(index, coded, values)
            if motion is not None:
                readings.append((motion, values))
        if not readings:
            continue
        motion, values = max(readings, key=lambda r: (round(r[0].steady, 1), not r[0].coded))
        found.append(_driven(motion, values, [meaning[a] for _, a in episodes]))
    found.sort(key=lambda m: (m.axis is None, -m.explained, -m.moving))
    return tuple(found)


def _motion(index: int, coded: bool, values: list[np.ndarray]) -> ByteMotion | None:
    """Summarises one reading of one byte, None if it does not move like a position."""
    changes = np.concatenate([np.diff(v) for v in values])
    moves = changes != 0
    share = float(moves.mean())
    if share < 0.01:
        return None
    small = moves & (np.abs(changes) <= JUMP)
    if small.sum() < 0.75 * moves.sum():
        return None
    every = np.concatenate(values)
    signs = np.sign(changes[small])
    if len(signs) < 20:
        return None
    steady = float((signs[1:] == signs[:-1]).mean())
    distinct = len(np.unique(every))
    if steady < 0.55 or distinct < 10:
        return None
    size = np.abs(changes[small])
    if share > 0.9 and abs(signs.mean()) > 0.98 and np.ptp(size) == 0 and distinct > 250:
        return None  # a clock
    turns = np.concatenate([_turns(v) for v in values])
    bounds = (np.percentile(turns, 5), np.percentile(turns, 95)) if len(turns) else (np.nan, np.nan)
    before = np.concatenate([v[:-1] for v in values])[small]
    return ByteMotion(
        index=index,
        coded=coded,
        low=float(np.percentile(before, 2)),
        high=float(np.percentile(before, 98)),
        turns=(float(bounds[0]), float(bounds[1])),
        moving=share,
        speed=float(np.median(size)),
        steady=steady,
    )


def _turns(values: np.ndarray) -> np.ndarray:
    """Values at which a motion turned round without a jump."""
    at = np.flatnonzero(np.diff(values))
    change = np.diff(values)[at]
    quiet = np.abs(change) <= JUMP
    turned = quiet[1:] & quiet[:-1] & (np.sign(change[1:]) != np.sign(change[:-1]))
    return values[at[1:][turned]]


def _driven(motion: ByteMotion, values: list[np.ndarray], meanings: list[np.ndarray]) -> ByteMotion:
    """Adds the response to commands, if commands move the byte."""
    best = motion
    for axis, column in ((Axis.X, 0), (Axis.Y, 1)):
        rows, targets = [], []
        for value, meaning in zip(values, meanings, strict=True):
            command = meaning[:, column].astype(float)
            if not command.any():
                continue
            lagged = np.stack(
                [np.concatenate([np.zeros(k), command[: len(command) - k]]) for k in range(LAGS)], axis=1
            )
            change = np.diff(value)
            inside = (value[:-1] > motion.low + 2) & (value[:-1] < motion.high - 2)
            keep = (np.abs(change) <= JUMP) & inside
            keep[:LAGS] = False
            rows.append(lagged[:-1][keep])
            targets.append(change[keep])
        if not rows or sum(len(t) for t in targets) < 60:
            continue
        design = np.concatenate(rows)
        target = np.concatenate(targets).astype(float)
        if target.var() == 0:
            continue
        design = np.column_stack([design, np.ones(len(target))])
        weights, *_ = np.linalg.lstsq(design, target, rcond=None)
        explained = 1.0 - float(((target - design @ weights) ** 2).mean() / target.var())
        response = weights[:LAGS]
        noise = 3.0 * np.sqrt(target.var() / len(target))
        response = np.where(np.abs(response) > max(noise, 0.08 * np.abs(response).max()), response, 0.0)
        agree = float((np.sign(target) == np.sign(design[:, :3].sum(axis=1) * response.sum()))[target != 0].mean())
        if explained > max(best.explained, 0.05) and agree > 0.55 and abs(response.sum()) > 0.05:
            best = ByteMotion(
                **{
                    **{f: getattr(motion, f) for f in ByteMotion.__slots__},
                    "axis": axis,
                    "response": tuple(round(float(v), 3) for v in response),
                    "explained": explained * agree,
                }
            )
    return best
