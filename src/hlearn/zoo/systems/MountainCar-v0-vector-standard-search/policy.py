"""MountainCar, written by the search of hlearn."""

from hlearn.policy import Param, RulePolicy, detect, rule


class MountainCar(RulePolicy):
    """Chooses by x0_rate alone."""

    # Candidate 11: one rule.
    edge = Param(0.0, low=-0.1107, high=0.1107)

    @detect
    def x0_rate(self, obs):
        """Rate of change of x0."""
        return float(obs[1])

    @rule
    def push(self, s):
        return 2 if s.x0_rate > self.edge else 0
