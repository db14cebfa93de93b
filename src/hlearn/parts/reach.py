"""Where a thing that is steered comes to rest: dead time and inertia, told by a measured response."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

JUMP = 16.0  # a larger change in one step is a new place, not a motion (pixels)


class Reach:
    """Predicts the resting place of something that answers late (a Smith predictor, Smith 1957).

    What was steered in the last steps is still to be carried out, and what moves goes on for a while; the
    prediction adds both to the position, so that a controller stops in time instead of swinging round its target.

    Args:
        pending: pixels that a command of one step will still move the thing, 1, 2, 3 ... steps after it was
            given (signed: negative where a positive command lowers the position).
        coasting: how many times its change of the last step, the step before ... it still goes on.
    """

    __slots__ = ("_changes", "_last", "_recent", "coasting", "pending")

    def __init__(self, pending: Sequence[float], coasting: Sequence[float] = ()) -> None:
        self.pending = tuple(pending)
        self.coasting = tuple(coasting)
        self._recent: deque[float] = deque([0.0] * len(self.pending), maxlen=len(self.pending))
        self._changes: deque[float] = deque([0.0] * len(self.coasting), maxlen=len(self.coasting))
        self._last: float | None = None

    def rest(self, position: float, steered: float) -> float:
        """Returns where it comes to rest if nothing more is steered.

        Args:
            position: where it is now.
            steered: the command of the step before this one (-1, 0, 1).
        """
        self._recent.appendleft(steered)
        change = 0.0 if self._last is None else position - self._last
        self._changes.appendleft(change if -JUMP <= change <= JUMP else 0.0)
        self._last = position
        for ahead, command in zip(self.pending, self._recent, strict=True):
            if command:
                position += ahead * command
        for times, change in zip(self.coasting, self._changes, strict=True):
            position += times * change
        return position
