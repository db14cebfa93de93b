"""A replay that goes another way than the ledger says is found out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hlearn.errors import NotRepeatable
from hlearn.evaluate.api import Job
from hlearn.evidence.measure import measure_program
from hlearn.evidence.replay import Replay, check_repeats
from hlearn.evidence.replay import replay as play
from hlearn.ledger import Caps, Ledger, Measured, Purpose
from hlearn.records import Episode, Program, Split
from hlearn.system import System
from hlearn.tasks import resolve_task
from hlearn.tasks.seeds import split_seeds
from tests.cli.conftest import hl
from tests.cli.programs import SEEK

DRIFTING = """
import gymnasium
from hlearn.testing.toys import Corridor


class Drifting(Corridor):
    def step(self, action):
        observation, reward, *rest = super().step(action)
        return observation, {pay} * reward, *rest


gymnasium.register("Drifting-v0", entry_point="drifting:Drifting", max_episode_steps=200)
"""
SEED = split_seeds(Split.DEV, 0, 0, 1)[0]


@pytest.fixture(scope="module")
def film() -> Replay:
    return play(resolve_task("hlearn.testing.toys:Seek-v0"), Program(source=PUSH), SEED)


PUSH = "class P:\n    def reset(self, seed): pass\n    def act(self, o): return [0.1, -0.3]\n"


def _ledger(path: Path, film: Replay, known: Episode) -> Ledger:
    task, job = film.task, Job(program=Program(source=PUSH), seed=film.seed)
    ledger = Ledger(path / "ledger.jsonl")
    row = Measured(
        run=1,
        program=job.program.sha256,
        task=task.key,
        env_id=task.env_id,
        access=task.access,
        protocol=task.protocol,
        split=Split.DEV,
        purpose=Purpose.EDIT,
        caps=Caps.of(job),
        outcomes=(known,),
    )
    ledger.append(row)
    return ledger


def _prefix(film: Replay, length: int) -> Episode:
    assert isinstance(film.outcome, Episode)
    score = 0.0
    for reward in film.recording.rewards[:length].tolist():
        score += reward
    return replace(film.outcome, score=score, length=length, stopped=True, truncated=False)


def test_the_same_episode_passes_whole_and_in_part(tmp_path: Path, film: Replay) -> None:
    assert isinstance(film.outcome, Episode)
    for known in (film.outcome, _prefix(film, 20)):
        folder = tmp_path / str(known.length)
        folder.mkdir()
        check_repeats(film, Program(source=PUSH), _ledger(folder, film, known))


def test_another_score_or_length_is_a_fault(tmp_path: Path, film: Replay) -> None:
    assert isinstance(film.outcome, Episode)
    part = _prefix(film, 20)
    wrong = (
        replace(film.outcome, score=film.outcome.score + 1e-9),
        replace(film.outcome, length=film.outcome.length - 1),
        replace(part, score=part.score - 1.0),
    )
    for number, known in enumerate(wrong):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(NotRepeatable, match="the ledger says"):
            check_repeats(film, Program(source=PUSH), _ledger(folder, film, known))


def test_hl_replay_ends_with_3_where_the_environment_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "drifting.py"
    module.write_text(DRIFTING.format(pay=1))
    monkeypatch.syspath_prepend(tmp_path)
    task = resolve_task("drifting:Drifting-v0")
    system = System.create(tmp_path / "system", task, seed=0)
    (system.path / "policy.py").write_text(SEEK)
    measured = measure_program(system, Program(source=SEEK), split=Split.DEV, episodes=1)
    same = hl("replay", system.path, "--json")
    assert same.code == 0 and same.data["score"] == measured.evaluation.mean
    module.write_text(DRIFTING.format(pay=1.5))
    other = hl("replay", system.path, "--json")
    assert other.code == 3 and other.data["error"] == "NotRepeatable"
    assert "not repeatable" in other.err and str(same.data["seed"]) in other.err
