"""Plays the episodes of an entry: labels become seeds by the entry's own published secret."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from hlearn.evaluate.api import Evaluator, Job, Result
from hlearn.trust.keys import OpenedSeeds


def player(evaluator: Evaluator, seeds: OpenedSeeds) -> Callable[[Sequence[Job]], list[Result]]:
    """Returns what plays jobs whose seeds are labels of an entry."""

    def play(jobs: Sequence[Job]) -> list[Result]:
        return evaluator.run(
            [replace(j, world_seed=seeds.world(j.seed), policy_seed=seeds.policy(j.seed)) for j in jobs]
        )

    return play
