"""Challengers on which the gate could not decide; at the end of a run they play on with what is left."""

from __future__ import annotations

from typing import NamedTuple

from hlearn.editors.api import Proposal
from hlearn.gate import Gate, Verdict


class Open(NamedTuple):
    """A proposal on which the gate could not decide.

    Attributes:
        dev_lead: by how much it is better in development, 0 where that is not known. It only says who plays on.
    """

    proposal: Proposal
    verdict: Verdict
    dev_lead: float = 0.0

    @property
    def gate_lead(self) -> float:
        """Mean paired difference so far."""
        pairs = self.verdict.pairs
        return sum(p.challenger - (p.champion or 0.0) for p in pairs) / max(len(pairs), 1)

    @property
    def lead(self) -> float:
        """What to expect of it: gate and development together, since few pairs say little."""
        return (self.gate_lead + self.dev_lead) / 2

    def next_cost(self, gate: Gate) -> int | None:
        """Environment steps that pairs enough for a decision are likely to cost; None where there are none."""
        have, race = len(self.verdict.pairs), gate.race
        if not have or self.verdict.final or have >= gate.max_pairs:
            return None
        enough = max(have + 1, race.looks[0].pairs)
        sides = (self.verdict.challenger, self.verdict.champion)
        played = sum(e.env_steps for e in sides if e is not None)
        return round(played / have * (enough - have))


class Undecided:
    """The undecided challengers of the present champion, each played on once."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._open: list[Open] = []
        self.playing: Open | None = None  # the one that plays on now

    def __bool__(self) -> bool:
        return bool(self._open)

    def add(self, proposal: Proposal, verdict: Verdict, dev_lead: float = 0.0) -> None:
        """Keeps an undecided challenger, unless it is the one that played on."""
        if not self.plays_on(proposal):
            self._open.append(Open(proposal, verdict, dev_lead))

    def forget(self) -> None:
        """There is another champion."""
        self._open.clear()

    def plays_on(self, proposal: Proposal) -> bool:
        """Whether this is the one that plays on now."""
        return self.playing is not None and self.playing.proposal is proposal

    def best(self, left: int) -> Open | None:
        """The one that leads by most, of those whose next look fits into what is left."""

        def fits(challenger: Open) -> bool:
            cost = challenger.next_cost(self._gate)
            return challenger.lead > 0 and cost is not None and cost <= left

        return max(filter(fits, self._open), key=lambda o: o.lead, default=None)

    def reopen(self, left: int) -> Proposal | None:
        """Takes out the best one to play on; None where there is none."""
        self.playing = self.best(left)
        if self.playing is None:
            return None
        self._open.remove(self.playing)
        return self.playing.proposal
