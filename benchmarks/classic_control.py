"""The embedded search on seven classic tasks: scores on fresh seeds, environment steps, seconds.

    python benchmarks/classic_control.py [--tasks CartPole-v1,...] [--seeds 5] [--workers N] [--out FOLDER]

Every learning seed is a run of ``hlearn.learning`` in a folder of its own, so that the benchmark can be stopped at
any time and goes on where it was when started again. Results are written to ``--json`` after every run. Scores
are means over 100 holdout seeds; the table shows medians over the learning seeds. Published figures come from
``classic_control_published.csv``, each with its source.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hlearn import LearnResult, learn
from hlearn.editors.search import SearchEditor
from hlearn.tasks import resolve_task

HERE = Path(__file__).parent
HOLDOUT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A task of the benchmark: the figure to reach and the steps that a run may take."""

    env_id: str
    reach: float
    steps: int


GOALS = (
    Goal(env_id="CartPole-v1", reach=500.0, steps=200_000),
    Goal(env_id="MountainCar-v0", reach=-110.0, steps=2_000_000),
    Goal(env_id="MountainCarContinuous-v0", reach=93.0, steps=2_000_000),
    Goal(env_id="Acrobot-v1", reach=-85.0, steps=2_000_000),
    Goal(env_id="Pendulum-v1", reach=-160.0, steps=2_000_000),
    Goal(env_id="LunarLander-v3", reach=260.0, steps=3_000_000),
    Goal(env_id="BipedalWalker-v3", reach=280.0, steps=4_000_000),
)


def run(goal: Goal, seed: int, out: Path, workers: int | None) -> LearnResult:
    """One learning run; a run that was interrupted before goes on."""
    folder = out / goal.env_id / str(seed)
    return learn(
        resolve_task(goal.env_id),
        out=folder,
        editor=SearchEditor(),
        steps=goal.steps,
        seed=seed,
        workers=workers,
        resume=folder.exists(),
        holdout=HOLDOUT,
    )


def published() -> dict[str, list[tuple[str, str]]]:
    """Published figures by task: (method and budget, mean)."""
    figures: dict[str, list[tuple[str, str]]] = {}
    with (HERE / "classic_control_published.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            name = f"{row['method']} ({row['split_or_budget']})"
            figures.setdefault(row["env"], []).append((name, row["mean"]))
    return figures


def table(rows: Sequence[dict[str, object]]) -> str:
    """The table of all results so far, as Markdown."""
    figures = published()
    lines = [
        "| task | reach | score (median) | worst seed | runs | steps (median) | seconds (median) | published |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for goal in GOALS:
        mine = [r for r in rows if r["task"] == goal.env_id and r["score"] is not None]
        if not mine:
            continue
        scores = [float(str(r["score"])) for r in mine]
        steps = statistics.median(float(str(r["env_steps"])) for r in mine)
        seconds = statistics.median(float(str(r["seconds"])) for r in mine)
        others = "; ".join(f"{name}: {float(mean):.1f}" for name, mean in figures.get(goal.env_id, []))
        lines.append(
            f"| {goal.env_id} | {goal.reach:g} | {statistics.median(scores):.1f} | {min(scores):.1f} "
            f"| {len(scores)} | {steps:,.0f} | {seconds:.0f} | {others} |"
        )
    return "\n".join(lines)


def machine() -> dict[str, object]:
    """Where the figures come from."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
    }


def main() -> None:
    """Runs what is missing and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--tasks", default=",".join(g.env_id for g in GOALS), help="ids, separated by commas")
    parser.add_argument("--seeds", type=int, default=5, help="how many learning seeds per task")
    parser.add_argument("--first-seed", type=int, default=30, help="the first; lower ones served development")
    parser.add_argument(
        "--workers", type=int, default=None, help="episodes side by side; the cores if not given"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/classic_control"), help="where the systems go")
    parser.add_argument("--json", type=Path, default=HERE / "results" / "classic_control.json")
    options = parser.parse_args()
    wanted = [g for g in GOALS if g.env_id in options.tasks.split(",")]
    rows: list[dict[str, object]] = []
    if options.json.exists():
        rows = json.loads(options.json.read_text())["runs"]
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for goal in wanted:
            if any(r["task"] == goal.env_id and r["seed"] == seed for r in rows):
                continue
            result = run(goal, seed, options.out, options.workers)
            if result.interrupted:
                print(table(rows))
                return
            row: dict[str, object] = {**result.as_json(), "system": f"{goal.env_id}/{seed}"}
            rows.append(row)
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps({"machine": machine(), "runs": rows}, indent=1) + "\n")
            print(
                f"{goal.env_id} seed {seed}: {result.score} after {result.env_steps:,} steps, {result.seconds:.0f} s"
            )
    print(table(rows))


if __name__ == "__main__":
    main()
