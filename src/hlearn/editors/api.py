"""The door that every editor goes through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from hlearn.evaluate.api import Job, Result
from hlearn.records import Cost, Evaluation, Program
from hlearn.tasks.environment import ActionSpace, ObservationSpec
from hlearn.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture for an editor.

    Attributes:
        name: of its file.
        data: PNG.
    """

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What went wrong, for an editor that can read and see.

    Attributes:
        text: Markdown, within a limit; names images as ``evidence/NAME``.
        images: those.
    """

    text: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The evidence an editor starts from.

    Attributes:
        champion: the program to improve, None where there is none yet.
        champion_dev: how it did on development seeds.
        rejected: notes of proposals that the gate turned down, oldest first, with the reasons.
        evidence: failures of the champion on development seeds, for editors that are no functions of what they are
            shown; None for others, and where nothing was played yet.
        lessons: what follows from all verdicts of the system until now, one line each.
        since_accepted: trials in a row since the last accepted one.
        tools: kept tools of the system, name and what each says of itself (:mod:`hlearn.system.kept_tools`).
        tuned: whether a tuner sets the numbers that a program declares, after each accepted edit.
        numbers_open: whether the champion is an accepted edit whose numbers no tuner has worked on yet.
    """

    task: Task
    observation: ObservationSpec
    actions: ActionSpace
    champion: Program | None
    champion_dev: Evaluation | None
    rejected: tuple[str, ...] = ()
    evidence: Evidence | None = None
    lessons: tuple[str, ...] = ()
    since_accepted: int = 0
    tools: tuple[tuple[str, str], ...] = ()
    tuned: bool = False
    numbers_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change to try.

    Attributes:
        program: the whole program after the change.
        note: one line for people: what changed and why.
        dev: development scores the editor measured itself, if any.
        files: what comes with it: path within the system and text of added tests, cases and notes.
        cost: what making it cost beside environment steps; None where nothing is known.
        attachments: what was kept of making it: path within the system and SHA-256.
        editor: who made it where that is not the run's editor, such as its tuner; "" for the run's.
    """

    program: Program
    note: str
    dev: Evaluation | None = None
    files: tuple[tuple[str, str], ...] = ()
    cost: Cost | None = None
    attachments: tuple[tuple[str, str], ...] = ()
    editor: str = ""


class Lab(Protocol):
    """What an editor may measure with: development seeds only, every step counted and recorded.

    Attributes:
        task: what is learnt.
        workers: episodes played side by side.
        longest: environment steps at which a whole episode had better be cut, since a program that hardly ever loses
            would play on for a large part of the budget; None: never.
        stall: environment steps without any reward after which an episode had better be given up.
        rng: the editor's generator.
    """

    task: Task
    workers: int
    longest: int | None
    stall: int
    rng: np.random.Generator

    @property
    def observation(self) -> ObservationSpec:
        """What a program sees."""

    @property
    def actions(self) -> ActionSpace:
        """What a program may do."""

    @property
    def remaining(self) -> int:
        """Environment steps left in the budget that editors may spend."""

    def seeds(self, start: int, count: int) -> list[int]:
        """Development seeds number ``start`` to ``start + count - 1`` of this run."""

    def measure(self, jobs: Sequence[Job]) -> list[Result]:
        """Plays jobs on development seeds, counts their steps and records them in the ledger.

        A job measured before (also before a crash of the run) is answered from the ledger at no cost.

        Raises:
            BudgetExhausted: nothing is left to spend. Where the budget ended within these jobs, the exception's
                ``results`` hold what was played to its end.
        """

    def say(self, text: str) -> None:
        """Shows what is being tried, in a few words."""


@runtime_checkable
class Editor(Protocol):
    """Proposes changes to the program.

    Attributes:
        name: how the ledger calls it.
        deterministic: whether it proposes the same again when it is shown the same, as the search does. An interrupted
            run is then replayed from the ledger; one of a coding agent goes on from its last
            settled trial.
    """

    name: str
    deterministic: bool

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        """Returns the next proposal, or None when it has nothing more to try."""
