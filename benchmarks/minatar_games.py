"""MinAtar's games for ``foreign.py``: the package registers them when it is asked to, not when it is imported."""

import gymnasium
from minatar.gym import register_envs

if "MinAtar/Breakout-v1" not in gymnasium.registry:
    register_envs()
