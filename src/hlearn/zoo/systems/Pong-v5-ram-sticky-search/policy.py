"""ALE/Pong-v5 (ram): what the embedded search found.

    Across: meet ram[54].
    Button: hold.
"""

from hlearn.parts import Caution, Reach, Speed, Variety, landing, toward
from hlearn.policy import JoystickPolicy, Param, detect, horizontal, trigger


class Player(JoystickPolicy):
    buttons = ('NOOP', 'FIRE', 'RIGHT', 'LEFT', 'RIGHTFIRE', 'LEFTFIRE')

    intercept_offset = Param(15.96, low=-35.8, high=45.8, unit="px")  # calibration: 22 hits, 200 misses
    intercept_spread = Param(0.1, low=0, high=32.6, unit="px")  # calibration: 22 hits, 200 misses
    intercept_swell = Param(2.5, low=0, high=32.6, unit="px")  # search
    intercept_middle = Param(8.75, low=-35.8, high=45.8, unit="px")  # calibration: 22 hits, 200 misses
    intercept_deadband = Param(3.8, low=0, high=16.3099, unit="px")  # calibration: 22 hits, 200 misses
    intercept_line = Param(188, low=176.72, high=200.88, unit="px")  # calibration: 22 hits, 200 misses
    intercept_wall_low = Param(45.5, low=36.5, high=52.5, unit="px")  # calibration: 22 hits, 200 misses
    intercept_wall_high = Param(207, low=198.5, high=214.5, unit="px")  # calibration: 22 hits, 200 misses

    def setup(self):
        self._rest_x = Reach((-3.63, -1.8, 0.5, -0.45), (0.38, 1.2, 0.35, -0.15))  # px still to come, by steps since; probe
        self._intercept_track = Speed(8)
        self._intercept_depth = Speed(8)
        self._intercept_variety = Variety(patience=30)
        self._intercept_caution = Caution()

    @detect
    def ball(self, obs):
        return int(obs[54])

    @detect
    def ball_depth(self, obs):
        return int(obs[49])

    @detect
    def player_x(self, obs):
        return int(obs[60])

    @detect
    def rest_x(self, obs):
        """Where it comes to rest: what was steered is still to be carried out."""
        return self._rest_x.rest(self.s.player_x, self.went[0])

    @detect
    def intercept_along(self, obs):
        """Speed per step."""
        return self._intercept_track.see(self.s.ball)

    @detect
    def intercept_approach(self, obs):
        """Speed per step."""
        return self._intercept_depth.see(self.s.ball_depth)

    @horizontal
    def intercept(self, s):
        """Meets the ball where it will cross the line, off-centre by a varying amount."""
        coming = s.intercept_approach > 0
        aim = self.intercept_offset + self._intercept_variety.next(coming, self._intercept_track.jumps, self.intercept_spread, self.intercept_swell)
        if self._intercept_caution.next(coming, self._intercept_track.jumps):
            aim = self.intercept_middle
        if not coming:
            return -toward(s.rest_x + aim, s.ball, self.intercept_deadband)
        distance = self.intercept_line - self._intercept_depth.place
        meet = landing(self._intercept_track.place, s.intercept_along, distance, s.intercept_approach, self.intercept_wall_low, self.intercept_wall_high)
        return -toward(s.rest_x + aim, meet, self.intercept_deadband)

    @trigger
    def press(self, s):
        """Holds the button."""
        return True
