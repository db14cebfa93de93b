"""A decision with some values changed, taken as often as one likes."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hlearn.evaluate.actions import index_of, vector_of

Value = int | float
Changes = Mapping[tuple[str, str], Value]  # (kind, name): value; kinds are param, state and observation


class RepeatableDecision:
    """One decision of one policy, to be taken again and again.

    Args:
        policy: what decides; not touched, copies decide.
        observation: what it sees.
        box: components of an action, 0 for a discrete one.

    Raises:
        Exception: the policy cannot be copied.
    """

    def __init__(self, policy: Any, observation: np.ndarray, box: int) -> None:
        self._policy = copy.deepcopy(policy)
        self.observation = observation.copy()
        self._box = box
        self._random, self._numpy = random.getstate(), np.random.get_state()  # noqa: NPY002

    def decide(self, changes: Changes) -> tuple[Any, str]:
        """The action, checked and plain, and what acted, with some values changed."""
        random.setstate(self._random)
        np.random.set_state(self._numpy)  # noqa: NPY002
        policy = copy.deepcopy(self._policy)
        return decide(policy, self.observation, self._box, changes), acted_of(policy)


def decide(policy: Any, observation: np.ndarray, box: int, changes: Changes) -> Any:
    """Has a policy act with some values changed; the policy stays changed where a parameter is."""
    state = {name: value for (kind, name), value in changes.items() if kind == "state"}
    for (kind, name), value in changes.items():
        if kind == "param":
            policy.__dict__[name] = value
        elif kind == "observation":
            observation = observation.copy()
            observation[int(name)] = value
    detectors = getattr(policy, "_detectors", ())
    if state and detectors:
        policy._detectors = tuple((n, _changing(n, m, state)) for n, m in detectors)
    try:
        action = policy.act(observation)
    finally:
        if state and detectors:
            policy._detectors = detectors
    return vector_of(action, box).tolist() if box else index_of(action)


def _changing(name: str, method: Any, state: Mapping[str, Value]) -> Any:
    own = {p: v for p, v in state.items() if p == name or p.startswith(f"{name}.")}
    if not own:
        return method

    def detector(self: Any, observation: np.ndarray) -> Any:
        value = method(self, observation)
        for path, new in own.items():
            value = _with(value, path.split(".")[1:], new)
        return value

    return detector


def _with(value: Any, path: Sequence[str], new: Value) -> Any:
    """A copy of a value with one number in it changed; as it was where there is no such number."""
    if not path:
        return type(value)(new) if isinstance(value, (int, float)) and not isinstance(value, bool) else new
    name = path[0]
    if isinstance(value, Mapping) and name in value:
        return {**value, name: _with(value[name], path[1:], new)}
    if isinstance(value, tuple) and hasattr(value, "_replace"):
        return value._replace(**{name: _with(getattr(value, name), path[1:], new)})
    if isinstance(value, (list, tuple, np.ndarray)) and name.isdigit() and int(name) < len(value):
        changed = value.copy() if isinstance(value, np.ndarray) else list(value)
        changed[int(name)] = _with(value[int(name)], path[1:], new)
        return tuple(changed) if isinstance(value, tuple) else changed
    if hasattr(value, name):
        value = copy.copy(value)
        object.__setattr__(value, name, _with(getattr(value, name), path[1:], new))
    return value


def acted_of(policy: Any) -> str:
    """What acted last, "" where the policy does not say."""
    acted = getattr(policy, "acted", "")
    if isinstance(acted, str) and acted:
        return acted
    trace = getattr(policy, "trace", None)
    said = trace() if callable(trace) else {}
    return str(said.get("rule", "")) if isinstance(said, Mapping) else ""
