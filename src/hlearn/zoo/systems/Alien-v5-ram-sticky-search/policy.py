"""ALE/Alien-v5 (ram): what the embedded search found.

    Across: keep pushing (if ram[50] is < its level); else stay level with ram[110].
    Up and down: stay level with ram[107].
    Button: press in a rhythm.
"""

from hlearn.parts import Pulse, Reach, toward
from hlearn.policy import JoystickPolicy, Param, detect, horizontal, trigger, vertical


class Player(JoystickPolicy):
    buttons = ('NOOP', 'FIRE', 'UP', 'RIGHT', 'LEFT', 'DOWN', 'UPRIGHT', 'UPLEFT', 'DOWNRIGHT', 'DOWNLEFT', 'UPFIRE', 'RIGHTFIRE', 'LEFTFIRE', 'DOWNFIRE', 'UPRIGHTFIRE', 'UPLEFTFIRE', 'DOWNRIGHTFIRE', 'DOWNLEFTFIRE')

    push_when = Param(30, low=3.38, high=101.62)  # search
    follow_offset = Param(0, low=-24, high=24, unit="px")  # search
    follow_deadband = Param(1, low=0, high=8, unit="px")  # probe
    follow_2_offset = Param(0, low=-15.8, high=15.8, unit="px")  # search
    follow_2_deadband = Param(1, low=0, high=8, unit="px")  # probe
    pulse_period = Param(8, low=2, high=240, unit="steps")  # search
    pulse_width = Param(4, low=1, high=60, unit="steps")  # search

    def setup(self):
        self._rest_x = Reach((0.33, 0.06))  # px still to come, by steps since; probe
        self._rest_y = Reach((-0.12, -0.07))  # px still to come, by steps since; probe
        self._pulse_rhythm = Pulse(self.pulse_period, self.pulse_width)

    @detect
    def sign(self, obs):
        return int(obs[50])

    @detect
    def target(self, obs):
        return int(obs[110])

    @detect
    def player_x(self, obs):
        return int(obs[8])

    @detect
    def rest_x(self, obs):
        """Where it comes to rest: what was steered is still to be carried out."""
        return self._rest_x.rest(self.s.player_x, self.went[0])

    @detect
    def target_2(self, obs):
        return int(obs[107])

    @detect
    def player_y(self, obs):
        return int(obs[12])

    @detect
    def rest_y(self, obs):
        """Where it comes to rest: what was steered is still to be carried out."""
        return self._rest_y.rest(self.s.player_y, self.went[1])

    @horizontal
    def push(self, s):
        """Keeps pushing one way."""
        if s.sign >= self.push_when:
            return None
        return 1

    @horizontal
    def follow(self, s):
        """Stays level with the target."""
        return toward(s.rest_x + self.follow_offset, s.target, self.follow_deadband)

    @vertical
    def follow_2(self, s):
        """Stays level with the target_2."""
        return -toward(s.rest_y + self.follow_2_offset, s.target_2, self.follow_2_deadband)

    @trigger
    def pulse(self, s):
        """Presses in a rhythm."""
        return self._pulse_rhythm.next()
