"""Frames per second of isolated evaluation against a bare ALE loop that calls the same program itself.

    python benchmarks/evaluator.py [--frames 20000] [--repeats 5] [--json FILE]

Breakout, ram and pixels, frame skip 1, sticky actions. All three ways (bare loop on one core, isolated with
one worker, isolated with two workers) take turns within each repeat, so that a change in the machine's load
meets them alike; the table shows medians over the repeats. The goals: one worker at least 0.9 of the bare
loop, two at least 1.8 of one. The program is as cheap as a program can be, the hardest case for the ratio.
"""

from __future__ import annotations

import argparse
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
from hlearn.policy import find_policy
from hlearn.records import Access, Program
from hlearn.tasks import resolve_task

# Never presses FIRE, so that after the first lost ball the game goes on for as long as is measured.
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


def bare(access: Access, frames: int) -> float:
    """Frames per second of the bare loop, pinned to one core."""
    namespace: dict[str, object] = {"__name__": "policy"}
    exec(SOURCES[access], namespace)
    policy = find_policy(namespace, "policy")()
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


def isolated(evaluator: IsolatedEvaluator, access: Access, frames: int) -> float:
    """Frames per second of isolated evaluation, everything included; one episode of ``frames`` per worker."""
    program = Program(source=SOURCES[access])
    jobs = [Job(program=program, seed=i, max_steps=frames) for i in range(evaluator.workers)]
    started = time.perf_counter()
    results = evaluator.run(jobs)
    return sum(r.outcome.env_steps for r in results) / (time.perf_counter() - started)


def measure(access: Access, frames: int, repeats: int) -> dict[str, list[float]]:
    """Frames per second of the three ways, one entry per repeat."""
    task = resolve_task("ALE/Breakout-v5", access=access, protocol="sticky")
    rates: dict[str, list[float]] = {"bare": [], "one worker": [], "two workers": []}
    with IsolatedEvaluator(task, workers=1) as one:
        isolated(one, access, 100)
        one.close()
    for _ in range(repeats):
        rates["bare"].append(bare(access, frames))
        for name, workers in (("one worker", 1), ("two workers", 2)):
            with IsolatedEvaluator(task, workers=workers) as evaluator:
                isolated(evaluator, access, 200)  # start the processes
                rates[name].append(isolated(evaluator, access, frames))
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
    for access in SOURCES:
        rates = measure(access, arguments.frames, arguments.repeats)
        middle = {name: statistics.median(values) for name, values in rates.items()}
        ratios = [one / plain for one, plain in zip(rates["one worker"], rates["bare"], strict=True)]
        pairs = [two / one for two, one in zip(rates["two workers"], rates["one worker"], strict=True)]
        one_to_bare, two_to_one = statistics.median(ratios), statistics.median(pairs)
        print(
            f"{access.value:8}{middle['bare']:10.0f}{middle['one worker']:10.0f}{middle['two workers']:10.0f}"
            f"{one_to_bare:10.3f}{two_to_one:10.3f}   {min(ratios):.3f} to {max(ratios):.3f}"
        )
        found[access.value] = {
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
