"""Behaviour cloning, then DAgger (Ross et al., 2011): the student plays, the program says what it would have done."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hlearn.errors import UsageError
from hlearn.evaluate.api import EvaluatorMaker
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.program import MOST_NETWORK_BYTES
from hlearn.records import Access, Program, Split
from hlearn.students.nets import NetworkShape, as_onnx, torch
from hlearn.students.programs import student_program, taught
from hlearn.students.samples import LabelledEpisode, gather
from hlearn.students.training import Rates, Samples, train
from hlearn.students.trees import tree_program
from hlearn.tasks.environment import Discrete
from hlearn.tasks.registry import describe, report_cap
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

_FIRST = 700_000  # position of the first seed in the development split


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """How a student is taught.

    Attributes:
        episodes: that the teacher plays alone.
        rounds: of DAgger.
        round_episodes: that the student plays in each.
        samples: decisions at most, in all.
        frames: observations that the student sees at once; None: 1 of vectors, 2 of memory and screens.
        rates: of training.
        seed: of weights, order and episodes.
    """

    episodes: int = 20
    rounds: int = 3
    round_episodes: int = 10
    samples: int = 1_000_000
    frames: int | None = None
    rates: Rates = field(default_factory=Rates)
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """A taught network.

    Attributes:
        program: that plays it.
        samples: decisions that it learnt from.
        env_steps: environment steps that were played for it.
        loss: of the last epoch.
        teacher_score: mean of the teacher's own episodes.
        rounds: mean score of the student's episodes, by round.
        targets: names of what it learnt to see.
    """

    program: Program
    samples: int
    env_steps: int
    loss: float
    teacher_score: float
    rounds: tuple[float, ...]
    targets: tuple[str, ...]


def teach(
    task: Task | Sequence[Task],
    teacher: Program,
    lesson: Lesson,
    *,
    run_seed: int = 0,
    worlds: Worlds | None = None,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
    workers: int = 1,
    on_stage: Callable[[str], None] | None = None,
) -> Student:
    """Teaches a network what a program does.

    Args:
        task: what is played; several, alike in what they show and take, where the program knows more than one world:
            episodes are shared out among them.
        teacher: the program.
        lesson: how.
        run_seed: decides the development seeds.
        worlds: reads labels of seeds.
        evaluators: makes who plays.
        workers: episodes side by side.
        on_stage: told what is going on.

    Raises:
        MissingExtra: PyTorch or onnx is not installed.
        UsageError: the teacher fails, or what it sees cannot be learnt from.
        HarnessError: training came to numbers that are not finite.
    """
    torch()
    tell = on_stage or (lambda _: None)
    tasks = (task,) if isinstance(task, Task) else tuple(task)
    description = describe(tasks[0])
    discrete = isinstance(description.actions, Discrete)
    frames = lesson.frames or (1 if tasks[0].access is Access.VECTOR else 2)
    image = len(description.observation.shape) == 3
    episodes: list[LabelledEpisode] = []
    net = graph = None
    loss, place, scores = 0.0, _FIRST + 10_000 * lesson.seed, []
    targets: tuple[str, ...] = ()
    with tempfile.TemporaryDirectory(prefix="hlearn-lesson-") as name:
        for round_ in range(lesson.rounds + 1):
            room = lesson.samples - sum(len(e.seen) for e in episodes)
            if room <= 0:
                break
            count = lesson.round_episodes if round_ else lesson.episodes
            tell(f"{'the student' if round_ else 'the program'} plays {count} episodes")
            subject = taught(teacher, graph, frames=frames, share=0.0, discrete=discrete)
            new: tuple[LabelledEpisode, ...] = ()
            for one, share in zip(tasks, _shares(count, len(tasks)), strict=True):
                new += gather(
                    one,
                    subject,
                    split_seeds(Split.DEV, run_seed, place, share),
                    Path(name),
                    led=not round_,
                    worlds=worlds or Worlds(),
                    evaluators=evaluators,
                    workers=workers,
                    max_steps=report_cap(one),
                )
            place += count
            scores.append(sum(e.score for e in new) / max(len(new), 1))
            episodes += _within(new, room)
            samples = Samples(episodes, frames, image=image)
            if not targets:
                targets = samples.names
            shape = NetworkShape.of(
                description.observation, description.actions, frames=frames, targets=len(samples.names)
            )
            tell(f"training on {len(samples):,} decisions")
            same = net is not None and samples.names == targets
            net, loss = train(samples, shape, lesson.rates, seed=lesson.seed, start=net if same else None)
            targets = samples.names
            graph = as_onnx(net, shape)
    if graph is None:
        raise UsageError(f"expected samples above 0, got {lesson.samples}")
    if len(graph) > MOST_NETWORK_BYTES:
        raise UsageError(f"the network has {len(graph)} bytes, a program may carry {MOST_NETWORK_BYTES}")
    return Student(
        program=student_program(graph, teacher, frames=frames, discrete=discrete),
        samples=sum(len(e.seen) for e in episodes),
        env_steps=sum(len(e.seen) for e in episodes),
        loss=loss,
        teacher_score=scores[0],
        rounds=tuple(scores[1:]),
        targets=targets,
    )


def teach_tree(
    task: Task,
    teacher: Program,
    *,
    depth: int,
    episodes: int,
    run_seed: int = 0,
    worlds: Worlds | None = None,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
    workers: int = 1,
) -> Student:
    """Fits a decision tree to what a program, or a network in one, does: a program of plain rules.

    Args:
        task: what is played.
        teacher: what is imitated.
        depth: questions on the way to a leaf at most.
        episodes: that the teacher plays.
        run_seed: decides the development seeds.
        worlds: reads labels of seeds.
        evaluators: makes who plays.
        workers: episodes side by side.

    Raises:
        UsageError: the teacher fails, actions are vectors, or observations are screens.
    """
    description = describe(task)
    discrete = isinstance(description.actions, Discrete)
    with tempfile.TemporaryDirectory(prefix="hlearn-lesson-") as name:
        seen = gather(
            task,
            taught(teacher, None, frames=1, share=0.0, discrete=discrete),
            split_seeds(Split.DEV, run_seed, _FIRST, episodes),
            Path(name),
            led=True,
            worlds=worlds or Worlds(),
            evaluators=evaluators,
            workers=workers,
            max_steps=report_cap(task),
        )
    steps = sum(len(e.seen) for e in seen)
    return Student(
        program=tree_program(seen, description.observation, teacher, depth=depth),
        samples=steps,
        env_steps=steps,
        loss=0.0,
        teacher_score=sum(e.score for e in seen) / max(len(seen), 1),
        rounds=(),
        targets=(),
    )


def _shares(count: int, parts: int) -> list[int]:
    """So many episodes shared out, each part at least one."""
    return [max(1, count // parts + (place < count % parts)) for place in range(parts)]


def _within(episodes: tuple[LabelledEpisode, ...], room: int) -> list[LabelledEpisode]:
    """Episodes until the room is used up, the last one cut."""
    kept: list[LabelledEpisode] = []
    for e in episodes:
        take = min(room, len(e.seen))
        if take <= 0:
            break
        kept.append(
            LabelledEpisode(
                seen=e.seen[:take],
                wanted=e.wanted[:take],
                state={n: v[:take] for n, v in e.state.items()},
                score=e.score,
                led=e.led,
            )
        )
        room -= take
    return kept
