"""Who may spend how much of a run's environment steps: the editor on development, the gate on judging."""

from __future__ import annotations

from hlearn.gate import Gate
from hlearn.lab import Meter
from hlearn.ledger import Purpose
from hlearn.tasks.registry import seed_matters

_RESERVE = 0.10  # share of the budget that is kept for judging the last proposal
# Long episodes need more: numbers of them, and the share of the budget that may be kept for so many.
_ENOUGH = (
    (14, 0.2),  # eight pairs, of which the champion has played two
    (4, 0.5),  # three pairs: the first look
)


class Allotment:
    """Divides what is left; nobody may spend more than the budget.

    Args:
        meter: of the run.
        gate: its share of the budget is the gate's.
    """

    def __init__(self, meter: Meter, gate: Gate) -> None:
        self._meter = meter
        self._own = meter.run.steps - meter.run.spent
        self._gate_steps = int(self._own * gate.budget_fraction)
        self._seed_matters = seed_matters(meter.task)

    def gate_share(self) -> int:
        """What the gate may still spend in this run beyond the first look of each race."""
        spent = self._meter.account.by_purpose
        return max(0, self._gate_steps - spent[Purpose.GATE] - spent[Purpose.CASE])

    def reserve(self) -> int:
        """What editors must leave for the last proposal: the gate's share, and enough episodes to judge by.

        Nothing where the seed has no effect: the gate's episode is then the one that development has played.
        """
        if not self._seed_matters:
            return 0
        account = self._meter.account
        episode = max(account.usual, account.best_steps)
        enough = (min(count * episode, int(self._own * share)) for count, share in _ENOUGH)
        return max(self.gate_share(), int(self._own * _RESERVE), *enough)

    def longest(self) -> int | None:
        """Environment steps at which gate episodes are cut, None for whole ones.

        The same for all trials as far as possible: episodes cut elsewhere are other episodes, and what was played would
        have to be paid again. It doubles where the best program needs longer in development.
        """
        longest = self._meter.longest
        while longest is not None and longest < self._meter.account.best_steps:
            longest *= 2
        return longest

    def left(self) -> int:
        """Environment steps that the gate may spend."""
        return self._meter.run.steps - self._meter.spent
