"""Searches whose candidates all fail, or that bring nothing new: every one of them ends, and says why."""

from __future__ import annotations

import itertools
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from hlearn import learn
from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.evaluate.api import Job
from hlearn.ledger import Measured
from hlearn.ledger.totals import learning_steps
from hlearn.records import Program
from hlearn.system import System
from tests.loop.climber import CARTPOLE


class OneButton(gymnasium.Env[np.ndarray, np.int64]):
    """A point that drifts whatever the one action does."""

    observation_space = gymnasium.spaces.Box(-9.0, 9.0, (2,), np.float64)
    action_space = gymnasium.spaces.Discrete(1)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t, self.x = 0, float(self.np_random.uniform(-1, 1))
        return np.array([self.x, 0.0]), {}

    def step(self, action):
        self.t, self.x = self.t + 1, self.x + 0.1
        return np.array([self.x, self.t / 20]), self.x, False, self.t >= 20, {}


gymnasium.register("hlearn-tests/OneButton-v0", entry_point=OneButton)  # type: ignore[arg-type]


class Stumbling:
    """Measures ever new programs that fail before their first decision; proposes what it has, or nothing."""

    name = "stumbling"

    def __init__(self, source: str, *, proposes: bool, deterministic: bool = True) -> None:
        self.source, self.proposes, self.deterministic = source, proposes, deterministic
        self.numbers = itertools.count()

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        while lab.remaining > 0:
            programs = [Program(source=f"{self.source}# {next(self.numbers)}\n") for _ in range(32)]
            if not self.proposes:
                lab.measure([Job(program=p, seed=s) for p in programs for s in lab.seeds(0, 2)])
                continue
            return Proposal(program=programs[0], note="another try")
        return None


LATE = "class A:\n    def reset(self, seed): pass\n    def act(self, obs): return 1 / 0\n"


@pytest.mark.parametrize("steps", [100, 1_000_000])
def test_a_search_of_nothing_but_failures_ends(tmp_path: Path, steps: int) -> None:
    result = learn(
        CARTPOLE, out=tmp_path / "s", editor=Stumbling(LATE, proposes=False), steps=steps, workers=1
    )
    assert result.why == ("budget spent" if steps == 100 else "nothing but failures")
    assert result.program_sha256 is None
    assert steps != 100 or 60 < result.env_steps <= 100  # each cost one; a part is kept for the gate
    assert result.env_steps <= 1_300
    ledger = System.open(tmp_path / "s").ledger
    assert learning_steps(ledger) == result.env_steps
    assert all(
        o.env_steps == 0 for r in ledger.rows if isinstance(r.event, Measured) for o in r.event.outcomes
    )


@pytest.mark.parametrize("deterministic", [True, False])
def test_ever_new_proposals_that_may_not_run_end_too(tmp_path: Path, deterministic: bool) -> None:
    editor = Stumbling("import os\n", proposes=True, deterministic=deterministic)
    result = learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=50_000, workers=1)
    assert result.why == "nothing more to try" and result.trials == 20


def test_one_action_leaves_nothing_to_choose_and_the_search_ends(tmp_path: Path) -> None:
    task = f"{__name__}:hlearn-tests/OneButton-v0"
    result = learn(task, out=tmp_path / "s", steps=1_500, workers=1, holdout=3)
    assert result.program_sha256 is not None and result.score is not None
    events = [r.event for r in System.open(tmp_path / "s").ledger.rows]
    assert not any(
        m.kind for e in events if isinstance(e, Measured) for m in e.outcomes if hasattr(m, "kind")
    )


class Barren(gymnasium.Env[np.ndarray, np.int64]):
    """Nothing ever pays."""

    observation_space = gymnasium.spaces.Box(-9.0, 9.0, (2,), np.float64)
    action_space = gymnasium.spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = 0
        return self.np_random.uniform(-1, 1, 2), {}

    def step(self, action):
        self.t += 1
        return self.np_random.uniform(-1, 1, 2), 0.0, False, self.t >= 20, {}


gymnasium.register("hlearn-tests/Barren-v0", entry_point=Barren)  # type: ignore[arg-type]


def test_where_no_reward_was_ever_seen_a_few_fresh_episodes_end_the_report(tmp_path: Path) -> None:
    result = learn(
        "tests.loop.test_hopeless:hlearn-tests/Barren-v0", out=tmp_path / "b", steps=1_000, workers=1
    )
    assert result.score_seen_always == 0.0
    assert (result.holdout_episodes, result.score) == (5, 0.0)
    again = learn(
        "tests.loop.test_hopeless:hlearn-tests/Barren-v0",
        out=tmp_path / "few",
        steps=1_000,
        workers=1,
        holdout=3,
    )
    assert again.holdout_episodes == 3
