"""MountainCarContinuous, written by the search of hlearn."""

from hlearn.policy import ComposedPolicy, Param, controller, detect


class MountainCarContinuous(ComposedPolicy):
    """Pushes along each axis by a weighted sum of what it sees."""

    low = -1
    high = 1

    # Candidate 11: linear, generation 6.
    push0_x0 = Param(-2.408, low=-29.28, high=29.28)
    push0_x0_rate = Param(114.0, low=-415.1, high=415.1)
    push0_bias = Param(-2.189, low=-8.0, high=8.0)

    @detect
    def x0(self, obs):
        return float(obs[0])

    @detect
    def x0_rate(self, obs):
        """Rate of change of x0."""
        return float(obs[1])

    @detect
    def push0(self, obs):
        """Push on channel 0 (moves +x0_rate, +x0)."""
        s = self.s
        return self.push0_x0 * s.x0 + self.push0_x0_rate * s.x0_rate + self.push0_bias

    @controller
    def push(self, s):
        return [s.push0]
