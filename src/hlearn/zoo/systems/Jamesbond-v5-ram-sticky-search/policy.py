"""ALE/Jamesbond-v5 (ram): what the embedded search found.

    Across: keep clear of ram[43] and ram[43] and ram[39].
    Up and down: step in a rhythm.
    Button: press in a rhythm.
"""

from hlearn.parts import Pulse, Reach, dodge
from hlearn.policy import JoystickPolicy, Param, detect, horizontal, trigger, vertical


class Player(JoystickPolicy):
    buttons = ('NOOP', 'FIRE', 'UP', 'RIGHT', 'LEFT', 'DOWN', 'UPRIGHT', 'UPLEFT', 'DOWNRIGHT', 'DOWNLEFT', 'UPFIRE', 'RIGHTFIRE', 'LEFTFIRE', 'DOWNFIRE', 'UPRIGHTFIRE', 'UPLEFTFIRE', 'DOWNRIGHTFIRE', 'DOWNLEFTFIRE')

    dodge_level0 = Param(-50, low=-70, high=-30, unit="px")  # 7 of 20 deaths
    dodge_reach0 = Param(10, low=1, high=120, unit="px")  # 7 of 20 deaths
    dodge_offset0 = Param(-14.35, low=-24.8, high=4.8, unit="px")  # candidate 329
    dodge_level1 = Param(37, low=17, high=57, unit="px")  # 7 of 20 deaths
    dodge_reach1 = Param(10, low=1, high=120, unit="px")  # 7 of 20 deaths
    dodge_offset1 = Param(5, low=-9.8, high=19.8, unit="px")  # 7 of 20 deaths
    dodge_level2 = Param(-9, low=-29, high=11, unit="px")  # 5 of 20 deaths
    dodge_reach2 = Param(92, low=1, high=120, unit="px")  # 5 of 20 deaths
    dodge_offset2 = Param(15, low=0.2, high=29.8, unit="px")  # 5 of 20 deaths
    dodge_radius = Param(8, low=1, high=34.5, unit="px")  # search
    dodge_low = Param(14, low=-2, high=31.7, unit="px")  # probe
    dodge_high = Param(73, low=55.3, high=89, unit="px")  # probe
    step_period = Param(82.14, low=4, high=400, unit="steps")  # candidate 329
    step_width = Param(30, low=1, high=200, unit="steps")  # search
    pulse_period = Param(8, low=2, high=240, unit="steps")  # search
    pulse_width = Param(2, low=1, high=60, unit="steps")  # search

    def setup(self):
        self._rest_x = Reach((-0.21, -0.38, -0.39, -0.58), (1.29, 1.35, 1.28, 1.28))  # px still to come, by steps since; probe
        self._step_step = Pulse(self.step_period, self.step_width)
        self._pulse_rhythm = Pulse(self.pulse_period, self.pulse_width)

    @detect
    def hazard(self, obs):
        return int(obs[43])

    @detect
    def hazard_depth(self, obs):
        return int(obs[55])

    @detect
    def hazard_depth_2(self, obs):
        return int(obs[104])

    @detect
    def hazard_2(self, obs):
        return int(obs[39])

    @detect
    def hazard_depth_3(self, obs):
        return int(obs[30])

    @detect
    def player_y(self, obs):
        return int(obs[25])

    @detect
    def player_x(self, obs):
        return int(obs[27])

    @detect
    def rest_x(self, obs):
        """Where it comes to rest: what was steered is still to be carried out."""
        return self._rest_x.rest(self.s.player_x, self.went[0])

    @horizontal
    def dodge(self, s):
        """Goes to the nearest place that nothing is about to hit."""
        near = []
        if abs(s.hazard_depth - s.player_y - self.dodge_level0) < self.dodge_reach0:
            near.append(s.hazard - self.dodge_offset0)
        if abs(s.hazard_depth_2 - s.player_y - self.dodge_level1) < self.dodge_reach1:
            near.append(s.hazard - self.dodge_offset1)
        if abs(s.hazard_depth_3 - s.player_y - self.dodge_level2) < self.dodge_reach2:
            near.append(s.hazard_2 - self.dodge_offset2)
        return dodge(s.rest_x, near, self.dodge_radius, self.dodge_low, self.dodge_high)

    @vertical
    def step(self, s):
        """Takes a step, then rests, in a rhythm."""
        return -1 if self._step_step.next() else 0

    @trigger
    def pulse(self, s):
        """Presses in a rhythm."""
        return self._pulse_rhythm.next()
