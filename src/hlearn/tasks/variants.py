"""Variants of a task: the same environment a step late, noisy, heavier or more slippery, to see what a program stands.

A variant is text, such as "action_noise=0.1,delay=1,mass=1.2", and part of a task's identity. Noise is drawn from the
episode's seed, apart from the environment's own.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from hlearn.errors import UsageError
from hlearn.tasks.environment import Box, Discrete, Environment
from hlearn.tasks.seeing_variants import PictureChanges, is_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hlearn.tasks.simulators.api import Rollouts, Simulator, State

_NOISE = 0x5EED  # apart from whatever else is drawn from an episode's seed
HARD = "action_noise=0.1,delay=1,mass=1.2,observation_noise=0.02"
NAMED = {"robust": HARD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """How an environment differs from the registered one.

    Attributes:
        delay: decisions by which an action comes late; before the first, nothing is pushed (or action 0 played).
        observation_noise: standard deviation, in the unit of each component (of pictures: 256ths of a colour).
        flicker: chance that a picture is shown black.
        hue: degrees by which the colours of pictures are turned.
        action_noise: of box actions, in half ranges; for discrete ones the chance that another is played.
        mass: factor of every body's mass and inertia (MuJoCo).
        friction: factor of every contact's sliding friction (MuJoCo).
        gravity: factor (MuJoCo).
        mixed: chance that an episode has the variant at all; else it is as registered.
    """

    delay: int = 0
    observation_noise: float = 0.0
    flicker: float = 0.0
    hue: float = 0.0
    action_noise: float = 0.0
    mass: float = 1.0
    friction: float = 1.0
    gravity: float = 1.0
    mixed: float = 1.0

    def __str__(self) -> str:
        changed = [
            (f.name, getattr(self, f.name)) for f in fields(self) if getattr(self, f.name) != f.default
        ]
        return ",".join(f"{name}={value:g}" for name, value in sorted(changed))


def read_variant(text: str) -> Variant:
    """Reads ``name=value`` pairs, or the name of a variant ("robust").

    Raises:
        UsageError: an unknown name, or a value out of range; says what there is.
    """
    given: dict[str, float] = {}
    known = {f.name for f in fields(Variant)}
    for pair in filter(None, (p.strip() for p in NAMED.get(text.strip(), text).split(","))):
        name, equals, value = pair.partition("=")
        name = name.strip().replace("-", "_")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if name not in known or not equals:
            raise UsageError(
                f"variant {pair!r}: expected name=value with one of {', '.join(sorted(known))}; or "
                f"{' or '.join(NAMED)}, which is {HARD}"
            )
        if name in given:
            raise UsageError(f"variant {text!r} names {name} twice")
        if not math.isfinite(number) or not _fits(name, number):
            raise UsageError(f"variant {pair!r}: expected {_RANGES.get(name, 'a number above 0')}")
        given[name] = number
    made: dict[str, Any] = {**given}
    if "delay" in made:
        made["delay"] = int(made["delay"])
    return Variant(**made)


_RANGES = {
    "delay": "a whole number of decisions from 0 to 20",
    "observation_noise": "a number from 0",
    "action_noise": "a number from 0 to 2",
    "flicker": "a chance from 0 to 1",
    "hue": "degrees from 0 to 360",
    "mixed": "a chance above 0, at most 1",
}


def _fits(name: str, number: float) -> bool:
    if name == "delay":
        return number == int(number) and 0 <= number <= 20
    if name == "observation_noise":
        return number >= 0
    if name == "action_noise":
        return 0 <= number <= 2
    if name == "flicker":
        return 0 <= number <= 1
    if name == "hue":
        return 0 <= number <= 360
    if name == "mixed":
        return 0 < number <= 1
    return 0 < number <= 100


@dataclass(slots=True)
class _Disturbance:
    """What a variant adds to one environment, and its state."""

    variant: Variant
    box: bool
    n: int
    half: np.ndarray
    low: np.ndarray
    high: np.ndarray
    pictures: PictureChanges | None
    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    late: deque[Any] = field(default_factory=deque)
    on: bool = True

    def begin(self, seed: int) -> None:
        """A new episode."""
        self.rng = np.random.default_rng([seed, _NOISE])
        self.on = self.variant.mixed >= 1.0 or float(self.rng.random()) < self.variant.mixed
        idle: Any = np.clip(np.zeros(len(self.low)), self.low, self.high) if self.box else 0
        self.late = deque([idle] * self.variant.delay)

    def acted(self, action: Any) -> Any:
        """What is really done."""
        if not self.on:
            return action
        if self.variant.delay:
            self.late.append(action)
            action = self.late.popleft()
        noise = self.variant.action_noise
        if noise and self.box:
            moved = action + noise * self.half * self.rng.standard_normal(len(self.low))
            return np.clip(moved, self.low, self.high)
        if noise and float(self.rng.random()) < noise:
            return int(self.rng.integers(self.n))
        return action

    def seen(self, out: np.ndarray) -> None:
        """Changes what is seen, in place."""
        if self.on and self.pictures is not None:
            self.pictures.apply(out, self.rng)
        elif self.on and self.variant.observation_noise:
            out += self.variant.observation_noise * self.rng.standard_normal(out.shape)


def _disturbance(variant: Variant, environment: Environment) -> _Disturbance:
    actions = environment.actions
    box = isinstance(actions, Box)
    low, high = np.array(actions.finite_bounds).T if isinstance(actions, Box) else (np.zeros(1), np.zeros(1))
    n = actions.n if isinstance(actions, Discrete) else 0
    seen, pictures = environment.observation, None
    changed = variant.observation_noise, variant.flicker, variant.hue
    if is_picture(seen.shape, seen.dtype) and any(changed):
        pictures = PictureChanges(noise=changed[0], flicker=changed[1], hue=changed[2])
    return _Disturbance(variant, box, n, 0.5 * (high - low), low, high, pictures)


class VariedEnvironment:
    """An environment under a variant.

    Args:
        inner: the environment as registered.
        variant: how it differs.

    Raises:
        UsageError: masses, friction or gravity are to be changed and it is not of MuJoCo, noise is to be added to
            what is neither a vector of floats nor a picture, or what shows no picture is to flicker or change colours.
    """

    def __init__(self, inner: Environment, variant: Variant) -> None:
        self.inner, self.variant = inner, variant
        self.observation, self.actions = inner.observation, inner.actions
        shown = is_picture(self.observation.shape, self.observation.dtype)
        if variant.observation_noise and not (shown or self.observation.dtype.startswith("float")):
            raise UsageError(
                f"observation noise is added to vectors of floats and pictures, not to {self.observation.dtype}; "
                "leave it out"
            )
        if (variant.flicker or variant.hue) and not shown:
            raise UsageError("flicker and hue change pictures, and programs see none here (--access pixels)")
        self._physics = Physics(inner, variant) if _changes_physics(variant) else None
        self._disturbance = _disturbance(variant, inner)

    def reset(self, seed: int, out: np.ndarray) -> int:
        """Starts an episode; returns the environment steps that this took."""
        self._disturbance.begin(seed)
        if self._physics is not None:
            self._physics.set(self._disturbance.on)
        steps = self.inner.reset(seed, out)
        self._disturbance.seen(out)
        return steps

    def step(self, action: int | np.ndarray, out: np.ndarray) -> tuple[float, bool, bool, int]:
        """Plays one decision; returns reward, terminated, truncated, environment steps."""
        result = self.inner.step(self._disturbance.acted(action), out)
        self._disturbance.seen(out)
        return result

    def lives(self) -> int:
        """Returns how many lives are left, 0 if the environment says nothing."""
        return self.inner.lives()

    def render(self) -> np.ndarray:
        """Returns the present picture, uint8[height, width, 3]."""
        return self.inner.render()

    def close(self) -> None:
        """Releases what the environment holds."""
        self.inner.close()

    def simulator(self) -> Simulator:
        """Returns what simulates on clones: late, noisy and heavy as the environment is, with noise of its own.

        Raises:
            UsageError: the environment cannot be cloned.
        """
        from hlearn.tasks.simulators.api import simulator_of

        return VariedSimulator(self, simulator_of(self.inner, "this environment"))


class VariedSimulator:
    """Clones of an environment under a variant.

    Args:
        real: what is cloned.
        inner: simulates it as registered.
    """

    def __init__(self, real: VariedEnvironment, inner: Simulator) -> None:
        self._real, self._inner = real, inner
        self._disturbance = _disturbance(real.variant, real)
        self._physics: Physics | None = None
        if _changes_physics(real.variant) and (twin := getattr(inner, "twin", None)) is not None:
            self._physics = Physics(twin, real.variant)

    def begin(self, seed: int) -> None:
        """A new episode began; clones draw their noise anew."""
        self._inner.begin(seed)
        self._disturbance.begin(seed)

    def present(self) -> State:
        """The environment's present state, with the actions that are still to come."""
        theirs = self._real._disturbance
        self._disturbance.on = theirs.on
        if self._physics is not None:
            self._physics.set(theirs.on)
        return self._inner.present(), tuple(theirs.late)

    def rollout(
        self,
        starts: Sequence[State],
        actions: np.ndarray,
        *,
        observe: str = "last",
        keep: bool = False,
        substeps: int = 0,
    ) -> Rollouts:
        """Plays each sequence of actions from its state."""
        from dataclasses import replace

        mine = self._disturbance
        played = actions.copy()
        after = []
        for b, (_, late) in enumerate(starts):
            mine.late = deque(late)
            for h in range(actions.shape[1]):
                played[b, h] = mine.acted(actions[b, h])
            after.append(tuple(mine.late))
        rolled = self._inner.rollout(
            [state for state, _ in starts], played, observe=observe, keep=keep, substeps=substeps
        )
        if rolled.observations is not None:
            mine.seen(rolled.observations)
        return replace(rolled, states=tuple(zip(rolled.states, after, strict=False)))

    def close(self) -> None:
        """Releases what the simulator holds."""
        self._inner.close()


def _changes_physics(variant: Variant) -> bool:
    return (variant.mass, variant.friction, variant.gravity) != (1.0, 1.0, 1.0)


class Physics:
    """Changes a MuJoCo model, and back.

    Args:
        environment: a Gymnasium environment of MuJoCo.
        variant: what is changed.

    Raises:
        UsageError: it is none.
    """

    def __init__(self, environment: Environment, variant: Variant) -> None:
        bare = getattr(getattr(environment, "inner", None), "unwrapped", None)
        if type(getattr(bare, "model", None)).__name__ != "MjModel":
            raise UsageError(
                "mass, friction and gravity are changed in MuJoCo's environments only; leave them out"
            )
        model: Any = getattr(bare, "model", None)
        self._model: Any = model
        self._plain = {
            name: np.array(getattr(model, name)) for name in ("body_mass", "body_inertia", "geom_friction")
        }
        self._gravity = np.array(model.opt.gravity)
        self._variant = variant

    def set(self, on: bool) -> None:
        """Puts the variant in place, or the registered model."""
        mass, friction, gravity = (
            (self._variant.mass, self._variant.friction, self._variant.gravity) if on else (1.0, 1.0, 1.0)
        )
        model: Any = self._model
        model.body_mass[:] = self._plain["body_mass"] * mass
        model.body_inertia[:] = self._plain["body_inertia"] * mass
        model.geom_friction[:] = self._plain["geom_friction"]
        model.geom_friction[:, 0] *= friction
        model.opt.gravity[:] = self._gravity * gravity
