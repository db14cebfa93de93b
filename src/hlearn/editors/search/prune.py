"""Pruning: parts of a program that do not pay are dropped, one after another, each drop measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

from hlearn.editors.search.knobs import Tunable
from hlearn.editors.search.trials import Candidate, PairedComparison, compare

SCREEN = 8  # episodes on which every single drop is tried first


class Prunable(Tunable, Protocol):
    """What can lose parts: terms of a template, rules of a program."""

    @property
    def droppable(self) -> tuple[str, ...]:
        """Names of the parts that may go."""

    def drop(self, part: str) -> Self:
        """The same without one part."""


P = TypeVar("P", bound=Prunable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned(Generic[P]):
    """What is left.

    Attributes:
        dropped: the parts that went, in order.
    """

    tunable: P
    best: Candidate
    dropped: tuple[str, ...]


def prune(
    trials: PairedComparison,
    tunable: P,
    best: Candidate,
    *,
    episodes: int = 32,
    patience: float = 0.3,
    say: Callable[[str], None] | None = None,
) -> Pruned[P]:
    """Drops parts as long as the score holds.

    Args:
        trials: where drops are measured.
        tunable: what may lose parts.
        best: the present numbers and their trial; must have been written by ``tunable``.
        episodes: on which a drop must hold.
        say: who is told what is tried.
        patience: how far the score may fall with all drops together, in standard errors of the paired difference
            to ``best``; a fall within it counts as noise.

    Raises:
        BudgetExhausted: nothing is lost: ``best`` is as before.
    """
    without = {part: tunable.drop(part) for part in tunable.droppable}
    tried = {p: _candidate(trials, t, best, f"without {p}") for p, t in without.items()}
    if not tried:
        return Pruned(tunable=tunable, best=best, dropped=())
    trials.play([best, *tried.values()], min(SCREEN, episodes))
    gaps = {p: compare(c, best) for p, c in tried.items()}
    order = [p for p in sorted(gaps, key=lambda p: -gaps[p][0]) if gaps[p][0] >= -gaps[p][1]]
    kept, present = tunable, best
    dropped: list[str] = []
    for part in order:
        shorter = kept.drop(part)
        if not shorter.knobs and not shorter.droppable:
            continue
        challenger = _candidate(trials, shorter, present, f"without {', '.join([*dropped, part])}")
        if say:
            say(f"{tunable.name}: without {part}?")
        if _holds(trials, challenger, best, episodes, patience):
            kept, present, dropped = shorter, challenger, [*dropped, part]
    return Pruned(tunable=kept, best=present, dropped=tuple(dropped))


def thin(
    trials: PairedComparison,
    tunable: P,
    best: Candidate,
    *,
    episodes: int,
    patience: float = 0.3,
    say: Callable[[str], None] | None = None,
) -> Pruned[P]:
    """Drops many parts at once, those that pull least first, where trying every single one costs too much.

    Args:
        trials: where drops are measured.
        tunable: what may lose parts; a part is named as the knob that weighs it.
        best: the present numbers and their trial.
        episodes: on which a drop must hold.
        patience: as for :func:`prune`.
        say: who is told what is tried.

    Raises:
        BudgetExhausted: nothing is lost: ``best`` is as before.
    """
    spreads = {k.name: k.spread for k in tunable.knobs}
    order = sorted(tunable.droppable, key=lambda p: abs(best.values[p]) / spreads[p])
    kept, present = tunable, best
    dropped: list[str] = []
    count = len(order) // 2
    while count:
        shorter = kept
        for part in order[:count]:
            shorter = shorter.drop(part)
        if say:
            say(f"{tunable.name}: without {count} of {len(order)} terms?")
        challenger = _candidate(trials, shorter, present, f"without {len(dropped) + count} terms")
        if _holds(trials, challenger, best, episodes, patience):
            kept, present = shorter, challenger
            dropped, order = [*dropped, *order[:count]], order[count:]
            count = len(order) // 2
        else:
            count //= 2
    return Pruned(tunable=kept, best=present, dropped=tuple(dropped))


def _candidate(trials: PairedComparison, tunable: Prunable, best: Candidate, note: str) -> Candidate:
    values = {k.name: best.values[k.name] for k in tunable.knobs}
    return trials.candidate(tunable, values, f"{best.note.split(', without')[0]}, {note}")


def _holds(
    trials: PairedComparison, challenger: Candidate, best: Candidate, episodes: int, patience: float
) -> bool:
    count = min(SCREEN, episodes)
    while True:
        trials.play([challenger, best], count)
        gap, error = compare(challenger, best)
        if gap < -(patience if count >= episodes else 1.0) * error or (gap < 0.0 and error == 0.0):
            return False
        if count >= episodes:
            return True
        count = min(2 * count, episodes)
