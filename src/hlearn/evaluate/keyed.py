"""Where episodes get their real seeds: the one way from a label to what an environment and a program are seeded with.

Everything that plays episodes of a system does it through this evaluator, in the process that holds the key. What goes
on from here to workers are numbers without a rule that could be found in them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from hlearn.evaluate.api import Evaluator, Job, Result
from hlearn.trust import Worlds


class KeyedEvaluator:
    """Plays jobs with the seeds of their key.

    Args:
        evaluator: who plays.
        worlds: turns labels into seeds.
    """

    def __init__(self, evaluator: Evaluator, worlds: Worlds) -> None:
        self._evaluator = evaluator
        self._worlds = worlds

    def run(self, jobs: Sequence[Job], on_result: Callable[[Result], None] | None = None) -> list[Result]:
        """Plays every job and returns their results in the order of the jobs.

        Raises:
            UsageError: a job's key is neither here nor opened.
            HarnessError: the machinery failed.
        """
        return self._evaluator.run([with_seeds(job, self._worlds) for job in jobs], on_result)

    def close(self) -> None:
        """Ends every process that was started."""
        self._evaluator.close()


def with_seeds(job: Job, worlds: Worlds) -> Job:
    """Returns the job with what its environment and its program are seeded with.

    Raises:
        UsageError: its key is neither here nor opened.
    """
    seeding = worlds.of(worlds.current if job.key is None else job.key)
    if seeding is None:
        return job
    return replace(job, world_seed=seeding.world(job.seed), policy_seed=seeding.policy(job.seed))
