"""A sign-flip test that may be looked at many times at little cost.

If the challenger is not better, each paired difference (same seed, both programs) is as likely to have one sign as
the other. So all 2**n ways of giving signs to the differences' sizes are equally likely, and each way is a path of
sums from look to look. At every look the paths that no earlier look has accepted are ranked by their sum; the highest
are accepted until the share of alpha that may be spent by now is used up. The share of paths that this rule ever
accepts is at most what may be spent by the last look, whatever the scores are like (ties, two values, heavy tails), and
because looks share most of their pairs, thirteen looks cost little more than one: the union bound would pay for each
anew. What one look leaves over, the next may spend.

Group-sequential tests with spending functions: Lan and DeMets 1983; Jennison and Turnbull, Group Sequential Methods,
1999, chapter 7. Here the joint law of the looks comes from the flips themselves instead of the normal approximation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

_BITS = 14  # of the signs that are enumerated; later ones are drawn
_PATHS = 1 << _BITS


def p_sequential(differences: Sequence[float], looks: Sequence[int], spending: Sequence[float]) -> float:
    """Share of the sign paths that would have been accepted by now, were this path just accepted.

    Accept where it is at most what may be spent by this look.

    Args:
        differences: challenger minus champion, one per pair, finite; as many as the last of ``looks``.
        looks: numbers of pairs at which was looked, rising.
        spending: what may be spent by each of these looks, as chances, rising.

    Returns:
        A chance in (0, 1].
    """
    sizes = np.abs(np.array(differences, dtype=np.float64))
    observed = np.array(differences, dtype=np.float64)
    slack = 1e-9 * (1.0 + float(sizes.sum()))
    signs = _signs(looks[-1])
    accepted = np.zeros(_PATHS, dtype=bool)
    sums = np.zeros(_PATHS)
    start = 0
    for at, spent in zip(looks, spending, strict=True):
        sums += signs[:, start:at] @ sizes[start:at]
        start = at
        if at == looks[-1]:
            return float((accepted | (sums >= observed.sum() - slack)).mean())
        accepted |= sums >= _bar(sums[~accepted], int(spent * _PATHS + 1e-6) - int(accepted.sum()), slack)
    raise ValueError("expected at least one look")


def _bar(sums: np.ndarray, room: int, slack: float) -> float:
    """The lowest sum that at most ``room`` paths reach."""
    if room <= 0:
        return np.inf
    if room >= len(sums):
        return -np.inf
    ranked = np.sort(sums)[::-1]
    too_low = ranked[room]  # as low as this would be one path too many
    above = ranked[ranked > too_low + slack]
    return float(above[-1] - slack / 2) if len(above) else np.inf


@cache
def _signs(pairs: int) -> np.ndarray:
    """Signs by path and pair, float32[paths, pairs]: all ways for the first pairs, drawn for later ones.

    The first pairs' signs are the same whatever pairs follow; the first path has all signs positive, so that what was
    observed is among the paths.
    """
    whole = min(pairs, _BITS)
    paths = np.arange(_PATHS)[:, None] >> np.arange(_BITS - 1, _BITS - 1 - whole, -1)
    signs = (1 - 2 * (paths & 1)).astype(np.float32)
    if pairs == whole:
        return signs
    columns = [signs]
    for pair in range(whole, pairs):
        drawn = np.random.default_rng(pair).permutation(np.tile(np.array([1, -1], np.float32), _PATHS // 2))
        drawn[0] = 1
        columns.append(drawn[:, None])
    return np.concatenate(columns, axis=1)
