"""What a run has spent, on what, and what its episodes were like."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hlearn.evaluate.api import Job
from hlearn.lab.dev_scores import DevScores
from hlearn.lab.episode_cache import Key
from hlearn.ledger import Purpose
from hlearn.records import Episode, Outcome, cost_of

_FIRST_EPISODE = 20_000  # environment steps that an episode may take, while none was seen
_HOPELESS = (
    1_000  # episodes in a row that failed before their first decision: whoever edits does not get further
)
_EPISODE = 5_000  # and that an unknown program's may take at least, until a time limit was seen


class BudgetAccount:
    """Counts every episode once.

    Args:
        spent: environment steps that earlier runs had spent.
        longest: environment steps at which whole development episodes are cut, None if they are not: an episode
            with a cap as long as that counts as whole.

    Attributes:
        spent: environment steps charged so far, those of earlier runs included.
        by_purpose: environment steps of this run, reports included.
        episodes: charged episodes.
        planner_steps: environment steps that programs of this run simulated, reports left out.
        dev: development scores by program.
        best_dev: the best development episode.
        best_steps: environment steps of the best development episode without a cap.
    """

    def __init__(self, spent: int, longest: int | None = None) -> None:
        self.spent = spent
        self._cap = math.inf if longest is None else longest
        self.by_purpose = dict.fromkeys(Purpose, 0)
        self.episodes = 0
        self.planner_steps = 0
        self.dev = DevScores()
        self.best_dev: float | None = None
        self.best_steps = 0
        self._best_whole = -math.inf
        self._whole = self._whole_steps = 0  # episodes without a cap, and their steps
        self._longest: dict[str, int] = {}  # the longest of them, by program
        self._limit = 0  # the environment's time limit, 0 until an episode ran into it
        self._seen: set[Key] = set()
        self._failed_at_once = 0  # episodes in a row

    @property
    def hopeless(self) -> bool:
        """Whether nothing but programs that fail before their first decision were played for long."""
        return self._failed_at_once >= _HOPELESS

    @property
    def usual(self) -> int:
        """Mean environment steps of the episodes without a cap that were charged so far."""
        return self._whole_steps // max(self._whole, 1)

    def has(self, key: Key) -> bool:
        """Whether the episode was counted before."""
        return key in self._seen

    def count(self, key: Key, outcome: Outcome, purpose: Purpose, *, charge: bool) -> None:
        """Counts an episode, unless it was counted before; without ``charge`` it is only marked as counted."""
        if key in self._seen:
            return
        self._seen.add(key)
        if not charge:
            return
        if purpose is Purpose.EDIT:
            self.dev.add(key[0], key[2], outcome)
        cost = cost_of(outcome)
        self.by_purpose[purpose] += cost
        if purpose is Purpose.REPORT:
            return
        self.spent += cost
        self.planner_steps += outcome.planner_steps
        self.episodes += 1
        self._failed_at_once = self._failed_at_once + 1 if outcome.length == 0 else 0
        if key[2].max_steps is None or key[2].max_steps >= self._cap:
            self._note_whole(key[0], outcome, purpose)
        if purpose is Purpose.EDIT and isinstance(outcome, Episode):
            self.best_dev = outcome.score if self.best_dev is None else max(self.best_dev, outcome.score)

    def slices(self, jobs: Sequence[tuple[Job, int]], left: int) -> list[int]:
        """How far the next jobs may go, so that together they spend no more than what is left.

        Args:
            jobs: the next jobs and the steps that each has got already.
            left: environment steps, at least 1.

        Returns:
            Caps in environment steps for the first jobs, at least one. Several go side by side where their bounds fit;
            where a length is only guessed, as much as its share is held back for what turns out longer, so that the
            budget's end cuts few episodes.
        """
        needs: list[tuple[int, bool]] = []
        sure = guessed = 0
        for job, got in jobs:
            guess, bound = self._guess(job, got)
            need = guess - got
            more = (need, 0) if bound else (0, need)
            if needs and sure + more[0] + 2 * (guessed + more[1]) > left:
                break
            sure, guessed = sure + more[0], guessed + more[1]
            needs.append((need, bound))
        if len(needs) == 1:
            return [jobs[0][1] + left]
        room = (left - sure) // 2
        return [
            got + (need if bound else need * room // guessed)
            for (_, got), (need, bound) in zip(jobs, needs, strict=False)
        ]

    def _guess(self, job: Job, got: int) -> tuple[int, bool]:
        """How long the episode of a job may be, more than it has got already; and whether it cannot be longer."""
        unknown = max(_EPISODE, *self._longest.values()) if self._longest else _FIRST_EPISODE
        guess, bound = max(self._longest.get(job.program.sha256, unknown), 2 * got), False
        if self._limit and guess >= self._limit:
            guess, bound = self._limit, True
        if job.max_steps is not None and guess >= job.max_steps:
            guess, bound = job.max_steps, True
        return max(guess, got + 1), bound

    def _note_whole(self, program: str, outcome: Outcome, purpose: Purpose) -> None:
        self._whole += 1
        self._whole_steps += outcome.env_steps
        self._longest[program] = max(self._longest.get(program, 0), outcome.env_steps)
        if not isinstance(outcome, Episode):
            return
        if outcome.truncated:
            self._limit = max(self._limit, outcome.env_steps)
        better = (outcome.score, -outcome.env_steps) > (self._best_whole, -self.best_steps)
        if purpose is Purpose.EDIT and better:  # of equals the shortest
            self._best_whole, self.best_steps = outcome.score, outcome.env_steps
