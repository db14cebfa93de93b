"""Killed at any moment, a run goes on: same result, nothing paid is lost or paid again."""

from __future__ import annotations

import dataclasses
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hlearn import LearnResult, learn
from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.errors import StorageFull
from hlearn.ledger import Ledger, Measured, Trial
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
        "measured": {(e.program, e.caps, e.purpose, o) for e in measured for o in e.outcomes},
        "trials": [r.event for r in system.ledger.rows if isinstance(r.event, Trial)],
        "commits": [(c.trial, c.program) for c in system.history()],
        "champion": system.champion(),
        "cases": system.judged.cases(),
        "rejected": system.memory.rejected(),
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LearnResult, float]:
    out = tmp_path_factory.mktemp("whole") / "system"
    began = time.monotonic()
    whole = learn(CARTPOLE, out=out, editor=Climber(), steps=20_000, seed=4, workers=1, holdout=3)
    took = time.monotonic() - began
    assert whole.trials >= 3
    assert whole.accepted >= 2
    return out, whole, took


def command(out: Path) -> tuple[list[str], dict[str, str]]:
    env = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT), *sys.path]))
    return [sys.executable, "-m", "tests.loop.climber", str(out)], env


def test_kill_9_at_random_moments(undisturbed: tuple[Path, LearnResult, float], tmp_path: Path) -> None:
    there, whole, took = undisturbed

    out = tmp_path / "killed"
    rng = random.Random(1)
    line, env = command(out)
    rows = 0
    for _ in range(4):
        process = subprocess.Popen(line, env=env, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
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
    done = subprocess.run(line, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert essence(out) == essence(there)
    result = learn(
        CARTPOLE, out=out, editor=Climber(), steps=20_000, seed=4, workers=1, holdout=3, resume=True
    )
    changed: dict[str, Any] = {"system": result.system, "seconds": 0.0, "overhead_s": 0.0}
    changed["ms_per_decision"] = None
    assert dataclasses.replace(whole, **changed) == dataclasses.replace(result, **changed)
    assert System.open(out).verify() >= rows


class FullDisk(Climber):
    """The disk has room for 300 more bytes of ledger from the third proposal on."""

    def __init__(self, ledger: Path) -> None:
        super().__init__()
        self.ledger = ledger
        self.calls = 0

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        self.calls += 1
        if self.calls == 3:
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.ledger.stat().st_size + 300, hard))
        return super().propose(brief, lab)


def test_a_full_disk_loses_nothing(undisturbed: tuple[Path, LearnResult, float], tmp_path: Path) -> None:
    out = tmp_path / "full"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    editor = FullDisk(out / "ledger.jsonl")
    try:
        with pytest.raises(StorageFull, match="--resume"):
            learn(CARTPOLE, out=out, editor=editor, steps=20_000, seed=4, workers=1, holdout=3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert editor.calls == 3
    assert System.open(out).verify() > 5
    learn(CARTPOLE, out=out, editor=Climber(), steps=20_000, seed=4, workers=1, holdout=3, resume=True)
    assert essence(out) == essence(undisturbed[0])
