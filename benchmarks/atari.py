"""The embedded search on Atari: scores on fresh seeds, with both controls beside them.

    python benchmarks/atari.py ten --access ram --seeds 1        # the ten games, 1 M frames each
    python benchmarks/atari.py breakout-article --seeds 5        # and: breakout-sticky, pong

Every learning seed is a run of ``hlearn.learning`` in a folder of its own; stopped, the benchmark goes on where it
was. Results are written after every run. Scores are means over holdout seeds that no run has used for learning.

Two controls: ``blind`` replays the actions of the best development episode on fresh seeds without looking,
``constant`` holds the one action that did best on two development seeds. In Breakout the score cannot fall and
864 is all there is, so its holdout episodes end when 864 is reached (marked ``stopped``).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from hlearn import learn
from hlearn.editors.search import SearchEditor
from hlearn.evaluate.api import Job
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.ledger import Caps, Measured
from hlearn.records import Access, Episode, Program, Protocol, Split
from hlearn.system import System
from hlearn.tasks import open_environment, resolve_task
from hlearn.tasks.environment import Discrete
from hlearn.tasks.scores import human_normalized_score
from hlearn.tasks.seeds import split_of, split_seeds
from hlearn.tasks.task import Task

HERE = Path(__file__).parent
STALL = 9_000  # frames without reward after which an episode of a control is over
TEN = (
    *("Freeway", "Boxing", "SpaceInvaders", "DemonAttack", "Assault"),
    *("Asterix", "Krull", "Gopher", "Tennis", "Jamesbond"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of run: the game, how it is played, what it may cost, how it is scored."""

    game: str
    protocol: Protocol
    steps: dict[Access, int]
    target: float | None
    holdout: int


SETS = {
    "ten": tuple(
        Row(
            game=g,
            protocol=Protocol.STICKY,
            steps={Access.RAM: 1_000_000, Access.PIXELS: 1_000_000},
            target=None,
            holdout=10,
        )
        for g in TEN
    ),
    "pong": (
        Row(
            game="Pong",
            protocol=Protocol.STICKY,
            steps={Access.RAM: 1_000_000, Access.PIXELS: 1_000_000},
            target=21.0,
            holdout=30,
        ),
    ),
    "breakout-article": (
        Row(
            game="Breakout",
            protocol=Protocol.ARTICLE,
            steps={Access.RAM: 200_000, Access.PIXELS: 500_000},
            target=864.0,
            holdout=1,
        ),
    ),
    "breakout-sticky": (
        Row(
            game="Breakout",
            protocol=Protocol.STICKY,
            steps={Access.RAM: 6_000_000, Access.PIXELS: 6_000_000},
            target=864.0,
            holdout=100,
        ),
    ),
}


def run(row: Row, access: Access, seed: int, out: Path, workers: int) -> dict[str, object]:
    """Learns once and measures on fresh seeds."""
    task = resolve_task(f"ALE/{row.game}-v5", access=access, protocol=row.protocol, target=row.target)
    folder = out / f"{row.game}-{access.value}-{row.protocol.value}-{seed}"
    began = time.perf_counter()
    result = learn(
        task,
        out=folder,
        editor=SearchEditor(),
        steps=row.steps[access],
        seed=seed,
        workers=workers,
        holdout=0 if row.target is not None else row.holdout,
        resume=folder.exists(),
    )
    champion = System.open(folder).champion()
    scores: list[float] = []
    constant: float | None = None
    with IsolatedEvaluator(task, workers=workers) as evaluator:
        if champion is not None:
            jobs = [
                Job(program=champion, seed=s, stop_score=row.target)
                for s in split_seeds(Split.HOLDOUT, 0, 0, row.holdout)
            ]
            if row.target is None:
                scores = holdout_scores(folder, champion)
            else:
                scores = [r.outcome.score for r in evaluator.run(jobs) if isinstance(r.outcome, Episode)]
        if row.target is None:
            constant = best_constant(evaluator, task)
    mean = statistics.fmean(scores) if scores else None
    kept = {**result.as_json(), "system": folder.name}
    return {
        **kept,
        "game": row.game,
        "score": mean,
        "hns": None if mean is None else human_normalized_score(task.env_id, mean),
        "scores": scores,
        "constant": constant,
        "reached": sum(row.target is not None and s >= row.target for s in scores),
        "total_seconds": time.perf_counter() - began,
    }


def holdout_scores(folder: Path, champion: Program) -> list[float]:
    """The champion's holdout scores, as its ledger has them."""
    scores: dict[int, float] = {}
    for row in System.open(folder).ledger.rows:
        event = row.event
        if isinstance(event, Measured) and event.program == champion.sha256 and event.caps == Caps():
            for outcome in event.outcomes:
                if isinstance(outcome, Episode) and split_of(outcome.seed) is Split.HOLDOUT:
                    scores[outcome.seed] = outcome.score
    return list(scores.values())


def best_constant(evaluator: IsolatedEvaluator, task: Task) -> float:
    """Mean score on ten fresh seeds of the action that, held all the time, does best on two development seeds."""
    environment = open_environment(task)
    actions = environment.actions
    environment.close()
    assert isinstance(actions, Discrete)
    programs = [
        Program(
            source="class Constant:\n    def reset(self, seed):\n        pass\n\n"
            f"    def act(self, obs):\n        return {a}\n"
        )
        for a in range(actions.n)
    ]
    tries = [
        Job(program=p, seed=s, stall_steps=STALL) for p in programs for s in split_seeds(Split.DEV, 0, 0, 2)
    ]
    played = [r.outcome.score for r in evaluator.run(tries)]
    best = max(range(actions.n), key=lambda a: played[2 * a] + played[2 * a + 1])
    fresh = [
        Job(program=programs[best], seed=s, stall_steps=STALL) for s in split_seeds(Split.HOLDOUT, 0, 0, 10)
    ]
    return statistics.fmean(r.outcome.score for r in evaluator.run(fresh))


def table(rows: list[dict[str, object]]) -> str:
    """What was measured, as Markdown."""
    lines = [
        "| game | access | protocol | seed | score | min-max | HNS | blind | constant | reached | frames | seconds |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        scores = r["scores"] or [float("nan")]
        assert isinstance(scores, list)
        hns = "" if r["hns"] is None else f"{r['hns']:.2f}"
        constant = "" if r["constant"] is None else f"{r['constant']:.1f}"
        blind = "" if r["blind_replay"] is None else f"{r['blind_replay']:.1f}"
        score = "none" if r["score"] is None else f"{r['score']:.1f}"
        lines.append(
            f"| {r['game']} | {r['access']} | {r['protocol']} | {r['seed']} | {score} | "
            f"{min(scores):g} to {max(scores):g} of {len(scores)} | {hns} | {blind} | {constant} | {r['reached']} | "
            f"{r['env_steps']:,} | {r['seconds']:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Runs what is missing and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("set", choices=sorted(SETS))
    parser.add_argument("--access", default="ram,pixels", help="ram, pixels or both")
    parser.add_argument("--seeds", type=int, default=5, help="how many learning seeds")
    parser.add_argument("--first-seed", type=int, default=30, help="the first; lower ones served development")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--games", default="", help="only these, separated by commas")
    parser.add_argument("--out", type=Path, default=Path("runs/atari"), help="where the systems go")
    parser.add_argument("--json", type=Path, default=None, help="where the results go")
    options = parser.parse_args()
    path = options.json or HERE / "results" / f"{options.set}.json"
    rows = json.loads(path.read_text())["runs"] if path.exists() else []
    wanted = [r for r in SETS[options.set] if not options.games or r.game in options.games.split(",")]
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for access in (Access(a) for a in options.access.split(",")):
            for row in wanted:
                done = {(r["game"], r["access"], r["seed"]) for r in rows}
                if (row.game, access.value, seed) in done:
                    continue
                rows.append(run(row, access, seed, options.out / options.set, options.workers))
                path.parent.mkdir(parents=True, exist_ok=True)
                machine = {"cores": os.cpu_count(), "python": platform.python_version()}
                path.write_text(json.dumps({"machine": machine, "runs": rows}, indent=1) + "\n")
                print(table(rows[-1:]).splitlines()[-1], flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
