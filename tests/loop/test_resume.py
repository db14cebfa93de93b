"""Killed at any moment, a run goes on: same result, nothing paid is lost or paid again."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from hlearn.ledger import Ledger, Measured, Trial
from hlearn.learn import learn
from hlearn.system import System
from tests.loop.climber import CARTPOLE, Climber

ROOT = Path(__file__).resolve().parents[2]


def essence(path: Path) -> dict[str, object]:
    """What must not depend on whether the run was killed."""
    system = System.open(path)
    measured = [r.event for r in system.ledger.rows if isinstance(r.event, Measured)]
    keys = [(e.program, o.seed, e.caps, e.purpose) for e in measured for o in e.outcomes]
    assert len(keys) == len(set(keys)), "an episode was paid twice"
    return {
        "measured": {
            (e.program, e.caps, e.purpose, dataclasses.replace(o, wall_s=0.0))
            for e in measured
            for o in e.outcomes
        },
        "trials": [r.event for r in system.ledger.rows if isinstance(r.event, Trial)],
        "commits": [(c.trial, c.program) for c in system.history()],
        "champion": system.champion(),
        "cases": system.cases(),
        "rejected": system.rejected(),
    }


def test_kill_9_at_random_moments(tmp_path: Path) -> None:
    began = time.monotonic()
    whole = learn(
        CARTPOLE, out=tmp_path / "whole", editor=Climber(), steps=20_000, seed=4, workers=1, holdout=3
    )
    took = time.monotonic() - began
    assert whole.trials >= 3
    assert whole.accepted >= 2

    out = tmp_path / "killed"
    rng = random.Random(1)
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT), *sys.path]))
    command = [sys.executable, "-m", "tests.loop.climber", str(out)]
    rows = 0
    for _ in range(4):
        process = subprocess.Popen(command, env=env, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        try:
            _, said = process.communicate(timeout=0.7 + rng.random() * took / 3)
            assert process.returncode == 0, said
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
        if (out / "ledger.jsonl").exists():
            now = len(Ledger(out / "ledger.jsonl").rows)
            assert now >= rows
            rows = now
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert essence(out) == essence(tmp_path / "whole")
    result = learn(
        CARTPOLE, out=out, editor=Climber(), steps=20_000, seed=4, workers=1, holdout=3, resume=True
    )
    changed = {"system": result.system, "seconds": 0.0, "overhead_s": 0.0}
    assert dataclasses.replace(whole, **changed) == dataclasses.replace(result, **changed)
    assert System.open(out).verify() >= rows
