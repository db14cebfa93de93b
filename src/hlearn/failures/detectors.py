"""Detectors held against what can be known from outside of them: the observation, and their own past.

For every number that a detector says, what explains it best is looked for (:mod:`hlearn.failures.relations`). A
detector that is dead, frozen now and then, late, turned round, scaled or shifted shows in that table whatever the
program means by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hlearn.failures.episodes import MinedEpisode, Usual
from hlearn.failures.relations import LAGS, Relation, Rest, agreement_now, relations, rest_of
from hlearn.failures.signs import Sign, _sign
from hlearn.failures.sums import is_sum, mirrors, sum_lag, unexplained, unexplained_now

_ROWS = 4_000
AGREES = 0.98  # correlation from which a component explains a value
EXACT = 0.995  # from which what a value does is what the component does
_RATE_AGREES = 0.9  # the same for a speed, which programs smooth
_NEAR = 0.05  # by which a slope of 1 may be missed
_HALF = 0.3  # by which a value that counts in other units misses it
_FEW = 200  # decisions below which only what agrees exactly counts: in short episodes all goes along with all
_FEW_AGREES = 0.9999
_STRAIGHT = 0.999  # agreement from which a value is a multiple; a bent curve, such as a soft limit, has 0.98
_AT_ONCE = 1e-6  # share of its variance that the present leaves of what is reckoned from it, so is not late
_CLEARLY = 0.2  # of what a component leaves unexplained now, that it leaves at most where it was late
_RESTS = 0.08  # share of movements that a detector may miss in long rests


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorCheck:
    """One number of a detector, checked.

    Attributes:
        name: of the number.
        seen: share of the decisions in which it said something.
        values: how many different ones in an episode.
        moves: largest usual change from one decision to the next, as a share of its span (continuity).
        jumps: share of the decisions in which it moved by more than twice that.
        relation: what of the observation explains it best.
        bias: mean of the value minus what explains it.
        mirrors: whether it never changes because what it reads does not.
        sums: whether several components explain it, of which none is it.
        sum_lag: decisions by which such a sum is late.
        at_once: share of its variance that a sum of what is observed now leaves unexplained, 1 where that is not known.
        gained: what its component leaves unexplained as late as it is, as a share of what it leaves now.
        rest: where it stands still while what drives it moves, with the episode's number; None where it does not.
        finding: what is wrong, "" where nothing is.
        surety: that it is wrong, 0 to 1: a value may count in units of its own on purpose.
    """

    name: str
    seen: float
    values: int
    moves: float
    jumps: float
    relation: Relation
    bias: float = 0.0
    mirrors: bool = False
    sums: bool = False
    sum_lag: int = 0
    at_once: float = 1.0
    gained: float = 0.0
    rest: tuple[int, Rest] | None = None
    finding: str = ""
    surety: float = 0.0

    @property
    def component(self) -> int:
        """Of the observation that explains it best, -1 where none does."""
        return self.relation.component

    @property
    def agreement(self) -> float:
        """Correlation with it, 0 to 1."""
        return self.relation.agreement

    @property
    def explained(self) -> str:
        """What explains it, in words."""
        if self.component < 0:
            return ""
        window = self.relation.window
        return f"obs[{self.component}]" if not window else f"change of obs[{self.component}] over {window}"


def check_detectors(episodes: Sequence[MinedEpisode], usual: Usual) -> tuple[DetectorCheck, ...]:
    """Checks every number of the named state over some episodes."""
    names = sorted({n for e in episodes for n in e.columns.numbers})
    if not names:
        return ()
    tables = [
        np.stack([e.columns.numbers.get(n, np.full(e.length, np.nan)) for n in names], axis=1)
        for e in episodes
    ]
    seen = [e.observed for e in episodes]
    found, left = relations(tables, seen), unexplained(tables, seen)
    now = unexplained_now(tables, seen)
    checks = [
        _checked(
            name,
            [t[:, place] for t in tables],
            seen,
            usual,
            found[place],
            np.ones(LAGS) if left is None else left[:, place],
            float(now[place]),
        )
        for place, name in enumerate(names)
    ]
    late = [c.relation.lag for c in checks if c.agreement >= AGREES and not c.relation.window]
    typical = (
        min(late) if len(late) > 1 else 0
    )  # what is read from the same observation comes at the same time
    return tuple(_judged(c, typical, sum(e.length for e in episodes)) for c in checks)


def _checked(
    name: str,
    columns: Sequence[np.ndarray],
    seen: Sequence[np.ndarray],
    usual: Usual,
    relation: Relation,
    left: np.ndarray,
    at_once: float,
) -> DetectorCheck:
    whole = np.concatenate(columns)
    known = whole[np.isfinite(whole)]
    span = max(usual.high.get(name, 0.0) - usual.low.get(name, 0.0), 1e-12)
    moves = np.concatenate([np.abs(np.diff(c)) for c in columns])
    moves = moves[np.isfinite(moves)]
    usually = float(np.quantile(moves, 0.99)) if len(moves) else 0.0
    rests = [(n, rest_of(c, s)) for n, (c, s) in enumerate(zip(columns, seen, strict=True))]
    found = [(n, r) for n, r in rests if r is not None]
    bias, gained = 0.0, 0.0
    if relation.component >= 0 and not relation.window:
        lag = relation.lag
        apart = [
            c[lag:] - s[: len(s) - lag, relation.component]
            for c, s in zip(columns, seen, strict=True)
            if len(c) > lag
        ]
        bias = float(np.nanmean(np.concatenate(apart)))
        now = agreement_now(columns, seen, relation.component)
        gained = (1.0 - relation.agreement**2) / max(1.0 - now**2, 1e-12)
    return DetectorCheck(
        name=name,
        seen=len(known) / max(len(whole), 1),
        values=max(len(np.unique(np.round(c[np.isfinite(c)][:_ROWS], 6))) for c in columns),
        moves=usually / span,
        jumps=float((moves > 2 * usually + 1e-12).mean()) if len(moves) else 0.0,
        relation=relation,
        bias=bias,
        mirrors=mirrors(columns, seen),
        sums=is_sum(relation, float(left[relation.lag])),
        sum_lag=sum_lag(left),
        at_once=at_once,
        gained=gained,
        rest=max(found, key=lambda f: f[1].share, default=None),
    )


def _judged(check: DetectorCheck, typical: int, steps: int) -> DetectorCheck:
    said, surety = _finding(check, typical, steps)
    return replace(check, finding=said, surety=surety if said else 0.0)


def _finding(check: DetectorCheck, typical: int, steps: int) -> tuple[str, float]:
    """What is wrong with a number, and how surely."""
    relation, what = check.relation, check.explained
    if check.seen == 0:
        return "sees nothing at all", 1.0
    if check.values <= 1 and steps >= 100 and not check.mirrors:
        return "never changes: dead", 1.0
    if check.rest is not None and check.rest[1].share >= _RESTS and check.agreement < EXACT:
        rest = check.rest[1]
        return f"rests for {rest.decisions} decisions while obs[{rest.driver}] moves: frozen", 0.9
    if check.sum_lag > typical + 1 and (check.sums or check.agreement < EXACT):
        return f"late by {check.sum_lag - typical} decisions, as a sum of what is observed", 0.8
    if check.sums or (relation.rows < _FEW and check.agreement < _FEW_AGREES):
        return "", 0.0
    if relation.window:
        return _wrong_rate(relation, what) if check.agreement >= _RATE_AGREES else ("", 0.0)
    if check.agreement < AGREES:
        return "", 0.0
    if relation.lag > typical:
        return _late(check, typical)
    if abs(relation.slope + 1) < _NEAR:
        return f"is {what} turned round", 1.0
    if abs(abs(relation.slope) - 1) > _HALF and check.agreement >= _STRAIGHT:
        return f"is {what} times {relation.slope:.3g}: scaled", 0.6
    if abs(relation.slope - 1) < _NEAR and abs(check.bias) > max(0.5, 2 * relation.spread):
        return f"is {what} {check.bias:+.4g}: shifted", 0.6
    return "", 0.0


def _late(check: DetectorCheck, typical: int) -> tuple[str, float]:
    """The same of a number that an earlier component explains: what rests for long looks late by chance."""
    if check.at_once <= _AT_ONCE or check.gained > _CLEARLY:
        return "", 0.0
    return f"late by {check.relation.lag - typical} decisions against {check.explained}", 1.0


def _wrong_rate(relation: Relation, what: str) -> tuple[str, float]:
    """The same of a speed."""
    if relation.slope < 0:
        return f"is against the {what}: turned round", 0.6
    if abs(relation.slope - 1) > _HALF:
        return f"is {relation.slope:.3g} times the {what}: scaled", 0.5
    if abs(relation.offset) > max(0.1, 2 * relation.spread):
        return f"is the {what} {relation.offset:+.4g}: shifted", 0.6
    return "", 0.0


def detector_signs(checks: Sequence[DetectorCheck], episodes: Sequence[MinedEpisode]) -> list[Sign]:
    """What the checks find, as failures; the loss is how surely it is one, from 0 to 1."""
    return [
        _sign(
            episodes[c.rest[0]] if c.rest is not None and c.finding.endswith("frozen") else episodes[0],
            "detector",
            c.name.split(".")[0],
            c.rest[1].start + BEGIN // 4 if c.rest is not None and c.finding.endswith("frozen") else BEGIN,
            c.surety,
            f"{c.name} {c.finding}",
        )
        for c in checks
        if c.finding and episodes[0].length
    ]


BEGIN = 60  # decision that is shown of a failure that is everywhere
