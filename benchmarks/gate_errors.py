"""The gate's own error rate and power: a program raced against itself, and against itself with a gain.

    python benchmarks/gate_errors.py [SYSTEM ...]

Without arguments on three made-up score distributions; with systems on the gate and development scores that their
ledgers hold for the champion. A gain of 0 is the A/A check: the accepted share must stay below alpha (0.10).
"""

from __future__ import annotations

import sys

import numpy as np

from hlearn.gate import aa_check
from hlearn.ledger import Measured
from hlearn.records import Episode
from hlearn.system import System

ROUNDS = 1000


def recorded(path: str) -> list[float]:
    """Scores of the champion's whole episodes."""
    system = System.open(path)
    champion = system.champion()
    rows = (row.event for row in system.ledger.rows)
    return [
        outcome.score
        for event in rows
        if isinstance(event, Measured) and champion is not None and event.program == champion.sha256
        for outcome in event.outcomes
        if isinstance(outcome, Episode) and event.caps.max_steps is None
    ]


def main(paths: list[str]) -> None:
    """Prints one table row per distribution and gain."""
    rng = np.random.default_rng(0)
    made_up = {
        "normal(100, 20)": list(rng.normal(100, 20, 300)),
        "Pareto(1.5) * 100": list(100 * rng.pareto(1.5, 300)),
        "0 or 864, evenly": [0.0] * 150 + [864.0] * 150,
    }
    for name, scores in ({path: recorded(path) for path in paths} or made_up).items():
        if len(scores) < 2:
            print(f"{name}: {len(scores)} recorded scores, at least 2 are needed")
            continue
        spread = float(np.std(scores))
        for gain in (0.0, 0.5, 1.0, 2.0):
            check = aa_check(scores, rounds=ROUNDS, rng=rng, gain=gain * spread)
            print(
                f"{name:24} gain {gain:.1f} sd: accepted {check.accepted:.3f} rejected {check.rejected:.3f} "
                f"undecided {check.undecided:.3f} pairs {check.mean_pairs:.1f}"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
