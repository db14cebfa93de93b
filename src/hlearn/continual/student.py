"""A network that is taught while a program lives through a sequence: in all variants so far, judged on all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from hlearn.continual.sequence import Stage
from hlearn.errors import UsageError
from hlearn.evaluate.api import EvaluatorMaker
from hlearn.program import Program
from hlearn.records import Split
from hlearn.students.nets import torch
from hlearn.students.teaching import Lesson
from hlearn.students.updating import update_student
from hlearn.students.variants import Variants, is_taught, student_of
from hlearn.trust import Worlds

_JUDGED = 10  # development episodes per variant
_LESSON = Lesson(episodes=40, rounds=3, round_episodes=20, samples=200_000, frames=3)


class _Plays(Protocol):
    worlds: Worlds
    evaluators: EvaluatorMaker


class SequenceStudent:
    """Updates ``out/student`` after every so many new programs.

    Args:
        every: new programs between two updates.
        out: the sequence's folder.
        seed: learning seed.
        workers: episodes side by side.
        lesson: how it is taught.

    Raises:
        UsageError: ``every`` is below 1.
        MissingExtra: PyTorch or onnx is not installed.
    """

    def __init__(self, every: int, out: Path, *, seed: int, workers: int, lesson: Lesson = _LESSON) -> None:
        if every < 1:
            raise UsageError(f"a student is taught after at least 1 accepted program, got {every}")
        torch()
        self._every, self._out, self._seed, self._workers = every, out, seed, workers
        self._lesson = lesson
        self._count = 0
        self._asked: tuple[str, ...] = ()  # who taught last, and where, whether its student was taken or not

    def accepted(
        self, program: Program, met: Sequence[Stage], player: _Plays, tell: Callable[[str], None]
    ) -> None:
        """Takes note of a new program, and of the variants met so far."""
        self._count += 1
        if self._count % self._every == 0:
            self._update(program, met, player, tell)

    def finish(
        self, program: Program, met: Sequence[Stage], player: _Plays, tell: Callable[[str], None]
    ) -> None:
        """Has the last program teach, where it has not."""
        self._update(program, met, player, tell)

    def _update(
        self, program: Program, met: Sequence[Stage], player: _Plays, tell: Callable[[str], None]
    ) -> None:
        firsts: dict[str, Stage] = {}
        for stage in met:
            firsts.setdefault(stage.task.key, stage)
        stages = list(firsts.values())
        names = tuple(s.name for s in stages)
        if (program.sha256, *names) == self._asked or is_taught(self._out, program, names):
            return
        self._asked = (program.sha256, *names)
        update = update_student(
            self._out,
            Variants(
                teacher=program,
                names=names,
                tasks=tuple(s.task for s in stages),
                worlds=player.worlds,
                before=student_of(self._out),
            ),
            self._lesson,
            episodes=_JUDGED,
            split=Split.DEV,
            run_seed=self._seed,
            workers=self._workers,
            evaluators=player.evaluators,
            on_stage=tell,
        )
        tell("; ".join(update.lines()))
