"""Following things over time: positions become velocities, and a jump starts a new track."""

from __future__ import annotations

from typing import NamedTuple

SETTLED = 3  # steps after which a slope is told from them


class Moving(NamedTuple):
    """Where something is (pixels or counts) and how fast it goes (per step)."""

    x: float
    y: float
    vx: float
    vy: float


class Speed:
    """Velocity of one coordinate: the slope over the steps since it last turned or jumped.

    Consoles move things by 1, 2, 1, 2 pixels to make 1.5; a line fitted over a few steps sees through that, and
    ``place`` is where this line has got to: the present position without the jitter of single steps. In the
    step of a bounce a thing covers less than its way, so the speed before it, turned round, stands until a few
    steps after it are known.

    Args:
        window: steps to look back at most.
        jump: a larger change in one step starts afresh (a new thing, not a fast one).
    """

    __slots__ = ("bounced", "jump", "jumps", "past", "place", "sign", "speed", "window")

    def __init__(self, window: int = 8, jump: float = 12.0) -> None:
        self.window = window
        self.jump = jump
        self.past: list[float] = []
        self.bounced = False
        self.jumps = 0  # how often a new track began
        self.place = 0.0
        self.sign = 0
        self.speed = 0.0

    def see(self, position: float) -> float:
        """Takes the present position and returns the velocity per step (0.0 until it is known)."""
        past = self.past
        if past:
            change = position - past[-1]
            if change > self.jump or change < -self.jump:
                past.clear()
                self.jumps += 1
                self.sign = 0
                self.speed = 0.0
                self.bounced = False
            elif change * self.sign < 0:  # turned: keep only what came after the turn
                self.bounced = len(past) > SETTLED and not self.bounced
                if self.bounced:
                    past.clear()
                    self.speed = -self.speed
                else:
                    del past[:-1]
                self.sign = 1 if change > 0 else -1
            elif change and not self.sign:
                self.sign = 1 if change > 0 else -1
        past.append(position)
        count = len(past) - 1
        if count > self.window:
            del past[0]
            count = self.window
        self.place = position
        if self.bounced and count < SETTLED:
            return self.speed
        self.bounced = False
        if count > 0:
            middle = count / 2
            rise = sum((i - middle) * p for i, p in enumerate(past))
            self.speed = rise * 12 / (count * (count + 1) * (count + 2))
            if count >= SETTLED:
                self.place = sum(past) / (count + 1) + self.speed * middle
        return self.speed


class Tracker:
    """Position and velocity of something seen in two coordinates.

    Args:
        window: steps to look back for the velocity.
        jump: a larger change in one step starts a new track.
    """

    __slots__ = ("_across", "_down")

    def __init__(self, window: int = 8, jump: float = 12.0) -> None:
        self._across = Speed(window, jump)
        self._down = Speed(window, jump)

    def see(self, x: float, y: float) -> Moving:
        """Takes the present position and returns it with its velocity."""
        return Moving(x, y, self._across.see(x), self._down.see(y))


def reflect(position: float, low: float, high: float) -> float:
    """Folds a position that ran past a wall back between ``low`` and ``high``, as a bounce would."""
    width = high - low
    if width <= 0:
        return low
    folded = (position - low) % (2 * width)
    return low + (folded if folded <= width else 2 * width - folded)


def landing(
    position: float, velocity: float, distance: float, approach: float, low: float, high: float
) -> float:
    """Where a bouncing thing will be when it has covered a distance along the other axis.

    Args:
        position: its coordinate now.
        velocity: its change per step.
        distance: how far it is from the line along the other axis.
        approach: its speed towards that line (same sign as ``distance`` while it approaches).
        low: the wall on one side.
        high: the wall on the other.

    Returns:
        The coordinate at the crossing, with every bounce between the walls; the present one if it does not
        approach.
    """
    if approach == 0 or distance / approach < 0:
        return position
    return reflect(position + velocity * distance / approach, low, high)
