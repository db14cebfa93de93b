"""A run that is stopped keeps everything, leaves its best program where a user finds it, and says what stopped it."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from hlearn import learn
from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.errors import HarnessError
from hlearn.evaluate.api import Job
from hlearn.records import Program
from hlearn.system import System
from tests.loop.climber import CARTPOLE
from tests.loop.test_learn import GOOD, LEAN, LEFT

from .conftest import command


class Stopped:
    """Measures programs, proposes the first of them where there is a champion to be, then is stopped."""

    name, deterministic = "stopped", True

    def __init__(self, sources: list[str], *, proposes: bool, error: BaseException) -> None:
        self.programs, self.proposes, self.error = [Program(source=s) for s in sources], proposes, error

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        if self.proposes and brief.champion is None:
            return Proposal(program=self.programs[0], note="first")
        lab.measure([Job(program=p, seed=s) for p in self.programs for s in lab.seeds(0, 2)])
        raise self.error


@pytest.mark.parametrize(
    ("sources", "proposes", "left"),
    [
        ([LEFT, GOOD], False, GOOD),  # before the first proposal
        ([LEFT, GOOD], True, GOOD),  # a better one than the champion was found meanwhile
        ([GOOD, LEAN], True, None),  # the champion leads
    ],
)
def test_the_best_program_that_was_not_judged_is_left(
    tmp_path: Path, sources: list[str], proposes: bool, left: str | None
) -> None:
    editor = Stopped(sources, proposes=proposes, error=KeyboardInterrupt())
    result = learn(CARTPOLE, out=tmp_path / "s", editor=editor, workers=1)
    path = tmp_path / "s" / "unjudged.py"
    assert result.interrupted and result.unjudged == (str(path) if left else None)
    assert (path.read_text() if path.exists() else None) == left
    assert (tmp_path / "s" / "policy.py").exists() == proposes
    assert System.open(tmp_path / "s").verify() > 0


def test_it_is_left_where_the_machinery_fails_too(tmp_path: Path) -> None:
    editor = Stopped([LEFT, GOOD], proposes=False, error=HarnessError("a cable came loose"))
    with pytest.raises(HarnessError, match="cable") as failed:
        learn(CARTPOLE, out=tmp_path / "s", editor=editor, workers=1)
    assert (tmp_path / "s" / "unjudged.py").read_text() == GOOD
    assert any("unjudged.py" in note for note in failed.value.__notes__)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_signals_stop_once_and_cleanly_however_often_they_come(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    out = tmp_path / "a system"
    arguments = ("learn", "Pendulum-v1", "--steps", 5_000_000, "--out", out, "--workers", 1, "--json")
    running = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not (out / "programs" / "pack").exists() or (out / "programs" / "pack").stat().st_size < 20_000:
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(number)
    running.send_signal(number)
    said, err = running.communicate(timeout=60)
    assert running.returncode == code, err
    assert "Traceback" not in err
    result = json.loads(said.splitlines()[-1])
    assert result["why"] == "interrupted" and result["env_steps"] > 0
    assert result["unjudged"] is not None or result["program_sha256"] is not None
    if result["unjudged"] is not None:
        assert f"hl gate {shlex.quote(str(out))} --program" in err
    assert System.open(out).verify() > 0


def test_what_the_parent_ignores_stays_ignored(tmp_path: Path) -> None:
    arguments = ("learn", "hlearn.testing.toys:Corridor-v0", "--steps", 1500, "--holdout-episodes", 0)
    line = shlex.join(map(str, command(*arguments, "--out", tmp_path / "s", "--workers", 1)))
    running = subprocess.Popen(["sh", "-c", f"trap '' HUP; exec {line}"], stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "s" / "ledger.jsonl").exists():
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGHUP)
    assert running.wait(60) in (0, 1)
