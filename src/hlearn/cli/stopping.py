"""Requests to end a long command: heeded once, cleanly, however often they come."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Any, Self

from hlearn.cli.output import Stop


class Stops:
    """Requests to end, from the keyboard (SIGINT), a scheduler (SIGTERM) or a terminal that closes (SIGHUP).

    The first one stops as Ctrl-C does, with everything kept. The second changes nothing, so that what is being put
    away is put away; the third ends at once, which loses nothing that was recorded either. What the parent had ignored
    (``nohup``, a shell's background) stays ignored.
    """

    def __init__(self) -> None:
        self._number = signal.SIGINT
        self._asked = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        at_hand = threading.current_thread() is threading.main_thread()  # others may not handle signals
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if at_hand else ():
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def code(self) -> int:
        """Exit code of who was stopped: 130, 143 or 129, as shells count signals."""
        return 128 + self._number

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1
        if self._asked == 1:
            self._number = signal.Signals(number)
            raise Stop(self.code)
        if self._asked == 2:
            os.write(2, b"hl: stopping already; once more ends at once (what was recorded is kept)\n")
            return
        os._exit(128 + number)
