"""Taxi, written by the search of hlearn."""

from hlearn.policy import RulePolicy, detect, rule

# Where to go from each cell; a dot: it makes no difference, or was never met.
MAPS = [
    [
        "4←↓↓↓",
        "↑↑↓↓↓",
        "↑↑←←←",
        "↑↑↑↑↑",
        "↑↑↑↑↑",
    ],
    [
        "↓↓→→4",
        "↓↓↑↑↑",
        "→→↑↑↑",
        "↑↑↑↑↑",
        "↑↑↑↑↑",
    ],
    [
        "↓↓↓↓↓",
        "↓↓↓↓↓",
        "↓←←←←",
        "↓↑↑↑↑",
        "4↑↑↑↑",
    ],
    [
        "↓↓↓↓↓",
        "↓↓↓↓↓",
        "→→→↓↓",
        "↑↑↑↓↓",
        "↑↑↑4←",
    ],
    [
        "5←↓↓↓",
        "↑↑↓↓↓",
        "↑↑←←←",
        "↑↑↑↑↑",
        "↑↑↑↑↑",
    ],
    [
        "↓↓→→5",
        "↓↓↑↑↑",
        "→→↑↑↑",
        "↑↑↑↑↑",
        "↑↑↑↑↑",
    ],
    [
        "↓↓↓↓↓",
        "↓↓↓↓↓",
        "↓←←←←",
        "↓↑↑↑↑",
        "5↑↑↑↑",
    ],
    [
        "↓↓↓↓↓",
        "↓↓↓↓↓",
        "→→→↓↓",
        "↑↑↑↓↓",
        "↑↑↑5←",
    ],
]
ACTIONS = {"4": 4, "5": 5, "←": 3, "↑": 1, "→": 2, "↓": 0, ".": 1}
# Which map, by rest.
CHOICE = [0, 0, 0, 1, 0, 1, 1, 2, 2, 0, 2, 3, 3, 3, 0, 4, 5, 6, 7]


class Taxi(RulePolicy):
    """Follows a plan that was made on counts of where each action led."""

    @detect
    def row(self, obs):
        return min(max(int(obs[0]) // 100, 0), 4)

    @detect
    def column(self, obs):
        return min(max(int(obs[0]) // 20 % 5, 0), 4)

    @detect
    def rest(self, obs):
        return min(max(int(obs[0]) % 20, 1), 19)

    @rule
    def follow(self, s):
        return ACTIONS[MAPS[CHOICE[s.rest - 1]][s.row][s.column]]
