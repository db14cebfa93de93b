"""What learning with an editor may come to, by what its trials in this system have cost until now."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hlearn.lab.purse import cost_so_far
from hlearn.ledger import Ledger, Trial
from hlearn.ledger.totals import totals
from hlearn.records import Cost, SpendingCaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """An estimate, and no more than that.

    Attributes:
        trials_known: trials that it stands on; 0: nothing is known.
        per_trial: mean cost of one of them, refused attempts included.
        steps_per_trial: environment steps of one.
        trials: how many more the caps and the steps allow; None where nothing is known.
    """

    trials_known: int
    per_trial: Cost | None = None
    steps_per_trial: int | None = None
    trials: int | None = None

    @property
    def usd(self) -> float | None:
        """US dollars of all those trials."""
        return None if self.per_trial is None or self.trials is None else self.trials * self.per_trial.usd

    @property
    def seconds(self) -> float | None:
        """Wall seconds in which clients run."""
        return None if self.per_trial is None or self.trials is None else self.trials * self.per_trial.seconds


def forecast(ledger: Ledger | None, *, steps: int, caps: SpendingCaps) -> Forecast:
    """Divides what is left by what a trial has cost.

    Args:
        ledger: of the system, None where there is none yet.
        steps: environment steps that it may spend in all.
        caps: money, tokens and time.
    """
    if ledger is None:
        return Forecast(trials_known=0)
    count = sum(isinstance(row.event, Trial) for row in ledger.rows)
    if not count:
        return Forecast(trials_known=0)
    spent, played = cost_so_far(ledger), totals(ledger).env_steps
    each = Cost(
        input_tokens=round(spent.input_tokens / count),
        output_tokens=round(spent.output_tokens / count),
        usd=spent.usd / count,
        seconds=spent.seconds / count,
    )
    allowed = [max(0, steps - played) / max(1, played / count)]
    if caps.usd is not None and each.usd:
        allowed.append(max(0.0, caps.usd - spent.usd) / each.usd)
    if caps.tokens is not None and each.tokens:
        allowed.append(max(0, caps.tokens - spent.tokens) / each.tokens)
    if caps.seconds is not None and each.seconds:
        allowed.append(caps.seconds / each.seconds)
    return Forecast(
        trials_known=count,
        per_trial=each,
        steps_per_trial=round(played / count),
        trials=math.ceil(min(allowed)),
    )
