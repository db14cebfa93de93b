"""Where a thing that is steered comes to rest: dead time and inertia, told by a measured response."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence


class Reach:
    """Predicts the resting place of something that answers late (a Smith predictor, Smith 1957).

    What was steered in the last steps is still to be carried out; the prediction adds it to the position, so
    that a controller stops in time instead of swinging round its target.

    Args:
        pending: pixels that a command of one step will still move the thing, 1, 2, 3 ... steps after it was
            given (signed: negative where a positive command lowers the position).
    """

    __slots__ = ("_recent", "pending")

    def __init__(self, pending: Sequence[float]) -> None:
        self.pending = tuple(pending)
        self._recent: deque[float] = deque([0.0] * len(self.pending), maxlen=len(self.pending))

    def rest(self, position: float, steered: float) -> float:
        """Returns where it comes to rest if nothing more is steered.

        Args:
            position: where it is now.
            steered: the command of the step before this one (-1, 0, 1).
        """
        self._recent.appendleft(steered)
        for ahead, command in zip(self.pending, self._recent, strict=True):
            if command:
                position += ahead * command
        return position
