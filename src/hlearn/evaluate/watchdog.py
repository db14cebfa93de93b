"""Time limits at no cost per step: a thread looks now and then whether it is still the same turn.

Program and environment take turns, each turn has a number of its own; the thread only compares numbers. It needs no
signal, so it does not matter what a parent did to alarms, nor what the environment does with them. Time counts only
while the thread itself gets to run: a machine that was suspended, stopped or throttled blames nobody.

What holds Python's lock in native code stops this thread too. For that there is the :class:`Heartbeat`, which the main
process watches.
"""

from __future__ import annotations

import mmap
import os
import signal
import threading
import time
from collections.abc import Callable

from hlearn.evaluate.channel import create_memory

NOBODY = 0
METHODS = ("", "its import", "its constructor", "reset()", "step()", "close()")
_STACK = (
    1 << 18
)  # bytes: enough for this thread, also where the stack's limit is unlimited and memory's is not
_PAGE = 4096


class Heartbeat:
    """A page that a worker shares with the main process: how often its watchdog looked, and who had the turn then.

    Args:
        fd: the page's memory, a new one where None.
    """

    def __init__(self, fd: int | None = None) -> None:
        self.fd = create_memory("pulse", _PAGE) if fd is None else fd
        self._memory = mmap.mmap(self.fd, _PAGE)
        self._slots = memoryview(self._memory).cast("q")

    def beat(self, method: str) -> None:
        """The watchdog looked; ``method`` of the environment had the turn, "" none."""
        self._slots[1] = METHODS.index(method)
        self._slots[0] += 1

    def read(self) -> tuple[int, str]:
        """Number of looks so far, and what was seen at the last."""
        place = self._slots[1]
        return self._slots[0], METHODS[place] if 0 < place < len(METHODS) else ""

    def close(self) -> None:
        """Lets go of the page."""
        os.close(self.fd)
        self._slots.release()
        self._memory.close()


class Watchdog:
    """Kills the program when its turn or episode takes too long; tells when the environment's turn does.

    Attributes:
        turn: number of the present turn: positive the program's, negative the environment's, :data:`NOBODY` between
            episodes. The loop sets it; no number ever comes twice.
        fired: why the program was killed, "" if it was not.
        lock: held while the program's process is killed or its descriptors change hands.
    """

    def __init__(self, *, tick_s: float, environment_s: float) -> None:
        self.turn = NOBODY
        self.fired = ""
        self.lock = threading.Lock()
        self._tick_s, self._environment_s = tick_s, environment_s
        self._kill: Callable[[], None] | None = None
        self._limit_s = self._episode_s = float("inf")
        self._what = ""
        self._thought_s = 0.0  # by the program, in this episode
        self._entered, self._method = NOBODY, ""

    def start(
        self,
        pulse: Heartbeat,
        parent: int,
        on_orphan: Callable[[], None],
        on_stuck: Callable[[str, float], None],
    ) -> None:
        """Starts looking.

        Args:
            pulse: where every look is shown.
            parent: process id of the main process.
            on_orphan: ends this process; the parent is gone.
            on_stuck: the same, with the method of the environment that did not come back and the limit in seconds.
        """
        before = threading.stack_size(_STACK)
        try:
            threading.Thread(
                target=self._watch,
                args=(pulse, parent, on_orphan, on_stuck),
                name="hlearn-watchdog",
                daemon=True,
            ).start()
        finally:
            threading.stack_size(before)

    def begin(self, episode_s: float) -> None:
        """A new episode starts now; the program may think for ``episode_s`` seconds in it."""
        with self.lock:
            self.fired = ""
            self.turn = NOBODY
            self._episode_s, self._thought_s = episode_s, 0.0

    def guard(self, kill: Callable[[], None], limit_s: float, what: str) -> None:
        """From now on a turn of the program may take ``limit_s`` seconds; ``what`` names it in the message."""
        with self.lock:
            self._kill, self._limit_s, self._what = kill, limit_s, f"{what} took more than {limit_s:g} s"

    def enter(self, method: str) -> None:
        """The environment has the turn, in one of :data:`METHODS`; turns of its that follow are its step()."""
        self._method = method
        self._entered = self.turn = -self.fresh()

    def fresh(self) -> int:
        """A number above those of all turns until now."""
        return time.monotonic_ns()

    def end(self) -> None:
        """The episode is over: nobody to kill."""
        with self.lock:
            self.turn = NOBODY
            self._kill = None

    def _watch(
        self,
        pulse: Heartbeat,
        parent: int,
        on_orphan: Callable[[], None],
        on_stuck: Callable[[str, float], None],
    ) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # they are the main thread's
        seen, lasted, looked = NOBODY, 0.0, time.monotonic()
        while True:
            time.sleep(self._tick_s)
            now = time.monotonic()
            passed, looked = min(now - looked, 4 * self._tick_s), now
            turn = self.turn
            lasted = lasted + passed if turn == seen else 0.0
            seen = turn
            method = "" if turn >= NOBODY else self._method if turn == self._entered else "step()"
            pulse.beat(method)
            if os.getppid() != parent:
                on_orphan()
            if method and lasted > self._environment_s:
                on_stuck(method, self._environment_s)
            elif turn > NOBODY:
                self._judge(turn, lasted, passed)

    def _judge(self, turn: int, lasted: float, passed: float) -> None:
        with self.lock:
            if self._kill is None or self.fired or self.turn == NOBODY:
                return
            self._thought_s += passed
            if lasted > self._limit_s and self.turn == turn:
                self.fired = self._what
            elif self._thought_s > self._episode_s:
                self.fired = f"the program took more than {self._episode_s:g} s for the episode"
            if self.fired:
                self._kill()
