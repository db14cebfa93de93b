"""What a student learns from: observations, what the teacher would do, and what the teacher saw.

Labels come from the teacher in its own isolated process: it plays, or watches the student play, and its trace says
what it would do. Screens are kept halved and grey, as the student's graph sees them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hlearn.errors import UsageError
from hlearn.evaluate.api import EvaluatorMaker, Job, Record
from hlearn.evaluate.keyed import KeyedEvaluator
from hlearn.evaluate.spool import read_spool
from hlearn.records import Failure, Program
from hlearn.replays.columns import leaves
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

MOST_TARGETS = 64  # numbers of the teacher's named state that a student also learns to see


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledEpisode:
    """One episode to learn from.

    Attributes:
        seen: [T, ...]: float32 vectors, uint8 memory, or halved grey screens, uint8[T, height, width].
        wanted: int64[T] or float32[T, n], what the teacher would do.
        state: float32[T] by name, NaN where the teacher saw nothing.
        score: of the episode, whoever acted.
        led: whether the teacher played alone.
    """

    seen: np.ndarray
    wanted: np.ndarray
    state: dict[str, np.ndarray]
    score: float
    led: bool


def gather(
    task: Task,
    program: Program,
    seeds: Sequence[int],
    folder: Path,
    *,
    led: bool,
    worlds: Worlds,
    evaluators: EvaluatorMaker,
    workers: int = 1,
    max_steps: int | None = None,
) -> tuple[LabelledEpisode, ...]:
    """Plays and reads what there is to learn; a failed episode counts until its failure.

    Args:
        task: what is played.
        program: made by :func:`hlearn.students.programs.taught`.
        seeds: labels of episodes.
        folder: for passing files.
        led: whether the teacher plays alone.
        worlds: reads the labels.
        evaluators: makes who plays.
        workers: episodes side by side.
        max_steps: environment steps at which an episode is cut.

    Raises:
        UsageError: the teacher fails before its first step, or observations are not finite.
    """
    jobs = [
        Job(
            program=program,
            seed=s,
            record=Record.TRACE,
            spool=str(folder / f"{s}.spool"),
            max_steps=max_steps,
        )
        for s in seeds
    ]
    with closing(KeyedEvaluator(evaluators(task, workers=workers), worlds)) as evaluator:
        results = evaluator.run(jobs)
    found = []
    for job, result in zip(jobs, results, strict=True):
        spool = Path(job.spool or "")
        episode = _read(spool, result.outcome.score, led=led) if spool.exists() else None
        spool.unlink(missing_ok=True)
        if episode is not None:
            found.append(episode)
        elif isinstance(result.outcome, Failure):
            raise UsageError(f"the program cannot teach, it fails: {result.outcome.message}")
    return tuple(found)


def halved(screens: np.ndarray) -> np.ndarray:
    """Screens as a student sees them: grey, two by two pixels averaged, uint8[T, height // 2, width // 2]."""
    grey = screens.mean(axis=3)
    height, width = grey.shape[1] // 2 * 2, grey.shape[2] // 2 * 2
    small = grey[:, :height, :width].reshape(len(grey), height // 2, 2, width // 2, 2).mean(axis=(2, 4))
    return np.asarray(np.round(small), np.uint8)


def _read(spool: Path, score: float, *, led: bool) -> LabelledEpisode | None:
    seen: list[np.ndarray] = []
    wanted: list[object] = []
    state: dict[str, list[tuple[int, float]]] = {}
    for block in read_spool(spool):
        count = len(block.rewards)
        if not count:
            continue
        rows = block.observations[:count]
        if rows.ndim == 4:
            rows = halved(rows)
        seen.append(rows if rows.dtype == np.uint8 else rows.astype(np.float32))
        for trace in block.traces:
            shown = trace.get("seen")
            for name, value in leaves(shown) if isinstance(shown, dict) else ():
                if isinstance(value, float) and (name in state or len(state) < MOST_TARGETS):
                    state.setdefault(name, []).append((len(wanted), value))
            wanted.append(trace.get("expert"))
    if not wanted:
        return None
    whole = np.concatenate(seen)
    if whole.dtype != np.uint8 and not np.isfinite(whole).all():
        place = int(np.argwhere(~np.isfinite(whole))[0][1])
        raise UsageError(
            f"observation component {place} is not finite in some steps; a network cannot learn from that: "
            "wrap the environment so that it gives numbers"
        )
    discrete = isinstance(wanted[0], (int, bool))
    labels = np.array(wanted, np.int64 if discrete else np.float32)
    if not discrete and not np.isfinite(labels).all():
        raise UsageError("the program gives actions that are not finite; a network cannot learn from that")
    columns = {name: np.full(len(wanted), np.nan, np.float32) for name in state}
    for name, values in state.items():
        for step, value in values:
            columns[name][step] = value
    return LabelledEpisode(seen=whole, wanted=labels, state=columns, score=score, led=led)
