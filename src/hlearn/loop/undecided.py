"""Challengers on which the gate could not decide; at the end of a run they play on with what is left."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import NamedTuple

from hlearn.editors.api import Proposal
from hlearn.gate import Gate, Verdict
from hlearn.records import Program

_HOPE = 0.7  # standard errors by which a challenger may be expected to lead in the end: fewer are not worth the steps


class Open(NamedTuple):
    """A proposal on which the gate could not decide."""

    proposal: Proposal
    verdict: Verdict

    @property
    def differences(self) -> list[float]:
        """Challenger minus champion, by pair."""
        return [p.lead for p in self.verdict.pairs]

    @property
    def pair_cost(self) -> float:
        """Environment steps of a pair so far."""
        sides = (self.verdict.challenger, self.verdict.champion)
        played = sum(e.env_steps for e in sides if e is not None)
        return played / max(len(self.verdict.pairs), 1)

    def next_cost(self, gate: Gate) -> int | None:
        """Environment steps that pairs enough for a decision are likely to cost; None where there are none."""
        have = len(self.verdict.pairs)
        if not have or self.verdict.final or have >= gate.max_pairs:
            return None
        return round(self.pair_cost * (max(have + 1, gate.race.looks[0].pairs) - have))


class Undecided:
    """The undecided challengers of the present champion, each played on once.

    Args:
        gate: the rules.
        dev_lead: by how much a program is better than the champion in development by now, 0 where that is not known. It
            only says who plays on.
    """

    def __init__(self, gate: Gate, dev_lead: Callable[[Program], float]) -> None:
        self._gate = gate
        self._dev_lead = dev_lead
        self._open: list[Open] = []
        self.playing: Open | None = None  # the one that plays on now

    def add(self, proposal: Proposal, verdict: Verdict) -> None:
        """Keeps an undecided challenger, unless it is the one that played on."""
        if not self.plays_on(proposal):
            self._open.append(Open(proposal, verdict))

    def forget(self) -> None:
        """There is another champion."""
        self._open.clear()

    def plays_on(self, proposal: Proposal) -> bool:
        """Whether this is the one that plays on now."""
        return self.playing is not None and self.playing.proposal is proposal

    def lead(self, challenger: Open) -> float:
        """What to expect of it: gate and development together, since few pairs say little."""
        return (statistics.fmean(challenger.differences) + self._dev_lead(challenger.proposal.program)) / 2

    def best(self, left: int) -> Open | None:
        """The one that leads by most, of those whose lead may become clear with what is left."""
        return max((o for o in self._open if self._is_promising(o, left)), key=self.lead, default=None)

    def reopen(self, left: int) -> Proposal | None:
        """Takes out the best one to play on; None where there is none."""
        self.playing = self.best(left)
        if self.playing is None:
            return None
        self._open.remove(self.playing)
        return self.playing.proposal

    def _is_promising(self, challenger: Open, left: int) -> bool:
        cost = challenger.next_cost(self._gate)
        if cost is None or cost > left:
            return False
        differences = challenger.differences
        pairs = min(self._gate.max_pairs, len(differences) + left / max(challenger.pair_cost, 1.0))
        noise = statistics.stdev(differences) / math.sqrt(pairs) if len(differences) > 1 else 0.0
        return self.lead(challenger) > _HOPE * noise
