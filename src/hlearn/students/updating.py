"""A student's update: taught anew by the program as it stands now, and put in the old one's place if it may."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hlearn.evaluate.api import EvaluatorMaker
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.records import Split
from hlearn.students.teaching import Lesson, Student, teach
from hlearn.students.variants import CARD, FOLDER, VariantRatio, Variants, accepted, stand
from hlearn.system.program_files import write_program


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentUpdate:
    """What came of it.

    Attributes:
        student: the new one.
        teacher_sha256: who taught it.
        standings: beside its teacher and the student until now, on every variant.
        accepted: whether it took the old one's place.
    """

    student: Student
    teacher_sha256: str
    standings: tuple[VariantRatio, ...]
    accepted: bool

    def as_json(self) -> dict[str, object]:
        """Fields for ``--json`` and the card."""
        return {
            "class": "network",
            "program_sha256": self.student.program.sha256,
            "teacher_sha256": self.teacher_sha256,
            "samples": self.student.samples,
            "rounds": list(self.student.rounds),
            "variants": [
                {
                    "name": s.name,
                    "ratio": s.ratio,
                    "interval": list(s.interval) if s.interval else None,
                    "before": s.before,
                    "forgot": s.forgot,
                }
                for s in self.standings
            ],
            "accepted": self.accepted,
        }

    def lines(self) -> list[str]:
        """Student over program on each variant, as text."""
        said = []
        for s in self.standings:
            share = "-" if s.ratio is None else f"{s.ratio:.3f}"
            if s.interval is not None:
                share += f" [{s.interval[0]:.3f}, {s.interval[1]:.3f}]"
            before = "" if s.before is None else f", before {s.before:.3f}"
            said.append(f"{s.name}: student over program {share}{before}")
        return said


def update_student(
    folder: Path,
    variants: Variants,
    lesson: Lesson,
    *,
    episodes: int,
    split: Split = Split.HOLDOUT,
    run_seed: int = 0,
    workers: int = 1,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
    on_stage: Callable[[str], None] | None = None,
    facts: Mapping[str, object] | None = None,
) -> StudentUpdate:
    """Teaches in all variants, judges on all of them, and keeps the better student in ``folder/student``.

    The new one takes the old one's place where it loses at most a twentieth of the program's score on every variant;
    the place holds a whole student at any moment but the one between two renames.

    Args:
        folder: of the system, or of the sequence.
        variants: the program, what it plays, and the student until now.
        lesson: how it is taught.
        episodes: per variant, on which it is judged.
        split: of these episodes.
        run_seed: of development seeds.
        workers: episodes side by side.
        evaluators: makes who plays.
        on_stage: told what is going on.
        facts: more for the card.

    Raises:
        MissingExtra: PyTorch or onnx is not installed.
        UsageError: the program fails, or what it sees cannot be learnt from.
        HarnessError: training came to numbers that are not finite.
    """
    student = teach(
        variants.tasks,
        variants.teacher,
        lesson,
        run_seed=run_seed,
        worlds=variants.worlds,
        workers=workers,
        evaluators=evaluators,
        on_stage=on_stage,
    )
    standings = stand(
        variants,
        student.program,
        episodes=episodes,
        workers=workers,
        on_stage=on_stage,
        split=split,
        run_seed=run_seed,
        evaluators=evaluators,
    )
    update = StudentUpdate(
        student=student,
        teacher_sha256=variants.teacher.sha256,
        standings=standings,
        accepted=accepted(standings),
    )
    if update.accepted:
        _install(folder, student, {**(facts or {}), **update.as_json()})
    return update


def _install(folder: Path, student: Student, card: Mapping[str, object]) -> None:
    place, part = folder / FOLDER, folder / f".{FOLDER}.part-{os.getpid()}"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    write_program(part, student.program.as_files())
    (part / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    old = folder / f".{FOLDER}.old-{os.getpid()}"
    if place.exists():
        os.rename(place, old)
    os.rename(part, place)
    shutil.rmtree(old, ignore_errors=True)
