"""Random and human scores of the 57 Atari games.

Source of the table: Wang et al. (2016), as kept in dqn_zoo's ``atari_data.py``; named in the data file.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files

from hlearn.tasks.family import ScoreScale


def atari_game(env_id: str) -> str | None:
    """Returns the game's name in snake case ("up_n_down" for "ALE/UpNDown-v5"), or None for other tasks."""
    match = re.fullmatch(r"ALE/(\w+)-v\d+", env_id)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", match[1]).lower() if match else None


@cache
def reference_scores() -> dict[str, ScoreScale]:
    """Returns the reference scores of the 57 games by the game's name in snake case."""
    text = files("hlearn.tasks").joinpath("data/atari57_scores.csv").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {
        row["game"]: ScoreScale(float(row["random"]), float(row["human"])) for row in csv.DictReader(lines)
    }
