"""The door that every simulator goes through, and the loop that most of them share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from hlearn.errors import EnvironmentFault, UsageError
from hlearn.tasks.environment import Environment

State = Any  # of an environment, as its adapter keeps it; nobody else looks into it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollouts:
    """What came of a batch of action sequences.

    Attributes:
        rewards: float64[B, H]; 0 after the end of an episode, -inf where the environment gave no finite number.
        lengths: int64[B], decisions played before the episode ended, H where it did not.
        ended: bool[B], whether the environment ended the episode (not its time limit).
        observations: [B, ...] after the last decision played, [B, H, ...] after each where all were asked for, None
            where none was.
        states: the state after each sequence, where they were asked for.
        steps: environment steps simulated, all sequences together (frames under frame skip); those of coarser physics
            count for the part of the physics' evaluations that they took.
    """

    rewards: np.ndarray
    lengths: np.ndarray
    ended: np.ndarray
    observations: np.ndarray | None
    states: tuple[State, ...]
    steps: int


@runtime_checkable
class Cloneable(Protocol):
    """An environment that can be simulated; one without this method cannot."""

    def simulator(self) -> Simulator:
        """Returns what simulates on clones of the environment's present state.

        Raises:
            UsageError: it cannot be cloned; says why and what to do.
        """


def simulator_of(environment: Environment, who: str) -> Simulator:
    """What simulates an environment.

    Args:
        environment: of the trusted side.
        who: the environment in words.

    Raises:
        UsageError: it cannot be cloned.
    """
    if not isinstance(environment, Cloneable):
        raise UsageError(f"{who} cannot be cloned: its family has no simulator; learn with --model none")
    return environment.simulator()


class Simulator(Protocol):
    """Simulates on clones of one environment."""

    def begin(self, seed: int) -> None:
        """A new episode of the environment began; ``seed`` is where clones draw their randomness from."""

    def present(self) -> State:
        """The environment's present state, for as long as the environment is not stepped."""

    def rollout(
        self,
        starts: Sequence[State],
        actions: np.ndarray,
        *,
        observe: str = "last",
        keep: bool = False,
        substeps: int = 0,
    ) -> Rollouts:
        """Plays each sequence of actions from its state.

        Args:
            starts: B states.
            actions: int64[B, H], or float64[B, H, n] within the bounds.
            observe: "none", "last" or "all".
            keep: also return the states after each sequence; they stay valid for the episode.
            substeps: steps of the physics for an action; a simulator that has no coarser physics passes it over, as
                all do for 0.
        """

    def close(self) -> None:
        """Releases what the simulator holds."""


class SteppedSimulator:
    """A simulator that steps a twin of the environment, sequence by sequence.

    Args:
        twin: another instance of the same environment.
    """

    def __init__(self, twin: Environment) -> None:
        self.twin = twin
        spec = twin.observation
        self._shape, self._dtype = tuple(spec.shape), spec.dtype
        self._seen = np.zeros(self._shape, self._dtype)

    def begin(self, seed: int) -> None:
        """Starts the twin, which seeds its generators."""
        self.twin.reset(seed, self._seen)

    def restore(self, state: State) -> None:
        """Puts the twin into a state; its generators stay as they are."""
        raise NotImplementedError

    def keep(self) -> State:
        """The twin's state, to come back to."""
        raise NotImplementedError

    def present(self) -> State:
        """The environment's present state."""
        raise NotImplementedError

    def rollout(
        self,
        starts: Sequence[State],
        actions: np.ndarray,
        *,
        observe: str = "last",
        keep: bool = False,
        substeps: int = 0,
    ) -> Rollouts:
        """Plays each sequence of actions from its state, one after the other."""
        count, horizon = actions.shape[:2]
        rewards, lengths = np.zeros((count, horizon)), np.full(count, horizon)
        ended = np.zeros(count, bool)
        observations = None
        if observe != "none":
            inner = (horizon,) if observe == "all" else ()
            observations = np.zeros((count, *inner, *self._shape), self._dtype)
        states: list[State] = []
        seen, step, steps = self._seen, self.twin.step, 0
        boxed = actions.ndim == 3
        for b in range(count):
            self.restore(starts[b])
            plan = actions[b] if boxed else actions[b].tolist()
            for h in range(horizon):
                try:
                    reward, terminated, truncated, used = step(plan[h], seen)
                except (
                    EnvironmentFault
                ):  # no finite reward, say; what it did is told where it is really played
                    reward, terminated, truncated, used = -math.inf, True, False, 1
                steps += used
                broken = not math.isfinite(reward)
                rewards[b, h] = -math.inf if broken else reward
                if observations is not None and observe == "all":
                    observations[b, h:] = seen
                if terminated or truncated or broken:
                    lengths[b], ended[b] = h + 1, terminated or broken
                    break
            if observations is not None and observe == "last":
                observations[b] = seen
            if keep:
                states.append(self.keep())
        return Rollouts(
            rewards=rewards,
            lengths=lengths,
            ended=ended,
            observations=observations,
            states=tuple(states),
            steps=steps,
        )

    def close(self) -> None:
        """Closes the twin."""
        self.twin.close()
