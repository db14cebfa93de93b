"""ALE/Enduro-v5 (ram): what the embedded search found.

    Up and down: make way for ram[4] decoded.
    Button: hold.
"""

from hlearn.parts import Reach, away, fine_coarse
from hlearn.policy import JoystickPolicy, Param, detect, trigger, vertical


class Player(JoystickPolicy):
    buttons = ('NOOP', 'FIRE', 'RIGHT', 'LEFT', 'DOWN', 'DOWNRIGHT', 'DOWNLEFT', 'RIGHTFIRE', 'LEFTFIRE')

    flee_offset = Param(-7.37, low=-8, high=8, unit="px")  # candidate 309
    flee_radius = Param(4.44, low=1, high=26, unit="px")  # candidate 309

    def setup(self):
        self._rest_y = Reach((-0.26, -0.09, -0.09, -0.09, 0.03, 0.03, -0.12))  # px still to come, by steps since; probe

    @detect
    def hazard(self, obs):
        return fine_coarse(obs[4])

    @detect
    def player_y(self, obs):
        return int(obs[22])

    @detect
    def rest_y(self, obs):
        """Where it comes to rest: what was steered is still to be carried out."""
        return self._rest_y.rest(self.s.player_y, self.went[1])

    @vertical
    def flee(self, s):
        """Makes way for the hazard."""
        turn = away(s.rest_y + self.flee_offset, s.hazard, self.flee_radius)
        return -turn if turn is not None else None

    @trigger
    def press(self, s):
        """Holds the button."""
        return True
