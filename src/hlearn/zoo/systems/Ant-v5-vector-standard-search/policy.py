"""Ant, written by the search of hlearn."""

from hlearn.parts.feedback import pd
from hlearn.parts.oscillator import Oscillator
from hlearn.policy import ComposedPolicy, Param, controller, detect


class Ant(ComposedPolicy):
    """All joints swing in one rhythm around their centres; springs pull them there."""

    low = -1
    high = 1

    # Candidate 18: one rhythm, generation 72.
    pace = Param(0.4804, low=0.02, high=2.5, unit="rad/step")
    stiffness = Param(0.3434, low=0.0, high=6.387)
    damping = Param(0.1128, low=0.0, high=0.5004)
    centre0 = Param(-0.7219, low=-3.825, high=3.753)
    sine0 = Param(0.6535, low=-3.789, high=3.789)
    cosine0 = Param(0.4049, low=-3.789, high=3.789)
    centre1 = Param(0.9046, low=-1.789, high=3.532)
    sine1 = Param(0.3787, low=-2.66, high=2.66)
    cosine1 = Param(0.03178, low=-2.66, high=2.66)
    centre2 = Param(-0.3646, low=-3.841, high=3.802)
    sine2 = Param(-0.217, low=-3.822, high=3.822)
    cosine2 = Param(0.5683, low=-3.822, high=3.822)
    centre3 = Param(0.8965, low=-1.788, high=3.502)
    sine3 = Param(-0.6498, low=-2.645, high=2.645)
    cosine3 = Param(0.6308, low=-2.645, high=2.645)
    centre4 = Param(-0.02227, low=-3.778, high=3.795)
    sine4 = Param(2.132, low=-3.787, high=3.787)
    cosine4 = Param(0.1649, low=-3.787, high=3.787)
    centre5 = Param(-0.8252, low=-3.566, high=1.777)
    sine5 = Param(-0.309, low=-2.671, high=2.671)
    cosine5 = Param(0.2516, low=-2.671, high=2.671)
    centre6 = Param(0.0526, low=-3.85, high=3.833)
    sine6 = Param(-1.077, low=-3.842, high=3.842)
    cosine6 = Param(0.0518, low=-3.842, high=3.842)
    centre7 = Param(0.1071, low=-3.53, high=1.782)
    sine7 = Param(0.4796, low=-2.656, high=2.656)
    cosine7 = Param(0.1676, low=-2.656, high=2.656)

    def setup(self):
        self.rhythm = Oscillator(self.pace)

    @detect
    def x5(self, obs):
        return float(obs[5])

    @detect
    def x6(self, obs):
        return float(obs[6])

    @detect
    def x7(self, obs):
        return float(obs[7])

    @detect
    def x8(self, obs):
        return float(obs[8])

    @detect
    def x9(self, obs):
        return float(obs[9])

    @detect
    def x10(self, obs):
        return float(obs[10])

    @detect
    def x11(self, obs):
        return float(obs[11])

    @detect
    def x12(self, obs):
        return float(obs[12])

    @detect
    def x5_rate(self, obs):
        """Rate of change of x5."""
        return float(obs[19])

    @detect
    def x6_rate(self, obs):
        """Rate of change of x6."""
        return float(obs[20])

    @detect
    def x7_rate(self, obs):
        """Rate of change of x7."""
        return float(obs[21])

    @detect
    def x8_rate(self, obs):
        """Rate of change of x8."""
        return float(obs[22])

    @detect
    def x9_rate(self, obs):
        """Rate of change of x9."""
        return float(obs[23])

    @detect
    def x10_rate(self, obs):
        """Rate of change of x10."""
        return float(obs[24])

    @detect
    def x11_rate(self, obs):
        """Rate of change of x11."""
        return float(obs[25])

    @detect
    def x12_rate(self, obs):
        """Rate of change of x12."""
        return float(obs[26])

    @controller
    def swing(self, s):
        self.rhythm.next()
        return [
            pd(self.rhythm.mixed(self.centre0, self.sine0, self.cosine0), s.x11, s.x11_rate, self.stiffness, self.damping),
            pd(self.rhythm.mixed(self.centre1, self.sine1, self.cosine1), s.x12, s.x12_rate, self.stiffness, self.damping),
            pd(self.rhythm.mixed(self.centre2, self.sine2, self.cosine2), s.x5, s.x5_rate, self.stiffness, self.damping),
            pd(self.rhythm.mixed(self.centre3, self.sine3, self.cosine3), s.x6, s.x6_rate, self.stiffness, self.damping),
            pd(self.rhythm.mixed(self.centre4, self.sine4, self.cosine4), s.x7, s.x7_rate, self.stiffness, self.damping),
            pd(self.rhythm.mixed(self.centre5, self.sine5, self.cosine5), s.x8, s.x8_rate, self.stiffness, self.damping),
            pd(self.rhythm.mixed(self.centre6, self.sine6, self.cosine6), s.x9, s.x9_rate, self.stiffness, self.damping),
            pd(self.rhythm.mixed(self.centre7, self.sine7, self.cosine7), s.x10, s.x10_rate, self.stiffness, self.damping),
        ]
