"""Detectors held against what can be known from outside of them: the observation, and their own past.

For every number that a detector says, the component of the observation that explains it best is looked for, at every
lag of some decisions: ``value[t] = slope * obs[t - lag] + offset``. A detector that is dead, late or turned round shows
in that table whatever the program means by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hlearn.failures.episodes import MinedEpisode, Usual
from hlearn.failures.signs import Sign, _sign

LAGS = 7  # decisions, from 0
_ROWS = 4_000
AGREES = 0.98  # correlation from which a component explains a value


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorCheck:
    """One number of a detector, checked.

    Attributes:
        name: of the number.
        seen: share of the decisions in which it said something.
        values: how many different ones.
        moves: largest usual change from one decision to the next, as a share of its span (continuity).
        jumps: share of the decisions in which it moved by more than twice that.
        component: of the observation that explains it best, -1 where none does.
        agreement: correlation with it, 0 to 1.
        lag: decisions by which it is late.
        slope: of the relation.
        offset: of the relation.
        finding: what is wrong, "" where nothing is.
    """

    name: str
    seen: float
    values: int
    moves: float
    jumps: float
    component: int
    agreement: float
    lag: int
    slope: float
    offset: float
    finding: str


def check_detectors(episodes: Sequence[MinedEpisode], usual: Usual) -> tuple[DetectorCheck, ...]:
    """Checks every number of the named state over some episodes."""
    names = sorted({n for e in episodes for n in e.columns.numbers})
    found = [_checked(name, episodes, usual) for name in names]
    late = [c.lag for c in found if c.agreement >= AGREES]
    typical = int(np.median(late)) if late else 0
    return tuple(_judged(c, typical, episodes) for c in found)


def _checked(name: str, episodes: Sequence[MinedEpisode], usual: Usual) -> DetectorCheck:
    columns = [e.columns.numbers.get(name, np.full(e.length, np.nan)) for e in episodes]
    whole = np.concatenate(columns) if columns else np.zeros(0)
    known = whole[np.isfinite(whole)]
    span = max(usual.high.get(name, 0.0) - usual.low.get(name, 0.0), 1e-12)
    moves = np.concatenate([np.abs(np.diff(c)) for c in columns]) if columns else np.zeros(0)
    moves = moves[np.isfinite(moves)]
    usually = float(np.quantile(moves, 0.99)) if len(moves) else 0.0
    component, agreement, lag, slope, offset = _explained(columns, episodes)
    return DetectorCheck(
        name=name,
        seen=len(known) / max(len(whole), 1),
        values=len(np.unique(np.round(known[:_ROWS], 6))),
        moves=usually / span,
        jumps=float((moves > 2 * usually + 1e-12).mean()) if len(moves) else 0.0,
        component=component,
        agreement=agreement,
        lag=lag,
        slope=slope,
        offset=offset,
        finding="",
    )


def _explained(
    columns: Sequence[np.ndarray], episodes: Sequence[MinedEpisode]
) -> tuple[int, float, int, float, float]:
    best = (-1, 0.0, 0, 0.0, 0.0)
    for lag in range(LAGS):
        pairs = [
            (c[lag:][:_ROWS], e.observed[: max(e.length - lag, 0)][:_ROWS])
            for c, e in zip(columns, episodes, strict=True)
            if e.length > lag + 20
        ]
        if not pairs or not pairs[0][1].shape[1]:
            return best
        value = np.concatenate([p[0] for p in pairs])
        seen = np.concatenate([p[1] for p in pairs])
        good = np.isfinite(value)
        value, seen = value[good], seen[good]
        if len(value) < 50 or value.std() < 1e-12:
            continue
        varies = np.flatnonzero(seen.std(axis=0) > 1e-12)
        if not len(varies):
            continue
        a, b = value - value.mean(), seen[:, varies] - seen[:, varies].mean(axis=0)
        size = np.sqrt((a**2).sum() * (b**2).sum(axis=0))
        related = (a @ b) / size
        place = int(np.abs(related).argmax())
        strength = float(min(abs(related[place]), 1.0))
        if strength > best[1] + 1e-6:
            column = seen[:, varies[place]]
            slope = float((a @ b[:, place]) / (b[:, place] ** 2).sum())
            best = (int(varies[place]), strength, lag, slope, float(value.mean() - slope * column.mean()))
    return best


def _judged(check: DetectorCheck, typical: int, episodes: Sequence[MinedEpisode]) -> DetectorCheck:
    steps = sum(e.length for e in episodes)
    said = ""
    if check.seen == 0:
        said = "sees nothing at all"
    elif check.values <= 1 and steps >= 100:
        said = "never changes: dead"
    elif check.agreement >= AGREES and check.lag > typical:
        said = f"late by {check.lag - typical} decisions against obs[{check.component}]"
    elif check.agreement >= 0.999 and abs(check.slope - 1) < 1e-3 and abs(check.offset) > 0.5:
        said = f"is obs[{check.component}] {check.offset:+.4g}: shifted"
    elif check.agreement >= 0.999 and abs(check.slope + 1) < 1e-3:
        said = f"is obs[{check.component}] turned round"
    return replace(check, finding=said)


def detector_signs(checks: Sequence[DetectorCheck], episodes: Sequence[MinedEpisode]) -> list[Sign]:
    """What the checks find, as failures; the loss is how surely it is one, from 0 to 1."""
    return [
        _sign(
            episodes[0],
            "detector",
            c.name.split(".")[0],
            BEGIN,
            0.6 if c.finding.endswith("shifted") else 1.0,
            f"{c.name} {c.finding}",
        )
        for c in checks
        if c.finding and episodes[0].length
    ]


BEGIN = 60  # decision that is shown of a failure that is everywhere
