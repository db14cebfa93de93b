"""What the gate decided and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from hlearn.ledger import Decision
from hlearn.records import Evaluation, Failure


class Pair(NamedTuple):
    """Both programs on one gate seed.

    Attributes:
        challenger: its score.
        champion: its score, None where there was none.
        spared: what the lives that the challenger had left at the target are worth more, points.
    """

    challenger: float
    champion: float | None
    spared: float = 0.0

    @property
    def lead(self) -> float:
        """Challenger minus champion, lives included."""
        return self.challenger - (self.champion or 0.0) + self.spared


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate decided and why.

    Attributes:
        decision: accepted, rejected or undecided.
        reasons: sentences for people; the first one decides.
        pairs: what was played on gate seeds, in order.
        broken: names of the regression cases that the challenger broke.
        challenger: its gate episodes.
        champion: the champion's on the same seeds.
        longest: the environment step at which episodes would have been cut, None for whole ones.
        cut: the same where any was cut, None if all were whole.
        final: whether all that may be spent of alpha was spent, so that more pairs decide nothing.
        stopped: whether the race ended early because little spoke for the challenger.
    """

    decision: Decision
    reasons: tuple[str, ...]
    pairs: tuple[Pair, ...] = ()
    broken: tuple[str, ...] = ()
    challenger: Evaluation | None = None
    champion: Evaluation | None = None
    longest: int | None = None
    cut: int | None = None
    final: bool = False
    stopped: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the challenger is the champion now."""
        return self.decision is Decision.ACCEPTED


def floor_of(verdict: Verdict, *, exact: bool) -> float | None:
    """The score that a regression case may ask of later programs on one seed; None: only to complete it.

    Where the seed has no effect, the score itself. Elsewhere luck must not block a better program, so it is what
    the beaten champion reached on average, or the new one at its worst if that is less.
    """
    scores = verdict.challenger.scores if verdict.challenger else ()
    if exact:
        return min(scores, default=None)
    beaten = verdict.champion.mean if verdict.champion else None
    return None if beaten is None or not scores else min(beaten, *scores)


def said_of(failure: Failure) -> str:
    """A failure in one line."""
    last = failure.message.strip().splitlines()[-1:] or [""]
    return f"{failure.kind.value}: {last[0][:300]}"
