"""FrozenLake, written by the search of hlearn."""

from hlearn.policy import RulePolicy, detect, rule


class FrozenLake(RulePolicy):
    """Chooses by a few questions about the state, which were found in a plan on counts of what led where."""

    @detect
    def row(self, obs):
        return min(max(int(obs[0]) // 8, 0), 7)

    @detect
    def column(self, obs):
        return min(max(int(obs[0]) % 8, 0), 7)

    @rule
    def choose(self, s):
        if s.column == 5:
            if s.row >= 7:
                return 2  # →
            return 1  # ↓
        if s.column == 4:
            if s.row >= 4:
                return 2  # →
            return 1  # ↓
        return 2  # →
