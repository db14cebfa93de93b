"""The embedded search on all Atari games that have a human score, halves apart, the plain search beside it.

    nice python benchmarks/atari57.py --half dev                     # one process per core: start it twice
    nice python benchmarks/atari57.py --half report --access pixels --games pong,alien --only learn
    python benchmarks/atari57.py --table                             # what there is so far

A third list, ``extra``, holds six of the games that ale_py has beside the 57, the first by the same hash.

The development half may be looked at while the search is worked on, the report half only reported: the 57 names in the
order of their SHA-256, the first 29 and the other 28. Every result is a line of JSON as soon as it is there; a
process takes the next one that no line and no other process has. ``learn`` is the product's command with its defaults
(its blind replay, random play and the best constant action come with it), ``naive`` is :mod:`naive` with as many
environment steps (from bytes, whatever the access). All scores are means over the same holdout seeds.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ale_py import roms
from naive import learn_naively

from hlearn import learn
from hlearn.evaluate.api import Job
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.records import Access, Episode, Program, Split
from hlearn.tasks import open_environment, resolve_task
from hlearn.tasks.atari_scores import reference_scores
from hlearn.tasks.environment import Discrete
from hlearn.tasks.scores import human_normalized_score
from hlearn.tasks.seeds import split_seeds
from hlearn.tasks.task import Task

HERE = Path(__file__).parent
KINDS = ("learn", "naive")
DEV = 29  # games of the development half
EXTRA = 6  # games beside the 57
HOLDOUT = 10
BLIND = 0.005  # HNS by which a program must beat its own blind replay
WORSE = 0.75  # of the plain search's HNS, below which a game counts as worse
LEARNT = (
    *("score", "score_min", "score_max", "blind_replay", "random_play", "best_constant"),
    *("better_than_trivial", "env_steps", "accepted", "why", "taught_by_screen"),
)
Row = dict[str, Any]


def halves() -> dict[str, tuple[str, ...]]:
    """The games by half, and some beside them, each in the order of their names' SHA-256."""
    order = sorted(reference_scores(), key=lambda n: hashlib.sha256(n.encode()).hexdigest())
    beside = sorted(
        set(roms.get_all_rom_ids()) - set(order), key=lambda n: hashlib.sha256(n.encode()).hexdigest()
    )
    return {"dev": tuple(order[:DEV]), "report": tuple(order[DEV:]), "extra": tuple(beside[:EXTRA])}


def task_of(game: str, access: Access) -> Task:
    """The task of a game's name in snake case."""
    return resolve_task(f"ALE/{''.join(w.capitalize() for w in game.split('_'))}-v5", access=access)


def buttons_of(task: Task) -> tuple[str, ...]:
    """The action names."""
    environment = open_environment(task)
    actions = environment.actions
    environment.close()
    assert isinstance(actions, Discrete)
    return actions.names


def holdout(task: Task, program: Program) -> list[float]:
    """Scores on the holdout seeds."""
    seeds = split_seeds(Split.HOLDOUT, 0, 0, HOLDOUT)
    with IsolatedEvaluator(task, workers=1) as evaluator:
        results = evaluator.run([Job(program=program, seed=s) for s in seeds])
    return [r.outcome.score for r in results if isinstance(r.outcome, Episode)]


def measure(kind: str, game: str, access: Access, steps: int, seed: int, out: Path) -> Row:
    """One result."""
    task = task_of(game, access)
    if kind == "learn":
        folder = out / f"{game}-{access.value}-{steps}-{seed}"
        result = learn(
            task, out=folder, steps=steps, seed=seed, workers=1, holdout=HOLDOUT, resume=folder.exists()
        )
        return {k: v for k, v in result.as_json().items() if k in LEARNT}
    task = task_of(game, Access.RAM)
    with IsolatedEvaluator(task, workers=1) as evaluator:
        program, used = learn_naively(task, buttons_of(task), evaluator, seed=seed, steps=steps)
    scores = holdout(task, program)
    return {
        "score": statistics.fmean(scores),
        "score_min": min(scores),
        "score_max": max(scores),
        "env_steps": used,
    }


def key_of(row: Row) -> tuple[object, ...]:
    """What tells results apart."""
    return tuple(row[k] for k in ("kind", "game", "access", "steps", "seed"))


def read(path: Path) -> list[Row]:
    """The results so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def wanted(options: argparse.Namespace) -> Iterator[Row]:
    """What is to be measured, in order."""
    games = options.games.split(",") if options.games else halves()[options.half]
    for game in games:
        for kind in options.only.split(","):
            yield {
                "kind": kind,
                "game": game,
                "access": options.access,
                "steps": options.steps,
                "seed": options.seed,
            }


def run(options: argparse.Namespace, path: Path) -> None:
    """Measures what is missing; several processes may share the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    locks = options.out / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    for row in wanted(options):
        with (locks / ("-".join(map(str, key_of(row))) + path.stem)).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue  # another process has it
            if key_of(row) in {key_of(r) for r in read(path)}:
                continue
            began = time.perf_counter()
            found = measure(
                row["kind"], row["game"], Access(row["access"]), row["steps"], row["seed"], options.out
            )
            row |= found
            hns = human_normalized_score(
                task_of(row["game"], Access.RAM).env_id, row["score"] if row["score"] is not None else 0.0
            )
            row |= {
                "hns": None if hns is None else round(hns, 4),
                "seconds": round(time.perf_counter() - began),
            }
            with path.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(json.dumps(row), flush=True)


def table(rows: Sequence[Row], names: Sequence[str], options: argparse.Namespace) -> str:
    """One half's results as Markdown, and what they come to."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        if (row["access"], row["steps"], row["seed"]) == (
            options.access,
            options.steps,
            options.seed,
        ):
            found[row["kind"], row["game"]] = row
    lines = [
        "| game | learn (min to max) | HNS | blind replay | random | constant | naive | HNS |",
        "|---|---|---|---|---|---|---|---|",
    ]
    ours: list[float] = []
    plain: list[float] = []
    worse = blind = 0
    for game in names:
        learnt, naive = found.get(("learn", game)), found.get(("naive", game))
        if learnt is None and naive is None:
            continue
        random, human = reference_scores().get(game, (0.0, 0.0))

        def shown(row: Row | None, name: str = "score", digits: int = 1) -> str:
            return "" if row is None or row.get(name) is None else f"{row[name]:,.{digits}f}"

        span = (
            "" if learnt is None else f" ({shown(learnt, 'score_min', 0)} to {shown(learnt, 'score_max', 0)})"
        )
        lines.append(
            f"| {game} | {shown(learnt)}{span} | {shown(learnt, 'hns', 3)} | {shown(learnt, 'blind_replay')} | "
            f"{shown(learnt, 'random_play')} | {shown(learnt, 'best_constant')} | {shown(naive)} | "
            f"{shown(naive, 'hns', 3)} |"
        )
        if naive is not None and naive["hns"] is not None:
            plain.append(naive["hns"])
        if learnt is not None and learnt["hns"] is not None:
            ours.append(learnt["hns"])
            if learnt.get("blind_replay") is not None:
                gain = (learnt["score"] - learnt["blind_replay"]) / abs(human - random)
                blind += gain <= BLIND
            if naive is not None:
                gap = learnt["hns"] - naive["hns"]
                worse += gap < min(-0.005, (WORSE - 1.0) * abs(naive["hns"]))
    if ours:
        lines += ["", f"learn: median HNS {statistics.median(ours):.3f} over {len(ours)} games; "]
        lines[-1] += (
            f"{sum(h >= 0.5 for h in ours)} at or above 0.5, {sum(h >= 1 for h in ours)} at or above human; "
        )
        lines[-1] += (
            f"{worse} worse than naive by more than 25 %; {blind} that do not beat their blind replay"
        )
    if plain:
        lines.append(f"naive: median HNS {statistics.median(plain):.3f} over {len(plain)} games")
    return "\n".join(lines)


def main() -> None:
    """Measures what is missing and prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--half", choices=("dev", "report", "extra"), default="dev")
    parser.add_argument("--games", default="", help="only these, separated by commas")
    parser.add_argument("--access", default="ram", choices=("ram", "pixels"))
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--only", default=",".join(KINDS), help="learn, naive")
    parser.add_argument("--out", type=Path, default=Path("runs/atari57"), help="where the systems go")
    parser.add_argument("--json", type=Path, default=None, help="where the lines go")
    parser.add_argument("--table", action="store_true", help="only print what there is")
    options = parser.parse_args()
    path = options.json or HERE / "results" / f"atari57-{options.access}.jsonl"
    if not options.table:
        run(options, path)
    for half, names in halves().items():
        print(f"\n{half} half\n\n{table(read(path), names, options)}")


if __name__ == "__main__":
    main()
