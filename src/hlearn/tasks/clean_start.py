"""The same start for every episode of an Atari game, whatever was played before, without loading the ROM again.

``reset_game`` leaves parts of the console as the last episode left them in ten of the 57 games, and loading the
ROM again costs about 90 ms, as much as 1,400 frames. What is done here costs 5 ms and has two halves:
``reset_game`` clears what a cloned state does not hold (score keepers such as Q*bert's, the action that a sticky
frame would repeat), and restoring the state that was cloned right after loading sets all the rest.

The generator behind sticky actions is kept in such a state as text, the 624 words of a Mersenne Twister and its
position. The state for a seed is the clone with that text exchanged, so that a seed means what it means when
``random_seed`` is set and the ROM loaded. Where a build of ALE writes its states differently, the ROM is loaded.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from ale_py import ALEInterface, ALEState

_INTS_BEFORE = 6 * 4  # bytes before the emulator's part of a state: six numbers, then the part's length
_INTS_AFTER = 2 * 4  # bytes after it (``ALEState::serialize`` in ale_state.cpp)
_GENERATOR_NUMBERS = 625


def generator_text(seed: int) -> bytes:
    """Returns ``std::mt19937(seed)`` as the C++ library writes it: 624 words and the position, in decimal.

    Args:
        seed: 0 to 2**32 - 1.
    """
    # RandomState seeds the same generator by the same recurrence (Matsumoto and Nishimura's init_genrand).
    state: Any = np.random.RandomState(seed).get_state(legacy=True)
    _, words, position, *_ = state
    return " ".join(map(str, [*words.tolist(), position])).encode()


class _Template(NamedTuple):
    """A serialized state without its generator."""

    head: bytes
    part: bytes
    tail: bytes

    def seeded(self, seed: int) -> ALEState:
        """Returns the state with the generator that ``seed`` makes."""
        return ALEState(self.head + _field(self.part + _field(generator_text(seed))) + self.tail)


class CleanStart:
    """Puts an interface into the state that a fresh one has once its ROM is loaded and the game reset.

    Berzerk and Double Dunk draw from the generator while they start, to step through a menu under sticky
    actions. They start as they do with seed 0, and the episode's seed takes over from there, unless ``exact``.

    Args:
        ale: an interface whose settings are made and that has no ROM loaded.
        rom: path of the ROM.
        sticky: whether any frame draws from the generator.
        exact: load the ROM for every episode where the game draws while it starts.
        mode: the game's mode, or None for its default.
        difficulty: the game's difficulty, or None for its default.
    """

    def __init__(
        self,
        ale: ALEInterface,
        rom: str,
        *,
        sticky: bool,
        exact: bool = False,
        mode: int | None = None,
        difficulty: int | None = None,
    ) -> None:
        self._ale = ale
        self._rom = rom
        self._mode = mode
        self._difficulty = difficulty
        self._load(0)
        self._sticky = sticky
        self._clone = ale.cloneState()
        self._template = _generator_free(ale, exact=exact) if sticky else None

    def begin(self, seed: int) -> bool:
        """Starts the game anew with the generator seeded by ``seed`` (0 to 2**32 - 1).

        Returns:
            True where the screen is stale until the next action (the RAM never is).
        """
        template = self._template
        if self._sticky and template is None:
            self._load(seed)
            return False
        self._ale.reset_game()
        self._ale.restoreState(self._clone if template is None else template.seeded(seed))
        return True

    def _load(self, seed: int) -> None:
        """The slow start, which every other one must equal."""
        ale = self._ale
        signed = seed if seed < 2**31 else seed - 2**32
        ale.setInt("random_seed", 2**31 - 1 if signed == -1 else signed)  # -1 would mean the time of day
        ale.loadROM(self._rom)
        if self._mode is not None:
            ale.setMode(self._mode)
        if self._difficulty is not None:
            ale.setDifficulty(self._difficulty)
        ale.reset_game()


def _generator_free(ale: ALEInterface, *, exact: bool) -> _Template | None:
    """Returns the present state without its generator, or None where it cannot be exchanged reliably."""
    plain, full = ale.cloneState().serialize(), ale.cloneState(include_rng=True).serialize()
    part = full[_INTS_BEFORE + 4 : -_INTS_AFTER]
    # The generator is the last field of the emulator's part, after a flag that says whether it is there.
    end = len(plain) - _INTS_BEFORE - 4 - _INTS_AFTER
    text = part[end + 4 :]
    if full[_INTS_BEFORE:-_INTS_AFTER] != _field(part) or part[end:] != _field(text):
        return None
    drawn = text != generator_text(0)
    if drawn and (exact or len(text.split()) != _GENERATOR_NUMBERS):
        return None
    return _Template(full[:_INTS_BEFORE], part[:end], full[-_INTS_AFTER:])


def _field(text: bytes) -> bytes:
    """A string as ALE writes it: the length as a little-endian 32-bit number, then the bytes."""
    return len(text).to_bytes(4, "little") + text
