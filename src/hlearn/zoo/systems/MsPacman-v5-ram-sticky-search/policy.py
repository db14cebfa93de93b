"""ALE/MsPacman-v5 (ram): what the embedded search found.

    Across: keep pushing.
    Up and down: stay level with ram[38].
"""

from hlearn.parts import toward
from hlearn.policy import JoystickPolicy, Param, detect, horizontal, vertical


class Player(JoystickPolicy):
    buttons = ('NOOP', 'UP', 'RIGHT', 'LEFT', 'DOWN', 'UPRIGHT', 'UPLEFT', 'DOWNRIGHT', 'DOWNLEFT')

    follow_offset = Param(14.65, low=-28.4, high=20.6, unit="px")  # candidate 260
    follow_deadband = Param(9.8, low=0, high=12, unit="px")  # candidate 260

    @detect
    def target(self, obs):
        return int(obs[38])

    @detect
    def player_y(self, obs):
        return int(obs[16])

    @horizontal
    def push(self, s):
        """Keeps pushing one way."""
        return -1

    @vertical
    def follow(self, s):
        """Stays level with the target."""
        return toward(s.player_y + self.follow_offset, s.target, self.follow_deadband)
