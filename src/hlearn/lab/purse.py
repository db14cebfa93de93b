"""What a run may cost beside environment steps: money, tokens and time, with caps that warn before they end it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

from hlearn.ledger import EditorRan, Ledger
from hlearn.records import Cost, SpendingCaps

_WARNED = (0.5, 0.8)  # shares of a cap at which it is said


class Purse:
    """Counts what clients cost against the caps.

    Money and tokens are the system's in all, like its environment steps; time is that of this sitting.

    Args:
        caps: no caps where None.
        spent: what was spent before.
        say: told where a cap is half or nearly used up.
        monotonic: seconds.

    Attributes:
        spent: money and tokens until now.
    """

    def __init__(
        self,
        caps: SpendingCaps | None = None,
        *,
        spent: Cost | None = None,
        say: Callable[[str], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.caps = caps or SpendingCaps()
        self.spent = spent or Cost()
        self._say = say
        self._monotonic = monotonic
        self._began = monotonic()
        self._warned: set[tuple[str, float]] = set()

    def pay(self, cost: Cost) -> None:
        """Counts what a client cost."""
        self.spent += cost
        self.look()

    @property
    def empty(self) -> str:
        """Which cap is used up ("money", "tokens", "time"); "" where none is."""
        return next((what for what, used, cap in self._state() if used >= cap), "")

    @property
    def seconds_left(self) -> float:
        """Wall seconds left, infinite without a cap."""
        if self.caps.seconds is None:
            return math.inf
        return max(0.0, self.caps.seconds - (self._monotonic() - self._began))

    @property
    def usd_left(self) -> float | None:
        """US dollars left, None without a cap."""
        return None if self.caps.usd is None else max(0.0, self.caps.usd - self.spent.usd)

    def look(self) -> None:
        """Says, once each, where a cap is half and four fifths used up."""
        for what, used, cap in self._state():
            passed = [share for share in _WARNED if used >= share * cap and (what, share) not in self._warned]
            self._warned |= {(what, share) for share in passed}
            if passed and used < cap and self._say is not None:
                self._say(f"{_amount(what, used)} of at most {_amount(what, cap)} used ({used / cap:.0%})")

    def _state(self) -> Iterator[tuple[str, float, float]]:
        """Each cap: what, used, at most."""
        caps = self.caps
        if caps.usd is not None:
            yield "money", self.spent.usd, caps.usd
        if caps.tokens is not None:
            yield "tokens", self.spent.tokens, caps.tokens
        if caps.seconds is not None:
            yield "time", self._monotonic() - self._began, caps.seconds


def cost_so_far(ledger: Ledger) -> Cost:
    """What the clients of a system's editors have cost until now."""
    return sum((r.event.cost for r in ledger.rows if isinstance(r.event, EditorRan)), Cost())


def _amount(what: str, value: float) -> str:
    if what == "money":
        return f"${value:.2f}"
    return f"{value:,.0f} tokens" if what == "tokens" else f"{value:.0f} s"
