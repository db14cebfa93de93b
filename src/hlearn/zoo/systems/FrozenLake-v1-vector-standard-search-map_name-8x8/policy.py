"""FrozenLake, written by the search of hlearn."""

from hlearn.policy import RulePolicy, detect, rule

# Where to go from each cell; a dot: it makes no difference, or was never met.
MAP = [
    "↑→→→→→→→",
    "↑↑↑↑↑→→↓",
    "↑↑←.→↑→↓",
    "↑↑↑↑←.→↓",
    "↑↑←.→↓↑→",
    "←..↓↑←.→",
    "←.→↑.←.→",
    "←↓←.→↓↓.",
]
ACTIONS = {"←": 0, "↑": 3, "→": 2, "↓": 1, ".": 3}


class FrozenLake(RulePolicy):
    """Follows a plan that was made on counts of where each action led."""

    @detect
    def row(self, obs):
        return min(max(int(obs[0]) // 8, 0), 7)

    @detect
    def column(self, obs):
        return min(max(int(obs[0]) % 8, 0), 7)

    @rule
    def follow(self, s):
        return ACTIONS[MAP[s.row][s.column]]
