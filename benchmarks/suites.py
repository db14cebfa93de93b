"""Suites: what kills cost them, how they scale, and what the driver itself costs.

    python benchmarks/suites.py faults [--faults 50] [--seed 0]     ledgers after kills against an undisturbed run's
    python benchmarks/suites.py scaling                             two cores against one, wall time over playing time

``faults`` runs twelve short tracks once undisturbed and once with kills at random moments: of the driver
(SIGKILL), of a
track's whole process group, of one worker, and by a full disk (a file size limit on the driver and all that it
starts). After every
kill of the driver the same command is run again. Then every track's ledger must say the same, times and
resumptions apart.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hlearn.ledger import RunResumed
from hlearn.suites import SuiteFolder
from hlearn.system import System

TRACKS = """
schema = 1
name = "short"

[defaults]
steps = 3000
repeats = 6
seed = 900
holdout_episodes = 2

[[tasks]]
id = "CartPole-v1"

[[tasks]]
id = "hlearn.testing.toys:Corridor-v0"
"""
HL = [sys.executable, "-m", "hlearn.cli.main"]
KINDS = ("driver", "track", "worker", "disk")


def plain(path: Path) -> list[Any]:
    """What a ledger says, without what a kill may leave in it: when, how long, and that a run was resumed."""
    found: list[Any] = []
    for row in System.open(path).ledger.rows:
        event: Any = row.event
        if isinstance(event, RunResumed):
            continue
        for name, nothing in (("commit", ""), ("seconds", 0.0), ("overhead_s", 0.0)):
            if hasattr(event, name):
                event = dataclasses.replace(event, **{name: nothing})
        found.append(event)
    return found


def run(suite: Path, out: Path, cores: int, **options: Any) -> subprocess.Popen[bytes]:
    """Starts the command."""
    words = [*HL, "suite", "run", str(suite), "--out", str(out), "--cores", str(cores), "--json"]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def children(pid: int) -> list[int]:
    """Every process that a process started, and theirs."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            direct = [int(p) for p in (task / "children").read_text().split()]
        except OSError:
            continue
        for child in direct:
            found += [child, *children(child)]
    return found


def disturb(kind: str, running: subprocess.Popen[bytes], rng: random.Random) -> None:
    """Does one thing to a running suite."""
    below = children(running.pid)
    if kind == "driver" or not below:
        running.kill()
        running.wait()
        return
    victim = below[0] if kind == "track" else rng.choice(below)
    try:
        if kind == "track":
            os.killpg(victim, signal.SIGKILL)
        else:
            os.kill(victim, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def faults(count: int, seed: int) -> dict[str, Any]:
    """Runs the tracks undisturbed and disturbed; returns what differs."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="hl-suites-") as folder:
        stand = Path(folder)
        os.environ["HLEARN_STATE"] = str(stand / "state")
        os.environ["HLEARN_KEY"] = str(stand / "suite.key")
        (stand / "suite.key").write_text("5a" * 32)
        suite = stand / "short.toml"
        suite.write_text(TRACKS)
        run(suite, stand / "whole", 2).wait()
        done, by_kind, began = 0, dict.fromkeys(KINDS, 0), time.perf_counter()
        out = stand / "disturbed"
        while True:
            kind = rng.choice(KINDS) if done < count else ""
            options: dict[str, Any] = {}
            if kind == "disk":
                limit = rng.randrange(2_000, 60_000)
                options["preexec_fn"] = lambda limit=limit: resource.setrlimit(
                    resource.RLIMIT_FSIZE, (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
                )
            running = run(suite, out, 2, **options)
            while running.poll() is None and kind:
                time.sleep(rng.uniform(0.3, 6.0))
                if running.poll() is None and kind != "disk":
                    disturb(kind, running, rng)
                done, by_kind[kind] = done + 1, by_kind[kind] + 1
                if kind == "disk":
                    running.kill()
                    running.wait()
                kind = rng.choice(KINDS[:3]) if done < count else ""
            running.wait()
            states = SuiteFolder.open(out).states() if (out / "suite.json").exists() else []
            if done >= count and states and all(s.result is not None for s in states):
                break
            if time.perf_counter() - began > 3600:
                break
        whole, cut = SuiteFolder.open(stand / "whole"), SuiteFolder.open(out)
        differ = [t.name for t in whole.suite.tracks if plain(whole.system(t)) != plain(cut.system(t))]
        return {"faults": done, "by_kind": by_kind, "tracks": len(whole.suite.tracks), "differ": differ}


def scaling() -> dict[str, Any]:
    """Wall time on two cores against one, and the share of it in which no track played."""
    found: dict[str, Any] = {}
    for cores in (1, 2):
        with tempfile.TemporaryDirectory(prefix="hl-suites-") as folder:
            suite = Path(folder) / "short.toml"
            suite.write_text(
                TRACKS.replace("steps = 3000", "steps = 100_000").replace("repeats = 6", "repeats = 2")
            )
            began = time.perf_counter()
            run(suite, Path(folder) / "s", cores).wait()
            wall = time.perf_counter() - began
            states = SuiteFolder.open(Path(folder) / "s").states()
            busy = sum(float(s.result["seconds"]) for s in states if s.result)
            found[f"wall_{cores}"], found[f"busy_{cores}"] = wall, busy
            found[f"overhead_{cores}"] = 1 - busy / (wall * cores)
    found["two_over_one"] = found["wall_1"] / found["wall_2"]
    return found


def main() -> None:
    """Measures and prints one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("what", choices=("faults", "scaling"))
    parser.add_argument("--faults", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(json.dumps(faults(options.faults, options.seed) if options.what == "faults" else scaling()))


if __name__ == "__main__":
    main()
