"""HalfCheetah, written by the search of hlearn."""

from hlearn.parts.feedback import pd
from hlearn.parts.oscillator import Oscillator
from hlearn.policy import ComposedPolicy, Param, controller, detect


class HalfCheetah(ComposedPolicy):
    """All joints swing in one rhythm around their centres; springs pull them there."""

    low = -1
    high = 1

    # Candidate 25: one rhythm, generation 129.
    pace = Param(1.506, low=0.02, high=2.5, unit="rad/step")
    stiffness = Param(1.385, low=0.0, high=7.651)
    damping = Param(0.01603, low=0.0, high=0.4552)
    centre0 = Param(1.029, low=-2.556, high=2.576)
    sine0 = Param(-0.1556, low=-2.566, high=2.566)
    cosine0 = Param(-0.1559, low=-2.566, high=2.566)
    centre1 = Param(0.3767, low=-2.427, high=2.474)
    sine1 = Param(1.097, low=-2.451, high=2.451)
    cosine1 = Param(-0.1102, low=-2.451, high=2.451)
    centre2 = Param(0.154, low=-2.322, high=2.362)
    sine2 = Param(-0.6963, low=-2.342, high=2.342)
    cosine2 = Param(0.3301, low=-2.342, high=2.342)
    centre3 = Param(-0.8859, low=-3.409, high=3.375)
    sine3 = Param(-0.9329, low=-3.392, high=3.392)
    cosine3 = Param(0.6373, low=-3.392, high=3.392)
    centre4 = Param(0.2014, low=-2.768, high=2.77)
    sine4 = Param(-0.629, low=-2.769, high=2.769)
    cosine4 = Param(0.1548, low=-2.769, high=2.769)
    centre5 = Param(-0.3825, low=-2.393, high=2.432)
    sine5 = Param(-0.8282, low=-2.413, high=2.413)
    cosine5 = Param(0.17, low=-2.413, high=2.413)

    def setup(self):
        self.rhythm = Oscillator(self.pace)

    @detect
    def x2(self, obs):
        return float(obs[2])

    @detect
    def x3(self, obs):
        return float(obs[3])

    @detect
    def x4(self, obs):
        return float(obs[4])

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
    def x11(self, obs):
        return float(obs[11])

    @detect
    def x12(self, obs):
        return float(obs[12])

    @detect
    def x13(self, obs):
        return float(obs[13])

    @detect
    def x14(self, obs):
        return float(obs[14])

    @detect
    def x15(self, obs):
        return float(obs[15])

    @detect
    def x16(self, obs):
        return float(obs[16])

    @controller
    def swing(self, s):
        self.rhythm.next()
        return [
            pd(self.rhythm.mixed(self.centre0, self.sine0, self.cosine0), s.x2, s.x11, self.stiffness, self.damping),
            pd(self.rhythm.mixed(self.centre1, self.sine1, self.cosine1), s.x3, s.x12, self.stiffness, self.damping),
            pd(self.rhythm.mixed(self.centre2, self.sine2, self.cosine2), s.x4, s.x13, self.stiffness, self.damping),
            pd(self.rhythm.mixed(self.centre3, self.sine3, self.cosine3), s.x5, s.x14, self.stiffness, self.damping),
            pd(self.rhythm.mixed(self.centre4, self.sine4, self.cosine4), s.x6, s.x15, self.stiffness, self.damping),
            pd(self.rhythm.mixed(self.centre5, self.sine5, self.cosine5), s.x7, s.x16, self.stiffness, self.damping),
        ]
