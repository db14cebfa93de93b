"""ALE/Boxing-v5 (ram): what the embedded search found.

    Across: step in a rhythm.
    Button: press in a rhythm.
"""

from hlearn.parts import Pulse
from hlearn.policy import JoystickPolicy, Param, detect, horizontal, trigger


class Player(JoystickPolicy):
    buttons = ('NOOP', 'FIRE', 'UP', 'RIGHT', 'LEFT', 'DOWN', 'UPRIGHT', 'UPLEFT', 'DOWNRIGHT', 'DOWNLEFT', 'UPFIRE', 'RIGHTFIRE', 'LEFTFIRE', 'DOWNFIRE', 'UPRIGHTFIRE', 'UPLEFTFIRE', 'DOWNRIGHTFIRE', 'DOWNLEFTFIRE')

    step_period = Param(60, low=4, high=400, unit="steps")  # search
    step_width = Param(30, low=1, high=200, unit="steps")  # search
    pulse_period = Param(8, low=2, high=240, unit="steps")  # search
    pulse_width = Param(3.19, low=1, high=60, unit="steps")  # candidate 249

    def setup(self):
        self._step_step = Pulse(self.step_period, self.step_width)
        self._pulse_rhythm = Pulse(self.pulse_period, self.pulse_width)

    @horizontal
    def step(self, s):
        """Takes a step, then rests, in a rhythm."""
        return 1 if self._step_step.next() else 0

    @trigger
    def pulse(self, s):
        """Presses in a rhythm."""
        return self._pulse_rhythm.next()
