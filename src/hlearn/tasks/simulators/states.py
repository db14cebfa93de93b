"""Where Gymnasium environments keep their state, and how it is read and written: one class per way."""

from __future__ import annotations

import copy
import random
from collections import deque
from typing import Any, Protocol

import gymnasium
import numpy as np

from hlearn.errors import EnvironmentFault, UsageError
from hlearn.tasks import faults

_PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic)
_ADVICE = "give the environment get_state() and set_state(state), or learn with --model none"
_SHARED = (  # what an environment never changes while it plays
    gymnasium.spaces.Space,
    gymnasium.envs.registration.EnvSpec,
    type(gymnasium),
    type,
)
Attributes = tuple[dict[str, Any], dict[str, Any]]  # those that never change in place, and the others
_RANDOM = (np.random.Generator, np.random.RandomState, random.Random)


class Keeping(Protocol):
    """Reads the state of a Gymnasium environment, and puts another instance of it into that state."""

    def read(self, env: Any) -> Any:
        """The state of an environment and its wrappers, in memory of its own."""

    def write(self, env: Any, state: Any) -> None:
        """Puts an environment into a state; its generators stay as they are. The state can be written again."""


def keeping_of(env: Any, who: str) -> Keeping:
    """How an environment keeps its state.

    Args:
        env: the environment, with its wrappers.
        who: the environment in words, for messages.

    Raises:
        UsageError: its state cannot be read and written.
    """
    bare = env.unwrapped
    if is_mujoco(bare):  # first: Gymnasium's MuJoCo environments have a set_state of another meaning
        return MujocoKeeping(who)
    if callable(getattr(bare, "get_state", None)) and callable(getattr(bare, "set_state", None)):
        return OwnKeeping(who)
    return AttributeKeeping(who)


def is_mujoco(bare: Any) -> bool:
    """Whether an environment without its wrappers keeps its state in MuJoCo's data."""
    return type(getattr(bare, "data", None)).__name__ == "MjData" and hasattr(bare, "model")


def layers(env: Any) -> list[Any]:
    """An environment and its wrappers, the outermost first."""
    found = [env]
    while isinstance(found[-1], gymnasium.Wrapper):
        found.append(found[-1].env)
    return found


class AttributeKeeping:
    """The state is what the attributes of an environment and its wrappers hold.

    Args:
        who: the environment in words, for messages.
        skipped: attributes of the environment itself that are no part of it.
    """

    def __init__(self, who: str, skipped: tuple[str, ...] = ()) -> None:
        self._who, self._skipped = who, frozenset((*skipped, "env"))

    def read(self, env: Any, outer: int | None = None) -> list[Attributes]:
        """Copies of the attributes, layer by layer; of the first ``outer`` layers only where that is named.

        Raises:
            UsageError: an attribute cannot be copied.
        """
        return [self._read(vars(layer)) for layer in layers(env)[:outer]]

    def write(self, env: Any, state: list[Attributes]) -> None:
        """Sets the attributes to copies."""
        for layer, (plain, others) in zip(layers(env), state, strict=False):
            here = vars(layer)
            here.update(plain)
            for name, value in others.items():
                if not _same(here.get(name), value):
                    here[name] = self._copy(name, value, {})

    def _read(self, values: dict[str, Any]) -> Attributes:
        plain: dict[str, Any] = {}
        others: dict[str, Any] = {}
        memo: dict[int, Any] = {}
        for name, value in values.items():
            if isinstance(value, _PLAIN):
                plain[name] = value
            elif name not in self._skipped and not isinstance(value, (*_SHARED, *_RANDOM)):
                others[name] = self._copy(name, value, memo)
        return plain, others

    def _copy(self, name: str, value: Any, memo: dict[int, Any]) -> Any:
        if type(value) is np.ndarray and value.dtype != object:
            return value.copy()
        try:
            return copy.deepcopy(value, memo)
        except Exception as error:
            kind = f"{type(value).__module__}.{type(value).__name__}"
            raise UsageError(
                f"{self._who} cannot be cloned: its attribute {name} is a {kind}, which cannot be copied "
                f"({error}); {_ADVICE}"
            ) from error


def _same(there: Any, value: Any) -> bool:
    """Whether a container holds the same already, told without doubt: only of built-in containers."""
    if type(there) is not type(value) or type(value) not in (dict, list, tuple, set, frozenset, deque):
        return False
    try:
        return bool(there == value)
    except ValueError:  # arrays within
        return False


class OwnKeeping:
    """The environment says what its state is, by ``get_state()`` and ``set_state(state)``; wrappers as above.

    Args:
        who: the environment in words, for messages.
    """

    def __init__(self, who: str) -> None:
        self._who = who
        self._wrappers = AttributeKeeping(who)

    def read(self, env: Any) -> tuple[Any, list[Attributes]]:
        """What ``get_state()`` returns, copied, so that an environment may hand out its own arrays."""
        try:
            state = copy.deepcopy(env.unwrapped.get_state())
        except Exception as error:
            raise faults.raised(self._who, "get_state()", error) from error
        return state, self._wrappers.read(env, -1)

    def write(self, env: Any, state: tuple[Any, list[Attributes]]) -> None:
        """Hands a copy to ``set_state``."""
        own, wrappers = state
        try:
            env.unwrapped.set_state(copy.deepcopy(own))
        except Exception as error:
            raise faults.raised(self._who, "set_state()", error) from error
        self._wrappers.write(env, wrappers)


class HeldData:
    """MuJoCo's data, lent to a state; it goes back where it came from with that: making some takes a millisecond."""

    __slots__ = ("_spare", "data")

    def __init__(self, data: Any, spare: list[Any]) -> None:
        self.data, self._spare = data, spare

    def __del__(self) -> None:
        self._spare.append(self.data)


class MujocoKeeping:
    """The state is MuJoCo's data as a whole, what it derives from positions included, and the other attributes.

    Copying all of ``MjData`` makes a clone play on bit for bit: Gymnasium's environments read derived numbers (where a
    body is, contact forces) that are those of the step before.

    Args:
        who: the environment in words, for messages.
    """

    def __init__(self, who: str) -> None:
        self._attributes = AttributeKeeping(who, ("model", "data", "mujoco_renderer"))
        self._spare: list[Any] = []

    def read(self, env: Any) -> tuple[HeldData, list[Attributes]]:
        """A copy of the data, and the attributes."""
        import mujoco

        bare = env.unwrapped
        data = self._spare.pop() if self._spare else mujoco.MjData(bare.model)
        mujoco.mj_copyData(data, bare.model, bare.data)
        return HeldData(data, self._spare), self._attributes.read(env)

    def write(self, env: Any, state: tuple[HeldData, list[Attributes]]) -> None:
        """Copies the data back."""
        import mujoco

        held, attributes = state
        bare = env.unwrapped
        mujoco.mj_copyData(bare.data, bare.model, held.data)
        self._attributes.write(env, attributes)


def generators_of(env: Any) -> list[dict[str, Any]]:
    """The generators of an environment and its wrappers, by attribute, layer by layer."""
    return [{n: v for n, v in vars(layer).items() if isinstance(v, _RANDOM)} for layer in layers(env)]


def check_clone(real: Any, twin: Any, keeping: Keeping, who: str) -> None:
    """Plays a few steps in both after cloning, with the same randomness; they must go alike.

    Args:
        real: the environment, before its first episode.
        twin: another instance.
        keeping: how its state is read and written.
        who: the environment in words.

    Raises:
        UsageError: the clone goes another way: part of the state is missing.
    """
    real.action_space.seed(0)
    real.reset(seed=0)
    twin.reset(seed=1)
    for _ in range(3):
        if _over(real.step(real.action_space.sample())):
            real.reset(seed=0)
    keeping.write(twin, keeping.read(real))
    for ours, theirs in zip(layers(twin), generators_of(real), strict=True):
        vars(ours).update(copy.deepcopy(theirs))
    for number in range(1, 9):
        action = real.action_space.sample()
        expected, got = real.step(action), twin.step(action)
        if not _alike(expected[:4], got[:4]):
            raise UsageError(
                f"{who} cannot be cloned: {number} steps after its state was copied, the clone gave "
                f"{_said(got)} where the environment itself gave {_said(expected)}; part of its state is not "
                f"copied. {_ADVICE[0].upper()}{_ADVICE[1:]}"
            )
        if _over(expected):
            return


def _over(step: Any) -> bool:
    try:
        return bool(step[2] or step[3])
    except (TypeError, IndexError) as error:
        raise EnvironmentFault(f"step() gave {step!r:.200}; expected five values") from error


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(_alike(a[k], b[k]) for k in a)
    if isinstance(a, (tuple, list)):
        return isinstance(b, (tuple, list)) and len(a) == len(b) and all(map(_alike, a, b))
    return bool(np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True)) if _numeric(a) else a == b


def _numeric(value: Any) -> bool:
    return isinstance(value, (np.ndarray, np.generic, float, int, bool))


def _said(step: Any) -> str:
    return f"reward {step[1]!r:.40}, observation {np.asarray(step[0]).ravel()[:4]!r:.120}"
