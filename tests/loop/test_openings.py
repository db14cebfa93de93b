"""How often an environment is opened before anything is learnt in it."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import pytest

from hlearn import learn, resolve_task
from hlearn.cli.learn import learn as verb
from hlearn.ledger import RunStarted
from hlearn.loop.opening import usual_steps
from hlearn.system import System
from hlearn.tasks import describe
from hlearn.tasks.families import family_of

MODULE = '''
import os
import gymnasium
import numpy as np
from gymnasium import spaces

LOG = {log!r}


class Counted(gymnasium.Env):
    """Writes down when it is made and when it first plays; an episode is three steps."""

    action_space = spaces.Discrete(2)
    observation_space = {space}

    def __init__(self):
        self.name, self.played = f"{{os.getpid()}}-{{id(self)}}", False
        self._write("made")

    def _write(self, what):
        with open(LOG, "a") as file:
            file.write(f"{{what}} {{self.name}}\\n")

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if not self.played:
            self.played = True
            self._write("played")
        self.t = 0
        return np.zeros(self.observation_space.shape, self.observation_space.dtype), {{}}

    def step(self, action):
        self.t += 1
        shown = np.full(self.observation_space.shape, self.t, self.observation_space.dtype)
        return shown, float(action), self.t == 3, False, {{}}


gymnasium.register("Counted-v0", Counted)
'''


def module(folder: Path, monkeypatch: pytest.MonkeyPatch, space: str) -> tuple[str, Path]:
    """Writes the module; returns the task's id and where openings are written down."""
    name = f"counted_{folder.name}"
    (folder / f"{name}.py").write_text(MODULE.format(log=str(folder / "log"), space=space))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.syspath_prepend(str(folder))
    return f"{name}:Counted-v0", folder / "log"


def only_described(log: Path) -> int:
    """How many environments were made and never played in."""
    rows = [line.split() for line in log.read_text().splitlines()]
    names = {name for what, name in rows if what == "played"}
    return sum(what == "made" and name not in names for what, name in rows)


def test_from_its_name_to_the_end_of_learning_it_is_described_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_id, log = module(tmp_path, monkeypatch, "spaces.Box(-9, 9, (1,), np.float64)")
    result = learn(env_id, out=tmp_path / "out", steps=300, workers=1, holdout=2)
    assert result.env_steps > 0
    assert only_described(log) == 1
    made = log.read_text().count("made")
    assert made <= 3, "besides, the worker plays in one, and golden observations come from one"
    assert env_id.partition(":")[0] not in sys.modules, "somebody's own module is not imported here"


def test_what_was_resolved_is_described_without_another_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_id, log = module(tmp_path, monkeypatch, "spaces.Box(-9, 9, (1,), np.float64)")
    task = resolve_task(env_id)
    assert describe(task).observation.shape == (1,)
    assert log.read_text().count("made") == 1
    assert describe(task).actions == describe(task).actions
    assert log.read_text().count("made") == 3, "later it may be another one: it is looked at again"


def test_defaults_are_those_of_the_family_of_the_system_and_of_the_command_line(tmp_path: Path) -> None:
    python, command = inspect.signature(learn).parameters, inspect.signature(verb).parameters
    assert python["holdout"].default == command["holdout_episodes"].default
    for name in ("steps", "seed", "workers", "target"):
        assert python[name].default is command[name].default is None

    task = resolve_task("CartPole-v1")
    system = System.create(tmp_path / "new", task, seed=3)
    assert usual_steps(system) == family_of("CartPole-v1").default_steps == 500_000
    out = tmp_path / "begun"
    learn(task, out=out, editor="search", steps=300, seed=5, workers=1, holdout=0)
    assert usual_steps(System.open(out)) == 300
    again = learn(task, out=out, workers=1, holdout=0, resume=True)
    assert again.seed == 5
    begun = [r.event for r in System.open(out).ledger.rows if isinstance(r.event, RunStarted)]
    assert [(run.steps, run.seed) for run in begun] == [(300, 5)], "the same run, which has ended"
