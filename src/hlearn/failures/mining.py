"""From signs to a short list: grouped by kind and subject, counted, ranked by what they cost an episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hlearn.failures.detectors import EXACT, check_detectors, detector_signs
from hlearn.failures.episodes import MinedEpisode, Usual, usual_of
from hlearn.failures.signs import SIGNS, Sign, crashes
from hlearn.policy.order import RuleOrder
from hlearn.records import Program

CAUSES = {
    "detector": 1.1,
    "sees nothing": 1.1,
    "never acts": 0.7,
    "jumps": 0.7,
    "jitters": 0.7,
    "out of range": 0.7,
}
"""Kinds that explain others: each may have cost up to what the worst of the others did, times this."""
_TELLING = ("rules fight", "loop", "no rule speaks", "actions fight", "action stuck", "no reward")
_SPREADS = ("jumps", "jitters")  # that what is reckoned from a detector takes over
_TOGETHER = 0.5  # correlation of movements
_OWN = ("jumps", "jitters", "out of range")  # that an observation may do by itself
_CHANGES = 5  # values that are told
_SHOWN = 4  # other places that are told


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A named value at the moment of a failure.

    Attributes:
        before: at the window's beginning.
        at: at the moment.
        low: 5 % of all its values are below.
        high: 5 % are above.
        strange: how far outside of that, or how far it moved in the window, as a share of the span.
    """

    name: str
    before: float
    at: float
    low: float
    high: float
    strange: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Failures of one kind and subject.

    Attributes:
        kind: what sort.
        subject: the detector, rule or value.
        count: moments.
        episodes: in which it occurs.
        loss: points per episode, estimated.
        worst: the moment that cost most.
        others: further moments, seed and step.
        changed: what changed in the named state before the worst, the strangest first.
        rules: what acted in its window, and how often.
    """

    kind: str
    subject: str
    count: int
    episodes: int
    loss: float
    worst: Sign
    others: tuple[tuple[int, int], ...]
    changed: tuple[Changed, ...]
    rules: tuple[tuple[str, int], ...]

    @property
    def name(self) -> str:
        """Short, for files and people: ``life-lost-intercept``."""
        text = f"{self.kind} {self.subject}".strip().lower()
        return "-".join("".join(c if c.isalnum() else " " for c in text).split())[:60]

    @property
    def title(self) -> str:
        """In some words."""
        return f"{self.kind}: {self.subject}" if self.subject else self.kind


def mine(
    episodes: Sequence[MinedEpisode], program: Program | None = None, *, most: int = 20
) -> tuple[FailureGroup, ...]:
    """The distinct failures of some episodes of one program, worst loss first.

    Args:
        episodes: of one program.
        program: for what its text says of rules that never act.
        most: groups at most.
    """
    if not episodes:
        return ()
    usual, by_seed = usual_of(episodes), {e.seed: e for e in episodes}
    signs = [
        sign
        for episode in episodes
        for look in (SIGNS if episode.length else (crashes,))
        for sign in look(episode, usual)
    ]
    signs = [s for e in episodes for s in _distinct([s for s in signs if s.seed == e.seed])]
    checks = check_detectors(episodes, usual)
    true = {c.name.split(".")[0] for c in checks if c.agreement >= EXACT}
    # What the observation itself does is no mistake of a detector.
    signs = [s for s in signs if s.kind not in _OWN or s.subject not in true]
    signs = [s for s in signs if s.kind not in _SPREADS or not _follows(s, signs, by_seed[s.seed])]
    signs += detector_signs(checks, episodes)
    if program is not None:
        signs += _silent(episodes, RuleOrder.of(program))
    groups: dict[tuple[str, str], list[Sign]] = {}
    for sign in signs:
        groups.setdefault((sign.kind, sign.subject), []).append(sign)
    found = [_group(members, by_seed, usual) for members in groups.values()]
    worst = max((g.loss for g in found if g.kind not in CAUSES), default=0.0)
    found = [
        replace(g, loss=CAUSES[g.kind] * min(g.worst.loss, 1.0) * max(worst, 0.05 * usual.unit))
        if g.kind in CAUSES
        else g
        for g in found
    ]
    order = _detected(episodes[0])
    return tuple(sorted(found, key=lambda g: (-g.loss, g.kind, order.get(g.subject, 0), g.subject))[:most])


def _detected(episode: MinedEpisode) -> dict[str, int]:
    """Detectors with their places in the order in which they look."""
    return {n: k for k, n in enumerate(dict.fromkeys(n.split(".")[0] for n in episode.columns.numbers))}


def _follows(sign: Sign, signs: Sequence[Sign], episode: MinedEpisode) -> bool:
    """Whether a detector that looks earlier moves so too: what is reckoned from it cannot but follow."""
    order = _detected(episode)
    mine_at = order.get(sign.subject, 0)
    earlier = {
        s.subject
        for s in signs
        if s.kind in _SPREADS and s.seed == sign.seed and order.get(s.subject, mine_at) < mine_at
    }
    own = [c for n, c in episode.columns.numbers.items() if n.split(".")[0] == sign.subject]
    theirs = [c for n, c in episode.columns.numbers.items() if n.split(".")[0] in earlier]
    return any(_together(a, b) for a in own for b in theirs)


def _together(one: np.ndarray, two: np.ndarray) -> bool:
    moves = np.diff(np.stack([one, two]), axis=1)
    moves = moves[:, np.isfinite(moves).all(axis=0)]
    if moves.shape[1] < 10 or (moves.std(axis=1) < 1e-12).any():
        return False
    return abs(float(np.corrcoef(moves)[0, 1])) > _TOGETHER


def _distinct(signs: Sequence[Sign]) -> list[Sign]:
    """Without moments that are the same seen again by another kind: a loop has no reward either."""
    kept: list[Sign] = []
    for sign in sorted(signs, key=lambda s: _TELLING.index(s.kind) if s.kind in _TELLING else -1):
        if sign.kind in _TELLING:
            length = max(sign.stop - sign.step, 1)
            covered = (min(s.stop, sign.stop) - max(s.step, sign.step) for s in kept if s.kind in _TELLING)
            if any(c >= 0.6 * length for c in covered):
                continue
        kept.append(sign)
    return kept


def _silent(episodes: Sequence[MinedEpisode], order: RuleOrder) -> list[Sign]:
    """Rules that never act; one that is asked before all that act, and passes each time, may be switched off."""
    acted = {name for e in episodes for rule in e.rules for name in rule.split("+")}
    if not acted - {""}:
        return []
    first = episodes[0]
    return [
        Sign(
            kind="never acts",
            subject=name,
            seed=first.seed,
            start=0,
            step=0,
            stop=min(first.length, 50),
            loss=1.0,
            said=f"{name} never acts in {len(episodes)} episodes",
        )
        for name in order.acting
        if name not in acted
    ]


def _group(members: Sequence[Sign], by_seed: Mapping[int, MinedEpisode], usual: Usual) -> FailureGroup:
    worst = max(members, key=lambda s: s.loss)
    episode = by_seed[worst.seed]
    acted: dict[str, int] = {}
    for rule in episode.rules[worst.start : worst.step + 1]:
        acted[rule] = acted.get(rule, 0) + 1
    return FailureGroup(
        kind=worst.kind,
        subject=worst.subject,
        count=len(members),
        episodes=len({s.seed for s in members}),
        loss=sum(s.loss for s in members) / len(by_seed),
        worst=worst,
        others=tuple((s.seed, s.step) for s in members if s is not worst)[:_SHOWN],
        changed=changed_before(episode, worst, usual),
        rules=tuple(sorted(acted.items(), key=lambda item: -item[1])[:6]),
    )


def changed_before(episode: MinedEpisode, sign: Sign, usual: Usual) -> tuple[Changed, ...]:
    """Named values that were unusual at a moment, or moved most before it."""
    found = []
    for name, column in episode.columns.numbers.items():
        if sign.step >= len(column) or name not in usual.low:
            continue
        at, before = float(column[sign.step]), float(column[sign.start])
        low, high = usual.low[name], usual.high[name]
        span = max(high - low, 1e-9)
        if not np.isfinite(at):
            strange = 3.0 if np.isfinite(before) else 0.5
        else:
            outside = max(low - at, at - high, 0.0) / span
            moved = abs(at - before) / span if np.isfinite(before) else 1.0
            strange = 2 * outside + 0.5 * min(moved, 2.0)
        if strange > 0.1:
            found.append(Changed(name=name, before=before, at=at, low=low, high=high, strange=strange))
    return tuple(sorted(found, key=lambda c: -c.strange)[:_CHANGES])
