"""CartPole, written by the search of hlearn."""

from hlearn.policy import Param, RulePolicy, detect, rule


class CartPole(RulePolicy):
    """Chooses by x2_rate alone."""

    # Candidate 19: one rule.
    edge = Param(0.0, low=-8.571, high=8.571)

    @detect
    def x2_rate(self, obs):
        """Rate of change of x2."""
        return float(obs[3])

    @rule
    def push(self, s):
        return 1 if s.x2_rate > self.edge else 0
