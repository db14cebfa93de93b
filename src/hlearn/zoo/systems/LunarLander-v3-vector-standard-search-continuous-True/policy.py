"""LunarLander, written by the search of hlearn."""

from hlearn.policy import ComposedPolicy, Param, controller, detect


class LunarLander(ComposedPolicy):
    """Pushes along each axis by a weighted sum of what it sees."""

    low = -1
    high = 1

    # Candidate 8: regulator of all that is seen.
    push0_x1 = Param(-3.807, low=-34.26, high=26.65)
    push0_x0_rate = Param(1.307, low=-9.149, high=11.76)
    push0_x1_rate = Param(-6.515, low=-58.63, high=45.6)
    push0_x4 = Param(-0.817, low=-7.353, high=5.719)
    push1_x0 = Param(0.3878, low=-2.715, high=3.49)
    push1_x1 = Param(-0.4874, low=-4.387, high=3.412)
    push1_x0_rate = Param(-3.349, low=-30.14, high=23.44)
    push1_x1_rate = Param(-0.7977, low=-7.179, high=5.584)
    push1_x4 = Param(3.521, low=-24.65, high=31.69)
    push1_x4_rate = Param(5.286, low=-37.0, high=47.57)

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
        """Push on channel 0 (moves +x1_rate, +x1)."""
        s = self.s
        return (
            self.push0_x1 * s.x1
            + self.push0_x0_rate * s.x0_rate
            + self.push0_x1_rate * s.x1_rate
            + self.push0_x4 * s.x4
        )

    @detect
    def push1(self, obs):
        """Push on channel 1 (moves -x4_rate, +x0_rate)."""
        s = self.s
        return (
            self.push1_x0 * s.x0
            + self.push1_x1 * s.x1
            + self.push1_x0_rate * s.x0_rate
            + self.push1_x1_rate * s.x1_rate
            + self.push1_x4 * s.x4
            + self.push1_x4_rate * s.x4_rate
        )

    @controller
    def push(self, s):
        return [s.push0, s.push1]
