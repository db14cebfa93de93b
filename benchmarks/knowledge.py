"""Figures about knowledge that stays: data sets, students, detectors of change, changing tasks.

    python -m benchmarks.knowledge datasets SYSTEM        # steps per second beside Minari's own collector; memory
    python -m benchmarks.knowledge students SYSTEM [EPISODES ROUNDS EACH EPOCHS]    # student over teacher, fresh seeds
    python -m benchmarks.knowledge changes SYSTEM         # how many changes are noticed, how many alarms are false
    python -m benchmarks.knowledge sequence SUITE.toml    # one program over variants

SYSTEM is a system that ``hl learn CartPole-v1`` left. Everything is printed as JSON, one line each.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from hlearn.continual.composing import KnownVariant, compose, fit_world
from hlearn.datasets import write_dataset
from hlearn.evaluate.api import Job, Record
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.loading import compile_program, load_policy
from hlearn.policy.skills import read_skill
from hlearn.records import Program, Split
from hlearn.system import System
from hlearn.tasks import resolve_task
from hlearn.tasks.seeds import split_seeds
from hlearn.trust import Worlds

PHYSICS = "benchmarks.physics:PhysicsCartPole-v0"
CHANGES = (
    {"force": -10.0},
    {"force": 5.0},
    {"force": 20.0},
    {"mass": 1.0},
    {"length": 1.5},
    {"length": 0.2},
    {"gravity": 25.0},
    {"gravity": 3.0},
    {"mass": 0.5, "length": 1.0},
    {"force": 12.0, "gravity": 12.0},
)
UNCHANGED = 50  # episodes
WITHIN = 3  # episodes in which a change must be noticed


def champion(folder: Path) -> tuple[System, Program]:
    """A system and its champion."""
    system = System.open(folder)
    program = system.champion()
    if program is None:
        raise SystemExit(f"{folder} has no champion")
    return system, program


def datasets(folder: Path) -> None:
    """Speed and memory of data sets, and Minari's own collector with the same program in this process."""
    system, program = champion(folder)
    seeds = split_seeds(Split.DEV, 0, 500_000, 40)
    with tempfile.TemporaryDirectory() as name:
        for state in (True, False):
            begun = time.perf_counter()
            written = write_dataset(
                Path(name) / f"ours{int(state)}-v0",
                system.task,
                [program],
                seeds,
                worlds=system.worlds,
                state=state,
            )
            seconds = time.perf_counter() - begun
            tell(
                what="dataset",
                state=state,
                steps=written.steps,
                seconds=round(seconds, 2),
                per_s=round(written.steps / seconds),
            )
        collector(program, system.task.env_id, len(seeds), name)
        for many in (100, 400):
            command = [sys.executable, "-m", "benchmarks.knowledge", "_memory", str(folder), str(many), name]
            subprocess.run(command, check=True)


def collector(program: Program, env_id: str, episodes: int, name: str) -> None:
    """Minari's own way: a wrapper around the environment, the program in the same process, no walls."""
    import os

    import gymnasium
    import minari

    os.environ["MINARI_DATASETS_PATH"] = name
    loadable = compile_program(program)
    begun, steps = time.perf_counter(), 0
    env = minari.DataCollector(gymnasium.make(env_id), record_infos=False)
    for episode in range(episodes):
        policy = load_policy(loadable)  # type: ignore[arg-type]
        policy.reset(episode)
        seen, _ = env.reset(seed=episode)
        over = False
        while not over:
            seen, _, terminated, truncated, _ = env.step(policy.act(np.asarray(seen, np.float64)))
            over, steps = terminated or truncated, steps + 1
    env.create_dataset(dataset_id="theirs-v0")
    env.close()
    seconds = time.perf_counter() - begun
    tell(what="Minari's collector", steps=steps, seconds=round(seconds, 2), per_s=round(steps / seconds))


def memory(folder: Path, episodes: int, name: str) -> None:
    """Peak memory of a process that writes so many episodes, its libraries and its workers' parent included."""
    system, program = champion(folder)
    seeds = split_seeds(Split.DEV, 0, 510_000, episodes)
    written = write_dataset(
        Path(name) / f"memory{episodes}-v0", system.task, [program], seeds, worlds=system.worlds, state=False
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    tell(what="memory", steps=written.steps, peak_mb=round(peak), largest_child_mb=round(worker))


def students(folder: Path, episodes: int = 20, rounds: int = 3, each: int = 10, epochs: int = 20) -> None:
    """Student over teacher."""
    from hlearn.students import Lesson, compare, teach
    from hlearn.students.training import Rates

    system, program = champion(folder)
    begun = time.perf_counter()
    lesson = Lesson(episodes=episodes, rounds=rounds, round_episodes=each, rates=Rates(epochs=epochs))
    student = teach(system.task, program, lesson, run_seed=system.config.seed, worlds=system.worlds)
    compared = compare(system, student.program, program, episodes=30)
    tell(
        what="student over teacher",
        task=system.task.env_id,
        samples=student.samples,
        rounds=student.rounds,
        student=float(np.mean(compared.student)),
        teacher=float(np.mean(compared.teacher)),
        ratio=compared.ratio,
        interval=compared.interval,
        cases=compared.cases,
        broken=compared.broken,
        seconds=round(time.perf_counter() - begun),
    )


def changes(folder: Path) -> None:
    """A program that knows one world: false alarms in unchanged episodes, changes that it notices in three."""
    _, program = champion(folder)
    card = 'CARD = {"achieves": "keeps the pole up"}'
    skill = read_skill("plain", f"{program.source.rstrip()}\n\n\n{card}\n")
    plain = resolve_task(PHYSICS)
    world = KnownVariant(
        name="plain", dynamics=fit_world(plain, program, Worlds(), IsolatedEvaluator), skill="plain"
    )
    composed = compose([skill], [world], None)
    alarms = strange(plain, composed, split_seeds(Split.DEV, 0, 560_000, UNCHANGED))
    tell(what="unchanged", episodes=UNCHANGED, false_alarms=sum(alarms), limit=world.dynamics.strange)
    noticed = 0
    for change in CHANGES:
        task = resolve_task(PHYSICS, **change)  # type: ignore[arg-type]
        seen = any(strange(task, composed, split_seeds(Split.DEV, 0, 570_000, WITHIN)))
        noticed += seen
        tell(what="changed", change=change, noticed=seen)
    tell(what="changes noticed", of=len(CHANGES), noticed=noticed)


def strange(task: object, program: Program, seeds: list[int]) -> list[bool]:
    """Whether each episode had a step at which the program said that it does not know this world."""
    with InProcessEvaluator(task) as evaluator:  # type: ignore[arg-type]
        results = evaluator.run([Job(program=program, seed=s, record=Record.TRACES) for s in seeds])
    return [
        any(bool(t.get("strange")) for t in r.recording.traces) for r in results if r.recording is not None
    ]


def sequence(suite: Path) -> None:
    """One program over variants."""
    from hlearn.continual import read_sequence, run_sequence

    with tempfile.TemporaryDirectory() as name:
        begun = time.perf_counter()
        results = run_sequence(read_sequence(suite), Path(name))
        print("\n".join(results.lines()), file=sys.stderr)
        tell(what="sequence", seconds=round(time.perf_counter() - begun), **results.as_json())


def tell(**facts: object) -> None:
    """Prints one line."""
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    what, where, *more = sys.argv[1:]
    if what == "_memory":
        memory(Path(where), int(more[0]), more[1])
    elif what == "students":
        students(Path(where), *map(int, more))
    else:
        {"datasets": datasets, "changes": changes, "sequence": sequence}[what](Path(where))
