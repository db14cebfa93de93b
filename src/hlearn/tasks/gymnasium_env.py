"""Any Gymnasium environment behind the door of :mod:`hlearn.tasks.environment`."""

from __future__ import annotations

import copy
from typing import Any

import gymnasium
import numpy as np

from hlearn.errors import UnsupportedAccess, UsageError
from hlearn.records import Access
from hlearn.tasks.spaces import action_space, natural_access, observation_spec
from hlearn.tasks.task import Scalar


class GymnasiumEnvironment:
    """One Gymnasium environment, as registered: its time limit and its own wrappers stay, the checkers go.

    Args:
        spec: the registered environment.
        kwargs: keyword arguments for it.
        access: what the program observes; must be what the environment gives.
        render: also keep what :meth:`render` needs (pictures cost time in some environments).

    Raises:
        UnsupportedAccess: the environment observes something else.
        UsageError: its spaces cannot be translated, or pictures are asked for and it draws none.
    """

    def __init__(
        self,
        spec: gymnasium.envs.registration.EnvSpec,
        kwargs: dict[str, Scalar],
        *,
        access: Access,
        render: bool,
    ) -> None:
        lean = copy.deepcopy(spec)
        lean.order_enforce = False
        options: dict[str, Any] = {**kwargs, "disable_env_checker": True}
        if render:
            _refuse_without_pictures(spec)
            options["render_mode"] = "rgb_array"
        self._env = env = gymnasium.make(lean, **options)
        given = natural_access(env.observation_space)
        if access is not given:
            env.close()
            raise UnsupportedAccess(
                f"{spec.id} has no access {access}: it observes {' '.join(str(env.observation_space).split())}; "
                f"choose access {given}"
            )
        self._renders = render
        self.observation, self._write = observation_spec(env.observation_space)
        self.actions, self._read = action_space(env.action_space)
        self._step = env.step
        self._info: dict[str, Any] = {}

    def reset(self, seed: int, out: np.ndarray) -> int:
        """Starts an episode and writes the first observation.

        Args:
            seed: 0 to 2**31 - 1; every reset is seeded, so an episode depends on nothing played before.
            out: buffer of the observation's shape and dtype.

        Returns:
            0: no step is played.
        """
        observation, self._info = self._env.reset(seed=seed)
        self._write(observation, out)
        return 0

    def step(self, action: int | np.ndarray, out: np.ndarray) -> tuple[float, bool, bool, int]:
        """Plays one decision and writes the observation.

        Args:
            action: an index for discrete actions, float[n] for box actions (clipped to the bounds).
            out: buffer of the observation's shape and dtype.

        Returns:
            Raw reward, terminated, truncated (time limit), 1.
        """
        observation, reward, terminated, truncated, self._info = self._step(self._read(action))
        self._write(observation, out)
        return float(reward), bool(terminated), bool(truncated), 1

    def lives(self) -> int:
        """Returns ``info["lives"]`` of the last step, 0 where the environment gives none."""
        return int(self._info.get("lives", 0))

    def render(self) -> np.ndarray:
        """Returns the present picture, uint8[height, width, 3].

        Raises:
            UsageError: opened without ``render=True``, or the environment draws no pictures.
        """
        picture: Any = self._env.render() if self._renders else None
        if not isinstance(picture, np.ndarray):
            raise UsageError(
                "no picture: open the task with render=True, for an environment that renders rgb_array"
            )
        return picture

    def close(self) -> None:
        """Closes the environment."""
        self._env.close()


def _refuse_without_pictures(spec: gymnasium.envs.registration.EnvSpec) -> None:
    maker: object = spec.entry_point
    if isinstance(maker, str):
        maker = gymnasium.envs.registration.load_env_creator(maker)
    modes = (getattr(maker, "metadata", None) or {}).get("render_modes")
    if modes is not None and "rgb_array" not in modes:
        raise UsageError(
            f"{spec.id} draws no pictures: its render_modes are {list(modes)}, a film needs rgb_array"
        )
