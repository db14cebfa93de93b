"""Behaviour in time: pulses, sweeps, macros, state machines, and a variety that breaks loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

GOLDEN = 0.6180339887498949  # fractional parts of its multiples fill [0, 1) evenly (Weyl, 1916)
_SLOWLY = 0.4  # of its first swelling, that a variety swells for each further patience in vain


class Pulse:
    """On for ``width`` steps out of every ``period`` (both in steps, at least 1)."""

    __slots__ = ("_step", "period", "width")

    def __init__(self, period: float, width: float = 1) -> None:
        self.period = max(1, round(period))
        self.width = max(1, round(width))
        self._step = -1

    def next(self) -> bool:
        """Moves one step on and says whether the pulse is on."""
        self._step += 1
        return self._step % self.period < self.width


class Sweep:
    """Back and forth between two positions."""

    __slots__ = ("_direction", "high", "low")

    def __init__(self, low: float, high: float) -> None:
        self.low = low
        self.high = high
        self._direction = 1

    def next(self, position: float) -> int:
        """Returns the direction to go (-1 or 1), turning at the ends."""
        if position >= self.high:
            self._direction = -1
        elif position <= self.low:
            self._direction = 1
        return self._direction


class Variety:
    """A number around 0 that changes each time an event begins; no two long stretches are alike.

    Hitting a ball off-centre by a varying amount breaks the closed orbits in which a perfect player can get
    stuck. The sequence is that of the golden ratio, so it is even, deterministic and needs no seed. While there is
    no progress its range swells, fully after ``patience`` events, and slowly on from there: who gets nowhere dares more
    and more.

    Args:
        patience: events without progress until its range has swollen.
    """

    __slots__ = ("_count", "_during", "_progress", "_vain", "patience", "value")

    def __init__(self, patience: int = 60) -> None:
        self.patience = patience
        self._count = 0
        self._vain = 0
        self._during = False
        self._progress: object = None
        self.value = 0.0

    def next(self, event: bool, progress: object = None, spread: float = 1.0, swell: float = 0.0) -> float:
        """Returns the present number; a new one if ``event`` has just become true.

        Args:
            event: whether the event is going on.
            progress: anything that changes with progress, such as the score shown; None if nothing tells.
            spread: the number lies between ``-spread`` and ``spread``,
            swell: or as far as that beyond, in the same unit, while there is no progress.
        """
        if event and not self._during:
            self._count += 1
            self._vain = self._vain + 1 if progress is not None and progress == self._progress else 0
            self._progress = progress
            half = self.patience / 2  # no swelling before half the patience is gone
            swollen = min(1.0, max(0.0, self._vain - half) / half)
            swollen += _SLOWLY * max(0, self._vain - self.patience) / self.patience
            self.value = (spread + swell * swollen) * (2.0 * (self._count * GOLDEN % 1.0) - 1.0)
        self._during = event
        return self.value


class Caution:
    """Whether to be careful: something got past, so the next is met in the safest way, until it has been met.

    What is always missed in the same way, such as a serve that comes again and again, is missed once.
    """

    __slots__ = ("_careful", "_during", "_renewed")

    def __init__(self) -> None:
        self._careful = False
        self._during = False
        self._renewed: object = None

    def next(self, event: bool, renewed: object) -> bool:
        """Returns whether to be careful.

        Args:
            event: whether something is coming.
            renewed: changes when it is another one. One that changes while it is coming was not met.
        """
        if renewed != self._renewed:
            self._careful, self._renewed = self._during, renewed
        elif self._during and not event:
            self._careful = False
        self._during = event
        return self._careful


class LoopBreaker:
    """Tells when the same situations keep coming back.

    Args:
        patience: how many times in a row a situation may come again before :meth:`stuck` says so.
        memory: how many situations are remembered.
    """

    __slots__ = ("_again", "_seen", "memory", "patience")

    def __init__(self, patience: int = 8, memory: int = 64) -> None:
        self.patience = patience
        self.memory = memory
        self._seen: dict[object, None] = {}
        self._again = 0

    def stuck(self, situation: object) -> bool:
        """Takes a hashable summary of the situation; True once ``patience`` repeats came in a row."""
        if situation in self._seen:
            self._again += 1
        else:
            self._again = 0
            self._seen[situation] = None
            if len(self._seen) > self.memory:
                del self._seen[next(iter(self._seen))]
        return self._again >= self.patience


class Macro:
    """A fixed sequence of actions, each held for some steps.

    Args:
        moves: (action, steps) pairs.
        loop: begin again at the end; otherwise :meth:`next` returns None from then on.
    """

    __slots__ = ("_at", "_left", "loop", "moves")

    def __init__(self, moves: Sequence[tuple[int, int]], *, loop: bool = False) -> None:
        if not moves or any(steps < 1 for _, steps in moves):
            raise ValueError("a macro needs moves of at least one step each")
        self.moves = tuple(moves)
        self.loop = loop
        self.restart()

    def restart(self) -> None:
        """Goes back to the first move."""
        self._at = 0
        self._left = self.moves[0][1]

    def next(self) -> int | None:
        """Returns the action of this step, None after the end."""
        if self._at >= len(self.moves):
            return None
        action = self.moves[self._at][0]
        self._left -= 1
        if self._left == 0:
            self._at += 1
            if self._at == len(self.moves) and self.loop:
                self._at = 0
            if self._at < len(self.moves):
                self._left = self.moves[self._at][1]
        return action


class StateMachine:
    """A named state that changes by named events.

    Args:
        start: the first state.
        moves: (state, event) -> next state; other events leave the state as it is.
    """

    __slots__ = ("age", "moves", "state")

    def __init__(self, start: str, moves: Mapping[tuple[str, str], str]) -> None:
        self.state = start
        self.moves = dict(moves)
        self.age = 0

    def feed(self, event: str | None) -> str:
        """Moves one step on with an event (or none) and returns the state; ``age`` counts steps in it."""
        following = self.moves.get((self.state, event)) if event is not None else None
        if following is None or following == self.state:
            self.age += 1
        else:
            self.state, self.age = following, 0
        return self.state
