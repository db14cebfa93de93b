"""Random and human scores of the 57 Atari games, and the human-normalised score (HNS).

Source of the table: Wang et al. (2016), as kept in dqn_zoo's ``atari_data.py``; named in the data file.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Reference(NamedTuple):
    """Reference scores of one game (raw game points, higher is better)."""

    random: float
    human: float


def atari_game(env_id: str) -> str | None:
    """Returns the game's name in snake case ("up_n_down" for "ALE/UpNDown-v5"), or None for other tasks."""
    match = re.fullmatch(r"ALE/(\w+)-v\d+", env_id)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", match[1]).lower() if match else None


@cache
def reference_scores() -> dict[str, Reference]:
    """Returns the reference scores of the 57 games by the game's name in snake case."""
    text = files("hlearn.tasks").joinpath("data/atari57_scores.csv").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {
        row["game"]: Reference(float(row["random"]), float(row["human"])) for row in csv.DictReader(lines)
    }


def human_normalized_score(env_id: str, score: float) -> float | None:
    """Returns (score - random) / (human - random): 0 is random play, 1 the human tester; None where unknown."""
    game = atari_game(env_id)
    reference = reference_scores().get(game) if game else None
    if reference is None:
        return None
    return (score - reference.random) / (reference.human - reference.random)
