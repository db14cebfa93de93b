"""Racing: candidates meet on the same seeds, the hopeless ones leave early, the rest buy more seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hlearn.editors.api import Lab
from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Job, Record, Recording, Result
from hlearn.records import Episode, Outcome, Program, life_bonus, lives_left_at_target

ONWARD = 2.0  # what an episode counts that is cut: as much again may be hoped for
CARE, DOUBT = (
    0.6,
    0.3,
)  # standard errors that :func:`careful` takes off; share of a score that its spread is at least
HOPE = 4.0  # as much again at most that is hoped for, where the environment tells of lives


@dataclass(slots=True, eq=False)
class Runner:
    """A candidate in a race.

    Attributes:
        number: candidates are numbered as they are made.
        what: what the program was written from (a genome, a parameter vector).
        scores: what counts in races, one per seed, in the order of the seeds; ``-inf`` where the program failed or
            missed a hurdle.
        measured: the scores as they were measured; differ where an episode was cut (:attr:`Arena.onward`) or reached
            the target (:func:`hlearn.records.life_bonus`).
        steps: environment steps, per seed.
        passed: the return at each of the arena's marks, per seed; the last one again where the episode was over before.
        note: in a few words, what it is.
    """

    number: int
    program: Program
    what: object
    note: str = ""
    scores: list[float] = field(default_factory=list)
    measured: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    passed: list[tuple[float, ...]] = field(default_factory=list)

    @property
    def mean(self) -> float:
        """Mean score so far, ``-inf`` before the first."""
        return sum(self.scores) / len(self.scores) if self.scores else -math.inf

    @property
    def told(self) -> str:
        """Its mean score as measured, with the number of episodes."""
        mean = sum(self.measured) / len(self.measured) if self.measured else -math.inf
        return f"{mean:.1f} over {len(self.measured)} dev episodes"

    @property
    def spread(self) -> float:
        """Standard deviation of its scores, 0 for fewer than two."""
        if len(self.scores) < 2 or not math.isfinite(self.mean):
            return 0.0
        return math.sqrt(sum((s - self.mean) ** 2 for s in self.scores) / (len(self.scores) - 1))

    @property
    def cost(self) -> float:
        """Mean environment steps per episode."""
        return sum(self.steps) / len(self.steps) if self.steps else 0.0


@dataclass(slots=True)
class Arena:
    """Measures runners on the first seeds of the development split, each at most once per seed.

    Attributes:
        max_steps: cap on the environment steps of an episode, None for whole episodes.
        stall_steps: an episode without reward for so long is over.
        first_seed: where in the development split its seeds begin.
        watch: is shown every traced episode; None where no trace is wanted.
        onward: times its score, what an episode counts that ``max_steps`` cut while it went on: who lives longer
            than is affordable to watch must not be taken for one who dies at that moment. Above 1 the lives left decide
            instead, where the environment tells of any (:data:`HOPE`).
        most_lives: that it has told of so far.
        marks: environment steps at which returns are noted, rising.
        first: is shown everyone's first episode with all that was seen in it; None where nobody asks for it.
    """

    lab: Lab
    max_steps: int | None = None
    stall_steps: int | None = None
    first_seed: int = 0
    watch: Callable[[Runner, Recording], None] | None = None
    onward: float = 1.0
    most_lives: int = 0
    marks: tuple[int, ...] = ()
    first: Callable[[Runner, Recording], None] | None = None

    def run(self, runners: Sequence[Runner], count: int, least: Sequence[float] = ()) -> None:
        """Gives every runner at least ``count`` scores, in one batch.

        Args:
            runners: who plays.
            count: scores that each has then.
            least: the return at each mark that an episode needs to go on; none: all go on.

        Raises:
            BudgetExhausted: nothing is left; what was measured before is kept.
        """
        jobs, places = [], []
        hurdles = tuple((mark, least[i] if least else None) for i, mark in enumerate(self.marks))
        for runner in runners:
            if runner.scores and not math.isfinite(runner.mean):
                continue  # failed once: no more seeds
            have = len(runner.scores)
            for at, seed in enumerate(self.lab.seeds(self.first_seed + have, max(0, count - have)), have):
                kept = Record.NOTHING if self.watch is None else Record.TRACES
                jobs.append(
                    Job(
                        program=runner.program,
                        seed=seed,
                        max_steps=self.max_steps,
                        stall_steps=self.stall_steps,
                        hurdles=hurdles,
                        stop_score=self.lab.task.target,
                        record=Record.STEPS if self.first is not None and at == 0 else kept,
                    )
                )
                places.append(runner)
        if not jobs:
            return
        try:
            results: Sequence[Result | None] = self.lab.measure(jobs)
        except BudgetExhausted as spent:
            self._score(places, spent.results, least)
            raise
        self._score(places, results, least)
        for job, runner, result in zip(jobs, places, results, strict=True):
            shown = self.first if job.record is Record.STEPS else self.watch
            if shown is not None and result is not None and result.recording is not None:
                shown(runner, result.recording)

    def _score(
        self, places: Sequence[Runner], results: Sequence[Result | None], least: Sequence[float]
    ) -> None:
        """Gives runners their results; a gap ends a runner's list, for the n-th score belongs to the n-th seed."""
        short: set[int] = set()
        for runner, result in zip(places, results, strict=False):
            if result is None:
                short.add(id(runner))
            elif id(runner) not in short:
                outcome = result.outcome
                score = outcome.score if isinstance(outcome, Episode) else -math.inf
                passed = outcome.passed if isinstance(outcome, Episode) else ()
                missed = any(p < bar for p, bar in zip(passed, least, strict=False))
                cut = self.max_steps is not None and outcome.env_steps >= self.max_steps
                alive = cut and isinstance(outcome, Episode) and outcome.stopped
                runner.measured.append(score)
                counts = score + (self._hope(outcome) if alive else self._safety(outcome))
                runner.scores.append(-math.inf if missed else counts)
                runner.passed.append((*passed, *[score] * (len(self.marks) - len(passed))))
                runner.steps.append(outcome.env_steps)

    def _hope(self, outcome: Outcome) -> float:
        """What may be expected of an episode that was cut, beyond what it scored."""
        lives = outcome.lives if isinstance(outcome, Episode) else 0
        self.most_lives = max(self.most_lives, lives)
        if self.most_lives and self.onward > 1.0 and outcome.score > 0:
            gone = self.most_lives - lives
            return min(HOPE, lives / (gone + 1)) * outcome.score  # lives go on going as they went
        return (self.onward - 1.0) * outcome.score

    def _safety(self, outcome: Outcome) -> float:
        """What an episode at the target is worth beyond it."""
        target = self.lab.task.target
        return life_bonus(target) * lives_left_at_target(outcome, target)


def better(challenger: Runner, champion: Runner) -> bool:
    """Whether the challenger's mean on the seeds that both have is higher; equal means: fewer steps."""
    count = min(len(challenger.scores), len(champion.scores))
    ours, theirs = sum(challenger.scores[:count]), sum(champion.scores[:count])
    if ours == theirs:
        return sum(challenger.steps[:count]) < 0.9 * sum(champion.steps[:count])
    return ours > theirs


def careful(runner: Runner) -> float:
    """A mean score less what luck may have added: most where few episodes tell."""
    if not runner.scores or not math.isfinite(runner.mean):
        return -math.inf
    doubt = runner.spread + DOUBT * abs(runner.mean)
    return runner.mean - CARE * doubt / math.sqrt(len(runner.scores))


def clearly_better(challenger: Runner, champion: Runner, errors: float = 2.5) -> bool:
    """Whether the challenger leads by ``errors`` standard errors on at least two seeds that both have."""
    count = min(len(challenger.scores), len(champion.scores))
    if count < 2 or not math.isfinite(challenger.mean):
        return False
    gap = (sum(challenger.scores[:count]) - sum(champion.scores[:count])) / count
    noise = math.sqrt((challenger.spread**2 + champion.spread**2) / count)
    return gap > errors * max(noise, 1e-9)


def hopeless(challenger: Runner, champion: Runner, patience: float) -> bool:
    """Whether the challenger trails by more than ``patience`` standard errors on the seeds that both have."""
    count = min(len(challenger.scores), len(champion.scores))
    if count == 0:
        return False
    if not math.isfinite(challenger.mean):
        return True
    gaps = [c - d for c, d in zip(challenger.scores[:count], champion.scores[:count], strict=True)]
    mean = sum(gaps) / count
    if count == 1:
        scale = max(champion.spread, 0.25 * abs(champion.mean), 1e-9)
        return mean < -patience * scale
    deviation = math.sqrt(sum((g - mean) ** 2 for g in gaps) / (count - 1))
    return mean < -patience * deviation / math.sqrt(count) or (mean < 0 and deviation == 0)
