"""Programs for the toy corridor: observation (position, goal), actions STAY, LEFT, RIGHT."""

LEFT = """
class Left:
    def reset(self, seed):
        pass

    def act(self, observation):
        return 1
"""

SEEK = '''"""Walks to the goal."""

from hlearn.policy import RulePolicy, rule


class Seek(RulePolicy):
    @rule
    def left(self, s):
        return 1 if self.here > self.goal else None

    @rule
    def right(self, s):
        return 2 if self.here < self.goal else None

    @rule
    def never(self, s):
        return 0 if self.here > 99 else None

    def act(self, observation):
        self.here, self.goal = observation
        return super().act(observation)
'''

BROKEN = """
class Broken:
    def reset(self, seed):
        self.n = 0

    def act(self, observation):
        self.n += 1
        if self.n > 5:
            raise ValueError("lost my way")
        return 0
"""
