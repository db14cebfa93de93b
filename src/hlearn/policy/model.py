"""The handle with which a program simulates, where its task grants that (``model: simulator``).

A program plans with it: it plays sequences of actions from the environment's present state on clones, and sees what
they would bring. The clones live in the evaluator's process and draw their chances anew, so nothing of the real
environment's luck to come can be read here; every simulated step is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

PRESENT = 0  # the state in which the environment is now


class Outcome(NamedTuple):
    """What came of a batch of B sequences of at most H actions.

    Attributes:
        rewards: float64[B, H]; 0 after an episode's end, -inf where the environment gave no finite number.
        lengths: int64[B], decisions until the episode ended, H where it did not.
        ended: bool[B], whether the environment (no time limit) ended the episode.
        observations: what would be seen after the last decision, [B, ...], or after each, [B, H, ...], in the
            observation's dtype; empty where none was asked for.
        states: int64[B], numbers of the states after the sequences where these were kept; else empty.
    """

    rewards: np.ndarray
    lengths: np.ndarray
    ended: np.ndarray
    observations: np.ndarray
    states: np.ndarray

    @property
    def returns(self) -> np.ndarray:
        """Sum of the rewards of each sequence, float64[B]."""
        total: np.ndarray = self.rewards.sum(axis=1)
        return total


class SimulatorBackend(Protocol):
    """The way to whoever simulates; evaluators provide it."""

    def ask(
        self, actions: np.ndarray, starts: np.ndarray, observe: str, keep: bool, substeps: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Simulates."""

    def release(self, states: np.ndarray | None) -> None:
        """Forgets kept states, all of them where None."""


class SimulatorHandle:
    """Simulates on clones of the environment's present state.

    Attributes:
        alive: whether there is a state to simulate from: while the program is asked for an action, and not where it is
            only tried on stored observations.
        steps: simulated decisions so far in this episode.
        box: components of a box action, 0 for discrete ones.
    """

    def __init__(self, door: SimulatorBackend | None, box: int, refusal: str = "") -> None:
        self._door = door
        self._refusal = refusal
        self.box = box
        self.steps = 0

    @property
    def alive(self) -> bool:
        """Whether it can simulate now."""
        return self._door is not None and not self._refusal

    def rollout(
        self,
        actions: Sequence[object] | np.ndarray,
        *,
        start: int | np.ndarray = PRESENT,
        observe: str = "last",
        keep: bool = False,
        substeps: int = 0,
    ) -> Outcome:
        """Plays sequences of actions on clones.

        Args:
            actions: int[B, H] or float[B, H, n]; clipped to the action space's bounds.
            start: number of the state to begin from, :data:`PRESENT` or one that was kept; or one for each sequence.
            observe: "last", "all" or "none".
            keep: keep the states after the sequences, to go on from them; they are gone with the episode.
            substeps: steps of the physics for an action, fewer than the environment's own: faster and coarser, where
                the family can do it (MuJoCo, of sequences from one state of which no more than the last observation
                is asked for, in which contact forces are 0; else this is passed over); 0: as the environment does.

        Raises:
            PermissionError: the episode is over, there is no state now, or more is asked for than a program may have.
            ValueError: actions of another shape, or none that are finite numbers.
        """
        if self._door is None or self._refusal:
            raise PermissionError(self._refusal or "there is no state to simulate from outside of an episode")
        given = np.ascontiguousarray(actions, dtype=np.float64 if self.box else np.int64)
        if (
            given.ndim != (3 if self.box else 2)
            or 0 in given.shape
            or (self.box and given.shape[2] != self.box)
        ):
            wanted = f"float[B, H, {self.box}]" if self.box else "int[B, H]"
            raise ValueError(
                f"expected actions {wanted}, at least one of each, got shape {list(given.shape)}"
            )
        if self.box and not np.isfinite(given).all():
            raise ValueError("expected finite actions, got NaN or infinity")
        starts = np.broadcast_to(np.asarray(start, np.int64), (len(given),))
        if observe not in ("none", "last", "all"):
            raise ValueError(f"observe is {observe!r}, expected none, last or all")
        rewards, lengths, ended, observations, states = self._door.ask(
            given, starts, observe, keep, max(0, int(substeps))
        )
        self.steps += int(lengths.sum())
        return Outcome(rewards, lengths, ended, observations, states)

    def release(self, states: np.ndarray | None = None) -> None:
        """Forgets kept states, all of them where None, so that others can be kept."""
        if self._door is not None:
            self._door.release(states)

    def close(self, why: str) -> None:
        """Ends this handle for good."""
        self._door, self._refusal = None, why


NOT_GRANTED = (
    "this task does not let a program simulate (its model is none); a system learnt with --model simulator "
    "does"
)
_given: list[SimulatorHandle] = [SimulatorHandle(None, 0)]


def provide(model: SimulatorHandle) -> None:
    """Gives the program that is loaded next its handle; called by evaluators."""
    _given[0] = model


def refused() -> SimulatorHandle:
    """The handle where the task grants none: asking for it raises."""
    return SimulatorHandle(None, 0, NOT_GRANTED)


def simulator() -> SimulatorHandle:
    """The handle of the present episode.

    Raises:
        PermissionError: the task does not grant one.
    """
    model = _given[0]
    if model._refusal == NOT_GRANTED:
        raise PermissionError(NOT_GRANTED)
    return model
