"""What a live display is told while a system learns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hlearn.ledger import Purpose, Trial
from hlearn.records import Budget, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """Where a run stands.

    Attributes:
        saying: what is being tried, in a few words.
        champion: SHA-256 of the champion, None before the first.
        champion_score: its mean on gate seeds (higher is better), None before the first.
        best_dev: the best development episode of any program so far.
        trials: proposals judged.
        accepted: those that became the champion.
        budget: environment steps of this system, and how many of them learning has spent.
        episodes: episodes played for learning.
        seconds: wall time of this sitting.
        episodes_left: episodes that the report at the end plays yet at most; None while it does not play.
    """

    saying: str
    champion: str | None
    champion_score: float | None
    best_dev: float | None
    trials: int
    accepted: int
    budget: Budget
    episodes: int
    seconds: float
    episodes_left: int | None = None


class Progress(Protocol):
    """A listener; called from the learning thread, often, so it should return quickly."""

    def said(self, text: str, standing: RunStatus) -> None:
        """Something else is being tried now."""

    def playing(self, purpose: Purpose, done: int, jobs: int, standing: RunStatus) -> None:
        """A batch goes on: ``done`` of its jobs were played, nothing is recorded yet; a few times per second."""

    def measured(self, purpose: Purpose, outcomes: Sequence[Outcome], standing: RunStatus) -> None:
        """Episodes were played and recorded."""

    def judged(self, trial: Trial, standing: RunStatus) -> None:
        """The gate decided; where it accepted, the champion is a new one."""

    def noted(self, text: str) -> None:
        """Something to know about the task, said once, at the start."""


class Silent:
    """Listens to nothing."""

    def said(self, text: str, standing: RunStatus) -> None:
        """Ignores it."""

    def playing(self, purpose: Purpose, done: int, jobs: int, standing: RunStatus) -> None:
        """Ignores it."""

    def measured(self, purpose: Purpose, outcomes: Sequence[Outcome], standing: RunStatus) -> None:
        """Ignores it."""

    def judged(self, trial: Trial, standing: RunStatus) -> None:
        """Ignores it."""

    def noted(self, text: str) -> None:
        """Ignores it."""
