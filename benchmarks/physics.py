"""CartPole with other physics, as a user's own environment: what the benchmark of changing tasks is played in."""

from __future__ import annotations

import gymnasium
from gymnasium.envs.classic_control.cartpole import CartPoleEnv


class PhysicsCartPole(CartPoleEnv):
    """CartPole whose gravity, pole, masses, force and controls are arguments.

    Args:
        render_mode: as in CartPole.
        gravity: m/s^2.
        length: half the pole's length, m.
        mass: of the pole, kg.
        force: of a push, N; negative ones swap left and right.
    """

    def __init__(
        self,
        render_mode: str | None = None,
        gravity: float = 9.8,
        length: float = 0.5,
        mass: float = 0.1,
        force: float = 10.0,
    ) -> None:
        super().__init__(render_mode=render_mode)
        self.gravity, self.length, self.masspole, self.force_mag = gravity, length, mass, force
        self.total_mass = self.masspole + self.masscart
        self.polemass_length = self.masspole * self.length


gymnasium.register(
    "PhysicsCartPole-v0", entry_point="benchmarks.physics:PhysicsCartPole", max_episode_steps=500
)
