"""The trusted side of a program's handle: checks what is asked, simulates, counts.

Nothing of the real environment is stepped here, and what a program gets are rewards, observations and numbers that
stand for states. The simulator's randomness comes from the program's own seed: it says nothing of the environment's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from hlearn.evaluate.api import Limits
from hlearn.evaluate.model_channel import Misuse
from hlearn.tasks.environment import ActionSpace, Box, Discrete
from hlearn.tasks.simulators.api import Rollouts, Simulator, State


class ModelServer:
    """Answers the program of one worker.

    Args:
        simulator: of the environment that the program plays.
        space: its actions.
        limits: what a program may ask for.

    Attributes:
        steps: environment steps simulated in this episode.
    """

    def __init__(self, simulator: Simulator, space: ActionSpace, limits: Limits) -> None:
        self._simulator, self._limits = simulator, limits
        self._n = space.n if isinstance(space, Discrete) else 0
        self._low, self._high = np.empty(0), np.empty(0)
        if isinstance(space, Box):
            self._low, self._high = np.array(space.low), np.array(space.high)
        self.steps = 0
        self._decision = 0
        self._states: dict[int, State] = {}
        self._named = 0
        self._present: State | None = None

    def begin(self, seed: int) -> None:
        """A new episode: whatever was kept is gone.

        Args:
            seed: what the program is reset with.
        """
        digest = hashlib.blake2b(f"hlearn model {seed}".encode(), digest_size=4).digest()
        self.steps, self._states, self._named = 0, {}, 0
        self._simulator.begin(int.from_bytes(digest) >> 1)
        self.turn()

    def turn(self) -> None:
        """The environment was stepped: another present state, another decision."""
        self._present, self._decision = None, 0

    def answer(
        self, actions: np.ndarray, starts: Sequence[int], observe: str, keep: bool, substeps: int = 0
    ) -> tuple[Rollouts, np.ndarray]:
        """Simulates.

        Args:
            actions: int64[B, H] or float64[B, H, n].
            starts: numbers of B states.
            observe: none, last or all.
            keep: give the states after the sequences numbers.
            substeps: of the physics for an action, where it can be played more coarsely; 0: the environment's own.

        Returns:
            What came of it, and the numbers, int64[B].

        Raises:
            Misuse: actions out of range, states that are gone, or too much.
        """
        asked = int(actions.shape[0]) * int(actions.shape[1])
        limits = self._limits
        if self._decision + asked > limits.planner_steps:
            raise Misuse(
                f"a program may simulate {limits.planner_steps:,} steps for one decision; "
                f"{self._decision:,} were simulated and {asked:,} more asked for"
            )
        if keep and len(self._states) + len(actions) > limits.kept_states:
            raise Misuse(f"a program may keep {limits.kept_states:,} states at a time; release some")
        if self._n:
            if ((actions < 0) | (actions >= self._n)).any():
                raise Misuse(f"expected actions in [0, {self._n}), got {actions.min()} to {actions.max()}")
        else:
            if not np.isfinite(actions).all():
                raise Misuse("expected finite actions")
            actions = np.clip(actions, self._low, self._high)
        found = [self._state(number) for number in starts]
        rolled = self._simulator.rollout(found, actions, observe=observe, keep=keep, substeps=substeps)
        self._decision += asked
        self.steps += rolled.steps
        numbers = np.arange(self._named + 1, self._named + 1 + len(rolled.states), dtype=np.int64)
        self._states.update(zip(numbers.tolist(), rolled.states, strict=True))
        self._named += len(rolled.states)
        return rolled, numbers

    def release(self, numbers: Sequence[int] | None) -> None:
        """Forgets states, all of them where None; numbers that stand for none are passed over."""
        if numbers is None:
            self._states.clear()
        for number in numbers or ():
            self._states.pop(number, None)

    def _state(self, number: int) -> State:
        if number == 0:
            if self._present is None:
                self._present = self._simulator.present()
            return self._present
        if number not in self._states:
            raise Misuse(
                f"there is no kept state {number}: it was released, or belongs to an episode that ended"
            )
        return self._states[number]

    def close(self) -> None:
        """Releases the simulator."""
        self._states.clear()
        self._simulator.close()
