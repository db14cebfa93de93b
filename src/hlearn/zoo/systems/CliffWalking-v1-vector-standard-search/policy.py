"""CliffWalking, written by the search of hlearn."""

from hlearn.policy import RulePolicy, detect, rule


class CliffWalking(RulePolicy):
    """Chooses by a few questions about the state, which were found in a plan on counts of what led where."""

    @detect
    def row(self, obs):
        return min(max(int(obs[0]) // 12, 0), 3)

    @detect
    def column(self, obs):
        return min(max(int(obs[0]) % 12, 0), 11)

    @rule
    def choose(self, s):
        if s.row >= 3:
            return 0  # ↑
        if s.column >= 11:
            return 2  # ↓
        return 1  # →
