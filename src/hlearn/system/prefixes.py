"""Actions that lead to the beginning of a case, as text: ``1x30 2 0x4`` says 1 thirty times, 2 once, 0 four times.

Vectors of floats are written in full, components joined by commas: ``0.1,-0.5x3``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

Prefix = tuple[int | tuple[float, ...], ...]
MOST = 200_000  # actions


def written(prefix: Sequence[int | tuple[float, ...]]) -> str:
    """Actions as text; :func:`read_prefix` gives them back bit for bit."""
    parts = []
    for action, run in itertools.groupby(prefix):
        count = sum(1 for _ in run)
        word = ",".join(map(repr, action)) if isinstance(action, tuple) else str(action)
        parts.append(word if count == 1 else f"{word}x{count}")
    return " ".join(parts)


def read_prefix(text: str) -> Prefix:
    """Reads actions.

    Raises:
        ValueError: it is no such text, or more than :data:`MOST` actions.
    """
    actions: list[int | tuple[float, ...]] = []
    for part in text.split():
        word, sign, times = part.partition("x")
        count = int(times) if sign else 1
        if not 0 < count <= MOST - len(actions):
            raise ValueError(f"prefix has {part[:40]}: expected from 1 to {MOST} actions in all")
        action: int | tuple[float, ...]
        if "," in word or "." in word or "e" in word:
            action = tuple(float(number) for number in word.strip(",").split(","))
            if not all(math.isfinite(number) for number in action):
                raise ValueError(f"prefix has {part[:40]}: expected finite numbers")
        else:
            action = int(word)
            if not 0 <= action < 2**31:
                raise ValueError(f"prefix has {part[:40]}: expected an action's number")
        actions += [action] * count
    return tuple(actions)
