"""Where a search stands: the best so far, whether it solves the task, and what was proposed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hlearn.editors.api import Lab, Proposal
from hlearn.editors.search.lane import TuningRun
from hlearn.editors.search.prune import Prunable
from hlearn.editors.search.trials import Candidate, PairedComparison, compare, saturated
from hlearn.editors.search.vector.shares import SURE

DECIDE = 16  # episodes that decide between candidates
LEAST = 8  # episodes of a candidate whose contest the budget's end broke off, to be proposed all the same
WORTHWHILE = 0.01  # of what the best has above the probe, that looking must add to what looks at nothing
OFFER_AFTER = 1.5  # steps spent since the last proposal, as a factor, before an unfinished best is proposed


class Incumbent:
    """The best candidate of a search and its history as proposals.

    Attributes:
        best: the best candidate.
        tunable: what it was written from.
        blind: whether the best looks at nothing: then whoever is to be better must be so clearly.
        floor: what random pushes scored at best.
    """

    def __init__(self, lab: Lab, trials: PairedComparison) -> None:
        self.lab = lab
        self.trials = trials
        self.best: Candidate | None = None
        self.tunable: Prunable | None = None
        self.blind = False
        self.floor = -math.inf
        self._proposed: Candidate | None = None
        self._budget = lab.remaining
        self._offered_at = 0

    def keep(self, lane: TuningRun) -> None:
        """Makes the lane's best the best of all if it is."""
        challenger = lane.best
        if challenger is not None and challenger is not self.best and self.beaten_by(challenger):
            self.crown(challenger, lane.tunable)

    def beaten_by(self, challenger: Candidate, *, blind: bool = False) -> bool:
        """Whether the best scored less on the seeds that both played; clearly less where it alone looks at nothing.

        Args:
            challenger: has played some of its seeds; where that is one, no error is known, and the gap itself decides.
            blind: whether the challenger looks at nothing either.
        """
        if self.best is None:
            return True
        gap, error = compare(challenger, self.best)
        if blind or not self.blind:
            return gap > 0.0
        worth = self.best.mean - self.floor if math.isfinite(self.floor) else 0.0
        return gap >= error and gap > max(0.0, WORTHWHILE * worth)

    def crown(self, candidate: Candidate, tunable: Prunable | None = None, *, blind: bool = False) -> None:
        """Makes a candidate the best of all; without ``tunable`` it has no numbers to tune."""
        self.best, self.tunable, self.blind = candidate, tunable, blind

    def finished(self) -> bool:
        """Whether the best solves the task."""
        return self.best is not None and self.solved(self.best)

    def solved(self, candidate: Candidate) -> bool:
        """Whether nothing can be gained, or the target is reached with some certainty."""
        if saturated(candidate, self.floor) and not (self.blind and candidate is self.best):
            affordable = int(SURE * self.lab.remaining / max(candidate.length, 1.0))
            self.trials.play([candidate], min(2 * DECIDE, affordable))
            return saturated(candidate, self.floor)
        target = self.lab.task.target
        if target is None or candidate.mean < target:
            return False
        self.trials.play([candidate], 2 * DECIDE)
        scores = candidate.scores
        return float(scores.mean() - scores.std() / math.sqrt(len(scores))) >= target

    def worth_offering(self) -> bool:
        """Whether the best is clearly better than what was proposed, and that some time ago."""
        if self.best is None or len(self.best.outcomes) < DECIDE:
            return False
        if self._proposed is None:
            return self.best.mean > self.floor
        gap, error = compare(self.best, self._proposed)
        return gap > 2.0 * error and self._budget - self.lab.remaining > OFFER_AFTER * self._offered_at

    def offer(self) -> Iterator[Proposal]:
        """Yields the best, if it is worth proposing."""
        proposal = self.unproposed()
        if proposal is not None:
            yield proposal

    def unproposed(self) -> Proposal | None:
        """The best as a proposal, None if it was proposed already or is no better than what was."""
        best = self.best
        if best is None or best is self._proposed:
            return None
        if self._proposed is not None:
            shorter = len(best.program.source) < len(self._proposed.program.source)
            gap, error = compare(best, self._proposed)
            if gap < 0.0 and not (shorter and gap > -error):
                return None
        self._proposed = best
        return _proposal(best)

    def broken_off(self) -> Proposal | None:
        """Whoever was about to be the best when the budget ended, as a proposal, if the lead is clear."""
        contender = self.trials.contender
        if contender is None or contender is self._proposed or len(contender.outcomes) < LEAST:
            return None
        if self.best is not None:
            gap, error = compare(contender, self.best)
            if gap <= 2.0 * error:
                return None
        self._proposed = contender
        return _proposal(contender)


def _proposal(best: Candidate) -> Proposal:
    note = f"{best.note}: {best.mean:.4g} on {len(best.outcomes)} development seeds (candidate {best.number})"
    return Proposal(program=best.program, note=note, dev=best.evaluation())
