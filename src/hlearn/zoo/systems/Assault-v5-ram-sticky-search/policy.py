"""ALE/Assault-v5 (ram): what the embedded search found.

    Across: stay (if ram[80] decoded is > its level); else keep pushing.
    Up and down: swing in a rhythm (if ram[80] decoded is > its level).
    Button: press in a rhythm.
"""

from hlearn.parts import Pulse, fine_coarse
from hlearn.policy import JoystickPolicy, Param, detect, horizontal, trigger, vertical


class Player(JoystickPolicy):
    buttons = ('NOOP', 'FIRE', 'UP', 'RIGHT', 'LEFT', 'RIGHTFIRE', 'LEFTFIRE')

    rest_when = Param(37.6, low=28, high=154)  # search
    swing_when = Param(37.6, low=28, high=154)  # search
    swing_period = Param(118, low=4, high=400, unit="steps")  # search
    swing_width = Param(59, low=1, high=200, unit="steps")  # search
    pulse_period = Param(200, low=2, high=240, unit="steps")  # search
    pulse_width = Param(1, low=1, high=60, unit="steps")  # search

    def setup(self):
        self._swing_swing = Pulse(self.swing_period, self.swing_width)
        self._pulse_rhythm = Pulse(self.pulse_period, self.pulse_width)

    @detect
    def sign(self, obs):
        return fine_coarse(obs[80])

    @horizontal
    def rest(self, s):
        """Does not steer."""
        if s.sign <= self.rest_when:
            return None
        return 0

    @horizontal
    def push(self, s):
        """Keeps pushing one way."""
        return 1

    @vertical
    def swing(self, s):
        """Pushes one way, then the other, in a rhythm."""
        if s.sign <= self.swing_when:
            return None
        return 1 if self._swing_swing.next() else -1

    @trigger
    def pulse(self, s):
        """Presses in a rhythm."""
        return self._pulse_rhythm.next()
