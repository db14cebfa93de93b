"""What the console's bytes are, as far as recorded play can tell: which one steering moves, which move alone.

Only observations, actions and action names are used. A byte may hold a position as it is, or in the form that
the video chip wants (:func:`hlearn.parts.fine_coarse`); both readings are tried on every byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.parts.ram import fine_coarse
from hlearn.policy.joystick import action_meaning
from hlearn.probe.motion import Motion, driven, moves

_DECODED = np.array([fine_coarse(b) for b in range(256)], dtype=np.int64)
DECODING = 0.05  # how much better commands must explain a byte that has to be decoded than a plain one


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteMotion:
    """A byte that holds a position.

    Attributes:
        index: which of the 128 bytes.
        coded: read it with ``fine_coarse``; otherwise as it is.
        motion: how it moves.
        values: its values, one float array per episode.
    """

    index: int
    coded: bool
    motion: Motion
    values: tuple[np.ndarray, ...]


def read_byte(observations: np.ndarray, index: int, *, coded: bool) -> np.ndarray:
    """Returns a byte's values over an episode, float[T].

    Args:
        observations: uint8[T, 128].
        index: which byte, 0 to 127.
        coded: decode it with :func:`hlearn.parts.fine_coarse`.
    """
    column = observations[:, index]
    return (_DECODED[column] if coded else column).astype(float)


def find_motions(
    episodes: Sequence[tuple[np.ndarray, np.ndarray]], action_names: Sequence[str]
) -> tuple[ByteMotion, ...]:
    """Returns every byte that moves like a position: first those that commands move, best explained first.

    Of bytes that move alike (copies, shifted by a constant) one is kept, a plain one if there is one.

    Args:
        episodes: (observations uint8[T, 128], actions int[T]) pairs; ``observations[t]`` is what was seen
            before ``actions[t]``.
        action_names: the environment's action names in its order.
    """
    if not episodes:
        return ()
    meaning = np.array([action_meaning(n)[:2] for n in action_names])
    commands = [meaning[actions] for _, actions in episodes]
    known: dict[bytes, ByteMotion] = {}
    for index in range(episodes[0][0].shape[1]):
        readings = []
        for coded in (False, True):
            values = tuple(read_byte(obs, index, coded=coded) for obs, _ in episodes)
            motion = moves(values)
            if motion is not None:
                readings.append((motion, coded, values))
        if not readings:
            continue
        motion, coded, values = max(readings, key=lambda r: (round(r[0].steady, 1), not r[1]))
        trail = b"".join(np.diff(v).tobytes() for v in values)
        if trail in known and (coded or not known[trail].coded):
            continue
        told = driven(motion, values, commands)
        known[trail] = ByteMotion(index=index, coded=coded, motion=told, values=values)
    found = list(known.values())
    found.sort(
        key=lambda b: (b.motion.axis is None, DECODING * b.coded - b.motion.explained, -b.motion.moving)
    )
    return tuple(found)
