"""The loop around an editor's command: what it costs per trial, and what is left when everything around it fails.

    .venv/bin/python -m benchmarks.agents [--trials 200] [--faults 40] [--minutes 60] [--out FILE]

A command edits a CartPole program again and again. In about half of the attempts something goes wrong at random: it
hangs, kills itself, kills its parent, forks children that sleep on in sessions of their own, floods its output, edits
what it may not, leaves a program that crashes. In one of eight Codex does it instead, where it is installed, and its
model breaks its streams off, fails, hangs or answers. The learning process itself is killed at random moments, or the
small disk (tmpfs, for root) that holds the system and all temporary files is full for some seconds; then learning is
resumed. At the end: nothing left running, ledger and commits verified, trials numbered without gap or repetition, no
episode paid for twice.
The overhead is wall time without clients and without episodes, per trial, of the sittings that were not killed.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from hlearn import learn
from hlearn.editors.agents import CLIENTS, AgentEditor, Endpoint
from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.editors.command import CommandEditor
from hlearn.gate import Gate
from hlearn.lab.purse import cost_so_far
from hlearn.ledger import EditorRan, Measured, Refused, RunEnded, Trial
from hlearn.system import System
from hlearn.testing.model_server import Act, Drop, Fail, Hang, Say, ScriptedModel, Shell

MARK = "HL_BENCHMARK_AGENTS"
_DISK_MB = 96
_STUCK = 8  # sittings in a row that bring no trial
GOAL_S = 2.0
_STEPS = 100_000_000
_COMMAND = """
case $(( $(od -An -N2 -tu2 /dev/urandom) % 16 )) in
  0) sleep 600 ;;
  1) kill -9 $$ ;;
  2) kill -9 $PPID; sleep 600 ;;
  3) (setsid sleep 600 &) ; (setsid sh -c 'trap "" TERM; sleep 600' &) ;;
  4) head -c 3000000 /dev/zero ;;
  5) echo x >> hl.toml ;;
  6) rm -f tests/test_policy.py ;;
  7) printf 'class P:\\n    def reset(self, seed): pass\\n    def act(self, o): return 1 / 0\\n' > policy.py; exit 3 ;;
esac
gain=$(( $(od -An -N2 -tu2 /dev/urandom) % 1000 ))
head='class P:\\n    def reset(self, seed): pass\\n    def act(self, o): '
printf "${head}return int(o[2] + 0.%03d * o[3] > 0)\\n" $gain > policy.py
echo "gain $gain; expects mean score at least 100; because it leans with the fall" > "$HL_NOTE"
"""
_PLAIN = """class P:
    def reset(self, seed): pass
    def act(self, o): return int(o[2] + 0.{:03d} * o[3] > 0)
"""


class FaultyEditor:
    """The command, or now and then Codex with a model that is not to be relied on."""

    deterministic = False
    name = "faults"

    def __init__(self, proposals: int) -> None:
        self._command = CommandEditor(
            _COMMAND, limit_s=3.0, dev_episodes=1, patience=1000, proposals=proposals
        )
        self._rng = random.Random()

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        """One proposal."""
        if CLIENTS["codex"].find() is not None and self._rng.random() < 0.125:
            write = Shell(f"printf '%s' '{_PLAIN.format(self._rng.randrange(1000))}' > policy.py")
            plans: list[list[Act]] = [
                [Drop()],
                [write, Drop()],
                [Fail(500)],
                [Hang(60.0)],
                [write, Say("done")],
            ]
            plan = self._rng.choice(plans)
            with ScriptedModel([plan]) as model:
                endpoint = Endpoint(base_url=model.url, key="none", model="scripted")
                agent = AgentEditor(
                    CLIENTS["codex"], endpoint, limit_s=8.0, dev_episodes=1, patience=1, tools=False
                )
                made = agent.propose(brief, lab)
            if made is not None:
                return made
        return self._command.propose(brief, lab)


def sitting(out: Path, trials: int) -> None:
    """One sitting of learning; ends when so many trials stand in the ledger."""
    gate = Gate(max_pairs=8)
    learn(
        "CartPole-v1",
        out=out,
        editor=FaultyEditor(trials),
        steps=_STEPS,
        workers=1,
        holdout=0,
        resume=True,
        gate=gate,
    )


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A disk of its own in a folder; False where this user cannot mount one."""
    folder.mkdir()
    mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m", "none", str(folder)],
            check=False,
            capture_output=True,
        ).returncode
        == 0
    )
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder: Path, seconds: float, process: subprocess.Popen[bytes]) -> None:
    """Fills the disk for some seconds, or until the process ends on it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 18))
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
            file.write(bytes(1 << 16))  # what is freed meanwhile
        time.sleep(0.1)
    filler.unlink()


def ledger_of(out: Path) -> list[object]:
    """The events; none where there is no system yet."""
    return [r.event for r in System.open(out).ledger.rows] if (out / "hl.toml").exists() else []


def left_running(mark: str = MARK) -> list[int]:
    """Processes that carry the mark in their environment."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                if f"{mark}=1".encode() in Path(f"/proc/{name}/environ").read_bytes():
                    found.append(int(name))
            except OSError:
                continue
    return found


def main() -> int:
    """Runs sittings until the trials are there, then checks everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument(
        "--faults", type=int, default=40, help="of the learning process: kills and full disks"
    )
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="after which it is checked as far as it came"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", type=Path)
    options = parser.parse_args()
    if options.child is not None:
        sitting(options.child, options.trials)
        return 0
    rng, until = random.Random(options.seed), time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as folder, small_disk(Path(folder) / "disk") as disk:
        out = Path(folder) / "disk" / "s"
        (Path(folder) / "disk" / "tmp").mkdir()
        os.environ["HLEARN_STATE"] = f"{folder}/state"
        seen = Counts()
        while seen.idle < _STUCK and time.monotonic() < until:
            before = ledger_of(out)
            done = sum(isinstance(e, Trial) for e in before)
            if done >= options.trials:
                break
            paid = cost_so_far(System.open(out).ledger).seconds if before else 0.0
            command = [sys.executable, "-m", "benchmarks.agents", "--child", str(out)]
            command += ["--trials", str(options.trials - done)]
            env = os.environ | {MARK: "1", "TMPDIR": f"{folder}/disk/tmp"}
            with (Path(folder) / "said.txt").open("wb") as said:
                process = subprocess.Popen(command, env=env, stdout=said, stderr=said)
            seen.sittings += 1
            disturb(process, Path(folder) / "disk" if disk else None, rng, seen, options.faults, until)
            after = ledger_of(out)
            new = sum(isinstance(e, Trial) for e in after) - done
            seen.idle = 0 if new else seen.idle + 1
            ended = [e for e in after[len(before) :] if isinstance(e, RunEnded)]
            if process.returncode == 0 and ended:
                paid = cost_so_far(System.open(out).ledger).seconds - paid
                seen.overhead_s += sum(e.overhead_s for e in ended) - paid
                seen.timed += new
            elif process.returncode > 0:
                last = (Path(folder) / "said.txt").read_text(errors="replace").strip().splitlines()[-1:]
                seen.ends += last
        time.sleep(2.0)
        return report(out, seen, disk, options.out)


@dataclasses.dataclass
class Counts:
    """What was done to learning, and what it took."""

    sittings: int = 0
    kills: int = 0
    full_disks: int = 0
    idle: int = 0
    timed: int = 0
    overhead_s: float = 0.0
    ends: list[str] = dataclasses.field(default_factory=list)


def disturb(
    process: subprocess.Popen[bytes],
    disk: Path | None,
    rng: random.Random,
    seen: Counts,
    faults: int,
    until: float,
) -> None:
    """Waits for a sitting's end, and kills it or fills its disk now and then."""
    while True:
        left = seen.kills + seen.full_disks < faults
        try:
            process.wait(min(15 + rng.random() * 45 if left else 1e6, max(1.0, until - time.monotonic())))
            return
        except subprocess.TimeoutExpired:
            if disk is not None and rng.random() < 0.4 and time.monotonic() < until:
                seen.full_disks += 1
                fill(disk, 4.0, process)
            else:
                seen.kills += 1
                process.send_signal(signal.SIGKILL)
                process.wait()
                return


def report(out: Path, seen: Counts, disk: bool, file: Path | None) -> int:
    """Checks and prints; 0 where everything held."""
    system = System.open(out)
    system.verify()
    events = ledger_of(out)
    trials = [e for e in events if isinstance(e, Trial)]
    numbers = [t.trial for t in trials]
    episodes = [
        (e.program, o.seed, e.caps, e.purpose) for e in events if isinstance(e, Measured) for o in e.outcomes
    ]
    refused: dict[str, int] = {}
    for event in events:
        if isinstance(event, Refused) and event.kind is not None:
            refused[event.kind.value] = refused.get(event.kind.value, 0) + 1
    found = {
        "trials": len(trials),
        "accepted": sum(t.decision == "accepted" for t in trials),
        "clients_run": sum(isinstance(e, EditorRan) for e in events),
        "refused": refused,
        "sittings": seen.sittings,
        "kills_of_learning": seen.kills,
        "full_disks": seen.full_disks if disk else "no disk could be mounted",
        "ends_by_an_error": dict(collections.Counter(line[:120] for line in seen.ends)),
        "faults_of_clients": dict(
            collections.Counter(e.fault.value for e in events if isinstance(e, EditorRan) and e.fault)
        ),
        "trials_in_order": numbers == list(range(1, len(numbers) + 1)),
        "episodes_paid_twice": len(episodes) - len(set(episodes)),
        "left_running": len(left_running()),
        "overhead_s_per_trial": round(seen.overhead_s / max(1, seen.timed), 3),
        "overhead_trials": seen.timed,
        "goal_s": GOAL_S,
        "load": os.getloadavg()[0],
    }
    print(json.dumps(found, indent=2))
    if file is not None:
        file.write_text(json.dumps(found, indent=2) + "\n")
    held = found["trials_in_order"] and not found["episodes_paid_twice"] and not found["left_running"]
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
