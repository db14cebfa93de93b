"""How much of what the screen shows the bytes tell: recall of held-out sightings, and the same by chance, per game.

    nice python benchmarks/perception.py --half dev

Random play as in the search's probe; pictures teach, every third of them tests. No score is involved.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
from atari57 import HERE, buttons_of, halves, read, task_of

from hlearn.editors.search.arcade.look import wanderer
from hlearn.evaluate.api import PICTURE_EVERY, Job, Record
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.probe.blobs import cut
from hlearn.probe.things import find_slots
from hlearn.records import Access, Split
from hlearn.tasks.seeds import split_seeds

EPISODES = 3  # of each way to hold actions
STEPS = 2_000


def perceive(game: str, seed: int) -> dict[str, object]:
    """One game's figures."""
    task = task_of(game, Access.RAM)
    buttons = buttons_of(task)
    seeds = split_seeds(Split.DEV, seed, 0, 2 * EPISODES)
    holds = [(2, 16)] * EPISODES + [(20, 120)] * EPISODES
    jobs = [
        Job(program=wanderer(buttons, h), seed=s, max_steps=STEPS, record=Record.SHOWN)
        for h, s in zip(holds, seeds, strict=True)
    ]
    with IsolatedEvaluator(task, workers=1) as evaluator:
        recordings = [r.recording for r in evaluator.run(jobs) if r.recording is not None]
    began = time.perf_counter()
    shown = [(r, i) for r in recordings for i in range(len(r.pictures))]
    rams = np.concatenate([r.observations[::PICTURE_EVERY] for r in recordings])
    blobs, _ = cut(len(shown), lambda t: shown[t][0].picture(shown[t][1]))
    percept = find_slots(blobs, rams, np.random.default_rng(0))
    return {
        "game": game,
        "seed": seed,
        "pictures": len(shown),
        "blobs": len(blobs.t),
        "slots": len(percept.slots),
        "told": sum(s.teller is not None for s in percept.slots),
        "kinds": len({k for s in percept.slots for k in s.kinds.values()}),
        "recall": round(percept.recall, 3),
        "chance": round(percept.chance, 3),
        "seconds": round(time.perf_counter() - began, 1),
    }


def main() -> None:
    """Measures what is missing and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--half", choices=("dev", "report"), default="dev")
    parser.add_argument("--games", default="")
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--json", type=Path, default=HERE / "results" / "perception.jsonl")
    options = parser.parse_args()
    games = options.games.split(",") if options.games else halves()[options.half]
    for game in games:
        if any((r["game"], r["seed"]) == (game, options.seed) for r in read(options.json)):
            continue
        row = perceive(game, options.seed)
        with options.json.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)
    rows = [r for r in read(options.json) if r["game"] in games]
    recall, chance = (statistics.median(r[k] for r in rows) for k in ("recall", "chance"))
    print(f"{len(rows)} games: median recall {recall:.2f}, chance {chance:.2f}")


if __name__ == "__main__":
    main()
