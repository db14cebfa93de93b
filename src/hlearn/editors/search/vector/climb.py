"""Plain evolution of joint linear policies: draws, then changes of the best, each dropped at its first bad episode.

Nothing is modelled and nothing is averaged, so a step is not spent before it is known to be worth more: a change plays
one episode that the best has played, and more of them only while it is not behind. With a few dozen episodes in all
this finds what a population has no time for; with many more, tuned families overtake it, and it ends by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from hlearn.editors.api import Lab
from hlearn.editors.search.prune import Prunable
from hlearn.editors.search.trials import TRIAL_SEEDS, Candidate, PairedComparison
from hlearn.editors.search.vector.joint import JointLinear, JointPolicy
from hlearn.editors.search.vector.standing import DECIDE, Incumbent
from hlearn.evaluate.api import Job
from hlearn.records import Episode, Outcome

BROOD = 8  # changes that play side by side, where that is a small part of the budget
DEAREST = 0.02  # of the remaining budget, for one generation's first episodes or one contest
SIZES = (0.03, 3.0)  # of a change, beside a fresh draw
GROWN, SHRUNK = 1.5, 0.95  # how the size goes on after a success, after a failure
TIRED = 150  # changes in a row without a gain, after which nothing more is expected
LEAST = 4  # episodes on which one follows another, fewer while they are more than this share of the budget:
LEAST_SHARE = 0.04
FORGETTING = 0.1  # weight of the last episode in the usual length
SPREAD = 0.8  # of the logarithms of sizes, around the usual one
SELDOM = 0.03  # chance of a fresh draw later on
AGAIN = 0.25  # chance that what has just helped is done once more


@dataclass(slots=True, eq=False)
class Climber:
    """A policy on its way.

    Attributes:
        size: of the change that made it.
        step: what was added to its parent's weights, None for a draw.
        played: outcomes by the number of the trial seed.
    """

    policy: JointPolicy
    candidate: Candidate
    family: Prunable
    size: float = 1.0
    step: np.ndarray | None = None
    played: dict[int, Outcome] = field(default_factory=dict)

    def score(self, number: int) -> float:
        """Its score on a trial seed that it has played, -inf where it failed."""
        outcome = self.played[number]
        return outcome.score if isinstance(outcome, Episode) else -math.inf

    @property
    def mean(self) -> float:
        """Mean score, -inf before the first."""
        return sum(map(self.score, self.played)) / len(self.played) if self.played else -math.inf

    @property
    def told(self) -> list[Outcome]:
        """Its outcomes on the first trial seeds, as far as it played all of them."""
        return [self.played[n] for n in range(len(self.played)) if set(range(n + 1)) <= self.played.keys()]

    @classmethod
    def of(cls, policy: JointPolicy, candidate: Candidate, family: Prunable) -> Climber:
        """One that begins as a candidate of another family that acts as the policy does."""
        return cls(
            policy=policy, candidate=candidate, family=family, played=dict(enumerate(candidate.outcomes))
        )


class LinearClimb:
    """One arm of the search.

    Args:
        lab: where it plays.
        trials: writes and numbers the candidates.
        standing: what is kept.
        family: draws and changes.
        usual: environment steps of an episode, as far as is known.
        begun: what others found, with what it has played; it comes before any draw.

    Attributes:
        best: None before the first draw.
        tired: whether nothing more is expected.
    """

    def __init__(
        self,
        lab: Lab,
        trials: PairedComparison,
        standing: Incumbent,
        family: JointLinear,
        usual: float,
        begun: Sequence[Climber] = (),
    ) -> None:
        self.lab = lab
        self.trials = trials
        self.standing = standing
        self.family = family
        self.usual = max(usual, 1.0)
        self.best: Climber | None = None
        self.size = 1.0
        self.quiet = 0
        self._begun = list(begun)

    @property
    def tired(self) -> bool:
        """Whether nothing more is expected of it."""
        return self.quiet >= TIRED or not self.family.drawable

    def run(self, steps: int) -> None:
        """The first time it draws, then it changes the best: for so many environment steps, or until it is tired.

        Raises:
            BudgetExhausted: the best so far is kept.
        """
        end = self.lab.remaining - steps
        drawn = SELDOM if self.best is not None or self._begun else 1.0
        while self.lab.remaining > end and not self.tired and not self.standing.finished():
            told = "nothing yet" if self.best is None else f"{self.best.mean:.4g}, changes of {self.size:.2g}"
            self.lab.say(f"joint linear policies: {told}")
            self._generation(drawn)
        self.crown()

    def crown(self) -> None:
        """Makes its best the best of all if it is; a few episodes decide.

        Raises:
            BudgetExhausted: nothing is left for that; it stands as its episodes so far say.
        """
        climber = self.best
        if climber is None or climber.candidate is self.standing.best:
            return
        dear, episodes = self._deciding() < LEAST, max(LEAST, self._deciding())
        self._tell(climber)
        if self.trials.challenge(climber.candidate, self.standing.best, episodes, dear=dear):
            self._crown_free()

    def _crown_free(self) -> None:
        """The same by the episodes that were played anyway."""
        climber = self.best
        assert climber is not None
        self._tell(climber)
        if len(climber.candidate.outcomes) >= LEAST and self.standing.beaten_by(climber.candidate):
            self.standing.crown(climber.candidate, climber.family)

    def _tell(self, climber: Climber) -> None:
        told = climber.told
        climber.candidate.outcomes += told[len(climber.candidate.outcomes) :]

    def _deciding(self) -> int:
        """How many episodes decide whether one follows another."""
        share = LEAST_SHARE * self.lab.remaining / self.usual
        return max(int(np.clip(share, 1, LEAST)), self._affordable(DECIDE))

    def _affordable(self, most: int) -> int:
        """How many episodes are a small part of the budget, at least 1."""
        return int(np.clip(DEAREST * self.lab.remaining / self.usual, 1, most))

    def _generation(self, drawn: float) -> None:
        """Plays some climbers against the best.

        Args:
            drawn: chance that one is a fresh draw.
        """
        brood = self._brood(drawn)
        first = int(self.lab.rng.choice(list(self.best.played))) if self.best is not None else 0
        self._play(brood, [first])
        brood.sort(key=lambda c: -c.score(first))
        for climber in brood:
            before = self.best
            gain = self._contest(climber)
            self.quiet = 0 if gain > 0.0 else self.quiet + 1
            if climber.step is not None:
                moved = self.best is climber
                self.size = float(np.clip(climber.size * GROWN if moved else self.size * SHRUNK, *SIZES))
            if self.best is not before:
                self._crown_free()
                return

    def _brood(self, drawn: float) -> list[Climber]:
        """What others found, else fresh draws and changes of the best."""
        count = max(1, self._affordable(BROOD))
        begun, self._begun = self._begun[:count], self._begun[count:]
        if begun:
            return begun
        found: list[Climber] = []
        while len(found) < count:
            best = self.best
            if best is None or self.lab.rng.random() < drawn:
                found.append(self._climber(self.family.fresh()))
                continue
            size = float(np.clip(self.size * np.exp(SPREAD * self.lab.rng.standard_normal()), *SIZES))
            policy = self.family.varied(best.policy, size)
            if not found and best.step is not None and self.lab.rng.random() < AGAIN:
                policy = JointPolicy(outputs=best.policy.outputs, weights=best.policy.weights + best.step)
            found.append(self._climber(policy, size, policy.weights - best.policy.weights))
        return found

    def _climber(self, policy: JointPolicy, size: float = 1.0, step: np.ndarray | None = None) -> Climber:
        family, values = self.family.written(policy)
        candidate = self.trials.candidate(family, values, "joint linear")
        return Climber(policy=policy, candidate=candidate, family=family, size=size, step=step)

    def _contest(self, climber: Climber) -> float:
        """What a climber adds to the best, on all that either plays; at 0 or above it takes its place.

        Args:
            climber: has played one episode that the best has played too.
        """
        best = self.best
        if not math.isfinite(climber.mean):
            return -math.inf
        numbers = range(self._deciding())
        if best is None:
            self.best = climber
            self._play([climber], numbers)
            return math.inf
        count = 1
        while True:
            both = climber.played.keys() & best.played.keys()
            gap = sum(climber.score(n) - best.score(n) for n in both) / len(both)
            if not gap >= 0.0:
                return gap
            left = [n for n in {*best.played, *climber.played, *numbers} if n not in both]
            if not left:
                self.best = climber
                return gap
            chosen = [left[int(k)] for k in self.lab.rng.permutation(len(left))[:count]]
            self._play([climber, best], chosen)
            count *= 2

    def _play(self, climbers: Sequence[Climber], numbers: Iterable[int]) -> None:
        """Gives climbers their episodes on trial seeds of these numbers, as far as they lack them."""
        owed = [(c, n) for c in climbers for n in numbers if n not in c.played]
        if not owed:
            return
        jobs = [
            Job(
                program=climber.candidate.program,
                seed=self.lab.seeds(TRIAL_SEEDS + number, 1)[0],
                max_steps=self.lab.longest,
                together=True,
            )
            for climber, number in owed
        ]
        for (climber, number), (outcome, _) in zip(owed, self.lab.measure(jobs), strict=True):
            climber.played[number] = outcome
            self.usual += FORGETTING * (outcome.env_steps - self.usual)
