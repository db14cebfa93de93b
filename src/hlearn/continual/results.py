"""What came of a sequence: the matrix of scores, and the figures that are made of it (Wolczyk et al., 2021)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """The program after one stage.

    Attributes:
        stage: its name.
        reused: whether what was known served, so that nothing was learnt.
        noticed: share of episodes in which the old program said that the world was none that it knew.
        steps: environment steps spent on learning.
        accepted: whether the new program held all cases of all variants so far; else the old one stayed.
        broken: cases that it broke.
        scores: mean score on every stage's variant.
    """

    stage: str
    reused: bool
    noticed: float
    steps: int
    accepted: bool
    broken: tuple[str, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All of it.

    Attributes:
        stages: names.
        rows: one per stage, in order.
        random: mean score of random play on each variant.
        alone: mean score of a program learnt for each variant alone.
        last_only: mean scores of the program learnt for the last variant alone: the control.
        ppo: mean scores of a PPO that went on training, after which stage and on which variant; empty without it.
    """

    stages: tuple[str, ...]
    rows: tuple[StageResult, ...]
    random: tuple[float, ...]
    alone: tuple[float, ...]
    last_only: tuple[float, ...]
    ppo: tuple[tuple[float, ...], ...] = ()

    def scaled(self, scores: tuple[float, ...]) -> np.ndarray:
        """Scores between random play (0) and a program learnt for the variant alone (1); NaN where these are equal."""
        low, high = np.array(self.random), np.array(self.alone)
        with np.errstate(divide="ignore", invalid="ignore"):
            found: np.ndarray = np.where(high != low, (np.array(scores) - low) / (high - low), np.nan)
        return found

    @property
    def matrix(self) -> np.ndarray:
        """Scaled scores, float64[stages, stages]: after which stage, on which variant."""
        return np.stack([self.scaled(row.scores) for row in self.rows])

    @property
    def average(self) -> float:
        """Average performance at the end."""
        return float(np.nanmean(self.matrix[-1]))

    @property
    def forgetting(self) -> float:
        """Mean fall from just after a variant was met to the end; the last one is left out."""
        return _forgetting(self.matrix)

    @property
    def forward(self) -> float:
        """Mean scaled score on a variant just before it was met: what earlier ones taught for it."""
        matrix = self.matrix
        return float(np.nanmean([matrix[i - 1, i] for i in range(1, len(matrix))]))

    @property
    def control(self) -> float:
        """Average performance of the program learnt for the last variant alone."""
        return float(np.nanmean(self.scaled(self.last_only)))

    @property
    def ppo_matrix(self) -> np.ndarray | None:
        """The same as :attr:`matrix` of the PPO that went on training, None without it."""
        return np.stack([self.scaled(row) for row in self.ppo]) if self.ppo else None

    def as_json(self) -> dict[str, object]:
        """Fields for ``--json`` and the results' file."""
        return {
            "stages": list(self.stages),
            "average": self.average,
            "forgetting": self.forgetting,
            "forward_transfer": self.forward,
            "control_last_only": self.control,
            "matrix": self.matrix.tolist(),
            "random": list(self.random),
            "alone": list(self.alone),
            "last_only": list(self.last_only),
            "ppo": None
            if (ppo := self.ppo_matrix) is None
            else {
                "average": float(np.nanmean(ppo[-1])),
                "forgetting": _forgetting(ppo),
                "matrix": ppo.tolist(),
            },
            "rows": [
                {
                    "stage": r.stage,
                    "reused": r.reused,
                    "noticed": r.noticed,
                    "steps": r.steps,
                    "accepted": r.accepted,
                    "broken": list(r.broken),
                    "scores": list(r.scores),
                }
                for r in self.rows
            ],
        }

    def lines(self) -> list[str]:
        """The matrix and the figures as text."""
        width = max(8, *(len(s) for s in self.stages))
        said = ["after \\ on".ljust(width + 2) + "".join(s.rjust(width + 1) for s in self.stages)]
        for row, values in zip(self.rows, self.matrix, strict=True):
            how = (
                "reused"
                if row.reused
                else f"{row.steps:,} steps" + ("" if row.accepted else ", not accepted")
            )
            cells = "".join(f"{v:.2f}".rjust(width + 1) for v in values)
            said.append(f"{row.stage.ljust(width + 2)}{cells}  {how}")
        said.append(
            f"average {self.average:.3f}, forgetting {self.forgetting:.3f}, forward transfer {self.forward:.3f}; "
            f"control, learnt on the last alone: {self.control:.3f}"
        )
        if (ppo := self.ppo_matrix) is not None:
            said.append(
                f"control, a PPO that went on training: average {np.nanmean(ppo[-1]):.3f}, "
                f"forgetting {_forgetting(ppo):.3f}"
            )
        return said


def _forgetting(matrix: np.ndarray) -> float:
    return float(np.nanmean(np.diag(matrix)[:-1] - matrix[-1, :-1]))
