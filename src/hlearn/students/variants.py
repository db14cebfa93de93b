"""A student of a program that lives in a changing world: taught in all its variants, again and again as it grows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hlearn.errors import UsageError
from hlearn.evaluate.api import Evaluator, EvaluatorMaker, Job
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.keyed import KeyedEvaluator
from hlearn.program import Program
from hlearn.records import Split
from hlearn.students.score import ratio_of
from hlearn.system import System
from hlearn.system.program_files import read_program, read_program_at
from hlearn.tasks.registry import report_cap
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

FOLDER = "student"  # within the folder of a sequence
CARD = "student.json"
_JUDGED = 780_000  # position of the first seed in the development split, where no fresh ones may be used
_LOST = 0.05  # of the teacher's score that a new student may lose on a variant against the one before


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """A program and the variants that it met.

    Attributes:
        teacher: the program.
        names: of the variants.
        tasks: likewise.
        worlds: reads labels of seeds.
        before: the student until now, None for the first.
    """

    teacher: Program
    names: tuple[str, ...]
    tasks: tuple[Task, ...]
    worlds: Worlds
    before: Program | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRatio:
    """Student over teacher on one variant.

    Attributes:
        name: of the variant.
        ratio: None where the teacher's mean is not above 0.
        interval: 95 % bootstrap interval.
        before: the ratio of the student until now; None where there is none.
        change: the student's mean less that of the one until now, in sizes of the teacher's mean; None where there is
            none until now. It tells also where scores are negative and ratios mean nothing.
    """

    name: str
    ratio: float | None
    interval: tuple[float, float] | None
    before: float | None
    change: float | None

    @property
    def forgot(self) -> float:
        """By how much it fell, in sizes of the teacher's mean; 0 where it rose or there is nothing to compare with."""
        return 0.0 if self.change is None else max(0.0, -self.change)


def read_variants(folder: Path) -> Variants:
    """Reads what ``hl continual`` left.

    Raises:
        UsageError: it is no such folder, or its key is not on this machine.
    """
    teacher = read_program(folder) if folder.is_dir() else None
    systems = [System.open(p.parent) for p in sorted((folder / "systems").glob("*/hl.toml"))]
    if teacher is None or not systems:
        raise UsageError(
            f"{folder} holds no program of several variants; make one with: hl continual SUITE.toml --out {folder}"
        )
    tasks = {s.task.key: s for s in systems}
    worlds = systems[0].worlds
    worlds.of(worlds.current)
    return Variants(
        teacher=teacher,
        names=tuple(s.path.name for s in tasks.values()),
        tasks=tuple(s.task for s in tasks.values()),
        worlds=worlds,
        before=student_of(folder),
    )


def student_of(folder: Path) -> Program | None:
    """The student that lies in a folder of a system or a sequence."""
    student = folder / FOLDER / "policy"
    return read_program_at(student) if student.is_dir() else None


def is_taught(folder: Path, teacher: Program, names: Sequence[str] | None = None) -> bool:
    """Whether the student that lies there was taught by this very program, in these variants where they are named."""
    try:
        card = json.loads((folder / FOLDER / CARD).read_text(encoding="utf-8"))
        in_variants = [v["name"] for v in card["variants"]]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    same = names is None or in_variants == list(names)
    return isinstance(card, dict) and card.get("teacher_sha256") == teacher.sha256 and same


def stand(
    variants: Variants,
    student: Program,
    *,
    episodes: int,
    workers: int = 1,
    on_stage: Callable[[str], None] | None = None,
    split: Split = Split.HOLDOUT,
    run_seed: int = 0,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
) -> tuple[VariantRatio, ...]:
    """Scores teacher, student and the student until now on the same seeds of every variant, none of which taught."""
    first = 0 if split is Split.HOLDOUT else _JUDGED
    seeds = split_seeds(split, run_seed, first, episodes)
    found = []
    for name, task in zip(variants.names, variants.tasks, strict=True):
        if on_stage is not None:
            on_stage(f"scoring on {name}")
        subjects = [variants.teacher, student] + ([variants.before] if variants.before else [])
        scores = _scores(
            subjects, seeds, variants.worlds, evaluators(task, workers=workers), report_cap(task)
        )
        ratio, interval = ratio_of(list(zip(scores[1], scores[0], strict=True)))
        before = ratio_of(list(zip(scores[2], scores[0], strict=True)))[0] if variants.before else None
        found.append(
            VariantRatio(name=name, ratio=ratio, interval=interval, before=before, change=_change(*scores))
        )
    return tuple(found)


def _change(teacher: Sequence[float], student: Sequence[float], before: Sequence[float] = ()) -> float | None:
    if not before:
        return None
    size = max(abs(float(np.mean(teacher))), float(np.std(teacher)), 1e-9)
    return float(np.mean(student) - np.mean(before)) / size


def accepted(standings: Sequence[VariantRatio]) -> bool:
    """Whether a new student may take the place of the old: on no variant does it lose more than a twentieth."""
    return all(s.forgot <= _LOST for s in standings)


def _scores(
    subjects: Sequence[Program], seeds: Sequence[int], worlds: Worlds, player: Evaluator, cap: int | None
) -> list[list[float]]:
    jobs = [Job(program=p, seed=s, max_steps=cap) for p in subjects for s in seeds]
    with closing(KeyedEvaluator(player, worlds)) as evaluator:
        scores = [r.outcome.score for r in evaluator.run(jobs)]
    return [scores[k * len(seeds) : (k + 1) * len(seeds)] for k in range(len(subjects))]
