"""The loop around an editor's command: what it costs per trial, and what is left when everything around it fails.

    .venv/bin/python -m benchmarks.agents [--trials 200] [--kills 20] [--out FILE]

A command edits a CartPole program again and again. In about half of the attempts something goes wrong at random: it
hangs, kills itself, kills its parent, forks children that sleep on in sessions of their own, floods its output, edits
what it may not, leaves a program that crashes. The learning process itself is killed at random moments and resumed. At
the end: nothing left running, ledger and commits verified, trials numbered without gap or repetition, no episode paid
for twice.
The overhead is wall time without clients and without episodes, per trial, of the sittings that were not killed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hlearn import learn
from hlearn.editors.command import CommandEditor
from hlearn.lab.purse import cost_so_far
from hlearn.ledger import EditorRan, Measured, Refused, RunEnded, Trial
from hlearn.system import System

MARK = "HL_BENCHMARK_AGENTS"
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


def sitting(out: Path, trials: int) -> None:
    """One sitting of learning; ends when so many trials stand in the ledger."""
    editor = CommandEditor(_COMMAND, limit_s=3.0, dev_episodes=1, patience=1000, proposals=trials)
    learn("CartPole-v1", out=out, editor=editor, steps=_STEPS, workers=1, holdout=0, resume=True)


def ledger_of(out: Path) -> list[object]:
    """The events; none where there is no system yet."""
    return [r.event for r in System.open(out).ledger.rows] if (out / "hl.toml").exists() else []


def left_running() -> list[int]:
    """Processes that carry the mark in their environment."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                if f"{MARK}=1".encode() in Path(f"/proc/{name}/environ").read_bytes():
                    found.append(int(name))
            except OSError:
                continue
    return found


def main() -> int:
    """Runs sittings until the trials are there, then checks everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20, help="of the learning process")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", type=Path)
    options = parser.parse_args()
    if options.child is not None:
        sitting(options.child, options.trials)
        return 0
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        out, kills, overhead, timed = Path(folder) / "s", 0, 0.0, 0
        while True:
            before = ledger_of(out)
            done = sum(isinstance(e, Trial) for e in before)
            if done >= options.trials:
                break
            paid = cost_so_far(System.open(out).ledger).seconds if before else 0.0
            command = [sys.executable, "-m", "benchmarks.agents", "--child", str(out)]
            command += ["--trials", str(options.trials - done)]
            env = os.environ | {MARK: "1", "HLEARN_STATE": f"{folder}/state"}
            os.environ["HLEARN_STATE"] = f"{folder}/state"
            process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(None if kills >= options.kills else 5 + rng.random() * 40)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
                continue
            after = ledger_of(out)
            ended = [e for e in after[len(before) :] if isinstance(e, RunEnded)]
            paid = cost_so_far(System.open(out).ledger).seconds - paid
            overhead += sum(e.overhead_s for e in ended) - paid
            timed += sum(isinstance(e, Trial) for e in after) - done
        time.sleep(2.0)
        return report(out, kills, overhead / max(1, timed), timed, options.out)


def report(out: Path, kills: int, overhead_s: float, timed: int, file: Path | None) -> int:
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
        "kills_of_learning": kills,
        "trials_in_order": numbers == list(range(1, len(numbers) + 1)),
        "episodes_paid_twice": len(episodes) - len(set(episodes)),
        "left_running": len(left_running()),
        "overhead_s_per_trial": round(overhead_s, 3),
        "overhead_trials": timed,
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
