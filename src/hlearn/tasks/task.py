"""What a task is, as pure data."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass

from hlearn.errors import UsageError
from hlearn.records import Access, Model, Protocol

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to solve.

    Attributes:
        env_id: a Gymnasium id ("ALE/Breakout-v5", "CartPole-v1", "my_package:MyEnv-v0").
        access: what the program observes.
        protocol: how an episode is run.
        kwargs: keyword arguments for the environment, sorted by name.
        target: score at which the task counts as solved (higher is better), or None.
        model: whether the program may simulate.
        variant: how the environment differs from the registered one, as :mod:`hlearn.tasks.variants` writes it
            ("delay=1,mass=1.2"); "" where it does not.

    Raises:
        UsageError: the target is not finite.
    """

    env_id: str
    access: Access
    protocol: Protocol
    kwargs: tuple[tuple[str, Scalar], ...] = ()
    target: float | None = None
    model: Model = Model.NONE
    variant: str = ""

    def __post_init__(self) -> None:
        if self.target is not None and not math.isfinite(self.target):
            raise UsageError(f"target is {self.target}, expected a score such as 100, or none at all")

    @property
    def key(self) -> str:
        """SHA-256 of what decides an episode: everything but the target."""
        parts: list[object] = [
            *(self.env_id, self.access.value, self.protocol.value, [list(kv) for kv in self.kwargs])
        ]
        if self.model is not Model.NONE or self.variant:  # what tasks had before keeps its key
            parts += [self.model.value, self.variant]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
