"""The gate's own error rate and power: a program raced against itself, and against itself with a gain.

    python benchmarks/gate_errors.py [SYSTEM ...]

Without arguments on made-up score distributions, ties, two values and heavy tails among them; with systems on the gate
and development scores that their ledgers hold for the champion. "The same" is the A/A check: the accepted share must
stay below alpha (0.10). Rows "of 8" are races that cannot have more than 8 pairs, as with long episodes.
"""

from __future__ import annotations

import sys

import numpy as np

from hlearn.gate import aa_check
from hlearn.ledger import Measured
from hlearn.records import Episode
from hlearn.system import System

ROUNDS = 2000
FEW = 8  # pairs


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


def made_up(rng: np.random.Generator) -> dict[str, tuple[list[float], list[float]]]:
    """Scores of a champion, and of a challenger that is better in the way that such scores allow."""
    normal = rng.normal(100, 20, 300)
    pareto = 100 * rng.pareto(1.5, 300)
    few, many = rng.random(300) < 0.30, rng.random(300) < 0.63
    low = rng.normal(421, 30, 300)
    rounded = np.round(rng.normal(2, 1, 300))
    return {
        "normal(100, 20)": (list(normal), list(normal + 10)),
        "Pareto(1.5) * 100": (list(pareto), list(2 * pareto)),
        "0 or 864": ([0.0] * 150 + [864.0] * 150, [0.0] * 60 + [864.0] * 240),
        "about 421, or 864": (list(np.where(few, 864.0, low)), list(np.where(many, 864.0, low))),
        "0 to 5, many ties": (list(rounded), list(rounded + 0.5)),
    }


def at_target(rng: np.random.Generator, reached: float, lost: float) -> tuple[list[float], list[int]]:
    """Scores and lives left of a program that nearly always reaches 864, losing so many balls on the way."""
    there = rng.random(300) < reached
    missed = rng.choice([428.0, 850.0, 860.0, 863.0], 300)
    lives = np.where(there, np.maximum(0, 5 - rng.poisson(lost, 300)), 0)
    return list(np.where(there, 864.0, missed)), [int(n) for n in lives]


def with_lives(rng: np.random.Generator) -> None:
    """Prints how the gate tells programs apart that mostly end at the target."""
    champion, theirs = at_target(rng, 0.9, 1.5)
    for what, reached, lost in (("the same", 0.9, 1.5), ("98 of 100", 0.98, 1.5), ("a life more", 0.95, 0.5)):
        challenger, ours = (champion, theirs) if what == "the same" else at_target(rng, reached, lost)
        check = aa_check(
            champion, rounds=ROUNDS // 4, rng=rng, challenger=challenger, lives=(ours, theirs), life=8.64
        )
        print(
            f"{'864 in 90 of 100':18} {what:13}: accepted {check.accepted:.3f} pairs {check.mean_pairs:.1f}"
        )


def main(paths: list[str]) -> None:
    """Prints one table row per distribution and challenger."""
    rng = np.random.default_rng(0)
    rows: list[tuple[str, str, list[float], list[float]]] = []
    for path in paths:
        scores = recorded(path)
        if len(scores) < 2:
            print(f"{path}: {len(scores)} recorded scores, at least 2 are needed")
            continue
        rows.append((path, "the same", scores, scores))
        spread = float(np.std(scores))
        rows += [
            (path, f"{gain} sd more", scores, [s + gain * spread for s in scores]) for gain in (0.5, 1.0, 2.0)
        ]
    if not paths:
        for name, (champion, challenger) in made_up(rng).items():
            rows.append((name, "the same", champion, champion))
            gain = (np.mean(challenger) - np.mean(champion)) / np.std(champion)
            rows.append((name, f"{gain:.2f} sd more", champion, challenger))
            spread = float(np.std(champion))
            rows += [
                (name, f"{k:.2f} sd more", champion, [s + k * spread for s in champion]) for k in (1.0, 2.0)
            ]
    if not paths:
        with_lives(rng)
    for most in (None, FEW):
        for name, what, champion, challenger in rows:
            check = aa_check(champion, rounds=ROUNDS, rng=rng, challenger=challenger, most=most)
            few = "" if most is None else f" of {most}"
            print(
                f"{name:18} {what:13}: accepted {check.accepted:.3f} rejected {check.rejected:.3f} "
                f"undecided {check.undecided:.3f} pairs {check.mean_pairs:.1f}{few}",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
