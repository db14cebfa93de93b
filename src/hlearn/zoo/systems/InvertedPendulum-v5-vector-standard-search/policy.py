"""InvertedPendulum, written by the search of hlearn."""

from hlearn.policy import ComposedPolicy, Param, controller, detect


class InvertedPendulum(ComposedPolicy):
    """Pushes along each axis by a weighted sum of what it sees."""

    low = -3
    high = 3

    # Candidate 17: regulator of all that is seen, without 1 terms.
    push0_x1 = Param(43.84, low=-306.9, high=394.6)
    push0_x0_rate = Param(10.27, low=-71.89, high=92.43)
    push0_x1_rate = Param(6.062, low=-42.43, high=54.56)

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
    def push0(self, obs):
        """Push on channel 0 (moves -x1_rate, +x0_rate)."""
        s = self.s
        return self.push0_x1 * s.x1 + self.push0_x0_rate * s.x0_rate + self.push0_x1_rate * s.x1_rate

    @controller
    def push(self, s):
        return [s.push0]
