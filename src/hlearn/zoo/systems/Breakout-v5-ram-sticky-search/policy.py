"""ALE/Breakout-v5 (ram): what the embedded search found.

    Across: meet ram[99].
    Button: press while ram[99] rests.
"""

from hlearn.parts import Pulse, Reach, Speed, Variety, landing, toward
from hlearn.policy import JoystickPolicy, Param, detect, horizontal, trigger


class Player(JoystickPolicy):
    buttons = ('NOOP', 'FIRE', 'RIGHT', 'LEFT')

    intercept_offset = Param(5.3, low=-28.5, high=38.5, unit="px")  # repair: 5 missed below, 0 above
    intercept_spread = Param(0.08, low=0, high=26.8, unit="px")  # repair: 5 missed below, 0 above
    intercept_swell = Param(5.99, low=0, high=26.8, unit="px")  # candidate 161
    intercept_deadband = Param(4, low=0, high=17.1211, unit="px")  # calibration: 35 hits, 48 misses
    intercept_line = Param(178.67, low=170.54, high=189.86, unit="px")  # candidate 161
    intercept_wall_low = Param(56.75, low=48, high=64, unit="px")  # candidate 161
    intercept_wall_high = Param(200.6, low=192, high=208, unit="px")  # calibration: 35 hits, 48 misses

    def setup(self):
        self._rest_x = Reach((5.7, 1.88, 1.03, 0.5), (0.58, -0.18, 0.1, -0.14))  # px still to come, by steps since; probe
        self._intercept_track = Speed(8)
        self._intercept_depth = Speed(8)
        self._intercept_variety = Variety()
        self._serve_serving = Pulse(4, 2)
        self._serve_stir = Speed(4)

    @detect
    def ball(self, obs):
        return int(obs[99])

    @detect
    def ball_depth(self, obs):
        return int(obs[101])

    @detect
    def score(self, obs):
        return int(obs[77])

    @detect
    def player_x(self, obs):
        return int(obs[72])

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

    @detect
    def serve_stir(self, obs):
        """Speed per step."""
        return self._serve_stir.see(self.s.ball)

    @horizontal
    def intercept(self, s):
        """Meets the ball where it will cross the line, off-centre by a varying amount."""
        coming = s.intercept_approach > 0
        aim = self.intercept_offset + self._intercept_variety.next(coming, s.score, self.intercept_spread, self.intercept_swell)
        if not coming:
            return toward(s.rest_x + aim, s.ball, self.intercept_deadband)
        distance = self.intercept_line - self._intercept_depth.place
        meet = landing(self._intercept_track.place, s.intercept_along, distance, s.intercept_approach, self.intercept_wall_low, self.intercept_wall_high)
        return toward(s.rest_x + aim, meet, self.intercept_deadband)

    @trigger
    def serve(self, s):
        """Presses while the ball rests."""
        return s.serve_stir == 0 and self._serve_serving.next()
