"""LunarLander, written by the search of hlearn."""

from hlearn.policy import Param, RulePolicy, detect, rule


class LunarLander(RulePolicy):
    """Pushes along each axis by a weighted sum of what it sees."""

    idle = 0

    # Candidate 78: regulator of all that is seen, generation 4.
    push0_x0 = Param(-0.01906, low=-6.337, high=4.929)
    push0_x1 = Param(-3.598, low=-24.93, high=19.39)
    push0_x0_rate = Param(-1.827, low=-15.26, high=11.87)
    push0_x1_rate = Param(-8.746, low=-43.0, high=33.45)
    push0_x4 = Param(-0.7343, low=-5.659, high=4.402)
    push0_x4_rate = Param(-1.054, low=-11.18, high=8.694)
    push1_x0 = Param(-0.1054, low=-4.929, high=3.834)
    push1_x1 = Param(0.01053, low=-2.363, high=1.838)
    push1_x0_rate = Param(-4.49, low=-41.66, high=32.4)
    push1_x1_rate = Param(-1.069, low=-10.64, high=8.274)
    push1_x4 = Param(5.631, low=-23.09, high=29.69)
    push1_x4_rate = Param(3.852, low=-29.76, high=38.26)

    @detect
    def x0(self, obs):
        return float(obs[0])

    @detect
    def x1(self, obs):
        return float(obs[1])

    @detect
    def x0_rate(self, obs):
        """Rate of change of x0."""
        return float(obs[2])

    @detect
    def x1_rate(self, obs):
        """Rate of change of x1."""
        return float(obs[3])

    @detect
    def x4(self, obs):
        return float(obs[4])

    @detect
    def x4_rate(self, obs):
        """Rate of change of x4."""
        return float(obs[5])

    @detect
    def push0(self, obs):
        """Urge for action 2 (moves +x1_rate, +x1)."""
        s = self.s
        return (
            self.push0_x0 * s.x0
            + self.push0_x1 * s.x1
            + self.push0_x0_rate * s.x0_rate
            + self.push0_x1_rate * s.x1_rate
            + self.push0_x4 * s.x4
            + self.push0_x4_rate * s.x4_rate
        )

    @detect
    def push1(self, obs):
        """Urge for action 3 (moves -x4_rate, +x0_rate); below 0 for action 1."""
        s = self.s
        return (
            self.push1_x0 * s.x0
            + self.push1_x1 * s.x1
            + self.push1_x0_rate * s.x0_rate
            + self.push1_x1_rate * s.x1_rate
            + self.push1_x4 * s.x4
            + self.push1_x4_rate * s.x4_rate
        )

    @rule
    def push(self, s):
        strongest = max(s.push0, abs(s.push1), 1.0)
        if s.push0 == strongest:
            return 2
        if abs(s.push1) == strongest:
            return 3 if s.push1 > 0.0 else 1
        return None
