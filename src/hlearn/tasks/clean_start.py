"""The same start for every episode of an Atari game, whatever was played before, without loading the ROM again.

``reset_game`` leaves parts of the console as the last episode left them in ten of the 57 games, and loading the
ROM again costs about 90 ms (1,400 frames). What is done here takes a twelfth of that at most, from two halves:
``reset_game`` clears what a state does not hold (the game's score keeper, the action that a sticky step would
repeat), and restoring a state that was cloned right after the ROM was loaded sets all the rest.

The generator behind sticky actions is part of such a state as text: the 624 words of a Mersenne Twister and its
position. The state for a seed is the clone with that text exchanged, so that a seed means the same as setting
``random_seed`` and loading the ROM. Where a build of ALE keeps its generator differently, the ROM is loaded again.
"""

from __future__ import annotations

import numpy as np
from ale_py import ALEInterface, ALEState


def generator_text(seed: int) -> bytes:
    """Returns ``std::mt19937(seed)`` as the C++ library writes it: 624 words and the position, in decimal.

    Args:
        seed: 0 to 2**32 - 1.
    """
    # RandomState seeds a Mersenne Twister by the same recurrence (Matsumoto and Nishimura's init_genrand).
    _, words, position, *_ = np.random.RandomState(seed).get_state(legacy=True)  # noqa: NPY002
    return " ".join(map(str, [*words.tolist(), position])).encode()


class CleanStart:
    """Puts an interface into the state that a fresh one with the ROM loaded and the game reset has.

    Args:
        ale: an interface whose settings are made but that has no ROM loaded.
        rom: path of the ROM.
        stochastic: False where no step draws from the generator's numbers (no sticky actions).
        mode: the game's mode, or None for its default.
        difficulty: the game's difficulty, or None for its default.
    """

    def __init__(
        self, ale: ALEInterface, rom: str, *, stochastic: bool, mode: int | None, difficulty: int | None
    ) -> None:
        self._ale = ale
        self._rom = rom
        self._mode = mode
        self._difficulty = difficulty
        seed = 0
        self._load(seed)
        self._plain = None if stochastic else ale.cloneState()
        self._halves: tuple[bytes, bytes] | None = None
        if stochastic:
            state = ale.cloneState(include_rng=True).serialize()
            text = _field(generator_text(seed))
            if state.count(text) == 1:
                before, _, after = state.partition(text)
                self._halves = (before, after)

    def _load(self, seed: int) -> None:
        """Sets the seed, loads the ROM and resets the game: the slow start that all others must equal."""
        ale = self._ale
        ale.setInt("random_seed", seed if seed < 2**31 else seed - 2**32)
        ale.loadROM(self._rom)
        if self._mode is not None:
            ale.setMode(self._mode)
        if self._difficulty is not None:
            ale.setDifficulty(self._difficulty)
        ale.reset_game()

    def begin(self, seed: int) -> None:
        """Starts the game anew with the generator seeded by ``seed`` (0 to 2**32 - 1).

        The RAM is right at once; the screen is that of the start except after a state was restored, when it
        is the one that ``reset_game`` left until the next action.
        """
        if self._plain is not None:
            self._ale.reset_game()
            self._ale.restoreState(self._plain)
        elif self._halves is not None:
            before, after = self._halves
            self._ale.reset_game()
            self._ale.restoreState(ALEState(before + _field(generator_text(seed)) + after))
        else:
            self._load(seed)


def _field(text: bytes) -> bytes:
    """A string as ALE's serializer writes it: the length as a little-endian 32-bit number, then the bytes."""
    return len(text).to_bytes(4, "little") + text
