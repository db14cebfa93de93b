"""What a base program would do next: its plan, as far as a planner looks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np


class Simulating(Protocol):
    """What planners need of a model; ``hlearn.policy.simulator()`` is one."""

    @property
    def alive(self) -> bool:
        """Whether it can simulate now."""

    @property
    def rollout(self) -> Callable[..., Any]:
        """Plays sequences of actions (:meth:`hlearn.policy.model.SimulatorHandle.rollout`)."""

    @property
    def release(self) -> Callable[..., None]:
        """Forgets kept states (:meth:`hlearn.policy.model.SimulatorHandle.release`)."""


class Acting(Protocol):
    """A base program: from what is seen to an action."""

    def act(self, observation: np.ndarray) -> Any:
        """Chooses an action."""


def continued(model: Simulating, base: Acting, observation: np.ndarray, horizon: int) -> np.ndarray:
    """Simulates a base program from the present state on and returns the actions that it takes.

    A copy of the program acts: its phase and memory stay where they are. Costs one simulated step per action.

    Args:
        model: simulates.
        base: the program as it stands before this decision.
        observation: what is seen now.
        horizon: actions.

    Returns:
        float64[horizon, n], or int64[horizon] for discrete actions; after an episode's end its last action is held.
    """
    ahead = copy.deepcopy(base)
    action = ahead.act(observation)
    actions = [action]
    kept: list[int] = []
    while len(actions) < horizon:
        out = model.rollout([[action]], start=kept[-1] if kept else 0, keep=True)
        kept.append(int(out.states[0]))
        if out.ended[0]:
            break
        action = ahead.act(out.observations[0])
        actions.append(action)
    model.release(np.array(kept))
    actions += [action] * (horizon - len(actions))
    return np.array(actions)


def held(action: np.ndarray, horizon: int) -> np.ndarray:
    """A plan that holds one action, float64[horizon, n]."""
    return np.repeat(np.asarray(action, np.float64)[None], horizon, axis=0)
