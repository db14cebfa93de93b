"""Structured policies: detectors name what is seen, rules (or controllers and reflexes) say what to do.

A :class:`RulePolicy` tries its rules in the order in which they are written and takes the first action that
is not None (subsumption: Brooks, 1986). A :class:`ComposedPolicy` adds reflexes to one controller's output.
Both leave a trace: what was detected, and which rule acted.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, overload

import numpy as np

from hlearn.policy.drawing import Drawn, declared
from hlearn.policy.model import simulator

Method = Callable[..., Any]


class Param:
    """A named constant that the tuner may move.

    Args:
        value: the value in use.
        low: smallest sensible value.
        high: largest sensible value.
        unit: unit of the value, such as "px" or "frames".
        choices: for a constant that is one of a few values (then ``low`` and ``high`` are ignored).
    """

    __slots__ = ("choices", "high", "low", "name", "unit", "value")

    def __init__(
        self,
        value: float,
        *,
        low: float | None = None,
        high: float | None = None,
        unit: str = "",
        choices: tuple[float, ...] = (),
    ) -> None:
        self.value = value
        self.low = low
        self.high = high
        self.unit = unit
        self.choices = choices
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        # Not a data descriptor: RulePolicy.__init__ puts the value into the instance, so a read costs nothing.
        return self if instance is None else self.value


def marked(method: Method, role: str) -> Method:
    """Marks a method with the part that it plays in its policy."""
    method.__hl_role__ = role  # type: ignore[attr-defined]
    return method


@overload
def detect(method: Method) -> Method: ...


@overload
def detect(*, drawn: str | Drawn) -> Callable[[Method], Method]: ...


def detect(
    method: Method | None = None, *, drawn: str | Drawn | None = None
) -> Method | Callable[[Method], Method]:
    """Marks ``method(self, obs) -> value`` as a detector; its value becomes ``s.<name>`` in the rules.

    Detectors run once per step, in the order written; a later one reads earlier ones from ``self.s``.

    Args:
        method: the detector, where it stands without brackets.
        drawn: how its value is drawn on the screen (:mod:`hlearn.policy.drawing`): ``@detect(drawn="column")``.
    """
    how = None if drawn is None else declared(drawn)

    def mark(method: Method) -> Method:
        if how is not None:
            method.__hl_drawn__ = how  # type: ignore[attr-defined]
        return marked(method, "detect")

    return mark if method is None else mark(method)


def rule(method: Method) -> Method:
    """Marks ``method(self, s) -> action | None`` as a rule; None passes to the next rule."""
    return marked(method, "rule")


def controller(method: Method) -> Method:
    """Marks ``method(self, s) -> float[n]`` as the base controller of a :class:`ComposedPolicy`."""
    return marked(method, "controller")


def reflex(method: Method) -> Method:
    """Marks ``method(self, s) -> float[n] | None`` as a reflex, added to the controller's action."""
    return marked(method, "reflex")


class State:
    """What the detectors found in this step, by name."""

    def __repr__(self) -> str:
        return "State(" + ", ".join(f"{k}={v!r}" for k, v in self.__dict__.items()) + ")"


class _Simulating:
    """``self.model``: the handle with which a program simulates; a program may call something of its own so."""

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self if instance is None else simulator()


class _Structured:
    """Shared machinery: collects detectors, parameters and steps of behaviour in the order written."""

    params: ClassVar[dict[str, Param]] = {}
    _roles: ClassVar[dict[str, tuple[tuple[str, Method], ...]]] = {}
    _drawn: ClassVar[dict[str, dict[str, Any]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        members: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            members.update(vars(base))
        cls.params = {n: m for n, m in members.items() if isinstance(m, Param)}
        roles: dict[str, list[tuple[str, Method]]] = {}
        for name, member in members.items():
            role = getattr(member, "__hl_role__", None)
            if role is not None:
                roles.setdefault(role, []).append((name, member))
        cls._roles = {r: tuple(ms) for r, ms in roles.items()}
        drawn = {n: how for n, m in members.items() if (how := getattr(m, "__hl_drawn__", None)) is not None}
        cls._drawn = {"drawn": drawn} if drawn else {}

    def __init__(self) -> None:
        for name, param in self.params.items():
            self.__dict__[name] = param.value
        self.s = State()
        self.rng = random.Random(0)
        self.acted: str = ""
        self._detectors = self._roles.get("detect", ())

    def reset(self, seed: int) -> None:
        """Begins an episode: fresh state, fresh randomness, then :meth:`setup`."""
        self.s = State()
        self.rng = random.Random(seed)
        self.acted = ""
        self.setup()

    model = _Simulating()

    def setup(self) -> None:
        """Creates what carries state over steps (trackers, state machines, counters); override it."""

    def _detect(self, observation: np.ndarray) -> State:
        """Runs the detectors in the order written and returns what they found."""
        s = self.s
        values = s.__dict__
        for name, method in self._detectors:
            values[name] = method(self, observation)
        return s

    def _ask(self, methods: tuple[tuple[str, Method], ...]) -> tuple[Any, str]:
        """Returns what the first method that speaks says, and its name; (None, "") where none does."""
        s = self.s
        for name, method in methods:
            said = method(self, s)
            if said is not None:
                return said, name
        return None, ""

    def trace(self) -> Mapping[str, Any]:
        """The last step: every detected value, and under ``rule`` the name of what acted."""
        return {**self.s.__dict__, **self._drawn, "rule": self.acted}


class RulePolicy(_Structured):
    """Discrete control: the first rule that returns an action acts; :attr:`idle` where none does."""

    idle: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self._rules = self._roles.get("rule", ())

    def act(self, observation: np.ndarray) -> int:
        """Returns the action index chosen by the first rule that speaks."""
        self._detect(observation)
        action, name = self._ask(self._rules)
        self.acted = name or "idle"
        return self.idle if action is None else int(action)


class ComposedPolicy(_Structured):
    """Continuous control: the controller's action plus every reflex that speaks, clipped to the bounds."""

    low: ClassVar[float] = -1.0
    high: ClassVar[float] = 1.0

    def __init__(self) -> None:
        super().__init__()
        controllers = self._roles.get("controller", ())
        if len(controllers) != 1:
            raise TypeError(f"{type(self).__name__} needs exactly one @controller, has {len(controllers)}")
        self._controller = controllers[0]
        self._reflexes = self._roles.get("reflex", ())

    def act(self, observation: np.ndarray) -> np.ndarray:
        """Returns the composed action, float64[n]."""
        s = self._detect(observation)
        acted, method = self._controller
        action = np.asarray(method(self, s), dtype=np.float64)
        for name, method in self._reflexes:
            extra = method(self, s)
            if extra is not None:
                action = action + extra
                acted += "+" + name
        self.acted = acted
        return np.clip(action, self.low, self.high)
