"""ALE/Berzerk-v5 (ram): what the embedded search found.

    Across: go where ram[48] will be.
    Up and down: step in a rhythm.
    Button: hold.
"""

from hlearn.parts import Pulse, Reach, Speed, toward
from hlearn.policy import JoystickPolicy, Param, detect, horizontal, trigger, vertical


class Player(JoystickPolicy):
    buttons = ('NOOP', 'FIRE', 'UP', 'RIGHT', 'LEFT', 'DOWN', 'UPRIGHT', 'UPLEFT', 'DOWNRIGHT', 'DOWNLEFT', 'UPFIRE', 'RIGHTFIRE', 'LEFTFIRE', 'DOWNFIRE', 'UPRIGHTFIRE', 'UPLEFTFIRE', 'DOWNRIGHTFIRE', 'DOWNLEFTFIRE')

    pursue_lead = Param(0.9, low=-60, high=60, unit="steps")  # search
    pursue_offset = Param(12.1, low=3.4, high=20.8, unit="px")  # search
    pursue_deadband = Param(1.9, low=0, high=12, unit="px")  # search
    step_period = Param(88, low=4, high=400, unit="steps")  # search
    step_width = Param(44, low=1, high=200, unit="steps")  # search

    def setup(self):
        self._rest_x = Reach((0.1, 0.0, 0.05, -0.06))  # px still to come, by steps since; probe
        self._pursue_speed = Speed(6)
        self._step_step = Pulse(self.step_period, self.step_width)

    @detect
    def target(self, obs):
        return int(obs[48])

    @detect
    def player_x(self, obs):
        return int(obs[19])

    @detect
    def rest_x(self, obs):
        """Where it comes to rest: what was steered is still to be carried out."""
        return self._rest_x.rest(self.s.player_x, self.went[0])

    @detect
    def pursue_speed(self, obs):
        """Speed per step."""
        return self._pursue_speed.see(self.s.target)

    @horizontal
    def pursue(self, s):
        """Goes where the target will be."""
        ahead = s.target + self.pursue_lead * s.pursue_speed
        return toward(s.rest_x + self.pursue_offset, ahead, self.pursue_deadband)

    @vertical
    def step(self, s):
        """Takes a step, then rests, in a rhythm."""
        return 1 if self._step_step.next() else 0

    @trigger
    def press(self, s):
        """Holds the button."""
        return True
