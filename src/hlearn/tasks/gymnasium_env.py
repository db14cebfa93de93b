"""Any Gymnasium environment behind the door of :mod:`hlearn.tasks.environment`."""

from __future__ import annotations

import copy
import enum
import random
from contextlib import suppress
from math import isfinite
from typing import TYPE_CHECKING, Any, cast

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding

from hlearn.errors import EnvironmentFault, UnsupportedAccess, UsageError
from hlearn.records import Access
from hlearn.tasks import calls, faults
from hlearn.tasks.action_spaces import action_space
from hlearn.tasks.environment import Discrete
from hlearn.tasks.pictures import Pictures
from hlearn.tasks.spaces import natural_access, observation_spec
from hlearn.tasks.task import Scalar

if TYPE_CHECKING:
    from hlearn.tasks.simulators.api import Simulator


class GymnasiumEnvironment:
    """One Gymnasium environment, as registered: its time limit and its own wrappers stay, the checkers go.

    Args:
        spec: the registered environment.
        kwargs: keyword arguments for it.
        access: what the program observes; must be what the environment gives.
        render: also keep what :meth:`render` needs (pictures cost time in some environments).

    Raises:
        UnsupportedAccess: the environment observes something else.
        EnvironmentFault: what it raises, returns or leaves out; so do all methods.
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
        self._made = (spec, dict(kwargs), access)
        lean = copy.deepcopy(spec)
        lean.order_enforce = False
        options: dict[str, Any] = {**kwargs, "disable_env_checker": True}
        if render:
            _refuse_without_pictures(spec)
            options["render_mode"] = "rgb_array"
        self._ships = faults.ships(spec)
        self._who = f"{'environment' if self._ships else 'your environment'} {spec.id}"
        calls.at("its constructor")
        self._env = env = gymnasium.make(lean, **options)
        self.inner: gymnasium.Env[Any, Any] = env
        self._space = self._own_space("observation_space")
        given = natural_access(env.observation_space)
        if access is not given:
            calls.at("close()")
            env.close()
            raise UnsupportedAccess(
                f"{spec.id} has no access {access}: it observes {' '.join(str(env.observation_space).split())}; "
                f"choose access {given}"
            )
        self._renders = render
        self._pictures = Pictures(self._who)
        self.observation, self._write = observation_spec(env.observation_space)
        self.actions, self._read = action_space(self._own_space("action_space"), _action_names(env))
        if access is Access.PIXELS and isinstance(self.actions, Discrete):
            self.actions = Discrete(n=self.actions.n)  # names promise a joystick to whoever looks at pictures
        self._step = env.step
        self.write, self.read = self._write, self._read  # for whoever steps what lies within
        self._info: dict[str, Any] = {}

    def reset(self, seed: int, out: np.ndarray) -> int:
        """Starts an episode and writes the first observation.

        Args:
            seed: 0 to 2**31 - 1; every reset is seeded, so an episode depends on nothing played before.
            out: buffer of the observation's shape and dtype.

        Returns:
            0: no step is played.
        """
        if not self._ships:
            self._seed_whatever_draws(seed)
        try:
            given = self._env.reset(seed=seed)
        except (Exception, SystemExit) as error:
            raise faults.raised(self._who, "reset()", error) from error
        wrong = faults.wrong_return(self._who, "reset", given)
        if wrong is not None:
            raise self._placed(wrong, "reset")
        observation, self._info = given
        if not faults.fits(observation, self._space):
            wrong = faults.wrong_observation(self._who, "reset", observation, self._space)
            raise self._placed(wrong, "reset")
        try:
            self._write(observation, out)
        except Exception as error:
            wrong = faults.wrong_observation(self._who, "reset", observation, self._space, error)
            raise self._placed(wrong, "reset") from error
        return 0

    def _placed(self, fault: EnvironmentFault, method: str) -> EnvironmentFault:
        return faults.placed(fault, self._env.unwrapped, method)

    def _seed_whatever_draws(self, seed: int) -> None:
        """Seeds what strangers' environments draw from besides the generator that a reset seeds.

        Many use Python's or numpy's global generator, or their own before ``super().reset(seed=seed)``: they are
        repeatable so.
        """
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - the environment may use the legacy global generator
        with suppress(AttributeError):  # one of its own that cannot be set
            self._env.unwrapped.np_random = seeding.np_random(seed)[0]

    def step(self, action: int | np.ndarray, out: np.ndarray) -> tuple[float, bool, bool, int]:
        """Plays one decision and writes the observation.

        Args:
            action: an index for discrete actions, float[n] for box actions (clipped to the bounds).
            out: buffer of the observation's shape and dtype.

        Returns:
            Raw reward, terminated, truncated (time limit), 1.
        """
        played = self._read(action)
        try:
            given = self._step(played)
        except (Exception, SystemExit) as error:
            raise faults.raised(self._who, "step()", error) from error
        try:
            observation, reward, terminated, truncated, self._info = given
            self._write(observation, out)
            reward = faults.reward_of(reward)
            if not isfinite(reward):
                raise ValueError("the reward is not finite")
            return reward, bool(terminated), bool(truncated), 1
        except Exception as error:
            wrong = faults.wrong_step(self._who, given, self._space, error)
            raise self._placed(wrong, "step") from error

    def lives(self) -> int:
        """Returns ``info["lives"]`` of the last step, 0 where the environment gives none."""
        try:
            return int(self._info.get("lives", 0))
        except (AttributeError, TypeError, ValueError):
            raise EnvironmentFault(
                f"{self._who} gave {self._info!r:.120} as info; expected a mapping, its lives (if any) a number"
            ) from None

    def render(self) -> np.ndarray:
        """Returns the present picture, uint8[height, width, 3].

        Raises:
            UsageError: opened without ``render=True``.
            EnvironmentFault: the environment's ``render()`` raises, or gives something that is no picture.
        """
        if not self._renders:
            raise UsageError("no picture: open the task with render=True")
        try:
            given: Any = self._env.render()
        except (Exception, SystemExit) as error:
            raise faults.raised(self._who, "render()", error) from error
        return self._pictures.take(given)

    def simulator(self) -> Simulator:
        """Returns what simulates on clones of the present state.

        Raises:
            UsageError: the environment cannot be cloned.
        """
        from hlearn.tasks.simulators.gym import GymnasiumSimulator, MujocoSimulator
        from hlearn.tasks.simulators.states import is_mujoco

        spec, kwargs, access = self._made
        twin = GymnasiumEnvironment(spec, kwargs, access=access, render=False)
        try:
            kind = MujocoSimulator if is_mujoco(self.inner.unwrapped) else GymnasiumSimulator
            return kind(self, twin, self._who)
        except BaseException:
            twin.close()
            raise

    def close(self) -> None:
        """Closes the environment."""
        calls.at("close()")
        try:
            self._env.close()
        except (Exception, SystemExit) as error:
            raise faults.raised(self._who, "close()", error) from error

    def _own_space(self, name: str) -> spaces.Space[Any]:
        space = getattr(self._env, name, None)
        if not isinstance(space, spaces.Space):
            raise EnvironmentFault(
                f"{self._who} has no {name}; its constructor must set self.{name} to a space of gymnasium.spaces"
            )
        return space


def _action_names(env: gymnasium.Env[Any, Any]) -> tuple[str, ...]:
    """What the environment calls its discrete actions, by ``get_action_meanings()`` or an enumeration ``actions``.

    Empty where it names none, or not all.
    """
    bare, space = env.unwrapped, env.action_space
    if not isinstance(space, spaces.Discrete):
        return ()
    try:
        meanings = getattr(bare, "get_action_meanings", None)
        if callable(meanings):
            names = [str(m) for m in meanings()]
        elif isinstance(kind := getattr(bare, "actions", None), enum.EnumType):
            members = {int(m.value): m.name for m in cast(type[enum.Enum], kind)}
            names = [members[int(space.start) + i] for i in range(int(space.n))]
        else:
            return ()
    except Exception:  # noqa: BLE001 - names are a courtesy of the environment; without them it is played all the same
        return ()
    return tuple(names) if len(names) == space.n else ()


def _refuse_without_pictures(spec: gymnasium.envs.registration.EnvSpec) -> None:
    maker: object = spec.entry_point
    if isinstance(maker, str):
        maker = gymnasium.envs.registration.load_env_creator(maker)
    modes = (getattr(maker, "metadata", None) or {}).get("render_modes")
    if modes is not None and "rgb_array" not in modes:
        raise UsageError(
            f"{spec.id} draws no pictures: its render_modes are {list(modes)}, a film needs rgb_array"
        )
