"""Acrobot, written by the search of hlearn."""

from hlearn.policy import Param, RulePolicy, detect, rule


class Acrobot(RulePolicy):
    """Pushes left as it would push right in the mirror: signs come from sines and rates, sizes from all."""

    idle = 1

    # Candidate 25: swing, generation 5.
    push0_sin0 = Param(0.6241, low=-8.0, high=8.0)
    push0_sin0_cos0 = Param(2.121, low=-8.0, high=8.0)
    push0_sin0_cos1 = Param(-0.7514, low=-8.0, high=8.0)
    push0_sin1 = Param(-1.267, low=-8.0, high=8.0)
    push0_sin1_cos0 = Param(1.197, low=-8.0, high=8.0)
    push0_sin1_cos1 = Param(-0.4962, low=-8.0, high=8.0)
    push0_angle0_rate = Param(-0.1637, low=-4.541, high=4.541)
    push0_angle0_rate_cos0 = Param(-1.652, low=-4.541, high=4.541)
    push0_angle0_rate_cos1 = Param(-0.2339, low=-4.541, high=4.541)
    push0_angle1_rate = Param(0.5, low=-2.531, high=2.531)
    push0_angle1_rate_cos0 = Param(0.3172, low=-2.531, high=2.531)
    push0_angle1_rate_cos1 = Param(0.09838, low=-2.531, high=2.531)

    @detect
    def cos0(self, obs):
        return float(obs[0])

    @detect
    def sin0(self, obs):
        return float(obs[1])

    @detect
    def cos1(self, obs):
        return float(obs[2])

    @detect
    def sin1(self, obs):
        return float(obs[3])

    @detect
    def angle0_rate(self, obs):
        """Rate of change of angle0."""
        return float(obs[4])

    @detect
    def angle1_rate(self, obs):
        """Rate of change of angle1."""
        return float(obs[5])

    @detect
    def push0(self, obs):
        """Urge for action 2 (moves +angle1_rate, -angle0_rate); below 0 for action 0."""
        s = self.s
        return (
            self.push0_sin0 * s.sin0
            + self.push0_sin0_cos0 * s.sin0 * s.cos0
            + self.push0_sin0_cos1 * s.sin0 * s.cos1
            + self.push0_sin1 * s.sin1
            + self.push0_sin1_cos0 * s.sin1 * s.cos0
            + self.push0_sin1_cos1 * s.sin1 * s.cos1
            + self.push0_angle0_rate * s.angle0_rate
            + self.push0_angle0_rate_cos0 * s.angle0_rate * s.cos0
            + self.push0_angle0_rate_cos1 * s.angle0_rate * s.cos1
            + self.push0_angle1_rate * s.angle1_rate
            + self.push0_angle1_rate_cos0 * s.angle1_rate * s.cos0
            + self.push0_angle1_rate_cos1 * s.angle1_rate * s.cos1
        )

    @rule
    def push(self, s):
        return 2 if s.push0 > 0.0 else 0
