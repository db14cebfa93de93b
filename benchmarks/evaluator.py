"""Frames per second of isolated evaluation against a bare ALE loop that calls the same program itself.

    python benchmarks/evaluator.py [--frames 20000] [--repeats 5] [--json FILE]

Breakout, ram and pixels, frame skip 1, sticky actions. All three ways (bare loop on one core, isolated with
one worker, isolated with two workers) take turns within each repeat, so that a change in the machine's load
meets them alike; the table shows medians over the repeats. The goals: one worker at least 0.9 of the bare
loop, two at least 1.8 of one. The program is as cheap as a program can be, the hardest case for the ratio.
The row "package" is the same with the program of the first row spread over several files, one of them a table.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import statistics
import time
from pathlib import Path

import ale_py
import numpy as np
from ale_py import roms

from hlearn.evaluate.api import Job
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.loading import Loadable, compile_program, load_policy
from hlearn.program import Program, ProgramFile
from hlearn.records import Access
from hlearn.tasks import resolve_task

# Never presses FIRE, so that after the first lost ball the game goes on for as long as is measured.
PACKAGE_MAIN = """
from hlearn.policy import asset

from .skills.swing import Swing


class Cheap:
    def reset(self, seed):
        self.swing = Swing(int(asset("period.npy")[0]))

    def act(self, obs):
        return self.swing.next(obs)
"""
PACKAGE_SWING = """
from ..detectors import byte


class Swing:
    def __init__(self, period):
        self.t = 0
        self.period = period

    def next(self, obs):
        self.t += 1
        return 2 if (byte(obs) + self.t) & self.period else 3
"""
PACKAGE_DETECTORS = """
def byte(obs):
    return int(obs[5])
"""
SOURCES = {
    Access.RAM: """
class Cheap:
    def reset(self, seed):
        self.t = 0

    def act(self, obs):
        self.t += 1
        return 2 if (int(obs[5]) + self.t) & 16 else 3
""",
    Access.PIXELS: """
class Cheap:
    def reset(self, seed):
        self.t = 0

    def act(self, obs):
        self.t += 1
        return 2 if (int(obs[189, 8:152, 0].argmax()) + self.t) & 16 else 3
""",
}


def package() -> Program:
    """The cheap program for ram, spread over modules and a table."""
    table = io.BytesIO()
    np.save(table, np.array([16]), allow_pickle=False)
    files = {
        "skills/swing.py": PACKAGE_SWING.encode(),
        "detectors.py": PACKAGE_DETECTORS.encode(),
        "period.npy": table.getvalue(),
    }
    return Program(source=PACKAGE_MAIN, files=tuple(ProgramFile(path=p, data=d) for p, d in files.items()))


PROGRAMS = {
    "ram": (Access.RAM, Program(source=SOURCES[Access.RAM])),
    "pixels": (Access.PIXELS, Program(source=SOURCES[Access.PIXELS])),
    "package": (Access.RAM, package()),
}


def bare(access: Access, program: Program, frames: int) -> float:
    """Frames per second of the bare loop, pinned to one core."""
    loadable = compile_program(program)
    assert isinstance(loadable, Loadable)
    policy = load_policy(loadable)
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everywhere)})
    try:
        ale = ale_py.ALEInterface()
        ale.setInt("random_seed", 1)
        ale.setFloat("repeat_action_probability", 0.25)
        ale.loadROM(roms.get_rom_path("breakout"))
        ale.reset_game()
        actions = ale.getMinimalActionSet()
        if access is Access.RAM:
            observation, look = np.zeros(128, np.uint8), ale.getRAM
        else:
            observation, look = np.zeros((210, 160, 3), np.uint8), ale.getScreenRGB
        policy.reset(1)
        act, decide, over = ale.act, policy.act, ale.game_over
        act(actions[1])
        score = 0.0
        started = time.perf_counter()
        for _ in range(frames):
            look(observation)
            score += act(actions[decide(observation)])
            if over():
                raise RuntimeError("the game ended; the program must keep it going")
        return frames / (time.perf_counter() - started)
    finally:
        os.sched_setaffinity(0, everywhere)


def isolated(evaluator: IsolatedEvaluator, program: Program, frames: int) -> float:
    """Frames per second of isolated evaluation, everything included; one episode of ``frames`` per worker."""
    jobs = [Job(program=program, seed=i, max_steps=frames) for i in range(evaluator.workers)]
    started = time.perf_counter()
    results = evaluator.run(jobs)
    return sum(r.outcome.env_steps for r in results) / (time.perf_counter() - started)


def measure(access: Access, program: Program, frames: int, repeats: int) -> dict[str, list[float]]:
    """Frames per second of the three ways, one entry per repeat."""
    task = resolve_task("ALE/Breakout-v5", access=access, protocol="sticky")
    rates: dict[str, list[float]] = {"bare": [], "one worker": [], "two workers": []}
    with IsolatedEvaluator(task, workers=1) as one:
        isolated(one, program, 100)
        one.close()
    for _ in range(repeats):
        rates["bare"].append(bare(access, program, frames))
        for name, workers in (("one worker", 1), ("two workers", 2)):
            with IsolatedEvaluator(task, workers=workers) as evaluator:
                isolated(evaluator, program, 200)  # start the processes
                rates[name].append(isolated(evaluator, program, frames))
    return rates


def main() -> None:
    """Measures, prints the table, writes JSON if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=20_000, help="frames per measurement and worker")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    arguments = parser.parse_args()
    found = {}
    heads = ("bare f/s", "one f/s", "two f/s", "one/bare", "two/one")
    print("access  " + "".join(f"{head:>10}" for head in heads) + "   spread of one/bare")
    for name, (access, program) in PROGRAMS.items():
        rates = measure(access, program, arguments.frames, arguments.repeats)
        middle = {way: statistics.median(values) for way, values in rates.items()}
        ratios = [one / plain for one, plain in zip(rates["one worker"], rates["bare"], strict=True)]
        pairs = [two / one for two, one in zip(rates["two workers"], rates["one worker"], strict=True)]
        one_to_bare, two_to_one = statistics.median(ratios), statistics.median(pairs)
        print(
            f"{name:8}{middle['bare']:10.0f}{middle['one worker']:10.0f}{middle['two workers']:10.0f}"
            f"{one_to_bare:10.3f}{two_to_one:10.3f}   {min(ratios):.3f} to {max(ratios):.3f}"
        )
        found[name] = {
            "frames_per_s": rates, "one_to_bare": one_to_bare, "two_to_one": two_to_one,
        }  # fmt: skip
    if arguments.json:
        machine = {
            "cores": os.cpu_count(),
            "machine": platform.machine(),
            "python": platform.python_version(),
        }
        report = {
            "frames": arguments.frames,
            "repeats": arguments.repeats,
            "machine": machine,
            "access": found,
        }
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
