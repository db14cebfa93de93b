"""The race between challenger and champion: pairs come in, a decision comes out as soon as it is sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hlearn.gate.sequential import DEALT, p_sequential
from hlearn.gate.statistics import p_pairs, p_two_samples
from hlearn.ledger import Decision


class Look(NamedTuple):
    """When the race is looked at, and what its test may spend.

    Attributes:
        pairs: number of pairs played.
        spent: share of alpha that may have been spent by this look, earlier ones included.
        hopeless: give up where the mid-p-value (ties count half) is at least this.
    """

    pairs: int
    spent: float
    hopeless: float


# Half may be spent on the first look, because most accepted changes are large and every episode costs: three pairs
# decide where each score of one program beats each of the other. Looks after it share the other half, the early ones
# most of it: few races can pay for many pairs.
LOOKS = (
    Look(3, 0.50, 0.85),
    Look(5, 0.58, 0.75),
    Look(8, 0.66, 0.65),
    Look(12, 0.72, 0.55),
    Look(16, 0.77, 0.45),
    Look(20, 0.80, 0.40),
    Look(24, 0.82, 0.35),
    Look(30, 0.84, 0.30),
    Look(36, 0.85, 0.30),
    Look(42, 0.86, 0.25),
    Look(48, 0.87, 0.25),
    Look(56, 0.88, 0.20),
    Look(64, 0.88, 0.20),
)
_FINAL = (
    0.90  # share of alpha that may have been spent in the end: drawn signs stand for all where pairs are many
)


class Judgement(NamedTuple):
    """What the race says so far.

    Attributes:
        decision: None while it goes on.
        reason: a sentence for people.
        equal: whether all scores were the same.
        stopped: whether the race ends early because little speaks for the challenger.
    """

    decision: Decision | None
    reason: str
    equal: bool = False
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """The rules of the race.

    Attributes:
        alpha: upper bound of the chance to accept a challenger that is not better.
        looks: when the race is looked at.
        ties: equal pairs, without a single unequal one, after which the programs count as equal.
        against: a race that stops early is a rejection where the test of "the challenger is worse" has at most this
            p-value: something speaks against it.
        enough: or after so many pairs, which would have shown a lead worth having (a standard deviation nearly always);
            with fewer it is undecided.
    """

    alpha: float = 0.10
    looks: tuple[Look, ...] = LOOKS
    ties: int = 5
    against: float = 0.10
    enough: int = 12

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must lie between 0 and 1, got {self.alpha}")
        pairs, spent = [look.pairs for look in self.looks], [look.spent for look in self.looks]
        if not pairs or pairs != sorted(set(pairs)) or spent != sorted(spent) or spent[-1] > _FINAL:
            raise ValueError(
                f"looks must spend more and more, at most {_FINAL}, at rising numbers of pairs; got {self.looks}"
            )

    def judge(
        self,
        challenger: Sequence[float],
        champion: Sequence[float],
        *,
        lives: tuple[Sequence[int], Sequence[int]] | None = None,
        life: float = 0.0,
        last: bool = False,
        final: bool = False,
    ) -> Judgement:
        """Judges n pairs, in the order played; call it at every look.

        Args:
            challenger: n scores.
            champion: n scores on the same seeds.
            lives: n lives left at the target, of either.
            life: points that one of them counts; no number of them makes up for a lower mean score.
            last: no more pairs are played. What is undecided at a planned look may still play on later.
            final: nor ever will be: what is left of alpha may be spent, planned look or not; the race must not go on
                after that.
        """
        n = len(challenger)
        ours, theirs = float(np.mean(challenger)), float(np.mean(champion))
        said = f"{ours:g} against {theirs:g} over {n} gate seed{'s' * (n != 1)}"
        if lives is not None and any(map(any, lives)):
            challenger, champion = (
                _with_lives(challenger, lives[0], life),
                _with_lives(champion, lives[1], life),
            )
            said += f", {np.mean(lives[0]):.2g} against {np.mean(lives[1]):.2g} lives left"
        if list(challenger) == list(champion):
            if n >= self.ties or last or final:
                return Judgement(Decision.REJECTED, f"no better: the same scores, {said}", equal=True)
            return Judgement(None, "")
        if not np.isfinite([*challenger, *champion]).all():
            return Judgement(Decision.REJECTED, f"scores must be finite to be compared: {said}")
        look = next((k for k in self.looks if k.pairs == n), None)
        final = final or n >= self.looks[-1].pairs
        tested = ""
        if n >= self.looks[0].pairs and (look is not None or final):
            p = self._sequential(challenger, champion, final)
            tested = f" (permutation p = {p:.3g})"
            if ours >= theirs and p <= self.alpha * (_FINAL if final else self._spending(n)) + 1e-12:
                return Judgement(Decision.ACCEPTED, f"better: {said}{tested}")
        if look is not None and (stop := self._stop(challenger, champion, look, said)) is not None:
            return stop
        if last or final:
            return Judgement(Decision.UNDECIDED, f"undecided: {said}{tested}")
        return Judgement(None, "")

    def _sequential(self, challenger: Sequence[float], champion: Sequence[float], final: bool) -> float:
        """The p-value; a final look may spend what is left of alpha."""
        n = len(challenger)
        looks = [k.pairs for k in self.looks if k.pairs < n]
        shares = [self._spending(k) for k in looks] + [_FINAL if final else self._spending(n)]
        return p_sequential(challenger, champion, [*looks, n], [self.alpha * s for s in shares])

    def _spending(self, n: int) -> float:
        """Share of alpha that may have been spent after n pairs, a planned look."""
        return next(k.spent for k in self.looks if k.pairs == n)

    def _stop(
        self, challenger: Sequence[float], champion: Sequence[float], look: Look, said: str
    ) -> Judgement | None:
        """The early end of a race in which little speaks for the challenger."""
        if look.pairs <= DEALT:
            p, reverse = p_two_samples(challenger, champion), p_two_samples(champion, challenger)
        else:
            differences = [a - b for a, b in zip(challenger, champion, strict=True)]
            p, reverse = p_pairs(differences), p_pairs([-d for d in differences])
        if (p + 1.0 - reverse) / 2 < look.hopeless:
            return None
        if reverse <= self.against + 1e-12 or look.pairs >= self.enough:
            return Judgement(Decision.REJECTED, f"no better: {said} (stopped early)", stopped=True)
        why = "stopped early, too few pairs to tell"
        return Judgement(Decision.UNDECIDED, f"undecided: {said} ({why})", stopped=True)

    def is_look(self, n: int) -> bool:
        """Whether n pairs are a planned look, after which the race may go on."""
        return any(k.pairs == n for k in self.looks)

    def may_decide(self, n: int) -> bool:
        """Whether n pairs can decide, as a look or as the last of all."""
        return n >= self.looks[0].pairs

    def next_look(self, n: int) -> int:
        """Number of pairs at which to look next."""
        return next((k.pairs for k in self.looks if k.pairs > n), n)


def _with_lives(scores: Sequence[float], lives: Sequence[int], life: float) -> list[float]:
    """What episodes are worth, lives included."""
    return [s + life * n for s, n in zip(scores, lives, strict=True)]


class AACheck(NamedTuple):
    """How often a program raced against itself was accepted, rejected, undecided; and at what cost."""

    accepted: float
    rejected: float
    undecided: float
    mean_pairs: float


def aa_check(
    scores: Sequence[float],
    *,
    race: Race | None = None,
    rounds: int = 1000,
    rng: np.random.Generator,
    gain: float = 0.0,
    challenger: Sequence[float] | None = None,
    lives: tuple[Sequence[int], Sequence[int]] | None = None,
    life: float = 0.0,
    most: int | None = None,
) -> AACheck:
    """Measures the race's own error rate: both sides draw from the same recorded scores.

    Args:
        scores: recorded gate or dev scores of one program, at least 2.
        race: the rules; the default ones if None.
        rounds: how many races.
        rng: draws the scores.
        gain: added to the challenger's scores; above 0 the accepted share is the race's power.
        challenger: what the challenger draws from; ``scores`` as well if None. Others show the race's power.
        lives: left at the target, one for each score that the challenger and the champion draw from.
        life: points that one of them counts.
        most: pairs that can be had at most; as many as the race wants if None.

    Returns:
        Shares of the three verdicts (they sum to 1) and the mean number of pairs.
    """
    if len(scores) < 2:
        raise ValueError(f"an A/A check needs at least 2 recorded scores, got {len(scores)}")
    race = race or Race()
    sample = scores if challenger is None else challenger
    counts = dict.fromkeys(Decision, 0)
    pairs = 0
    for _ in range(rounds):
        ours: list[int] = []
        theirs: list[int] = []
        decision = None
        while decision is None:
            want = race.next_look(len(ours))
            more = min(want, most or want) - len(ours)
            ours += list(rng.integers(len(sample), size=more))
            theirs += list(rng.integers(len(scores), size=more))
            left = None if lives is None else ([lives[0][i] for i in ours], [lives[1][i] for i in theirs])
            final = most is not None and len(ours) >= most
            scored = [float(sample[i]) + gain for i in ours], [float(scores[i]) for i in theirs]
            decision = race.judge(*scored, lives=left, life=life, final=final).decision
        counts[decision] += 1
        pairs += len(ours)
    return AACheck(
        accepted=counts[Decision.ACCEPTED] / rounds,
        rejected=counts[Decision.REJECTED] / rounds,
        undecided=counts[Decision.UNDECIDED] / rounds,
        mean_pairs=pairs / rounds,
    )
