"""Atari games, straight on the emulator."""

from __future__ import annotations

from collections.abc import Mapping

from hlearn.errors import UnsupportedAccess, UsageError
from hlearn.records import Access, Protocol
from hlearn.tasks.atari_scores import atari_game, reference_scores
from hlearn.tasks.environment import Environment
from hlearn.tasks.family import ScoreScale, Traits
from hlearn.tasks.gymnasium_ids import find_spec
from hlearn.tasks.task import Scalar, Task

_FRAMES_PER_S = 60.0
_ACCESSES = (Access.RAM, Access.PIXELS)


class AleFamily:
    """Every ``ALE/*-v5`` id."""

    name = "Atari"
    protocols: tuple[Protocol, ...] = (Protocol.STICKY, Protocol.ARTICLE, Protocol.V5)
    default_steps = 2_000_000

    def claims(self, env_id: str) -> bool:
        """Ids of the namespace ALE."""
        return env_id.startswith("ALE/")

    def accesses(self, env_id: str, kwargs: Mapping[str, Scalar]) -> tuple[Access, ...]:
        """The console's memory, and its screen."""
        find_spec(env_id)
        return _ACCESSES

    def open(self, task: Task, *, render: bool) -> Environment:
        """Opens the emulator; it can always draw."""
        from hlearn.tasks import atari

        spec = find_spec(task.env_id)
        if task.access not in _ACCESSES:
            raise UnsupportedAccess(
                f"{task.env_id} has no access {task.access}; choose {' or '.join(_ACCESSES)}"
            )
        kwargs = dict(task.kwargs)
        unknown = sorted(set(kwargs) - set(atari.OPTIONS))
        if unknown:
            raise UsageError(
                f"{task.env_id} takes no argument {', '.join(unknown)}; it takes {', '.join(atari.OPTIONS)} "
                "(frame skip and sticky actions belong to the protocol)"
            )
        return atari.AtariEnvironment(
            spec.kwargs["game"], access=task.access, protocol=task.protocol, **kwargs
        )

    def traits(self, task: Task) -> Traits:
        """Without sticky actions every seed gives the same episode."""
        from hlearn.tasks.atari import RULES

        return Traits(
            seed_matters=task.protocol is not Protocol.ARTICLE,
            is_own=False,
            decisions_per_second=_FRAMES_PER_S / RULES[task.protocol].frame_skip,
            flickers=True,
        )

    def score_scale(self, env_id: str) -> ScoreScale | None:
        """EpisodeCache for the 57 games."""
        return reference_scores().get(atari_game(env_id) or "")
