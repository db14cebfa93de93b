"""Environments of packages that nobody named: ``hl learn`` beside trivial play and a plain baseline, at equal steps.

    pip install -r benchmarks/foreign.txt        # optional, one by one: what is missing or broken is skipped, and said
    python benchmarks/foreign.py [--tasks PART,...] [--half seen|unseen] [--table]

The two halves: a task whose name's SHA-256 begins with an even hexadecimal digit may be looked at while the search is
mended ("seen"); the others are only reported ("unseen"). Each row is one run of ``hlearn.learn`` and one of the plain
baseline (``plain_linear.py``: random linear policies and hill climbing) with as many environment steps. Then the
champion, the baseline's best, random play, the best constant action and the blind replay of the champion's best
development episode play the same 20 fresh seeds (the replay ten of them). Rows are appended to
``benchmarks/results/foreign.jsonl``; what stands there is not run again.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import statistics
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from plain_linear import climb

from hlearn import System, learn
from hlearn.errors import HlearnError
from hlearn.evaluate.api import Job, Result
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evidence.measure import run_outside
from hlearn.lab import MeteredEvaluator
from hlearn.lab.recordings import Recordings
from hlearn.ledger import Purpose, Trial
from hlearn.loop.controls import constant_play, random_play
from hlearn.loop.report import play_blind
from hlearn.records import Episode, Program, Split
from hlearn.tasks import resolve_task
from hlearn.tasks.apart import limited_calls
from hlearn.tasks.registry import describe, report_cap
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Scalar, Task

HERE = Path(__file__).parent
FRESH = 20  # seeds
T_19 = 2.093  # Student's t, 95 %, 19 degrees of freedom
SCREENED = 3  # episodes on which constant actions are compared


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignTask:
    """A task: what it asks for in words, steps for both sides, whether the search was mended by it."""

    env_id: str
    steps: int
    kind: str
    kwargs: tuple[tuple[str, Scalar], ...] = ()
    looked_at: bool = False

    @property
    def name(self) -> str:
        """The id with its arguments."""
        return self.env_id + "".join(f" {k}={v}" for k, v in self.kwargs)

    @property
    def seen(self) -> bool:
        """Whether it may be looked at while the search is mended."""
        return self.looked_at or int(hashlib.sha256(self.name.encode()).hexdigest()[0], 16) % 2 == 0


TASKS = (
    ForeignTask(env_id="minigrid:MiniGrid-DoorKey-5x5-v0", steps=10_000, kind="grid, image in a Dict, text"),
    ForeignTask(env_id="minigrid:MiniGrid-LavaGapS5-v0", steps=10_000, kind="grid, image in a Dict, text"),
    ForeignTask(env_id="minigrid:MiniGrid-Dynamic-Obstacles-5x5-v0", steps=5_000, kind="grid that moves"),
    ForeignTask(env_id="highway_env:lane-keeping-v0", steps=5_000, kind="driving, nested Dict"),
    ForeignTask(env_id="highway_env:merge-v0", steps=300, kind="driving, slow"),
    ForeignTask(env_id="highway_env:parking-v0", steps=500, kind="driving to a goal, slow"),
    ForeignTask(env_id="panda_gym:PandaReachJoints-v3", steps=3_000, kind="goal reaching, joints"),
    ForeignTask(env_id="panda_gym:PandaPushDense-v3", steps=3_000, kind="goal reaching, pushing"),
    ForeignTask(env_id="gym_sailing:Motorboat-v0", steps=20_000, kind="steering"),
    ForeignTask(env_id="gym_sailing:SailboatDiscrete-v0", steps=20_000, kind="steering, wind"),
    ForeignTask(
        env_id="gymnasium_mars_lander:gymnasium_mars_lander/MarsLander-v1", steps=10_000, kind="landing"
    ),
    ForeignTask(env_id="gymnasium_cartpole_swingup:CartPoleSwingUp-v0", steps=10_000, kind="control"),
    ForeignTask(env_id="kraken_crossing:KrakenCrossing-v0", steps=10_000, kind="1,024 states in one number"),
    ForeignTask(env_id="pgtg:pgtg-exploration_2x2-v0", steps=3_000, kind="grid, Dict of MultiBinary"),
    ForeignTask(env_id="pickomino_env:Pickomino-v0", steps=5_000, kind="dice, MultiDiscrete actions"),
    ForeignTask(env_id="or_gymnasium:Knapsack-v3", steps=5_000, kind="packing, action mask"),
    ForeignTask(env_id="or_gymnasium:Knapsack-v0", steps=5_000, kind="200 actions, action mask"),
    ForeignTask(env_id="or_gymnasium:BinPacking-v0", steps=5_000, kind="packing, unsigned integers"),
    ForeignTask(env_id="or_gymnasium:Newsvendor-v0", steps=5_000, kind="stock, bounds of 2,000"),
    ForeignTask(env_id="or_gymnasium:VehicleRouting-v0", steps=3_000, kind="deliveries, slow"),
    ForeignTask(env_id="gym_invmgmt:GymInvMgmt/Serial-v0", steps=3_000, kind="stock, bounds of 3,200"),
    ForeignTask(env_id="crosswalk_env:crosswalk-v1", steps=2_000, kind="risk, slow"),
    ForeignTask(
        env_id="gymnasium_2048:gymnasium_2048/TwentyFortyEight-v0", steps=10_000, kind="4x4x16 binary board"
    ),
    ForeignTask(env_id="gymnasium_snake_game:Snake-v1", steps=10_000, kind="16x16x3 floats"),
    ForeignTask(
        env_id="tetris_gymnasium.envs:tetris_gymnasium/Tetris", steps=3_000, kind="arcade, Dict of boards"
    ),
    ForeignTask(env_id="mo_gymnasium:mo-mountaincar-v0", steps=2_000, kind="rewards are vectors"),
    # these the search was mended with
    ForeignTask(
        env_id="anesthesim:anesthesim/PropofolControl-v0", steps=10_000, kind="dosing", looked_at=True
    ),
    ForeignTask(
        env_id="anesthesim:anesthesim/CombinedAnesthesia-v0", steps=10_000, kind="dosing", looked_at=True
    ),
    ForeignTask(
        env_id="minatar_games:MinAtar/Breakout-v1", steps=20_000, kind="arcade, 10x10x4 board", looked_at=True
    ),
    ForeignTask(
        env_id="minatar_games:MinAtar/Asterix-v1", steps=20_000, kind="arcade, 10x10x4 board", looked_at=True
    ),
    ForeignTask(
        env_id="minatar_games:MinAtar/Freeway-v1", steps=30_000, kind="arcade, 10x10x7 board", looked_at=True
    ),
    ForeignTask(
        env_id="minatar_games:MinAtar/SpaceInvaders-v1",
        steps=20_000,
        kind="arcade, 10x10x6 board",
        looked_at=True,
    ),
    ForeignTask(
        env_id="flappy_bird_gymnasium:FlappyBird-v0", steps=20_000, kind="arcade, 180 rays", looked_at=True
    ),
    ForeignTask(
        env_id="popgym:popgym-HigherLowerEasy-v0", steps=10_000, kind="cards, memory", looked_at=True
    ),
)


def run(goal: ForeignTask, seed: int, out: Path, env_timeout: float) -> dict[str, object]:
    """One task as a row; says why where it cannot be run."""
    row: dict[str, object] = {"task": goal.name, "seen": goal.seen, "seed": seed, "budget": goal.steps}
    try:
        importlib.import_module(goal.env_id.partition(":")[0]) if ":" in goal.env_id else None
        task = resolve_task(goal.env_id, **dict(goal.kwargs))
    except (ImportError, HlearnError) as error:
        return {**row, "skipped": " ".join(str(error).split())[:300]}
    folder = out / "".join(c if c.isalnum() else "_" for c in goal.name) / str(seed)
    begun = time.monotonic()
    try:
        result = learn(
            task,
            out=folder,
            steps=goal.steps,
            seed=seed,
            workers=1,
            resume=folder.exists(),
            holdout=FRESH,
            env_timeout=env_timeout,
        )
    except HlearnError as error:  # refused, with a reason: a row of its own
        return {**row, "skipped": "refused: " + " ".join(str(error).split())[:280]}
    seconds = time.monotonic() - begun
    plain, used = climb(task, goal.steps, seed)
    system = System.open(folder)
    trials = [r.event for r in system.ledger.rows if isinstance(r.event, Trial)]
    champion = system.champion()
    source = champion.source if champion is not None else ""
    return {
        **row,
        "env_steps": result.env_steps,
        "seconds": round(seconds, 1),
        "first_at": trials[0].env_steps if trials else None,
        "lines": sum(bool(line.strip()) for line in source.splitlines()),
        "better_than_trivial": result.better_than_trivial,
        "why": result.why,
        "refused": result.refused,
        "plain_steps": used,
        "scores": played(system, task, champion, plain),
    }


def played(
    system: System, task: Task, champion: Program | None, plain: Program
) -> dict[str, list[float] | None]:
    """Scores of everybody on the same fresh seeds; None for who failed an episode."""
    seeds, cap = split_seeds(Split.HOLDOUT, 0, 0, FRESH), report_cap(task)
    with system.exclusive(wait_s=10.0), closing(IsolatedEvaluator(task, workers=1)) as evaluator:
        meter = MeteredEvaluator(
            task=task,
            run=run_outside(system, task, workers=1),
            ledger=system.ledger,
            programs=system.programs,
            recordings=Recordings(system.path / "recordings"),
            evaluator=evaluator,
            worlds=system.worlds,
            replaying=False,
        )

        def scores(program: Program, count: int = FRESH) -> list[float] | None:
            jobs = [Job(program=program, seed=s, max_steps=cap) for s in seeds[:count]]
            return _scores(meter.measure(jobs, Purpose.REPORT))

        actions = describe(task).actions
        constants = [c.program for c in constant_play(actions)]
        short = [statistics.fmean(scores(p, SCREENED) or [-np.inf]) for p in constants]
        blind = play_blind(meter, champion, actions, FRESH) if champion is not None else None
        found = {
            "hl": scores(champion) if champion is not None else None,
            "plain": scores(plain),
            "random": scores(random_play(actions).program),
            "constant": scores(constants[int(np.argmax(short))]),
            "blind": list(blind.scores) if blind is not None else None,
        }
        system.programs.sync()
    return found


def _scores(results: list[Result]) -> list[float] | None:
    return (
        [r.outcome.score for r in results] if all(isinstance(r.outcome, Episode) for r in results) else None
    )


def interval(scores: list[float]) -> tuple[float, float]:
    """Mean, and half the width of its 95 % interval."""
    wide = T_19 * statistics.stdev(scores) / len(scores) ** 0.5 if len(scores) > 1 else 0.0
    return statistics.fmean(scores), wide


def verdict(ours: list[float] | None, theirs: list[float] | None) -> str:
    """Better, worse, or neither by the interval of the paired differences."""
    if ours is None or theirs is None:
        return "failed" if ours is None else "better"
    n = min(len(ours), len(theirs))
    mean, wide = interval([a - b for a, b in zip(ours[:n], theirs[:n], strict=True)])
    return "better" if mean > wide else "worse" if mean < -wide else "even"


def table(rows: list[dict[str, object]], *, seen: bool) -> str:
    """One half's rows as Markdown."""
    lines = [
        "| task | kind | hl | plain | random | constant | blind | against plain | against random | lines | first at | "
        "steps |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for goal in (g for g in TASKS if g.seen is seen):
        for row in (r for r in rows if r["task"] == goal.name):
            if "skipped" in row:
                lines.append(f"| {goal.name} | {goal.kind} | skipped: {row['skipped']} | | | | | | | | | |")
                continue
            scores: dict[str, list[float] | None] = row["scores"]  # type: ignore[assignment]
            said = [_said(scores[k]) for k in ("hl", "plain", "random", "constant", "blind")]
            against = [verdict(scores["hl"], scores[k]) for k in ("plain", "random")]
            lines.append(
                f"| {goal.name} | {goal.kind} | **{said[0]}** | {' | '.join(said[1:])} | {' | '.join(against)} | "
                f"{row['lines']} | {row['first_at']} | {row['env_steps']} |"
            )
    return "\n".join(lines)


def _said(scores: list[float] | None) -> str:
    if scores is None:
        return "none"
    mean, wide = interval(scores)
    return f"{mean:.4g} ± {wide:.2g}"


def main() -> None:
    """Runs what is missing and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--tasks", default="", help="parts of names, separated by commas; all if not given")
    parser.add_argument("--half", choices=("seen", "unseen"), help="only one half")
    parser.add_argument("--seed", type=int, default=60, help="learning seed")
    parser.add_argument("--out", type=Path, default=Path("runs/foreign"), help="where the systems go")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "foreign.jsonl")
    parser.add_argument(
        "--env-timeout", type=float, default=600.0, help="seconds for a call of the environment"
    )
    parser.add_argument("--table", action="store_true", help="run nothing")
    options = parser.parse_args()
    rows = (
        [json.loads(x) for x in options.results.read_text().splitlines()] if options.results.exists() else []
    )
    parts = [p for p in options.tasks.split(",") if p]
    for goal in TASKS if not options.table else ():
        if (parts and not any(p in goal.name for p in parts)) or options.half not in (
            None,
            "seen" if goal.seen else "unseen",
        ):
            continue
        if any((r["task"], r["seed"]) == (goal.name, options.seed) for r in rows):
            continue
        with limited_calls(options.env_timeout):
            row = run(goal, options.seed, options.out, options.env_timeout)
        if row.get("why") == "interrupted":
            break
        rows.append(row)
        if "skipped" not in row:
            with options.results.open("a") as file:
                file.write(json.dumps(row) + "\n")
        print(table([row], seen=goal.seen).splitlines()[-1], flush=True)
    for seen in (True, False):
        print(f"\n{'seen' if seen else 'unseen'}\n\n{table(rows, seen=seen)}")


if __name__ == "__main__":
    main()
