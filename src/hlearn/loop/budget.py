"""Who may spend how much of a run's budget: the editor on development, the gate on judging."""

from __future__ import annotations

from dataclasses import replace

from hlearn.gate import Gate, Verdict
from hlearn.lab import MeteredEvaluator
from hlearn.ledger import Purpose
from hlearn.records import Budget, Evaluation
from hlearn.tasks.registry import seed_matters

_KEPT = 0.10  # share of the budget that is kept for judging the last proposal, at first
# Long episodes need more: numbers of pairs, and the share of the budget that may be kept for so many.
_ENOUGH = ((12, 0.2), (3, 0.5))  # the first look is at three pairs
_FIRST = 2  # gate episodes of a first program
_MARGIN = 1.25  # episodes may turn out longer than those before
_GIVEN = (8, 5, 3)  # pairs for one more proposal, for which steps are kept when the rest is given back


class BudgetSplit:
    """Divides what is left; nobody may spend more than the budget.

    Steps that are kept for judging and find nothing more to judge are given back to the editor, all but those that one
    more proposal needs: the champion's gate episodes are paid, so that is little more than the challenger's.

    Args:
        meter: of the run.
        gate: its share of the budget is the gate's.
    """

    def __init__(self, meter: MeteredEvaluator, gate: Gate) -> None:
        self._meter = meter
        self._own = meter.budget.total - meter.run.spent  # what this run may spend
        self._gate_steps = int(self._own * gate.budget_fraction)
        self._seed_matters = seed_matters(meter.task)
        self._given = 0  # how often steps were given back
        self._champion: Evaluation | None = None  # the gate episodes that it has played

    @property
    def budget(self) -> Budget:
        """The budget as it stands now."""
        return replace(self._meter.budget, kept=self._kept(), gate=self._gate_left())

    def _gate_left(self) -> int:
        """What the gate may still spend in this run beyond the first look of each race."""
        spent = self._meter.account.by_purpose
        return max(0, self._gate_steps - spent[Purpose.GATE] - spent[Purpose.CASE])

    def _kept(self) -> int:
        """What editors must leave for the last proposal: the gate's share, and enough episodes to judge by.

        Nothing where the seed has no effect: the gate's episode is then the one that development has played.
        """
        if not self._seed_matters:
            return 0
        if self._given:
            return self._cost(_GIVEN[self._given - 1])
        enough = (min(self._cost(pairs), int(self._own * share)) for pairs, share in _ENOUGH)
        return max(self._gate_left(), int(self._own * _KEPT), *enough)

    @property
    def has_given(self) -> bool:
        """Whether steps were given back: the editor has spent its part once."""
        return self._given > 0

    def give_back(self) -> bool:
        """Gives the editor what judging one more proposal does not need; False where that is no whole episode."""
        while self._seed_matters and self._given < len(_GIVEN):
            self._given += 1
            if self.budget.for_editor >= max(1, self._episode()):
                return True
        return False

    def judged(self, verdict: Verdict) -> None:
        """Notes which gate episodes the present champion has played, which cost nothing the next time."""
        played = verdict.challenger if verdict.accepted else verdict.champion
        known = 0 if self._champion is None else len(self._champion.outcomes)
        if verdict.accepted or (played is not None and len(played.outcomes) > known):
            self._champion = played

    def longest(self) -> int | None:
        """Environment steps at which gate episodes are cut, None for whole ones.

        The same for all trials as far as possible: episodes cut elsewhere are other episodes, and what was played would
        have to be paid again. It doubles where the best program needs longer in development.
        """
        longest = self._meter.longest
        while longest is not None and longest < self._meter.account.best_steps:
            longest *= 2
        return longest

    def _cost(self, pairs: int) -> int:
        """What so many pairs of one more proposal are likely to cost."""
        if self._champion is None:
            return (2 * pairs - _FIRST) * self._episode()
        played = len(self._champion.outcomes)
        champion = self._champion.env_steps // max(played, 1)
        return pairs * self._at_most(max(self._episode(), champion)) + max(0, pairs - played) * self._at_most(
            champion
        )

    def _at_most(self, steps: int) -> int:
        """What an episode that usually takes so many environment steps may take."""
        longest = self.longest()
        return int(_MARGIN * steps) if longest is None else min(int(_MARGIN * steps), longest)

    def _episode(self) -> int:
        """Environment steps of an episode, as long as the best program's at least."""
        account = self._meter.account
        return max(account.usual, account.best_steps)
