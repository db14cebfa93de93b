"""Scores on a scale that tasks share: the human-normalised score (HNS)."""

from __future__ import annotations

from hlearn.tasks.families import family_of


def human_normalized_score(env_id: str, score: float) -> float | None:
    """Returns (score - random) / (human - random): 0 is random play, 1 the human tester; None where unknown."""
    scale = family_of(env_id).score_scale(env_id)
    return None if scale is None else (score - scale.random) / (scale.human - scale.random)
