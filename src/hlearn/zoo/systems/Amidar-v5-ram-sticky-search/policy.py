"""ALE/Amidar-v5 (ram): what the embedded search found.

    Across: stay in place (if ram[88] is < its level).
    Up and down: stay level with ram[66].
    Button: press in a rhythm.
"""

from hlearn.parts import Pulse, toward
from hlearn.policy import JoystickPolicy, Param, detect, horizontal, trigger, vertical


class Player(JoystickPolicy):
    buttons = ('NOOP', 'FIRE', 'UP', 'RIGHT', 'LEFT', 'DOWN', 'UPFIRE', 'RIGHTFIRE', 'LEFTFIRE', 'DOWNFIRE')

    hold_when = Param(236.8, low=0, high=247)  # search
    hold_place = Param(79.3, low=74, high=130, unit="px")  # search
    hold_deadband = Param(4.9, low=0, high=12, unit="px")  # search
    follow_offset = Param(14.5, low=-6.6, high=35.5, unit="px")  # search
    follow_deadband = Param(5.8, low=0, high=12, unit="px")  # search
    pulse_period = Param(200, low=2, high=240, unit="steps")  # search
    pulse_width = Param(1, low=1, high=60, unit="steps")  # search

    def setup(self):
        self._pulse_rhythm = Pulse(self.pulse_period, self.pulse_width)

    @detect
    def sign(self, obs):
        return int(obs[88])

    @detect
    def player_x(self, obs):
        return int(obs[63])

    @detect
    def target(self, obs):
        return int(obs[66])

    @detect
    def player_y(self, obs):
        return int(obs[62])

    @horizontal
    def hold(self, s):
        """Goes to its place and stays."""
        if s.sign >= self.hold_when:
            return None
        return toward(s.player_x, self.hold_place, self.hold_deadband)

    @vertical
    def follow(self, s):
        """Stays level with the target."""
        return toward(s.player_y + self.follow_offset, s.target, self.follow_deadband)

    @trigger
    def pulse(self, s):
        """Presses in a rhythm."""
        return self._pulse_rhythm.next()
