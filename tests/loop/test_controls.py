"""Beside a score stands what trivial play scores on the same fresh seeds; what does not beat it is no success."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from rich.console import Console

from hlearn import LearnResult, learn
from hlearn.cli.progress import doing
from hlearn.cli.summary import last_word, not_better, summary
from hlearn.editors.scripted import ScriptedEditor
from hlearn.editors.search.arcade.look import wanderer
from hlearn.evaluate.api import Job, Result
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.lab import Progress, RunStatus, Silent
from hlearn.ledger import Purpose
from hlearn.loop.controls import constant_play, is_better, most_episodes, play_controls, random_play
from hlearn.policy.source import check_source
from hlearn.probe.random_play import is_probe, probing_program
from hlearn.records import Evaluation, Outcome, Program, Split
from hlearn.system import System
from hlearn.system.acting import act_on
from hlearn.tasks.environment import Box, Discrete
from tests.loop.climber import CARTPOLE
from tests.loop.test_learn import GOOD, LEFT


class Signs(gymnasium.Env[np.ndarray, np.int64]):
    """Ten times a number is shown; reward 1 for saying its sign. ``fixed`` shows every seed the same numbers."""

    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float64)
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, fixed: bool = False, paid: float = 1.0) -> None:
        self.fixed, self.paid = fixed, paid

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self.rng = np.random.default_rng(7) if self.fixed else self.np_random
        self.t, self.x = 0, float(self.rng.uniform(-1, 1))
        return np.array([self.x]), {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        paid, self.t = self.paid * (action == (self.x > 0)), self.t + 1
        self.x = float(self.rng.uniform(-1, 1))
        return np.array([self.x]), float(paid), False, self.t >= 10, {}


class Prices(gymnasium.Env[np.ndarray, np.int64]):
    """Two decisions; the fifth of 18 actions pays 50, the others one to two."""

    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float64)
    action_space = gymnasium.spaces.Discrete(18)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self.t = 0
        return np.zeros(1), {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        self.t += 1
        paid = 50.0 if action == 5 else 1.0 + self.np_random.random()
        return np.zeros(1), paid, self.t == 2, False, {}


gymnasium.register("hlearn-tests/Prices-v0", entry_point=Prices, max_episode_steps=10)  # type: ignore[arg-type]
gymnasium.register("hlearn-tests/Signs-v0", entry_point=Signs, max_episode_steps=10)  # type: ignore[arg-type]
TASK = f"{__name__}:hlearn-tests/Signs-v0"
SIGN = "class A:\n    def reset(self, seed): pass\n    def act(self, obs): return int(obs[0] > 0)\n"
GUESS = (
    "import random\n\n\nclass A:\n    def reset(self, seed): self.r = random.Random(seed)\n"
    "    def act(self, obs): return self.r.randrange(2)\n"
)


def learnt(tmp_path: Path, source: str, **kwargs: Any) -> LearnResult:
    from hlearn.tasks import resolve_task

    task = resolve_task(TASK, **kwargs)
    return learn(
        task, out=tmp_path / "s", editor=ScriptedEditor([source]), steps=2_000, workers=1, holdout=12
    )


def test_a_program_that_looks_beats_trivial_play(tmp_path: Path) -> None:
    result = learnt(tmp_path, SIGN)
    assert result.score == 10.0 and result.better_than_trivial is True
    assert result.random_play is not None and 3 < result.random_play < 7
    assert result.best_constant is not None and result.best_constant < 9
    assert result.best_constant_action in ("always action 0", "always action 1")
    assert result.blind_replay is not None and result.blind_replay < 9
    assert result.score_seen_always is None or result.score_seen_always == 10.0
    assert result.holdout_env_steps > 12 * 10  # controls are counted outside of learning


def test_a_program_that_guesses_is_no_success_and_is_kept(tmp_path: Path) -> None:
    result = learnt(tmp_path, GUESS)
    assert result.better_than_trivial is False and result.trivial_verdict
    assert (tmp_path / "s" / "policy.py").read_text() == GUESS
    told = not_better(replace(result, trivial_verdict="no better: 4 against 5"), tmp_path / "s")
    assert told.startswith("nothing better than chance was found")
    leads = not_better(replace(result, trivial_verdict="undecided: 7 against 5"), tmp_path / "s")
    assert leads.startswith(f"not shown to be better than {result.best_trivial}: 7 against 5")
    assert leads.endswith("--split holdout --episodes 48")
    screen = Console(record=True, width=200, file=io.StringIO())
    last_word(result, screen)
    assert "not shown to be better than" in screen.export_text()


def test_where_every_seed_is_the_same_a_replay_does_not_count(tmp_path: Path) -> None:
    result = learnt(tmp_path, SIGN, fixed=True)
    assert result.blind_replay == result.score == 10.0
    assert result.better_than_trivial is True and result.best_trivial != "the blind replay"


def test_a_reward_that_was_never_seen_is_told(tmp_path: Path) -> None:
    result = learnt(tmp_path, SIGN, paid=0.0)
    assert result.score_seen_always == 0.0 and result.better_than_trivial is False


def test_doing_nothing_is_the_bar_where_acting_only_costs(tmp_path: Path) -> None:
    result = learn(CARTPOLE, out=tmp_path / "s", editor=ScriptedEditor([LEFT, GOOD]), workers=1, holdout=3)
    assert result.better_than_trivial is True  # three pairs can decide
    few = learn(CARTPOLE, out=tmp_path / "t", editor=ScriptedEditor([GOOD]), workers=1, holdout=2)
    assert few.better_than_trivial is None and few.random_play is not None  # two cannot
    none = learn(CARTPOLE, out=tmp_path / "u", editor=ScriptedEditor([GOOD]), workers=1, holdout=0)
    assert none.better_than_trivial is None and none.random_play is None


class StopsAt(Silent):
    """Presses Ctrl-C as soon as something is said, or after so many reports; keeps what was said and left."""

    def __init__(self, text: str, reports: int | None = None) -> None:
        self.text, self.reports = text, reports
        self.told: list[tuple[str, int | None]] = []

    def said(self, text: str, standing: RunStatus) -> None:
        self.told.append((doing(standing), standing.episodes_left))
        if text == self.text:
            raise KeyboardInterrupt

    def measured(self, purpose: Purpose, outcomes: Sequence[Outcome], standing: RunStatus) -> None:
        if purpose is Purpose.REPORT and self.reports is not None:
            self.reports -= 1
            if self.reports == 0:
                raise KeyboardInterrupt


def test_a_report_that_is_stopped_shows_what_it_has_and_goes_on(tmp_path: Path) -> None:
    from hlearn.tasks import resolve_task

    def go_on(progress: Progress, resume: bool = True) -> LearnResult:
        return learn(
            resolve_task(TASK),
            out=tmp_path / "s",
            editor=ScriptedEditor([SIGN]),
            steps=2_000,
            workers=1,
            holdout=12,
            progress=progress,
            resume=resume,
        )

    early = go_on(StopsAt("", reports=2), resume=False)
    assert early.interrupted and early.score == 10.0 and early.holdout_episodes == 3
    assert early.unmeasured is not None and "of 12 holdout episodes, blind replay" in early.unmeasured
    later = go_on(StopsAt("controls: constant actions"))
    assert (
        later.interrupted and later.score == 10.0 and later.holdout_episodes == 5
    )  # of one score, as all of learning
    assert later.blind_replay is not None and later.random_play is not None
    assert later.best_constant is None and later.better_than_trivial is None
    assert later.unmeasured == "constant actions, the verdict on trivial play"
    screen = Console(record=True, width=200, file=io.StringIO())
    summary(later, resolve_task(TASK), tmp_path / "s", 2_000, screen)
    told = screen.export_text()
    assert "score: 10 mean of 5 episodes on fresh seeds" in told and "random play: " in told
    assert "not measured: constant actions" in told and "--resume" in told
    listener = StopsAt("never")
    whole = go_on(listener)
    assert not whole.interrupted and whole.unmeasured is None and whole.better_than_trivial is True
    assert (whole.score, whole.random_play) == (later.score, later.random_play)
    first = listener.told[0]
    assert first == (f"report: holdout, at most {first[1]} episodes left", 12 + 10 + 24 + 6)
    left = [count for _, count in listener.told]
    counts = [count for count in left if count is not None]
    assert counts == left and counts == sorted(counts, reverse=True)


def test_constant_actions_race_and_who_lies_clearly_behind_plays_no_more() -> None:
    from hlearn.tasks import resolve_task

    task, actions = resolve_task(f"{__name__}:hlearn-tests/Prices-v0"), Discrete(n=18)
    always = [control.program for control in constant_play(actions)]
    played: Counter[int | None] = Counter()
    with InProcessEvaluator(task) as evaluator:

        def measure(jobs: Sequence[Job]) -> list[Result]:
            played.update(always.index(j.program) if j.program in always else None for j in jobs)
            return evaluator.run(jobs)

        ours = tuple(r.outcome for r in evaluator.run([Job(program=always[5], seed=s) for s in range(30)]))
        champion = Evaluation(program=always[5].sha256, split=Split.HOLDOUT, outcomes=ours)
        controls = play_controls(measure, task, actions, champion, range(30))
    assert controls is not None and controls.best.name == "always action 5" and controls.better is False
    assert len(controls.constant.scores) == 30 and len(controls.random.scores) == 10
    assert sum(played[i] for i in range(18) if i != 5) == 18 + 6 + 3 - 3
    assert played.total() <= most_episodes(actions, 30)


@pytest.mark.parametrize(
    ("space", "names"),
    [
        (Discrete(n=2), ["always action 0", "always action 1"]),
        (Discrete(n=2, names=("NOOP", "FIRE")), ["doing nothing (NOOP)", "always FIRE"]),
        (Box(low=(-1.0,), high=(1.0,)), ["doing nothing (0)", "always the lowest", "always the highest"]),
        (
            Box(low=(0.0, -np.inf), high=(4.0, np.inf)),
            ["doing nothing (0)", "always the middle", "always the lowest", "always the highest"],
        ),
    ],
)
def test_trivial_programs_play_within_any_space(space: Discrete | Box, names: list[str]) -> None:
    controls = constant_play(space)
    assert [c.name for c in controls] == names
    for control in (random_play(space), *controls):
        assert check_source(control.program.source) == []
        for action in act_on(control.program.source, np.zeros((5, 3)), seed=1):
            if isinstance(space, Discrete):
                assert 0 <= action < space.n
            else:
                assert all(a <= x <= b for a, x, b in zip(space.low, action, space.high, strict=True))
    assert len(constant_play(Discrete(n=64))) <= 18


def test_the_gates_own_test_decides() -> None:
    assert is_better([5, 6, 7], [1, 2, 3])[0] is True
    assert is_better([5, 6], [1, 2])[0] is None
    assert is_better([1, 2, 3, 4], [1, 2, 3, 4]) == (
        False,
        "no better: the same scores, 2.5 against 2.5 over 4 fresh seeds",
    )
    assert is_better([2, 1, 4, 3, 2], [1, 2, 3, 4, 2])[0] is False


@pytest.mark.parametrize(
    "probe", [probing_program(Discrete(n=3)), wanderer(("NOOP", "LEFT", "RIGHT"), (2, 16))]
)
def test_a_random_probe_is_never_crowned(probe: Program, tmp_path: Path) -> None:
    assert is_probe(probe) and not is_probe(Program(source=SIGN))
    editor = ScriptedEditor([], dev_episodes=0)

    class Probing:
        name, deterministic = "probing", True

        def propose(self, brief, lab):
            from hlearn.evaluate.api import Job

            lab.measure([Job(program=probe, seed=s) for s in lab.seeds(0, 2)])
            return editor.propose(brief, lab)

    result = learn(
        "hlearn.testing.toys:Corridor-v0", out=tmp_path / "s", editor=Probing(), steps=2_000, workers=1
    )
    assert result.program_sha256 is None and result.unjudged is None
    assert System.open(tmp_path / "s").champion() is None
