"""Simulation on clones of the Atari emulator's state.

A clone is the console: memory, registers, score keepers as far as ALE saves them. Not in it are the generator behind
sticky actions (clones draw from one of their own) and the action that a sticky frame would repeat: the first frame of a
simulated sequence may repeat the last action that was simulated, instead of the last that was played.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hlearn.tasks.simulators.api import State, SteppedSimulator

if TYPE_CHECKING:
    from hlearn.tasks.atari import AtariEnvironment


class AleSimulator(SteppedSimulator):
    """Steps a twin of a console.

    Args:
        real: the console that is cloned.
        twin: another one with the same game.
    """

    def __init__(self, real: AtariEnvironment, twin: AtariEnvironment) -> None:
        super().__init__(twin)
        self._real, self._console = real, twin

    def present(self) -> State:
        """The console's state, without its generator."""
        return self._real.clone()

    def restore(self, state: State) -> None:
        """Puts the twin into a state; its generator stays as it is."""
        self._console.restore(state, self._real)

    def keep(self) -> State:
        """The twin's state."""
        return self._console.clone()
