"""Is the challenger better? Exact tests of "the challenger's scores are not larger".

- *two samples* (Fisher-Pitman permutation test on the difference of means): every way of dealing the 2n scores to
  two programs is equally likely if they are equally good. Exact for independent episodes; where a shared seed makes
  paired scores alike it only errs on the safe side. Three pairs can decide it (p = 1/20).
- *pairs* (sign flips of the paired differences): exact whatever the seeds do to both; as strong for larger numbers,
  and stronger where the seed decides most of the score, but n pairs give at best p = 2**-n.

Here each is taken alone; :mod:`hlearn.gate.sequential` joins them into the test that decides, which may be looked at
many times. The race takes these to see early who is hopeless.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import cache

import numpy as np

_EXACT = 20_000  # arrangements that are enumerated; beyond, so many are drawn
_DRAWN = 9_999


def p_two_samples(challenger: Sequence[float], champion: Sequence[float]) -> float:
    """One-sided p-value of the two-sample permutation test on the difference of means, in (0, 1].

    Args:
        challenger: n scores, finite.
        champion: m scores, finite.
    """
    scores = np.array([*challenger, *champion], dtype=np.float64)
    n, total = len(challenger), len(scores)
    seen = float(scores[:n].sum())
    slack = 1e-9 * (1.0 + float(np.abs(scores).sum()))
    sums = _deals(n, total) @ scores
    above = int((sums >= seen - slack).sum())
    if math.comb(total, n) <= _EXACT:
        return above / len(sums)
    return (1 + above) / (1 + len(sums))


@cache
def _deals(n: int, total: int) -> np.ndarray:
    """Ways of dealing n of ``total`` scores, one 0/1 row each: all of them, or as many as are drawn."""
    if math.comb(total, n) <= _EXACT:
        chosen = np.array(list(itertools.combinations(range(total), n)))
    else:
        deck = np.tile(np.arange(total), (_DRAWN, 1))
        chosen = np.random.default_rng(total).permuted(deck, axis=1)[:, :n]
    rows = np.zeros((len(chosen), total))
    np.put_along_axis(rows, chosen, 1.0, axis=1)
    return rows


def p_pairs(differences: Sequence[float]) -> float:
    """One-sided p-value of the sign-flip test on paired differences, in (0, 1].

    Args:
        differences: challenger minus champion on the same seed, n finite values.
    """
    d = np.abs(np.array(differences, dtype=np.float64))
    n, seen = len(d), float(np.sum(differences))
    slack = 1e-9 * (1.0 + float(d.sum()))
    above = int((_flips(n) @ d >= seen - slack).sum())
    return above / 2**n if 2**n <= _EXACT else (1 + above) / (1 + _DRAWN)


@cache
def _flips(n: int) -> np.ndarray:
    """Ways of giving n signs, float64[ways, n]: all of them, or as many as are drawn."""
    if 2**n <= _EXACT:
        return 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    return np.random.default_rng(n).choice((-1.0, 1.0), size=(_DRAWN, n))
