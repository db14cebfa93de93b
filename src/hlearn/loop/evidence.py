"""Evidence for an editor, gathered between trials with the run's own evaluator; nothing of it is charged.

What is played are development episodes that were paid for already, as far as they were: the same program, seed and caps
give the same episode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hlearn.editors.api import Evidence
from hlearn.errors import HlearnError
from hlearn.evaluate.api import Evaluator, Job, Result
from hlearn.evidence.renderers import ready_to_draw
from hlearn.failures import MinedEpisode, play_mined
from hlearn.failures.dossier import make_evidence
from hlearn.records import Episode, Evaluation, Program
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

_EPISODES = 3
_STEPS = 30_000  # environment steps of an episode that are looked at, at most


class _Lent:
    """An evaluator that somebody else closes."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def run(self, jobs: Sequence[Job], on_result: Callable[[Result], None] | None = None) -> list[Result]:
        """Plays jobs."""
        return self._evaluator.run(jobs, on_result)

    def close(self) -> None:
        """Leaves it to its owner."""


def find_evidence(
    evaluator: Evaluator, task: Task, program: Program, dev: Evaluation, worlds: Worlds
) -> Evidence | None:
    """The evidence of some development episodes of a program; None where there is none, or it cannot be had.

    Args:
        evaluator: who plays; it is not closed.
        task: what is learnt.
        program: the champion.
        dev: its development episodes, as they were measured.
        worlds: reads their seeds.
    """
    if not any(isinstance(o, Episode) and o.env_steps for o in dev.outcomes):
        return None
    ready_to_draw()
    try:
        episodes = play_paid(evaluator, task, program, dev, worlds, most=_STEPS)
        return make_evidence(task, program, episodes, worlds.current)
    except HlearnError:  # evidence is worth much, and less than the run
        return None


def play_paid(
    evaluator: Evaluator, task: Task, program: Program, dev: Evaluation, worlds: Worlds, *, most: int
) -> tuple[MinedEpisode, ...]:
    """Plays some development episodes again, with traces, no further than they were paid for; charges nothing.

    Args:
        evaluator: who plays; it is not closed.
        task: what is learnt.
        program: whose episodes.
        dev: as they were measured.
        worlds: reads their seeds.
        most: environment steps of each, at most.
    """
    paid = {o.seed: min(o.env_steps, most) for o in dev.outcomes if isinstance(o, Episode) and o.env_steps}
    return play_mined(
        task,
        program,
        list(paid)[:_EPISODES],
        worlds,
        max_steps=paid,
        evaluators=lambda task, workers=1: _Lent(evaluator),
    )
