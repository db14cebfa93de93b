"""Continuous control: what is learnt with and without a simulator, how it stands in other worlds, how fast clones are.

    python benchmarks/control.py speed [--tasks HalfCheetah-v5,Ant-v5]
    python benchmarks/control.py learn [--tasks ...] [--model simulator] [--steps N] [--seeds 7003] [--planner-steps N]
    python benchmarks/control.py planners [--tasks ...] [--planner-steps N] [--decisions 150] [--episodes 5]
    python benchmarks/control.py variants DIR [--episodes 5]
    python benchmarks/control.py baseline [--tasks ...] [--steps N]

``speed``: clones against a bare ``mujoco.rollout``, one thread each. ``planners``: each kind of planner that the search
races, around a base that does nothing, as it begins (nothing tuned), on episodes cut short, ``--seeds`` the first of
their seeds. ``variants``: a learnt system in other worlds. ``baseline``: ARS on normalised observations, for the same
steps. Runs lie in ``--out`` (default runs/control), can be stopped at any time and go on where they were; figures are
appended to ``benchmarks/results/control.jsonl``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from hlearn import System, learn
from hlearn.editors.search.planning.search import idle
from hlearn.editors.search.planning.written import Planned, PlannerKind, kinds_for
from hlearn.evaluate.api import Job
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.evidence.measure import measure_program
from hlearn.records import Episode, Planning, Split
from hlearn.tasks import describe, open_environment, resolve_task
from hlearn.tasks.environment import Box
from hlearn.tasks.simulators import simulator_of
from hlearn.tasks.task import Task

HERE = Path(__file__).parent
TASKS = "HalfCheetah-v5,Ant-v5"
WORLDS = (
    *("", "delay=1", "observation_noise=0.02", "action_noise=0.1", "mass=1.2", "mass=0.8"),
    *("friction=0.8", "robust"),
)
COUNT, HORIZON, REPEATS = 64, 8, 15


def note(row: dict[str, Any]) -> None:
    """Prints a row and keeps it."""
    text = json.dumps(row)
    print(text, flush=True)
    with (HERE / "results" / "control.jsonl").open("a") as file:
        file.write(text + "\n")


def speed(tasks: list[str]) -> None:
    """Simulated decisions per second of processor time, ours and a bare ``mujoco.rollout``'s, one thread each."""
    import mujoco
    from mujoco import rollout

    for env_id in tasks:
        environment = open_environment(resolve_task(env_id))
        simulator = simulator_of(environment, env_id)
        environment.reset(3, np.zeros(environment.observation.shape))
        simulator.begin(5)
        bare = environment.inner.unwrapped  # type: ignore[attr-defined]
        model, skip = bare.model, bare.frame_skip
        plans = np.random.default_rng(0).uniform(-0.4, 0.4, size=(COUNT, HORIZON, model.nu))
        kind = mujoco.mjtState.mjSTATE_FULLPHYSICS
        start = np.zeros(mujoco.mj_stateSize(model, kind))
        mujoco.mj_getState(model, bare.data, start, kind)
        data, controls = mujoco.MjData(model), np.repeat(plans, skip, axis=1)
        ours, theirs = [], []
        for _ in range(REPEATS):
            begun = time.process_time()
            rollout.rollout(model, data, np.repeat(start[None], COUNT, 0), controls)
            middle = time.process_time()
            simulator.rollout([simulator.present()] * COUNT, plans, observe="none")
            theirs.append(middle - begun)
            ours.append(time.process_time() - middle)
        steps = COUNT * HORIZON
        mine, other = (steps / statistics.median(t) for t in (ours, theirs))
        note({"speed": env_id, "ours": round(mine), "bare": round(other), "ratio": round(mine / other, 3)})


def learnt(
    task: Task, seed: int, steps: int, out: Path, per_decision: int | None, budget: int | None
) -> None:
    """One learning run and its figures."""
    folder = out / f"{task.env_id}-{task.model.value}-s{seed}"
    planning = (
        Planning(budget=budget or 40 * steps, per_decision=per_decision or 600) if per_decision else None
    )
    result = learn(
        task,
        out=folder,
        steps=steps,
        seed=seed,
        workers=1,
        holdout=20,
        resume=folder.exists(),
        planning=planning,
    )
    note({"learnt": task.env_id, **result.as_json()})


def planners(env_id: str, per_decision: int, decisions: int, seeds: range, named: str) -> None:
    """Return of each kind of planner in so many decisions, and what a decision simulates and costs."""
    task = resolve_task(env_id, model="simulator")
    actions = describe(task).actions

    def played(kind: PlannerKind, more: float, numbers: range) -> list[Episode]:
        planned = Planned(
            base=idle("Idle", actions), title="Planner", kind=kind, actions=actions, knobs=kind.knobs
        )
        values = {k.name: k.start * (more if k.name == "samples" else 1.0) for k in kind.knobs}
        program = planned.program(values)
        with InProcessEvaluator(task) as evaluator:
            results = evaluator.run([Job(program=program, seed=s, max_steps=decisions) for s in numbers])
        return [r.outcome for r in results if isinstance(r.outcome, Episode)]

    for kind in kinds_for(actions, vector=True, steps=per_decision):
        if named not in kind.name:
            continue
        more = 1.0
        if kind.coarse:  # it may simulate as much as the others, as in the search
            tried = played(kind, more, seeds[:1])[0]
            more = max(1.0, per_decision * tried.length / tried.planner_steps)
        begun = time.process_time()
        episodes = played(kind, more, seeds)
        length = sum(e.length for e in episodes)
        scores = [e.score for e in episodes]
        note(
            {
                "planner": kind.name,
                "task": env_id,
                "decisions": decisions,
                "scores": [round(s, 1) for s in scores],
                "mean": round(statistics.fmean(scores), 1),
                "lengths": [e.length for e in episodes],
                "planner_steps_per_decision": sum(e.planner_steps for e in episodes) // length,
                "cpu_ms_per_decision": round(1000 * (time.process_time() - begun) / length, 1),
            }
        )


def variants(folder: Path, episodes: int) -> None:
    """A system's champion on the same development seeds in each world."""
    system = System.open(folder)
    program = system.champion()
    assert program is not None
    clean: float | None = None
    for world in WORLDS:
        try:
            measured = measure_program(
                system, program, split=Split.DEV, episodes=episodes, variant=world, evaluator=None
            )
        except ValueError as error:
            print(world, error)
            continue
        mean = measured.evaluation.mean
        clean = mean if not world else clean
        share = None if not clean or mean is None else round(mean / clean, 3)
        note(
            {
                "variant": world,
                "of": str(folder),
                "mean": mean,
                "share": share,
                "ms": measured.ms_per_decision,
            }
        )


def baseline(env_id: str, steps: int, seed: int) -> None:
    """ARS V2-t (Mania et al. 2018): a linear policy on normalised observations, the article's own numbers."""
    environment = open_environment(resolve_task(env_id))
    assert isinstance(environment.actions, Box)
    rng, used = np.random.default_rng(seed), 0
    seen = np.zeros(environment.observation.shape)
    size = (len(environment.actions.low), len(seen))
    low, high = np.array(environment.actions.low), np.array(environment.actions.high)
    weights = np.zeros(size)
    count, total, squares = 1, np.zeros(size[1]), np.ones(size[1])

    def play(matrix: np.ndarray, number: int) -> float:
        nonlocal used, count, total, squares
        mean = total / count
        scale = np.sqrt(np.maximum(squares / count - mean**2, 1e-8))
        environment.reset(number, seen)
        score, rows, over = 0.0, [], False
        while not over:
            rows.append(seen.copy())
            action = np.clip(matrix @ ((seen - mean) / scale), low, high)
            reward, ended, cut, _ = environment.step(action, seen)
            score, over, used = score + reward, ended or cut, used + 1
        block = np.array(rows)
        count, total, squares = count + len(block), total + block.sum(0), squares + (block**2).sum(0)
        return score

    while used < steps:
        drawn = rng.standard_normal((32, *size))
        numbers = rng.integers(2**31, size=32)
        scores = np.array(
            [
                [play(weights + s * 0.03 * d, int(n)) for s in (1, -1)]
                for d, n in zip(drawn, numbers, strict=True)
            ]
        )
        top = np.argsort(-scores.max(axis=1))[:8]
        step = np.tensordot(scores[top, 0] - scores[top, 1], drawn[top], axes=1)
        weights = weights + 0.02 / (8 * (scores[top].std() + 1e-8)) * step
    final = [play(weights, int(n)) for n in rng.integers(2**31, size=20)]
    note(
        {
            "baseline": "ARS V2-t",
            "task": env_id,
            "steps": used,
            "mean": statistics.fmean(final),
            "min": min(final),
        }
    )


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("speed", "learn", "planners", "variants", "baseline"))
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--tasks", default=TASKS)
    parser.add_argument("--model", default="none")
    parser.add_argument("--seeds", default="7003")
    parser.add_argument("--steps", type=int, default=3_000_000)
    parser.add_argument("--planner-steps", type=int)
    parser.add_argument("--planner-budget", type=int)
    parser.add_argument("--episodes", type=int, default=5)
    parser.add_argument("--decisions", type=int, default=150)
    parser.add_argument("--kind", default="", help="planners whose name holds this alone")
    parser.add_argument("--out", type=Path, default=Path("runs/control"))
    given = parser.parse_args()
    tasks = given.tasks.split(",")
    if given.what == "speed":
        speed(tasks)
    elif given.what == "planners":
        first = int(given.seeds.split(",")[0])
        for env_id in tasks:
            numbers = range(first, first + given.episodes)
            planners(env_id, given.planner_steps or 600, given.decisions, numbers, given.kind)
    elif given.what == "variants":
        variants(given.folder, given.episodes)
    else:
        for env_id in tasks:
            for seed in map(int, given.seeds.split(",")):
                if given.what == "baseline":
                    baseline(env_id, given.steps, seed)
                else:
                    task = resolve_task(env_id, model=given.model)
                    learnt(task, seed, given.steps, given.out, given.planner_steps, given.planner_budget)


if __name__ == "__main__":
    main()
