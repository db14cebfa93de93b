"""Seeds of episodes: three splits that share none, wide enough never to run out.

They are labels, and public. What environments and programs are seeded with is drawn from them by the key of a system
(:mod:`hlearn.trust`), so that nobody learns anything from a label, or from its rule.

A seed is a number below 2**31. Its two top bits name the split, so that no run of any length can hand one split's seed
to another:

======== ======================= ==============================================
split    seeds                   start of a run's sequence
======== ======================= ==============================================
dev      0 to 2**29 - 1          scattered by the learning run's seed
gate     2**29 to 2**30 - 1      scattered by the learning run's seed
holdout  2**30 to 2**30+2**29-1  the same labels for every run
======== ======================= ==============================================

Within a split, consecutive numbers walk through a fixed permutation of all 2**29 values, so the first 2**29
seeds of a run are all different.
"""

from __future__ import annotations

import hashlib

from hlearn.records import Split

SEEDS_PER_SPLIT = 2**29

_BASE = {Split.DEV: 0, Split.GATE: SEEDS_PER_SPLIT, Split.HOLDOUT: 2 * SEEDS_PER_SPLIT}
_STRIDE = 0x13C6EF37 | 1  # odd, so stepping by it modulo 2**29 visits every value once


def split_seeds(split: Split, run_seed: int, start: int, count: int) -> list[int]:
    """Returns seeds number ``start`` to ``start + count - 1`` of a learning run's split.

    Args:
        split: dev, gate or holdout.
        run_seed: the learning run's seed; holdout seeds do not depend on it.
        start: index of the first seed wanted, at least 0.
        count: how many; ``start + count`` is at most 2**29.

    Raises:
        ValueError: the range lies outside the split.
    """
    if start < 0 or count < 0 or start + count > SEEDS_PER_SPLIT:
        raise ValueError(
            f"seeds {start} to {start + count} of {split}: expected a range within 0 to {SEEDS_PER_SPLIT}"
        )
    base = _BASE[split]
    key = f"hlearn:{split.value}" if split is Split.HOLDOUT else f"hlearn:{split.value}:{run_seed}"
    digest = hashlib.sha256(key.encode()).digest()
    offset = int.from_bytes(digest[:8], "little")
    return [base + (offset + i * _STRIDE) % SEEDS_PER_SPLIT for i in range(start, start + count)]


def split_of(seed: int) -> Split | None:
    """Returns the split that a seed belongs to, or None for a seed that no split hands out."""
    for split, base in _BASE.items():
        if base <= seed < base + SEEDS_PER_SPLIT:
            return split
    return None
