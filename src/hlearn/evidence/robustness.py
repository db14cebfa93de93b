"""What a champion's score becomes in other worlds: from the ledger, on the seeds that were played in both."""

from __future__ import annotations

import statistics
from typing import NamedTuple

from hlearn.ledger import Measured
from hlearn.records import Failure, Split
from hlearn.system import System

WORLDS = (
    *("delay=1", "observation_noise=0.02", "action_noise=0.1", "mass=1.2", "mass=0.8", "friction=0.8"),
    "action_noise=0.1,delay=1,mass=1.2,observation_noise=0.02",
)
"""The worlds in which ``hl eval --robustness`` tries a program; the last is called robust."""


class Elsewhere(NamedTuple):
    """A program in one world.

    Attributes:
        variant: the world.
        mean: mean score there; None where an episode failed.
        low: worst episode.
        episodes: how many, on seeds that were also played in the system's own world.
        own: mean score of the same seeds there.
    """

    variant: str
    mean: float | None
    low: float
    episodes: int
    own: float

    @property
    def share(self) -> float | None:
        """Part of its own world's score that is left; None where that is no positive number, or an episode failed."""
        return None if self.mean is None or self.own <= 0 else self.mean / self.own


def elsewhere(system: System, program: str | None) -> tuple[Elsewhere, ...]:
    """Every other world that a program was measured in, in the order in which they were first tried."""
    task = system.task
    worlds: dict[str, dict[int, float | None]] = {}
    for row in system.ledger.rows:
        event = row.event
        if not isinstance(event, Measured) or event.program != program or event.split is Split.GATE:
            continue
        if (event.access, event.protocol, event.model) != (task.access, task.protocol, task.model):
            continue
        scores = worlds.setdefault(event.variant, {})
        for outcome in event.outcomes:
            if isinstance(outcome, Failure):
                scores[outcome.seed] = None
            elif not outcome.stopped:
                scores[outcome.seed] = outcome.score
    own = worlds.pop(task.variant, {})
    found = []
    for variant, scores in worlds.items():
        both = [seed for seed in scores if own.get(seed) is not None]
        if not both:
            continue
        there = [scores[seed] for seed in both]
        fine = [score for score in there if score is not None]
        here = statistics.fmean(own[seed] or 0.0 for seed in both)
        found.append(
            Elsewhere(
                variant=variant or "as registered",
                mean=statistics.fmean(fine) if len(fine) == len(there) else None,
                low=min(fine, default=float("-inf")),
                episodes=len(both),
                own=here,
            )
        )
    return tuple(found)
