"""Regression cases of mended failures: what they cost runs with small budgets, and whether these end lower with them.

    nice python -m benchmarks.mended_cases [--tasks IDS] [--steps 3000,10000] [--seeds 60,61] [--out FILE]

Each learning seed runs twice under one key, so with the same episodes: as ``hl learn`` does, and with no case made.
A row per pair: both scores on the same fresh seeds, how many cases were made, and the environment steps that making and
playing them took.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from hlearn import learn
from hlearn.ledger import Measured, Purpose
from hlearn.loop import session
from hlearn.system import System

HOLDOUT = 20


def run(task: str, steps: int, seed: int, folder: Path, most: int) -> dict[str, object]:
    """One run with at most so many cases."""
    session.MOST = most
    began = time.perf_counter()
    result = learn(task, out=folder, steps=steps, seed=seed, workers=1, holdout=HOLDOUT)
    events = [row.event for row in System.open(folder).ledger.rows]
    paid = [e.cost for e in events if isinstance(e, Measured) and e.purpose is Purpose.CASE]
    return {
        "score": result.score,
        "best_dev": result.best_dev,
        "trials": result.trials,
        "accepted": result.accepted,
        "cases": len(list((folder / "cases").glob("*.json"))),
        "case_steps": sum(paid),
        "env_steps": result.env_steps,
        "seconds": round(time.perf_counter() - began, 1),
    }


def main() -> None:
    """Runs every pair and prints a row as soon as it is there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--tasks", default="CartPole-v1,MountainCar-v0")
    parser.add_argument("--steps", default="3000,10000")
    parser.add_argument("--seeds", default="60,61")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    usual = session.MOST
    with tempfile.TemporaryDirectory(prefix="hl-cases-") as folder:
        stand = Path(folder)
        (stand / "a.key").write_text("5a" * 32)
        os.environ |= {"HLEARN_STATE": str(stand / "state"), "HLEARN_KEY": str(stand / "a.key")}
        for steps in map(int, options.steps.split(",")):
            for task in options.tasks.split(","):
                for seed in map(int, options.seeds.split(",")):
                    name = f"{task.rpartition(':')[2].replace('/', '-')}-{steps}-{seed}"
                    row = {
                        "task": task,
                        "steps": steps,
                        "seed": seed,
                        "with": run(task, steps, seed, stand / f"{name}-with", usual),
                        "without": run(task, steps, seed, stand / f"{name}-without", 0),
                    }
                    print(json.dumps(row), flush=True)
                    if options.out is not None:
                        with options.out.open("a") as file:
                            file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
