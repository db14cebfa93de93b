"""Reacher, written by the search of hlearn."""

import math

from hlearn.parts.feedback import Change
from hlearn.policy import ComposedPolicy, Param, controller, detect


class Reacher(ComposedPolicy):
    """Pushes along each axis by a weighted sum of what it sees."""

    low = -1
    high = 1

    # Candidate 20: regulator of all that is seen, generation 2.
    push0_angle0 = Param(-0.2561, low=-2.624, high=2.041)
    push0_angle0_rate = Param(-0.08213, low=-0.4924, high=0.383)
    push0_x9_change = Param(-4.435, low=-26.93, high=24.71)
    push1_angle1 = Param(-0.07034, low=-0.8612, high=0.6698)
    push1_x4 = Param(-0.1381, low=-7.656, high=8.001)
    push1_x5 = Param(0.7606, low=-7.66, high=8.238)
    push1_angle0_rate = Param(-0.003711, low=-0.04295, high=0.04543)
    push1_angle1_rate = Param(-0.01217, low=-0.3582, high=0.2786)
    push1_x8 = Param(1.04, low=-5.525, high=6.142)
    push1_x4_from_x8 = Param(-0.2143, low=-3.702, high=3.538)
    push1_x5_from_x9 = Param(-0.18, low=-3.692, high=3.824)

    def setup(self):
        self.x9_before = Change()

    @detect
    def angle0(self, obs):
        return math.atan2(float(obs[2]), float(obs[0]))

    @detect
    def angle1(self, obs):
        return math.atan2(float(obs[3]), float(obs[1]))

    @detect
    def x4(self, obs):
        return float(obs[4])

    @detect
    def x5(self, obs):
        return float(obs[5])

    @detect
    def angle0_rate(self, obs):
        """Rate of change of angle0."""
        return float(obs[6])

    @detect
    def angle1_rate(self, obs):
        """Rate of change of angle1."""
        return float(obs[7])

    @detect
    def x8(self, obs):
        return float(obs[8])

    @detect
    def x9_change(self, obs):
        return self.x9_before.next(float(obs[9]))

    @detect
    def x4_from_x8(self, obs):
        return float(obs[4] - obs[8])

    @detect
    def x5_from_x9(self, obs):
        return float(obs[5] - obs[9])

    @detect
    def push0(self, obs):
        """Push on channel 0 (moves +angle0_rate, +angle0)."""
        s = self.s
        return (
            self.push0_angle0 * s.angle0
            + self.push0_angle0_rate * s.angle0_rate
            + self.push0_x9_change * s.x9_change
        )

    @detect
    def push1(self, obs):
        """Push on channel 1 (moves +angle1_rate, +angle1)."""
        s = self.s
        return (
            self.push1_angle1 * s.angle1
            + self.push1_x4 * s.x4
            + self.push1_x5 * s.x5
            + self.push1_angle0_rate * s.angle0_rate
            + self.push1_angle1_rate * s.angle1_rate
            + self.push1_x8 * s.x8
            + self.push1_x4_from_x8 * s.x4_from_x8
            + self.push1_x5_from_x9 * s.x5_from_x9
        )

    @controller
    def push(self, s):
        return [s.push0, s.push1]
