"""What development episodes say of every program, whoever asked for them."""

from __future__ import annotations

from collections.abc import Sequence

from hlearn.ledger import Caps
from hlearn.records import Episode, Outcome


class DevScores:
    """Development scores by program and caps; scores obtained under other caps are never mixed."""

    def __init__(self) -> None:
        self._scores: dict[str, dict[Caps, list[float]]] = {}
        self._failed: set[str] = set()

    def add(self, program: str, caps: Caps, outcome: Outcome) -> None:
        """Notes one development episode."""
        if isinstance(outcome, Episode):
            self._scores.setdefault(program, {}).setdefault(caps, []).append(outcome.score)
        else:
            self._failed.add(program)

    def mean(self, program: str) -> float | None:
        """Mean score of a program's whole episodes (of its most played capped ones where it has none).

        None where it completed no episode, or failed in one.
        """
        scores = self._best_known(program)
        return sum(scores) / len(scores) if scores else None

    def ranking(self) -> list[str]:
        """Programs that completed their episodes, the best mean first; whole episodes before capped ones."""
        ranks = {}
        for program in self._scores:
            mean = self.mean(program)
            if mean is not None:
                ranks[program] = (any(c.max_steps is None for c in self._scores[program]), mean)
        return sorted(ranks, key=lambda p: ranks[p], reverse=True)

    def _best_known(self, program: str) -> Sequence[float]:
        by_caps = self._scores.get(program, {})
        if program in self._failed or not by_caps:
            return ()
        most = max(by_caps, key=lambda c: (c.max_steps is None, len(by_caps[c])))
        return by_caps[most]
