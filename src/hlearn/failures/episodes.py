"""Episodes as failure mining sees them, and what is usual in all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from hlearn.evaluate.api import EvaluatorMaker, Job, Record, Recording
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.keyed import with_seeds
from hlearn.evaluate.play import seed_of_world
from hlearn.records import Access, Episode, Outcome, Program
from hlearn.replays.columns import Columns
from hlearn.tasks.registry import report_cap
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

_WIDEST = 256  # numbers of an observation that are kept beside the traces


@dataclass(frozen=True, slots=True, kw_only=True)
class MinedEpisode:
    """One episode with what the program said of it.

    Attributes:
        seed: the public label.
        world_seed: what the environment was seeded with; never shown.
        columns: named state by decision.
        observed: float64[T, n], the observation where it is small, else [T, 0].
    """

    seed: int
    world_seed: int
    outcome: Outcome
    recording: Recording
    columns: Columns
    observed: np.ndarray

    @property
    def length(self) -> int:
        """Decisions that were recorded."""
        return len(self.recording.rewards)

    @property
    def rules(self) -> tuple[str, ...]:
        """What acted at each decision."""
        return self.columns.rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What is usual for a program, from all its episodes.

    Attributes:
        score: median.
        spread: median absolute deviation of the scores, at least a hundredth of the unit.
        length: median, decisions.
        unit: what counts as one whole loss: the size of a usual score, or its spread where that is about zero.
        rate: positive reward per decision.
        gap: median decisions from one reward to the next; infinite where there are fewer than two.
        low: 5 % quantile of each number of the state.
        high: 95 % quantile.
        move: 99 % quantile of its change from one decision to the next.
    """

    score: float
    spread: float
    length: float
    unit: float
    rate: float
    gap: float
    low: dict[str, float]
    high: dict[str, float]
    move: dict[str, float]


def play_mined(
    task: Task,
    program: Program,
    seeds: Sequence[int],
    worlds: Worlds | None = None,
    *,
    max_steps: int | Mapping[int, int] | None = None,
    workers: int = 1,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
) -> tuple[MinedEpisode, ...]:
    """Plays episodes with traces, isolated.

    Args:
        task: what is played.
        program: what plays.
        seeds: public labels of development seeds.
        worlds: reads them.
        max_steps: environment steps at which an episode is cut, or by seed; the cap of reports where None.
        workers: episodes side by side.
        evaluators: who plays.

    Raises:
        UsageError: the key is not on this machine.
    """
    worlds = worlds or Worlds()
    small = task.access is not Access.PIXELS
    jobs = [
        with_seeds(
            Job(
                program=program,
                seed=seed,
                max_steps=max_steps[seed]
                if isinstance(max_steps, Mapping)
                else max_steps or report_cap(task),
                record=Record.TRACE if small else Record.TRACES,
                checks=True,
            ),
            worlds,
        )
        for seed in seeds
    ]
    with closing(evaluators(task, workers=workers)) as evaluator:
        results = evaluator.run(jobs)
    mined = []
    for job, result in zip(jobs, results, strict=True):
        assert result.recording is not None
        count = len(result.recording.rewards)
        seen = result.recording.observations.reshape(count, -1) if small and count else np.zeros((count, 0))
        mined.append(
            MinedEpisode(
                seed=job.seed,
                world_seed=seed_of_world(job),
                outcome=result.outcome,
                recording=result.recording,
                columns=Columns.of(result.recording.traces),
                observed=seen.astype(np.float64) if seen.shape[1] <= _WIDEST else np.zeros((count, 0)),
            )
        )
    return tuple(mined)


def usual_of(episodes: Sequence[MinedEpisode]) -> Usual:
    """What is usual in some episodes."""
    scores = np.array([e.outcome.score for e in episodes if isinstance(e.outcome, Episode)] or [0.0])
    score = float(np.median(scores))
    spread = float(np.median(np.abs(scores - score)))
    paid = [np.abs(e.recording.rewards[e.recording.rewards != 0]) for e in episodes]
    unit = max(abs(score), float(scores.std()), float(max((p.mean() for p in paid if len(p)), default=0.0)))
    unit = unit or 1.0
    rewards = [e.recording.rewards for e in episodes]
    steps = max(sum(map(len, rewards)), 1)
    gaps = np.concatenate([np.diff(np.flatnonzero(r)) for r in rewards] or [np.zeros(0)])
    low, high, move = {}, {}, {}
    for name in sorted({n for e in episodes for n in e.columns.numbers}):
        columns = [e.columns.numbers[name] for e in episodes if name in e.columns.numbers]
        known = np.concatenate(columns)
        known = known[np.isfinite(known)]
        if len(known):
            low[name], high[name] = (float(q) for q in np.quantile(known, (0.05, 0.95)))
            moves = np.concatenate([np.abs(np.diff(c)) for c in columns])
            moves = moves[np.isfinite(moves)]
            move[name] = float(np.quantile(moves, 0.99)) if len(moves) else 0.0
    return Usual(
        score=score,
        spread=max(spread, 0.01 * unit),
        length=float(np.median([e.length for e in episodes] or [0])),
        unit=unit,
        rate=float(sum(r[r > 0].sum() for r in rewards)) / steps,
        gap=float(np.median(gaps)) if len(gaps) else float("inf"),
        low=low,
        high=high,
        move=move,
    )
