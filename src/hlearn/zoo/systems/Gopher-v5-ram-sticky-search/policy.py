"""ALE/Gopher-v5 (ram): what the embedded search found.

    Across: keep pushing (if ram[31] is > its level); else keep clear of ram[93]; else stay level with
    ram[85].
    Button: press in a rhythm.
"""

from hlearn.parts import Pulse, Reach, dodge, toward
from hlearn.policy import JoystickPolicy, Param, detect, horizontal, trigger


class Player(JoystickPolicy):
    buttons = ('NOOP', 'FIRE', 'UP', 'RIGHT', 'LEFT', 'UPFIRE', 'RIGHTFIRE', 'LEFTFIRE')

    push_when = Param(83.4, low=19, high=148)  # search
    dodge_offset0 = Param(-35, low=-65, high=-5, unit="px")  # 7 of 11 deaths
    dodge_radius = Param(8.04, low=1, high=65, unit="px")  # candidate 152
    dodge_low = Param(19.3, low=5, high=57, unit="px")  # candidate 152
    dodge_high = Param(141, low=105, high=157, unit="px")  # probe
    follow_offset = Param(-19, low=-49, high=11, unit="px")  # search
    follow_deadband = Param(1, low=0, high=8, unit="px")  # probe
    pulse_period = Param(8, low=2, high=240, unit="steps")  # search
    pulse_width = Param(4, low=1, high=60, unit="steps")  # search

    def setup(self):
        self._rest_x = Reach((-2.71, -1.45, -0.94, -1.13), (4.53, 1.24, 0.88, 0.88))  # px still to come, by steps since; probe
        self._pulse_rhythm = Pulse(self.pulse_period, self.pulse_width)

    @detect
    def sign(self, obs):
        return int(obs[31])

    @detect
    def hazard(self, obs):
        return int(obs[93])

    @detect
    def rest_x(self, obs):
        """Where it comes to rest: what was steered is still to be carried out."""
        return self._rest_x.rest(self.s.sign, self.went[0])

    @detect
    def target(self, obs):
        return int(obs[85])

    @horizontal
    def push(self, s):
        """Keeps pushing one way."""
        if s.sign <= self.push_when:
            return None
        return -1

    @horizontal
    def dodge(self, s):
        """Goes to the nearest place that nothing is about to hit."""
        near = []
        near.append(s.hazard - self.dodge_offset0)
        return dodge(s.rest_x, near, self.dodge_radius, self.dodge_low, self.dodge_high)

    @horizontal
    def follow(self, s):
        """Stays level with the target."""
        return toward(s.rest_x + self.follow_offset, s.target, self.follow_deadband)

    @trigger
    def pulse(self, s):
        """Presses in a rhythm."""
        return self._pulse_rhythm.next()
