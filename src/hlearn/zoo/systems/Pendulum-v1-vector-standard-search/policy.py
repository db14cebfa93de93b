"""Pendulum, written by the search of hlearn."""

from hlearn.policy import ComposedPolicy, Param, controller, detect


class Pendulum(ComposedPolicy):
    """Gathers energy by pushing with the motion; near the goal it balances."""

    low = -2
    high = 2

    # Candidate 32: two modes, generation 5.
    near_cos0 = Param(5.922, low=-8.0, high=8.0)
    hold_sin0 = Param(-5.766, low=-16.0, high=16.0)
    pump_sin0 = Param(0.09314, low=-16.0, high=16.0)
    near_angle0_rate_squared = Param(0.0413, low=-0.2469, high=0.2469)
    hold_angle0_rate = Param(-2.162, low=-3.975, high=3.975)
    pump_angle0_rate = Param(1.118, low=-3.975, high=3.975)
    near_bias = Param(-0.7338, low=-8.0, high=8.0)

    @detect
    def cos0(self, obs):
        return float(obs[0])

    @detect
    def sin0(self, obs):
        return float(obs[1])

    @detect
    def angle0_rate(self, obs):
        """Rate of change of angle0."""
        return float(obs[2])

    @detect
    def near(self, obs):
        """Above 0: close enough to the goal to balance."""
        s = self.s
        return (
            self.near_cos0 * s.cos0
            + self.near_angle0_rate_squared * s.angle0_rate**2
            + self.near_bias
        )

    @detect
    def hold(self, obs):
        """The push that balances."""
        s = self.s
        return self.hold_sin0 * s.sin0 + self.hold_angle0_rate * s.angle0_rate

    @detect
    def pump(self, obs):
        """The push that gathers energy."""
        s = self.s
        return self.pump_sin0 * s.sin0 + self.pump_angle0_rate * s.angle0_rate

    @detect
    def push0(self, obs):
        """Push on channel 0 (moves +angle0_rate, +angle0)."""
        s = self.s
        return s.hold if s.near > 0.0 else s.pump

    @controller
    def push(self, s):
        return [s.push0]
