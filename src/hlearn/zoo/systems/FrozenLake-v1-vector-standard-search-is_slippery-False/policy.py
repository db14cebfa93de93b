"""FrozenLake, written by the search of hlearn."""

from hlearn.policy import RulePolicy, detect, rule


class FrozenLake(RulePolicy):
    """Chooses by a few questions about the state, which were found in a plan on counts of what led where."""

    @detect
    def row(self, obs):
        return min(max(int(obs[0]) // 4, 0), 3)

    @detect
    def column(self, obs):
        return min(max(int(obs[0]) % 4, 0), 3)

    @rule
    def choose(self, s):
        if s.row == 1:
            return 1  # ↓
        if s.column == 2:
            if s.row >= 3:
                return 2  # →
            return 1  # ↓
        return 2  # →
