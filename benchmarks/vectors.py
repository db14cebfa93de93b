"""The embedded search on tables, goals, roads, markets and grids, most of them from packages that it never heard of.

    pip install -r benchmarks/vectors.txt        # optional: what is missing is skipped, and said
    python benchmarks/vectors.py [--tasks ID,...] [--seeds 1] [--workers N] [--out FOLDER]

Each run is ``hlearn.learn`` in a folder of its own; the benchmark can be stopped at any time and goes on where it was.
Every row stands beside random play, the best constant action and the blind replay on the same fresh seeds, and says
whether the champion is better than these by the gate's own test. Rows marked "seen" were looked at while the search was
built; the others were not.
"""

from __future__ import annotations

import argparse
import importlib
import json
from dataclasses import dataclass
from pathlib import Path

from hlearn import learn
from hlearn.editors.search import SearchEditor
from hlearn.errors import HlearnError
from hlearn.tasks import resolve_task
from hlearn.tasks.task import Scalar

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A task of the benchmark.

    Attributes:
        steps: environment steps that a run may take.
        reach: what is to be reached, in words.
        seen: whether it was looked at while the search was built.
        kwargs: for the environment.
    """

    env_id: str
    steps: int
    reach: str = "better than trivial play"
    seen: bool = False
    kwargs: tuple[tuple[str, Scalar], ...] = ()

    @property
    def name(self) -> str:
        """The id with its arguments."""
        return self.env_id + "".join(f" {k}={v}" for k, v in self.kwargs)


GOALS = (
    Goal(env_id="CartPole-v1", steps=20_000, reach="500", seen=True),
    Goal(env_id="FrozenLake-v1", steps=50_000, reach="0.74 (optimal)", seen=True),
    Goal(
        env_id="FrozenLake-v1", steps=50_000, reach="1 (optimal)", seen=True, kwargs=(("is_slippery", False),)
    ),
    Goal(
        env_id="FrozenLake-v1", steps=50_000, reach="0.63 (optimal)", seen=True, kwargs=(("map_name", "8x8"),)
    ),
    Goal(
        env_id="FrozenLake-v1",
        steps=50_000,
        reach="1 (optimal)",
        kwargs=(("map_name", "8x8"), ("is_slippery", False)),
    ),
    Goal(env_id="CliffWalking-v1", steps=50_000, reach="-13 (optimal)", seen=True),
    Goal(env_id="Taxi-v4", steps=100_000, reach="7.5", seen=True),
    Goal(env_id="Blackjack-v1", steps=200_000, reach="-0.05 (basic strategy)", seen=True),
    Goal(env_id="gym_simplegrid:SimpleGrid-8x8-v0", steps=20_000),
    Goal(env_id="mazegym:Maze5x5Fixed-v0", steps=10_000),
    Goal(env_id="panda_gym:PandaReach-v3", steps=8_000),
    Goal(env_id="gymnasium_robotics:FetchReach-v4", steps=8_000),
    Goal(env_id="gymnasium_robotics:PointMaze_UMaze-v3", steps=20_000),
    Goal(env_id="minigrid:MiniGrid-Empty-5x5-v0", steps=10_000),
    Goal(env_id="flappy_bird_gymnasium:FlappyBird-v0", steps=30_000, kwargs=(("use_lidar", False),)),
    Goal(env_id="gym_anytrading:forex-v0", steps=100_000),
    Goal(env_id="boing_gym:Boing-v0", steps=20_000),
    Goal(env_id="asteroidsenv:Asteroids-features-v0", steps=20_000),
    Goal(env_id="highway_env:highway-fast-v0", steps=2_000),
    Goal(env_id="highway_env:parking-v0", steps=8_000),
    Goal(env_id="Reacher-v5", steps=100_000, reach="-4.5"),
    Goal(env_id="InvertedDoublePendulum-v5", steps=100_000, reach="9,300"),
    Goal(env_id="Swimmer-v5", steps=300_000, reach="100"),
    Goal(env_id="HalfCheetah-v5", steps=1_000_000, reach="above its blind replay"),
    Goal(env_id="Hopper-v5", steps=1_000_000, reach="above its blind replay"),
    Goal(env_id="Ant-v5", steps=1_000_000, reach="above its blind replay"),
)


def run(goal: Goal, seed: int, out: Path, workers: int | None, holdout: int) -> dict[str, object]:
    """One learning run as a row; a run that was interrupted before goes on. Says why where it cannot be run."""
    row: dict[str, object] = {"task": goal.name, "seed": seed, "budget": goal.steps, "seen": goal.seen}
    module = goal.env_id.partition(":")[0] if ":" in goal.env_id else None
    try:
        if module is not None:
            importlib.import_module(module)
        task = resolve_task(goal.env_id, **dict(goal.kwargs))  # type: ignore[arg-type]
    except (ImportError, HlearnError) as error:
        return {**row, "skipped": " ".join(str(error).split())[:200]}
    folder = out / goal.name.replace("/", "_").replace(":", "_").replace(" ", "_") / str(seed)
    result = learn(
        task,
        out=folder,
        editor=SearchEditor(),
        steps=goal.steps,
        seed=seed,
        workers=workers,
        resume=folder.exists(),
        holdout=holdout,
    )
    program = folder / "policy.py"
    lines = [x for x in program.read_text().splitlines() if x.strip()] if program.exists() else []
    return {**row, **result.as_json(), "task": goal.name, "lines": len(lines), "system": str(folder.name)}


def table(rows: list[dict[str, object]]) -> str:
    """The table of all results so far, as Markdown."""
    lines = [
        "| task | reach | seen | seed | ours | random | constant | blind | better | lines | steps | seconds |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for goal in GOALS:
        for r in (r for r in rows if r["task"] == goal.name):
            if "skipped" in r:
                lines.append(f"| {goal.name} | {goal.reach} | | | skipped: {r['skipped']} | | | | | | | |")
                continue
            scores = [_said(r[k]) for k in ("score", "random_play", "best_constant", "blind_replay")]
            better = {True: "yes", False: "no", None: ""}[r["better_than_trivial"]]  # type: ignore[index]
            seen = "yes" if goal.seen else "no"
            lines.append(
                f"| {goal.name} | {goal.reach} | {seen} | {r['seed']} | **{scores[0]}** | {' | '.join(scores[1:])} | "
                f"{better} | {r['lines']} | {r['env_steps']:,} | {float(str(r['seconds'])):.0f} |"
            )
    return "\n".join(lines)


def _said(value: object) -> str:
    return "" if value is None else f"{float(str(value)):.4g}"


def main() -> None:
    """Runs what is missing and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--tasks", default="", help="parts of names, separated by commas; all if not given")
    parser.add_argument("--seeds", type=int, default=1, help="how many learning seeds per task")
    parser.add_argument("--first-seed", type=int, default=30, help="the first; lower ones served development")
    parser.add_argument(
        "--workers", type=int, default=None, help="episodes side by side; the cores if not given"
    )
    parser.add_argument("--holdout", type=int, default=100, help="fresh episodes per run")
    parser.add_argument("--out", type=Path, default=Path("runs/vectors"), help="where the systems go")
    parser.add_argument("--json", type=Path, default=HERE / "results" / "vectors.json")
    options = parser.parse_args()
    parts = [p for p in options.tasks.split(",") if p]
    wanted = [g for g in GOALS if not parts or any(p in g.name for p in parts)]
    rows: list[dict[str, object]] = []
    if options.json.exists():
        rows = json.loads(options.json.read_text())["runs"]
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for goal in wanted:
            if any(r["task"] == goal.name and r["seed"] == seed and "skipped" not in r for r in rows):
                continue
            row = run(goal, seed, options.out, options.workers, options.holdout)
            if row.get("why") == "interrupted":
                print(table(rows))
                return
            rows = [r for r in rows if (r["task"], r["seed"]) != (goal.name, seed)] + [row]
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps({"runs": rows}, indent=1) + "\n")
            print(f"{goal.name} seed {seed}: {row.get('score', row.get('skipped'))}", flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
