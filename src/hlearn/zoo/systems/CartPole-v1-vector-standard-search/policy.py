"""CartPole, written by the search of hlearn."""

from hlearn.policy import Param, RulePolicy, detect, rule


class CartPole(RulePolicy):
    """Leans one way or the other by a sum of 3 of the numbers that it sees."""

    # Candidate 23: one rule on 3.
    x0_rate_weight = Param(1.061, low=-7.427, high=9.549)
    x2_weight = Param(4.256, low=-29.79, high=38.3)

    @detect
    def x0_rate(self, obs):
        """Rate of change of x0."""
        return float(obs[1])

    @detect
    def x2(self, obs):
        return float(obs[2])

    @detect
    def x2_rate(self, obs):
        """Rate of change of x2."""
        return float(obs[3])

    @rule
    def push(self, s):
        return 1 if s.x2_rate + self.x0_rate_weight * s.x0_rate + self.x2_weight * s.x2 > 0.0 else 0
