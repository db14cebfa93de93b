"""The race between challenger and champion: pairs come in, a decision comes out as soon as it is sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hlearn.gate.sequential import p_sequential
from hlearn.gate.statistics import p_pairs, p_two_samples
from hlearn.ledger import Decision


class Look(NamedTuple):
    """When the race is looked at, and what each test may spend.

    Attributes:
        pairs: number of pairs played.
        two_samples: share of alpha that the two-sample test may spend at this look.
        paired: share of alpha that the sign-flip test may have spent by this look, earlier ones included.
        hopeless: give up where the mid-p-value (ties count half) is at least this.
    """

    pairs: int
    two_samples: float
    paired: float
    hopeless: float


# Half is spent on the first look, because most accepted changes are large and every episode costs: three pairs decide
# where each score of one program beats each of the other. Looks after it share the other half.
LOOKS = (
    Look(3, 0.50, 0.00, 0.85),
    Look(5, 0.00, 0.00, 0.75),
    Look(8, 0.00, 0.12, 0.65),
    Look(12, 0.00, 0.20, 0.55),
    Look(16, 0.00, 0.27, 0.45),
    Look(20, 0.00, 0.31, 0.40),
    Look(24, 0.00, 0.35, 0.35),
    Look(30, 0.00, 0.38, 0.30),
    Look(36, 0.00, 0.41, 0.30),
    Look(42, 0.00, 0.43, 0.25),
    Look(48, 0.00, 0.45, 0.25),
    Look(56, 0.00, 0.46, 0.20),
    Look(64, 0.00, 0.47, 0.20),
)


class Judgement(NamedTuple):
    """What the race says so far; ``decision`` is None while it goes on."""

    decision: Decision | None
    reason: str
    equal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """The rules of the race.

    Attributes:
        alpha: upper bound of the chance to accept a challenger that is not better.
        looks: when the race is looked at.
        ties: equal pairs, without a single unequal one, after which the programs count as equal.
    """

    alpha: float = 0.10
    looks: tuple[Look, ...] = LOOKS
    ties: int = 5

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must lie between 0 and 1, got {self.alpha}")
        paired = [look.paired for look in self.looks]
        spent = sum(look.two_samples for look in self.looks) + max(paired, default=0.0)
        rising = [k.pairs for k in self.looks] == sorted({k.pairs for k in self.looks})
        if spent > 1 + 1e-9 or not rising or paired != sorted(paired):
            raise ValueError(
                f"looks must spend at most 1 in all (they spend {spent:g}) at rising numbers of pairs"
            )

    def judge(
        self, challenger: Sequence[float], champion: Sequence[float], *, last: bool = False
    ) -> Judgement:
        """Judges n pairs, in the order played; call it at every look.

        Args:
            challenger: n scores.
            champion: n scores on the same seeds.
            last: no more pairs can be had. The sign-flip test is then looked at whatever n is, and between the planned
                looks with all of its share of alpha that is left; the race must not go on after that.
        """
        n = len(challenger)
        ours, theirs = float(np.mean(challenger)), float(np.mean(champion))
        said = f"{ours:g} against {theirs:g} over {n} gate seed{'s' * (n != 1)}"
        if list(challenger) == list(champion):
            if n >= self.ties or last:
                return Judgement(Decision.REJECTED, f"no better: the same scores, {said}", equal=True)
            return Judgement(None, "")
        if not np.isfinite([*challenger, *champion]).all():
            return Judgement(Decision.REJECTED, f"scores must be finite to be compared: {said}")
        differences = [a - b for a, b in zip(challenger, champion, strict=True)]
        look = next((k for k in self.looks if k.pairs == n), None)
        two = look is not None and look.two_samples > 0
        p = p_two_samples(challenger, champion) if two else p_pairs(differences)
        test = "permutation" if two else "sign-flip"
        if look is not None:
            if two and p <= self.alpha * look.two_samples + 1e-12:
                return Judgement(Decision.ACCEPTED, f"better: {said} ({test} p = {p:.3g})")
            sequential = self._sequential(differences) if look.paired > 0 else 1.0
            if sequential <= self.alpha * look.paired + 1e-12:
                return Judgement(
                    Decision.ACCEPTED, f"better: {said} (sequential sign-flip p = {sequential:.3g})"
                )
            reverse = p_two_samples(champion, challenger) if two else p_pairs([-d for d in differences])
            if (p + 1.0 - reverse) / 2 >= look.hopeless:
                return Judgement(Decision.REJECTED, f"no better: {said} (stopped early)")
        elif last and self._spending(n) > 0:  # nothing is kept for later looks: there are none
            sequential = self._sequential(differences, self._everything)
            if sequential <= self.alpha * self._everything + 1e-12:
                return Judgement(
                    Decision.ACCEPTED, f"better: {said} (sequential sign-flip p = {sequential:.3g})"
                )
        if last or n >= self.looks[-1].pairs:
            return Judgement(Decision.UNDECIDED, f"undecided: {said} ({test} p = {p:.3g})")
        return Judgement(None, "")

    def _sequential(self, differences: Sequence[float], share: float | None = None) -> float:
        """The sequential test's p-value; ``share`` of alpha may be spent by this look, if not what is planned."""
        n = len(differences)
        looks = [k.pairs for k in self.looks if k.pairs < n]
        shares = [self._spending(k) for k in looks] + [self._spending(n) if share is None else share]
        return p_sequential(differences, [*looks, n], [self.alpha * s for s in shares])

    @property
    def _everything(self) -> float:
        """Share of alpha that the sign-flip test may have spent in the end."""
        return self._spending(self.looks[-1].pairs)

    def _spending(self, n: int) -> float:
        """Share of alpha that the sign-flip test may have spent after n pairs, between looks in proportion."""
        return float(np.interp(n, [k.pairs for k in self.looks], [k.paired for k in self.looks]))

    def is_look(self, n: int) -> bool:
        """Whether n pairs are a planned look, after which the race may go on."""
        return any(k.pairs == n for k in self.looks)

    def may_decide(self, n: int) -> bool:
        """Whether n pairs can decide, as a look or as the last of all."""
        return self.is_look(n) or (self._spending(n) > 0 and 2.0**-n <= self.alpha * self._everything)

    def next_look(self, n: int) -> int:
        """Number of pairs at which to look next."""
        return next((k.pairs for k in self.looks if k.pairs > n), n)


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
) -> AACheck:
    """Measures the race's own error rate: both sides draw from the same recorded scores.

    Args:
        scores: recorded gate or dev scores of one program, at least 2.
        race: the rules; the default ones if None.
        rounds: how many races.
        rng: draws the scores.
        gain: added to the challenger's scores; above 0 the accepted share is the race's power.
        challenger: what the challenger draws from; ``scores`` as well if None. Others show the race's power.

    Returns:
        Shares of the three verdicts (they sum to 1) and the mean number of pairs.
    """
    if len(scores) < 2:
        raise ValueError(f"an A/A check needs at least 2 recorded scores, got {len(scores)}")
    race = race or Race()
    counts = dict.fromkeys(Decision, 0)
    pairs = 0
    for _ in range(rounds):
        ours: list[float] = []
        theirs: list[float] = []
        decision = None
        while decision is None:
            more = race.next_look(len(ours)) - len(ours)
            ours += [float(s) + gain for s in rng.choice(scores if challenger is None else challenger, more)]
            theirs += [float(s) for s in rng.choice(scores, more)]
            decision = race.judge(ours, theirs).decision
        counts[decision] += 1
        pairs += len(ours)
    return AACheck(
        accepted=counts[Decision.ACCEPTED] / rounds,
        rejected=counts[Decision.REJECTED] / rounds,
        undecided=counts[Decision.UNDECIDED] / rounds,
        mean_pairs=pairs / rounds,
    )
