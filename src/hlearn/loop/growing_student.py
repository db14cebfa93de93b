"""A network that is taught while a system grows: after every few accepted programs, and at the end of learning.

Beside learning: what is played for it is not charged to the run, its episodes are development episodes that no editor
is shown, and nothing of it goes back into the search.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from hlearn.errors import HlearnError, UsageError
from hlearn.evaluate.api import EvaluatorMaker
from hlearn.lab import Progress
from hlearn.program import Program
from hlearn.records import Split
from hlearn.students.nets import torch
from hlearn.students.teaching import Lesson
from hlearn.students.updating import update_student
from hlearn.students.variants import CARD, FOLDER, Variants, is_taught, student_of
from hlearn.system import System
from hlearn.tasks.task import Task

_JUDGED = 20  # development episodes on which new student, old student and program are compared
_LESSON = Lesson(episodes=20, rounds=2, round_episodes=10, samples=100_000)


def check_lessons(every: int) -> None:
    """Checks what a student needs before anything is played.

    Raises:
        UsageError: it is to be taught after less than one program.
        MissingExtra: PyTorch or onnx is not installed.
    """
    if every < 1:
        raise UsageError(f"a student is taught after at least 1 accepted program, got {every}")
    torch()


@dataclass(kw_only=True)
class GrowingStudent:
    """Updates the student of a system, in its folder ``student``.

    Attributes:
        every: accepted programs between two updates.
        system: whose programs teach.
        task: what is played.
        evaluators: makes who plays.
        workers: episodes side by side.
        progress: is told what came of it.
        lesson: how it is taught.
    """

    every: int
    system: System
    task: Task
    evaluators: EvaluatorMaker
    workers: int
    progress: Progress
    lesson: Lesson = field(default_factory=lambda: _LESSON)
    _asked: str = ""  # SHA-256 of the program that taught last, whether its student was taken or not

    def accepted(self, champion: Program, count: int) -> None:
        """Takes note of a new champion.

        Args:
            champion: the program.
            count: of programs accepted in the system so far; a count that was updated at before a resumption is
                passed over.
        """
        if count % self.every == 0 and count > _taught_at(self.system.path):
            self._update(champion, count)

    def finish(self, champion: Program | None, count: int) -> None:
        """Has the last champion teach, where it has not."""
        if champion is None or champion.sha256 == self._asked:
            return
        if not is_taught(self.system.path, champion):
            self._update(champion, count)

    def _update(self, champion: Program, count: int) -> None:
        self._asked = champion.sha256
        variants = Variants(
            teacher=champion,
            names=(self.task.env_id,),
            tasks=(self.task,),
            worlds=self.system.worlds,
            before=student_of(self.system.path),
        )
        try:
            update = update_student(
                self.system.path,
                variants,
                self.lesson,
                episodes=_JUDGED,
                split=Split.DEV,
                run_seed=self.system.config.seed,
                workers=self.workers,
                evaluators=self.evaluators,
                facts={"accepted_programs": count},
            )
        except (HlearnError, OSError) as error:  # learning goes on: the student is beside it
            self.progress.noted(f"the student was not updated: {error}")
            return
        kept = "" if update.accepted else "; the old one stays"
        self.progress.noted("; ".join(update.lines()) + f" (development seeds){kept}")


def _taught_at(folder: Path) -> int:
    """After how many accepted programs the student was updated last, 0 where there is none."""
    try:
        card = json.loads((folder / FOLDER / CARD).read_text(encoding="utf-8"))
        return int(card.get("accepted_programs", 0))
    except (OSError, ValueError, AttributeError, TypeError):
        return 0
