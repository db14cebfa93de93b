"""What stands in the way of learning is said at the start, in words."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from hlearn import learn
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.loop.first_look import FirstLook, look_first
from hlearn.tasks import open_environment, resolve_task
from tests.loop.climber import CARTPOLE, Climber
from tests.loop.test_learn import Listener


class Flawed(gymnasium.Env[Any, Any]):
    """Ten steps; what is wrong with it is an argument."""

    def __init__(self, flaw: str = "") -> None:
        self.flaw = flaw
        box = spaces.Box(-np.inf, np.inf, (3,), np.float64)
        self.observation_space: spaces.Space[Any] = box
        if flaw == "words":
            self.observation_space = spaces.Dict({"at": box, "mission": spaces.Text(9)})
        self.action_space = spaces.Discrete(2)
        self.at = np.zeros(3)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.t = 0
        return self._seen(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.t += 1
        if self.flaw == "slow":
            time.sleep(0.01)
        paid = 0.0 if self.flaw == "unpaid" else 1.0
        return self._seen(), paid, False, self.t >= 10, {}

    def _seen(self) -> Any:
        self.at = np.zeros(3) if self.flaw == "still" else self.np_random.uniform(-1, 1, 3)
        if self.flaw == "nan" and self.t > 3:
            self.at[1] = np.nan
        return {"at": self.at, "mission": "go"} if self.flaw == "words" else self.at


gymnasium.register("hlearn-tests/Flawed-v0", entry_point=Flawed, max_episode_steps=10)  # type: ignore[arg-type]
FLAWED = f"{__name__}:hlearn-tests/Flawed-v0"


def look(flaw: str, *, steps: int = 10_000, searches: bool = True) -> FirstLook:
    task = resolve_task(FLAWED, flaw=flaw)
    environment = open_environment(task)
    with IsolatedEvaluator(task, workers=1) as evaluator:
        return look_first(
            evaluator,
            evaluator.task,
            evaluator.workers,
            environment.observation,
            environment.actions,
            steps=steps,
            seed=0,
            searches=searches,
        )


@pytest.mark.parametrize(
    ("flaw", "words"),
    [
        ("nan", "the observation is NaN in 60% of the steps of random play, at component 1; "),
        ("still", "nothing that is observed changed"),
        ("unpaid", "random play saw no reward in 8 episodes (80 steps)"),
        ("words", "left out of what a program sees: mission (Text: no fixed length)"),
    ],
)
def test_a_flaw_is_told(flaw: str, words: str) -> None:
    notes = look(flaw).notes
    assert len(notes) == 1 and words in notes[0]


def test_slow_environments_and_small_budgets_are_told_with_what_would_do() -> None:
    slow = look("slow")
    assert 0 < slow.steps_per_s < 110 and slow.length == 10
    assert look("slow", steps=5_000_000).notes[0].startswith("slow: about")
    assert "ten minutes" in look("slow", steps=1_000_000).notes[0]
    [small] = look("", steps=100).notes
    assert "100 steps are too few for a search" in small and "give at least --steps 3600" in small
    assert look("", steps=100, searches=False).notes == ()
    assert look("").notes == ()


def test_learning_tells_it_once_and_charges_nothing(tmp_path: Path) -> None:
    listener, silent = Listener(), Listener()
    task = resolve_task(FLAWED, flaw="unpaid")
    first = learn(task, out=tmp_path / "s", steps=800, workers=1, holdout=0, progress=listener)
    assert first.score_seen_always == 0.0 and first.env_steps <= 800
    assert ["no reward" in note for note in listener.notes] == [True, False]
    learn(task, out=tmp_path / "s", steps=1_000, workers=1, holdout=0, progress=silent, resume=True)
    assert silent.notes == []
    sound = Listener()
    learn(CARTPOLE, out=tmp_path / "t", editor=Climber(), steps=600, workers=1, holdout=0, progress=sound)
    assert sound.notes == []
