"""Who leads: the champion and the few behind it, kept in order as more is measured."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from hlearn.editors.search.arcade.roster import Roster
from hlearn.editors.search.race import Arena, Runner, better, clearly_better

ELITE = 6  # how many are kept
ENOUGH = 32  # episodes at the target's mean after which a champion is done, where seeds matter


class Leaderboard:
    """The champion and the elite.

    Args:
        roster: the candidates.
        arena: measures them in whole episodes.
        ranked: those who have been measured so, best first; at least one.
    """

    def __init__(self, roster: Roster, arena: Arena, ranked: Sequence[Runner]) -> None:
        self.roster = roster
        self.arena = arena
        self.elite = list(ranked[:ELITE])
        self.champion = ranked[0]
        self._tell()

    @property
    def done(self) -> bool:
        """Whether the champion has reached the task's target, on enough episodes."""
        target = self.roster.lab.task.target
        enough = 1 if self.roster.deterministic else ENOUGH
        played = self.champion.measured
        return target is not None and len(played) >= enough and sum(played) >= target * len(played)

    def admit(self, children: Sequence[Runner]) -> None:
        """Takes in measured candidates; a clear lead, or a lead on enough seeds, makes a new champion."""
        for child in children:
            if not math.isfinite(child.mean):
                continue
            clear = clearly_better(child, self.champion)
            if child not in self.elite and (clear or self.roster.deterministic or len(child.scores) >= 4):
                self.elite.append(child)
            enough = len(child.scores) >= min(8, len(self.champion.scores))
            if clear or (enough and better(child, self.champion)):
                self.champion = child
                self._tell()
        self._order()

    def confirm(self) -> None:
        """Gives the champion one more seed; another leads if that shows it to have been lucky.

        Raises:
            BudgetExhausted: nothing is left to spend.
        """
        self.arena.run([self.champion], len(self.champion.scores) + 1)
        rivals = [r for r in self.elite if len(r.scores) >= 4]
        best = max(rivals, key=lambda r: (r.mean, -r.number), default=self.champion)
        if best is not self.champion and best.mean > self.champion.mean:
            self.arena.run([best], len(self.champion.scores))
            if better(best, self.champion):
                self.champion = best
                self._tell()
        self._order()

    def enlist(self, ranked: Sequence[Runner]) -> None:
        """Takes in who leads elsewhere, best first, beside the champion."""
        self.elite = list(dict.fromkeys([*ranked[:ELITE], self.champion]))

    def prove(self, count: int, allowance: float) -> None:
        """Gives whoever leads one more seed, until the leader has stood on ``count``: luck on one or two is no lead.

        Args:
            count: episodes that a leader must have.
            allowance: environment steps that this may cost, roughly.

        Raises:
            BudgetExhausted: nothing is left to spend.
        """
        lab = self.roster.lab
        start = lab.remaining
        while start - lab.remaining < allowance:
            leader = max(self.elite, key=lambda r: (r.mean, -r.number))
            if len(leader.scores) >= count:
                break
            self.arena.run([leader], len(leader.scores) + 1)
        leader = max(self.elite, key=lambda r: (r.mean, -r.number))
        if leader is not self.champion:
            self.champion = leader
            self._tell()
        self._order()

    def likeliest(self, proposed: Collection[Runner], reigning: str | None) -> Runner | None:
        """Returns who is likely to score most by what was measured so far and lets it lead; None where nobody is left.

        For the budget's end, which breaks off races: a large lead over few seeds is worth the gate's while, and whom
        the gate turned down may be followed by the next.

        Args:
            proposed: who was before the gate.
            reigning: SHA-256 of the gate's champion, whom it must be likely to beat; None where there is none.
        """
        champion = self.champion

        def low(runner: Runner) -> float:
            return runner.mean - max(runner.spread, champion.spread) / math.sqrt(len(runner.scores))

        measured = self.roster.measured()
        field = [r for r in measured if r is champion or (len(r.scores) >= 2 and math.isfinite(r.mean))]
        field = [r for r in field if r not in proposed and not any(_is_twin(r, p) for p in proposed)]
        best = max(field, key=low, default=None)
        ruler = next((r for r in measured if r.program.sha256 == reigning), None)
        if best is None or (ruler is not None and low(best) <= low(ruler)):
            return None
        if best is not champion:
            self.champion = best
            self._tell()
            self._order()
        return best

    def _order(self) -> None:
        if self.champion not in self.elite:
            self.elite.append(self.champion)
        self.elite.sort(key=lambda r: (r is not self.champion, -r.mean, r.number))
        del self.elite[ELITE:]

    def _tell(self) -> None:
        c = self.champion
        told = f"best: candidate {c.number}, {c.told}: {c.note}"
        self.roster.lab.say(told[:160])


def _is_twin(runner: Runner, other: Runner) -> bool:
    """Whether two programs scored the same on every seed that both have: written otherwise, they do the same."""
    count = min(len(runner.scores), len(other.scores))
    return count >= 2 and len(set(other.scores[:count])) > 1 and runner.scores[:count] == other.scores[:count]
