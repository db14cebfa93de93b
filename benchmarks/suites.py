"""Suites: what kills cost them, how they scale, and what the driver itself costs.

    python -m benchmarks.suites faults [--faults 50] [--seed 0] [--out FILE]    ledgers after kills, and undisturbed
    python -m benchmarks.suites scaling [--out FILE]    two cores against one, wall time over learning time
    python -m benchmarks.suites nodes [--out FILE]      two Ray nodes of one CPU each against one

``faults`` runs twelve short tracks once undisturbed and once with kills at random moments: of the driver (SIGKILL), of
a track's whole process group, of one process below it, and with a disk (tmpfs; a file size limit where this user may
mount none) that is full for some seconds. How long it is until the next fault follows from how long a track took
undisturbed, so that a slow machine gets as far between two faults as a fast one. After every end of the driver the same
command is run again, until all tracks are done; where faults are left then, another disturbed suite begins. In each of
them every track's ledger must say the same as undisturbed, times and resumptions apart, and nothing may be left
running.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.agents import fill, left_running, small_disk

from hlearn.errors import HlearnError
from hlearn.ledger import RunResumed
from hlearn.suites import SuiteFolder
from hlearn.suites.suite import Track
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
CORES = 2
SPACING = 0.5  # of what a track takes, from one fault to the next at most
MARK = "HL_BENCHMARK_SUITES"
EQUAL = """
schema = 1
name = "equal"

[defaults]
repeats = 8
seed = 900
holdout_episodes = 2

[[tasks]]
id = "CartPole-v1"
"""
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


def run(suite: Path, out: Path, cores: int, *words: str, **options: Any) -> subprocess.Popen[bytes]:
    """Starts the command."""
    command = [*HL, "suite", "run", str(suite), "--out", str(out), "--cores", str(cores), "--json", *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


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


def disturb(
    kind: str, running: subprocess.Popen[bytes], rng: random.Random, disk: Path, mounted: bool
) -> str:
    """Does one thing to a running suite; returns what it was."""
    if kind == "disk":
        if mounted:
            fill(disk, rng.uniform(0.5, 4.0), running)
        else:
            limit = rng.randrange(2_000, 60_000)
            for pid in (running.pid, *children(running.pid)):
                with contextlib.suppress(OSError):
                    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, hard))
            time.sleep(rng.uniform(0.5, 4.0))
            running.kill()
            running.wait()
        return kind
    below = children(running.pid)
    if kind == "driver" or not below:
        running.kill()
        running.wait()
        return "driver"
    victim = below[0] if kind == "track" else rng.choice(below)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if kind == "track":
            os.killpg(victim, signal.SIGKILL)
        else:
            os.kill(victim, signal.SIGKILL)
    return kind


def undisturbed(folder: Path) -> SuiteFolder:
    """The suite as it comes out where nothing happens; made unless the folder holds it already."""
    (folder / "suite.key").write_text("5a" * 32)
    (folder / "short.toml").write_text(TRACKS)
    os.environ |= {"HLEARN_STATE": str(folder / "state"), "HLEARN_KEY": str(folder / "suite.key"), MARK: "1"}
    run(folder / "short.toml", folder / "whole", CORES).wait()
    return SuiteFolder.open(folder / "whole")


def faults(count: int, seed: int, minutes: float, kept: Path | None) -> dict[str, Any]:
    """Runs the tracks undisturbed and disturbed, again and again; returns what differs, and a row per sitting."""
    rng, rows, until = random.Random(seed), [], time.monotonic() + 60 * minutes
    with (
        tempfile.TemporaryDirectory(prefix="hl-suites-") as folder,
        small_disk(Path(folder) / "disk") as mounted,
    ):
        disk = Path(folder) / "disk"
        (disk / "tmp").mkdir()
        stand = kept or Path(folder)
        stand.mkdir(exist_ok=True)
        whole = undisturbed(stand)
        results = [s.result for s in whole.states() if s.result is not None]
        pace = sum(float(r["seconds"]) for r in results) / len(results)
        by_kind, differ, rounds = dict.fromkeys(KINDS, 0), {}, 0
        while sum(by_kind.values()) < count and time.monotonic() < until:
            out, rounds, done = disk / f"disturbed{rounds + 1}", rounds + 1, False
            while not done and time.monotonic() < until:
                running = run(
                    stand / "short.toml", out, CORES, env={**os.environ, "TMPDIR": str(disk / "tmp")}
                )
                hit, started = [], time.monotonic()
                while running.poll() is None:
                    try:
                        more = sum(by_kind.values()) < count
                        running.wait(rng.uniform(0.02, SPACING) * pace if more else None)
                    except subprocess.TimeoutExpired:
                        hit.append(disturb(rng.choice(KINDS), running, rng, disk, mounted))
                        by_kind[hit[-1]] += 1
                states = SuiteFolder.open(out).states() if (out / "suite.json").exists() else []
                done = bool(states) and all(s.result is not None for s in states)
                rows.append(
                    {
                        "round": rounds,
                        "faults": hit,
                        "seconds": round(time.monotonic() - started, 1),
                        "code": running.returncode,
                        "tracks": dict(collections.Counter(s.status.value for s in states)),
                        "reasons": [f"{s.track.name}: {s.reason}"[:300] for s in states if s.reason],
                    }
                )
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
            if done:
                cut = SuiteFolder.open(out)
                differ[f"round {rounds}"] = {
                    t.name: d for t in whole.suite.tracks if (d := difference(whole, cut, t))
                }
                shutil.rmtree(out)
        time.sleep(2.0)
        return {
            "faults": sum(by_kind.values()),
            "by_kind": by_kind,
            "disk": "tmpfs" if mounted else "file size limit",
            "tracks": len(whole.suite.tracks),
            "rounds_done": len(differ),
            "differ": differ,
            "left_running": len(left_running(MARK)),
            "seconds_of_a_track": round(pace, 1),
            "load": round(os.getloadavg()[0], 1),
            "sittings": rows,
        }


def difference(whole: SuiteFolder, cut: SuiteFolder, track: Track) -> str:
    """The first event in which two ledgers of a track differ; "" where they say the same."""
    try:
        one, two = plain(whole.system(track)), plain(cut.system(track))
    except (HlearnError, OSError) as error:
        return f"cannot be read: {error}"[:300]
    for number, (a, b) in enumerate(zip(one, two, strict=False)):
        if a != b:
            return f"event {number}: {a} against {b}"[:2_000]
    return "" if len(one) == len(two) else f"{len(one)} events against {len(two)}"


def scaling(steps: int) -> dict[str, Any]:
    """Wall time of eight equal tracks on two cores against one, and the share of it in which no track learned."""
    return _against({1: (), 2: ()}, steps)


def nodes(steps: int) -> dict[str, Any]:
    """The same on a Ray cluster of this machine: two nodes of one CPU each against one node."""
    with ray_cluster(1) as one:
        found = _against({1: ("--ray", one)}, steps)
    with ray_cluster(2) as two:
        found |= _against({2: ("--ray", two)}, steps)
    return found | {"two_over_one": found["wall_1"] / found["wall_2"]}


@contextlib.contextmanager
def ray_cluster(count: int) -> Iterator[str]:
    """A cluster of so many nodes of one CPU each; its address."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    for _ in range(count - 1):
        made.add_node(num_cpus=1)
    try:
        yield str(made.address)
    finally:
        made.shutdown()


def _against(ways: dict[int, tuple[str, ...]], steps: int) -> dict[str, Any]:
    found: dict[str, Any] = {"steps": steps}
    for cores, words in ways.items():
        with tempfile.TemporaryDirectory(prefix="hl-suites-") as folder:
            os.environ |= {"HLEARN_STATE": f"{folder}/state", "HLEARN_KEY": f"{folder}/suite.key"}
            Path(f"{folder}/suite.key").write_text("5a" * 32)
            suite = Path(folder) / "equal.toml"
            suite.write_text(EQUAL)
            load, began = os.getloadavg()[0], time.perf_counter()
            running = run(suite, Path(folder) / "s", cores, "--steps", str(steps), *words)
            _, _, used = os.wait4(running.pid, 0)
            wall = time.perf_counter() - began
            states = SuiteFolder.open(Path(folder) / "s").states()
            busy = sum(float(s.result["seconds"]) for s in states if s.result)
            found |= {
                f"wall_{cores}": wall,
                f"busy_{cores}": busy,
                f"overhead_{cores}": 1 - busy / (wall * cores),
            }
            found |= {f"done_{cores}": sum(s.result is not None for s in states), f"load_{cores}": load}
            found[f"cpu_{cores}"] = used.ru_utime + used.ru_stime  # of the driver and all that it waited for
    if len(ways) == 2:
        found["two_over_one"] = found["wall_1"] / found["wall_2"]
    return found


def main() -> None:
    """Measures and prints one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("what", choices=("faults", "scaling", "nodes"))
    parser.add_argument("--undisturbed", type=Path, help="folder in which the undisturbed run is kept")
    parser.add_argument("--faults", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="after which faults is checked as it stands"
    )
    parser.add_argument("--steps", type=int, default=200_000, help="of each track of scaling and nodes")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.what == "faults":
        found = faults(options.faults, options.seed, options.minutes, options.undisturbed)
    else:
        found = scaling(options.steps) if options.what == "scaling" else nodes(options.steps)
    text = json.dumps(found, indent=1)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
