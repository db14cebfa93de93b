"""A permutation test that may be looked at many times at little cost.

If the challenger is not better, the programs may change places: in the first pairs, which decide alone at the first
look, every way of dealing their scores to the two programs is equally likely; in each later pair (same seed, both
programs) the difference is as likely to have one sign as the other. All these ways are paths of sums from look to look.
At every look the paths that no earlier look has accepted are ranked by their sum; the highest are accepted until the
share of alpha that may be spent by now is used up. The share of paths that this rule ever accepts is at most what may
be spent by the last look, whatever the scores are like (ties, two values, heavy tails), and because looks share most
of their pairs, thirteen looks cost little more than one: the union bound would pay for each anew. What one look leaves
over, the next may spend.

Dealing is exact for independent episodes; where a shared seed makes paired scores alike it errs on the safe side. Signs
are exact whatever the seeds do to both.

Group-sequential tests with spending functions: Lan and DeMets 1983; Jennison and Turnbull, Group Sequential Methods,
1999, chapter 7. Here the joint law of the looks comes from the paths themselves instead of the normal approximation.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache

import numpy as np

DEALT = 3  # pairs whose scores are dealt: 20 ways
_BITS = 10  # of the signs that are enumerated; later ones are drawn


def p_sequential(
    challenger: Sequence[float], champion: Sequence[float], looks: Sequence[int], spending: Sequence[float]
) -> float:
    """Share of the paths that would have been accepted by now, were the observed one just accepted.

    Accept where it is at most what may be spent by this look.

    Args:
        challenger: one score per pair, finite; as many as the last of ``looks``.
        champion: its scores on the same seeds.
        looks: numbers of pairs at which was looked, rising.
        spending: what may be spent by each of these looks, as chances, rising.

    Returns:
        A chance in (0, 1].
    """
    ours, theirs = np.array(challenger, dtype=np.float64), np.array(champion, dtype=np.float64)
    differences = ours - theirs
    slack = 1e-9 * (1.0 + float(np.abs(ours).sum() + np.abs(theirs).sum()))
    start = min(DEALT, looks[0])
    deals = _deals(start)
    sums = np.repeat(deals @ np.concatenate([ours[:start], theirs[:start]]), 1 << _BITS)
    accepted = np.zeros(len(sums), dtype=bool)
    done = start
    for at, spent in zip(looks, spending, strict=True):
        for pair in range(done, at):
            sums += _signs(pair - start, len(deals)) * differences[pair]
        done = at
        if at == looks[-1]:
            return float((accepted | (sums >= differences.sum() - slack)).mean())
        accepted |= sums >= _bar(sums[~accepted], int(spent * len(sums) + 1e-6) - int(accepted.sum()), slack)
    raise ValueError("expected at least one look")


def _bar(sums: np.ndarray, room: int, slack: float) -> float:
    """The lowest sum that at most ``room`` paths reach."""
    if room <= 0:
        return np.inf
    if room >= len(sums):
        return -np.inf
    place = len(sums) - 1 - room
    too_low = np.partition(sums, place)[place]  # as low as this would be one path too many
    above = sums[sums > too_low + slack]
    return float(above.min() - slack / 2) if len(above) else np.inf


@cache
def _deals(pairs: int) -> np.ndarray:
    """Ways of dealing ``2 * pairs`` scores, +1 for the challenger and -1 for the champion; the observed one first."""
    chosen = np.array(list(itertools.combinations(range(2 * pairs), pairs)))
    rows = -np.ones((len(chosen), 2 * pairs))
    np.put_along_axis(rows, chosen, 1.0, axis=1)
    return rows


@cache
def _signs(pair: int, deals: int) -> np.ndarray:
    """Signs of one pair after those that are dealt, float64[paths]: all ways for the first pairs, drawn for later ones.

    Every deal of the pairs before meets every way. The first path has all signs positive, so that what was observed is
    among the paths.
    """
    paths = deals << _BITS
    if pair < _BITS:
        return 1.0 - 2.0 * (np.arange(paths) >> (_BITS - 1 - pair) & 1)
    signs = np.random.default_rng(pair).permutation(np.tile([1.0, -1.0], paths // 2))
    signs[0] = 1.0
    return signs
