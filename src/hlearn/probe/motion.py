"""How a number moves over recorded play: by itself, by commands, between walls; whatever it was read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hlearn.probe.scene import Axis

AHEAD = 12  # steps after which a thing has come to rest
RECENT = 4  # changes and commands that tell where it comes to rest
TOLD = 0.8  # share of the way to its resting place that they must explain
LAGS = 8  # steps for which a command is followed
JUMP = 12  # a larger change in one step is a new thing, not a motion (pixels)
AGREE = (4, 0.01)  # turns that agree on a wall: so many, and such a share of all
AGREED = 3.0  # px within which they do


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """A number that moves like a position.

    Attributes:
        low: smallest usual value (2nd percentile), ``high`` the largest (98th).
        turns: where its ways before and after a turn meet, outermost where several agree: the walls. None if it did
            not turn, or only in one place.
        moving: share of steps in which it moved.
        speed: median absolute change while it moves (per step).
        steady: share of moves that go the way of the move before.
        seen: share of steps in which it had a value.
        axis: the axis whose commands move it, None if it moves by itself.
        response: change per step, 0 to ``LAGS - 1`` steps after a command of +1 (right or down) for one step.
        explained: how much of its motion commands explain (0 to 1).
        carried: what a command will still move it beside its coasting, 1, 2, ... steps after; none if not known.
        coasting: how many times its last changes it still goes on, the latest first.
        step: how far a command of one step moves it in the end (signed; 0 if not known).
    """

    low: float
    high: float
    turns: tuple[float, float] | None
    moving: float
    speed: float
    steady: float
    seen: float = 1.0
    axis: Axis | None = None
    response: tuple[float, ...] = ()
    explained: float = 0.0
    carried: tuple[float, ...] = ()
    coasting: tuple[float, ...] = ()
    step: float = 0.0

    @property
    def pending(self) -> tuple[float, ...]:
        """What a command will still move it, 1, 2, ... steps after it was given (nothing more after the last)."""
        if self.carried:
            return self.carried
        tail = np.cumsum(self.response[::-1])[::-1][1:]
        last = np.flatnonzero(np.abs(tail) >= 0.05)
        return tuple(round(float(v), 2) for v in tail[: last[-1] + 1]) if len(last) else ()


def moves(values: Sequence[np.ndarray], *, share: float = 0.01, steady: float = 0.55) -> Motion | None:
    """Describes a number's motion, None if it does not move like a position.

    Args:
        values: one float or signed integer array per episode, a value per step; nan where it was not seen.
        share: least share of steps in which it moves.
        steady: least share of moves that go the way of the move before.
    """
    changes = np.concatenate([np.diff(v) for v in values])
    known = ~np.isnan(changes) if changes.dtype.kind == "f" else np.ones(len(changes), dtype=bool)
    moved = known & (changes != 0)
    if known.sum() < 50 or moved.sum() < max(20, share * known.sum()):
        return None
    small = moved & (np.abs(changes) <= JUMP)
    if small.sum() < 0.75 * moved.sum():
        return None
    signs = np.sign(changes[small])
    persistence = float((signs[1:] == signs[:-1]).mean())
    every = np.concatenate(values)
    every = every[~np.isnan(every)] if every.dtype.kind == "f" else every
    distinct = len(np.unique(every))
    if persistence < steady or distinct < 10:
        return None
    size = np.abs(changes[small])
    if moved.mean() > 0.9 and abs(signs.mean()) > 0.98 and np.ptp(size) == 0 and distinct > 250:
        return None  # a clock
    turned = np.concatenate([_turns(v) for v in values])
    bounds = None
    if len(turned) >= 2:
        low, high = -_outermost(-turned), _outermost(turned)
        bounds = (round(float(low), 1), round(float(high), 1)) if high > low else None
    before = np.concatenate([v[:-1] for v in values])[small]
    return Motion(
        low=float(np.percentile(before, 2)),
        high=float(np.percentile(before, 98)),
        turns=bounds,
        moving=float(moved.sum() / known.sum()),
        speed=float(np.median(size)),
        steady=persistence,
        seen=float(known.mean()),
    )


def driven(motion: Motion, values: Sequence[np.ndarray], commands: Sequence[np.ndarray]) -> Motion:
    """Adds how commands move the number, if they do.

    Args:
        motion: what :func:`moves` said of the values.
        values: as for :func:`moves`.
        commands: int[T, 2] per episode: across (-1 left, 1 right) and down (-1 up, 1 down) of the action taken
            after each value was seen.
    """
    best = motion
    for axis, column in ((Axis.X, 0), (Axis.Y, 1)):
        rows, targets = [], []
        for value, command_pairs in zip(values, commands, strict=True):
            command = command_pairs[:, column].astype(float)
            if not command.any() or len(command) <= LAGS:
                continue
            lagged = np.stack(
                [np.concatenate([np.zeros(k), command[: len(command) - k]]) for k in range(LAGS)], axis=1
            )
            change = np.diff(value)
            with np.errstate(invalid="ignore"):
                keep = (
                    (np.abs(change) <= JUMP) & (value[:-1] > motion.low + 2) & (value[:-1] < motion.high - 2)
                )
            keep[:LAGS] = False
            rows.append(lagged[:-1][keep])
            targets.append(change[keep])
        count = sum(len(t) for t in targets)
        if count < 60:
            continue
        design = np.column_stack([np.concatenate(rows), np.ones(count)])
        target = np.concatenate(targets).astype(float)
        if target.var() == 0:
            continue
        gram = design.T @ design + 1e-6 * np.eye(design.shape[1])
        weights = np.linalg.solve(gram, design.T @ target)
        explained = 1.0 - float(((target - design @ weights) ** 2).mean() / target.var())
        response = weights[:LAGS]
        noise = 3.0 * np.sqrt(target.var() / count)
        response = np.where(np.abs(response) > max(noise, 0.08 * np.abs(response).max()), response, 0.0)
        follows = np.sign(target) == np.sign(design[:, :3].sum(axis=1) * response.sum())
        agree = float(follows[target != 0].mean())
        if explained * agree > max(best.explained, 0.03) and agree > 0.55 and abs(response.sum()) > 0.05:
            told = tuple(round(float(v), 3) for v in response)
            best = replace(motion, axis=axis, response=told, explained=explained * agree)
    return best if best.axis is None else _resting(best, values, commands)


def _resting(motion: Motion, values: Sequence[np.ndarray], commands: Sequence[np.ndarray]) -> Motion:
    """Adds how its last changes and commands tell where it will be when all is carried out.

    The way of the next steps is regressed on what came before, with the commands given meanwhile beside it; so
    nothing has to be known of what is within: inertia, a servo that follows a knob, moves in every other step.
    """
    column = 0 if motion.axis is Axis.X else 1
    rows, ways = [], []
    for value, pairs in zip(values, commands, strict=True):
        command = pairs[:, column].astype(float)
        t = np.arange(RECENT, len(value) - AHEAD)
        if len(t) < 1 or not command.any():
            continue
        change = np.diff(value, prepend=value[:1])
        window = np.stack([value[t + k] for k in range(-RECENT, AHEAD + 1)])
        with np.errstate(invalid="ignore"):
            free = (window.min(axis=0) > motion.low + 2) & (window.max(axis=0) < motion.high - 2)
            free &= np.abs(np.diff(window, axis=0)).max(axis=0) <= JUMP + 2
        known = [change[t - k] for k in range(RECENT)] + [command[t - 1 - k] for k in range(RECENT)]
        meanwhile = [command[t + k] for k in range(AHEAD)]
        rows.append(np.stack(known + meanwhile, axis=1)[free])
        ways.append((value[t + AHEAD] - value[t])[free])
    if sum(len(w) for w in ways) < 400:
        return motion
    design, way = np.concatenate(rows), np.concatenate(ways)
    weights = np.linalg.solve(design.T @ design + 1e-3 * np.eye(design.shape[1]), design.T @ way)
    explained = 1.0 - float(((way - design @ weights) ** 2).sum() / max(1e-9, (way**2).sum()))
    if explained < TOLD:
        return motion
    told = tuple(round(float(w), 2) for w in weights[: 2 * RECENT])
    step = float(np.median(weights[2 * RECENT : 2 * RECENT + 4]))
    return replace(motion, carried=told[RECENT:], coasting=told[:RECENT], step=step)


def _turns(values: np.ndarray) -> np.ndarray:
    """Where the ways before and after each turn meet; what jumped did not turn."""
    change = np.diff(values)
    at = np.flatnonzero(np.nan_to_num(change) != 0)
    steps = change[at]
    quiet = np.abs(steps) <= JUMP
    turned = quiet[1:] & quiet[:-1] & (np.sign(steps[1:]) != np.sign(steps[:-1]))
    return np.array([_crossing(values, int(i)) for i in at[1:][turned]], dtype=float)


def _outermost(turned: np.ndarray) -> float:
    """The highest place where several turns agree; the 95th percentile is inside it where few ways lead there."""
    usual = float(np.percentile(turned, 95))
    ordered = np.sort(turned)[::-1]
    enough = max(AGREE[0], int(AGREE[1] * len(ordered)))
    for place in ordered:
        if place <= usual:
            break
        same = ordered[np.abs(ordered - place) <= AGREED]
        if len(same) >= enough:
            return max(usual, float(np.median(same)))
    return usual


def _crossing(values: np.ndarray, at: int, span: int = 3) -> float:
    """Where the straight ways before and after a turn at step ``at`` meet; its value there if they are not straight."""
    if at < span or at + 1 + span >= len(values):
        return float(values[at])
    before, after = values[at - span : at + 1], values[at + 1 : at + 2 + span]
    rise, fall = (values[at] - before[0]) / span, (after[-1] - after[0]) / span
    wobble = max(float(np.abs(np.diff(w) - s).max()) for w, s in ((before, rise), (after, fall)))
    if not rise * fall < 0 or not wobble <= 1.0:
        return float(values[at])
    return float(values[at] + rise * (after[0] - fall - values[at]) / (rise - fall))
