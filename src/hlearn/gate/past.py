"""What two programs have played against each other before: their race goes on, whoever asks for it again.

Were every asking a race of its own, a program that is no better would be accepted sooner or later: asked ten times,
more than every second time. So there is one race for two programs, whatever trial, run or command plays its pairs; its
looks share one alpha, and pairs are added to it, never drawn anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hlearn.ledger import Trial


class PastRace(NamedTuple):
    """The race of two programs so far.

    Attributes:
        first_seed: position of its first pair's seed in the split; the seeds of the others follow it.
        pairs: how many were played.
        asked: whether the challenger of now was the challenger then; False where it was the champion.
        final: whether all of its alpha is spent.
        longest: environment steps at which its episodes are cut, None for whole ones.
        trial: the last trial that played it.
    """

    first_seed: int
    pairs: int
    asked: bool
    final: bool
    longest: int | None
    trial: int


def past_race(trials: Sequence[Trial], challenger: str, champion: str) -> PastRace | None:
    """The race of two programs as the trials before have left it, None where they have not met.

    Pairs count whichever of the two was the champion; alpha is spent by each as a challenger of its own.

    Args:
        trials: settled ones, oldest first, that were played under the present target.
        challenger: SHA-256.
        champion: SHA-256.
    """
    met = [
        t
        for t in trials
        if t.pairs and t.first_seed is not None and {t.program, t.champion} == {challenger, champion}
    ]
    met = [t for t in met if t.first_seed == met[0].first_seed]
    if not met:
        return None
    first, last = met[0], max(met, key=lambda t: t.pairs)
    assert first.first_seed is not None
    own = [t for t in met if t.program == challenger]
    return PastRace(
        first_seed=first.first_seed,
        pairs=last.pairs,
        asked=bool(own),
        final=any(t.final for t in own),
        longest=first.longest,
        trial=met[-1].trial,
    )


def first_seed_against(trials: Sequence[Trial], champion: str | None, otherwise: int) -> int:
    """Position of the seed at which every race against a champion begins.

    The same for all its challengers, whenever they are asked: who proposes the same behaviour under another name meets
    the same episodes, and the champion's are paid.

    Args:
        trials: settled ones, oldest first.
        champion: SHA-256, None where there is none: first programs complete the same episodes, too.
        otherwise: for a champion that nobody has challenged.
    """
    met = (t.first_seed for t in trials if t.champion == champion and t.first_seed is not None)
    return next(met, otherwise)
