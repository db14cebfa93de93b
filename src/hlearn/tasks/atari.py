"""Atari games straight on ``ale_py.ALEInterface``, without a wrapper on the per-step path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ale_py import Action, ALEInterface, LoggerMode, roms

from hlearn.errors import UnsupportedProtocol, UsageError
from hlearn.records import Access, Protocol
from hlearn.tasks.clean_start import CleanStart
from hlearn.tasks.environment import ActionSpace, Discrete, ObservationSpec
from hlearn.tasks.task import Scalar

if TYPE_CHECKING:
    from hlearn.tasks.simulators.api import Simulator

RAM_BYTES = 128
MAX_FRAMES = 108_000  # half an hour at 60 Hz; the start's frames count


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a protocol runs a game.

    Attributes:
        frame_skip: frames per decision, the action held.
        sticky: probability that a frame repeats the previous frame's action instead.
        starts: an episode begins with 1 to ``starts`` actions, their number drawn from the seed; all are
            no-ops except the last, which is FIRE in every game that has it (EnvPool's template, whose
            ``noop_max`` this is). 0: with none.
    """

    frame_skip: int
    sticky: float
    starts: int


RULES = {
    Protocol.ARTICLE: Rules(frame_skip=1, sticky=0.0, starts=1),
    Protocol.STICKY: Rules(frame_skip=1, sticky=0.25, starts=30),
    Protocol.V5: Rules(frame_skip=4, sticky=0.25, starts=0),
}


OPTIONS = ("difficulty", "full_action_space", "mode")  # keyword arguments that an Atari task may have


class AtariEnvironment:
    """One game under one protocol; an episode is a whole game.

    Args:
        game: the game's name in snake case, as ale_py has it ("space_invaders").
        access: ram (uint8[128]) or pixels (uint8[height, width, 3], RGB).
        protocol: article, sticky or v5.
        mode: the game's mode number, None for the default.
        difficulty: the difficulty switch, None for the default.
        full_action_space: all 18 actions instead of the game's minimal set.

    Raises:
        UnsupportedProtocol: not one of Atari's protocols.
        UsageError: the game lacks the mode or difficulty.
    """

    def __init__(
        self,
        game: str,
        *,
        access: Access,
        protocol: Protocol,
        mode: Scalar = None,
        difficulty: Scalar = None,
        full_action_space: Scalar = False,
    ) -> None:
        if protocol not in RULES:
            choices = ", ".join(RULES)
            raise UnsupportedProtocol(
                f"protocol {protocol} does not exist for Atari games; choose one of {choices}"
            )
        rules = RULES[protocol]
        self._made = {
            **{"game": game, "access": access, "protocol": protocol, "mode": mode, "difficulty": difficulty},
            "full_action_space": full_action_space,
        }
        self._rules = rules
        self._gymnasium_seeds = protocol is Protocol.V5
        ALEInterface.setLoggerMode(LoggerMode.Error)
        ale = ALEInterface()
        ale.setFloat("repeat_action_probability", rules.sticky)
        ale.setInt("max_num_frames_per_episode", MAX_FRAMES)
        try:
            self._start = CleanStart(
                ale,
                str(roms.get_rom_path(game)),
                sticky=rules.sticky > 0,
                exact=protocol is Protocol.V5,
                mode=_option("mode", mode),
                difficulty=_option("difficulty", difficulty),
            )
        except RuntimeError as error:
            modes, difficulties = ale.getAvailableModes(), ale.getAvailableDifficulties()
            raise UsageError(
                f"{game}: {error} (mode {mode}, difficulty {difficulty}); "
                f"it has modes {modes} and difficulties {difficulties}"
            ) from error
        actions = ale.getLegalActionSet() if full_action_space else ale.getMinimalActionSet()
        self.actions: ActionSpace = Discrete(n=len(actions), names=tuple(a.name for a in actions))
        height, width = ale.getScreenDims()
        self._screen_shape = (height, width, 3)
        self._ram = access is Access.RAM
        shape = (RAM_BYTES,) if self._ram else self._screen_shape
        self.observation = ObservationSpec(shape=shape, dtype="uint8")
        self._last_start_action = Action.FIRE if Action.FIRE in ale.getMinimalActionSet() else Action.NOOP
        # The screen is stale after a restored state, and v5 plays no action before the first observation.
        self._first_screen = ale.getScreenRGB()
        self._stale = False
        self._first_frame = ale.getEpisodeFrameNumber()
        # Bound once: what follows is called for every frame.
        self._ale = ale
        self._act = ale.act if rules.frame_skip == 1 else self._held
        self._over = ale.game_over
        self._write = ale.getRAM if self._ram else ale.getScreenRGB
        self._codes = tuple(actions)
        self._skip = rules.frame_skip

    def reset(self, seed: int, out: np.ndarray) -> int:
        """Starts a clean game and writes the first observation.

        Args:
            seed: 0 to 2**31 - 1. Under v5 it means what it means to Gymnasium's ``reset``.
            out: uint8 buffer of the observation's shape, C-contiguous.

        Returns:
            Frames played by the start.
        """
        ale_seed = int(np.random.SeedSequence(seed).generate_state(2)[1]) if self._gymnasium_seeds else seed
        self._stale = self._start.begin(ale_seed)
        self._first_frame = self._ale.getEpisodeFrameNumber()
        starts = self._rules.starts
        if starts == 0:
            if self._stale and not self._ram:
                np.copyto(out, self._first_screen)
            else:
                self._write(out)
            return 0
        count = 1 if starts == 1 else int(np.random.default_rng(seed).integers(1, starts + 1))
        for _ in range(count - 1):
            self._act(Action.NOOP)
        self._act(self._last_start_action)
        self._write(out)
        return count

    def step(self, action: int | np.ndarray, out: np.ndarray) -> tuple[float, bool, bool, int]:
        """Plays one decision and writes the observation.

        Args:
            action: index in the action set, 0 to n - 1 (not checked here).
            out: uint8 buffer of the observation's shape, C-contiguous.

        Returns:
            Raw reward, terminated (game over), truncated (frame cap), frames emulated.
        """
        reward = self._act(self._codes[action])
        self._write(out)
        if self._over():
            return self._last_step(reward)
        return 0.0 + reward, False, False, self._skip

    def _held(self, action: Action) -> int:
        # ALE's own frame skip is not used: it would also skip in the menus that some games step through at the start.
        act = self._ale.act
        return sum([act(action) for _ in range(self._skip)])

    def _last_step(self, reward: int) -> tuple[float, bool, bool, int]:
        terminated = bool(self._over(with_truncation=False))
        skip = self._skip
        # A game may end within a skip.
        frames = 1 if skip == 1 else (self._ale.getEpisodeFrameNumber() - self._first_frame - 1) % skip + 1
        return float(reward), terminated, not terminated, frames

    def lives(self) -> int:
        """Returns how many lives are left as ALE tells it, 0 in games without lives."""
        return int(self._ale.lives())

    def render(self) -> np.ndarray:
        """Returns the present screen, uint8[height, width, 3]."""
        if self._stale and self._ale.getEpisodeFrameNumber() == self._first_frame:
            return self._first_screen.copy()
        return np.asarray(self._ale.getScreenRGB())

    def clone(self) -> object:
        """Returns the console's state, without the generator behind sticky actions."""
        return self._ale.cloneState()

    def restore(self, state: Any, like: AtariEnvironment) -> None:
        """Puts the console into a state that ``like``, or a clone of it, was in; its generator stays as it is."""
        self._first_frame = like._first_frame
        self._ale.restoreState(state)

    def simulator(self) -> Simulator:
        """Returns what simulates on clones of the console."""
        from hlearn.tasks.simulators.ale import AleSimulator

        made: Any = self._made
        return AleSimulator(self, AtariEnvironment(**made))

    def close(self) -> None:
        """Nothing is held that garbage collection does not release."""


def _option(name: str, value: Scalar) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise UsageError(f"{name}={value!r}: expected an integer")
