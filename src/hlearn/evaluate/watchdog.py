"""Time limits at no cost per step: a periodic timer looks whether the program's turn is still the same."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from types import FrameType

NOBODY = -1


class Watchdog:
    """Kills the program when its turn or episode takes too long; ends the process when its parent is gone.

    Attributes:
        turn: number of the program's present turn, :data:`NOBODY` while the environment has it. The loop
        sets it.
        fired: why the program was killed, "" if it was not.
    """

    __slots__ = (
        "_deadline",
        "_episode",
        "_kill",
        "_limit_s",
        "_on_orphan",
        "_parent",
        "_seen",
        "_since",
        "_what",
        "fired",
        "turn",
    )

    def __init__(self, parent: int, on_orphan: Callable[[], None], tick_s: float) -> None:
        self.turn = NOBODY
        self.fired = ""
        self._parent, self._on_orphan = parent, on_orphan
        self._kill: Callable[[], None] | None = None
        self._seen, self._since = NOBODY, 0.0
        self._deadline = self._limit_s = float("inf")
        self._what = self._episode = ""
        signal.signal(signal.SIGALRM, self._tick)
        signal.setitimer(signal.ITIMER_REAL, tick_s, tick_s)

    def begin(self, episode_s: float) -> None:
        """A new episode starts now."""
        self.fired = ""
        self.turn = NOBODY
        self._deadline = time.monotonic() + episode_s
        self._episode = f"the episode took more than {episode_s:g} s"

    def guard(self, kill: Callable[[], None], limit_s: float, what: str) -> None:
        """From now on a turn may take ``limit_s`` seconds; ``what`` names it in the message."""
        self._seen = NOBODY
        self._kill, self._limit_s, self._what = kill, limit_s, f"{what} took more than {limit_s:g} s"

    def end(self) -> None:
        """The episode is over: nobody to kill."""
        self.turn = NOBODY
        self._kill = None

    def _tick(self, number: int, frame: FrameType | None) -> None:
        if os.getppid() != self._parent:
            self._on_orphan()
        if self._kill is None or self.fired:
            return
        now = time.monotonic()
        turn = self.turn
        if turn != self._seen:
            self._seen, self._since = turn, now
        elif turn != NOBODY and now - self._since > self._limit_s:
            self.fired = self._what
            self._kill()
        if now > self._deadline and turn != NOBODY and not self.fired:
            self.fired = self._episode
            self._kill()
