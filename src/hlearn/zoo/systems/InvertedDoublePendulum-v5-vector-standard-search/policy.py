"""InvertedDoublePendulum, written by the search of hlearn."""

from hlearn.policy import ComposedPolicy, Param, controller, detect


class InvertedDoublePendulum(ComposedPolicy):
    """Pushes left as it would push right in the mirror: signs come from sines and rates, sizes from all."""

    low = -1
    high = 1

    # Candidate 187: swing, generation 1.
    push0_sin0_cos0 = Param(-2.785, low=-27.4, high=21.31)
    push0_sin0_cos1 = Param(-6.497, low=-77.03, high=59.91)
    push0_sin1_cos1 = Param(-5.015, low=-56.88, high=44.24)
    push0_x0_rate_cos1 = Param(2.245, low=-14.44, high=18.57)
    push0_angle1_rate = Param(-1.145, low=-9.477, high=7.371)
    push0_angle1_rate_cos1 = Param(0.9611, low=-6.685, high=8.595)
    push0_angle0_rate = Param(-1.397, low=-13.29, high=10.34)

    @detect
    def cos0(self, obs):
        return float(obs[1])

    @detect
    def sin0(self, obs):
        return float(obs[3])

    @detect
    def cos1(self, obs):
        return float(obs[2])

    @detect
    def sin1(self, obs):
        return float(obs[4])

    @detect
    def x0_rate(self, obs):
        """Rate of change of x0."""
        return float(obs[5])

    @detect
    def angle1_rate(self, obs):
        """Rate of change of angle1."""
        return float(obs[6])

    @detect
    def angle0_rate(self, obs):
        """Rate of change of angle0."""
        return float(obs[7])

    @detect
    def push0(self, obs):
        """Push on channel 0 (moves +x0_rate, +angle0_rate)."""
        s = self.s
        return (
            self.push0_sin0_cos0 * s.sin0 * s.cos0
            + self.push0_sin0_cos1 * s.sin0 * s.cos1
            + self.push0_sin1_cos1 * s.sin1 * s.cos1
            + self.push0_x0_rate_cos1 * s.x0_rate * s.cos1
            + self.push0_angle1_rate * s.angle1_rate
            + self.push0_angle1_rate_cos1 * s.angle1_rate * s.cos1
            + self.push0_angle0_rate * s.angle0_rate
        )

    @controller
    def push(self, s):
        return [s.push0]
