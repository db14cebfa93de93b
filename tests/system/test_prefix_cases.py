"""Cases that begin in the middle of an episode: reached by seed and actions, judged by what comes after."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlearn.evaluate.api import Job, Record
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.lab.episode_cache import Entry, EpisodeCache, key_of
from hlearn.records import Episode, Program
from hlearn.system.cases import Case, case_text, parse_case
from hlearn.system.prefixes import read_prefix, written
from hlearn.tasks import resolve_task
from tests.cli.conftest import hl, learnt, narrow_world, system
from tests.cli.programs import LEFT, SEEK

__all__ = ["learnt", "narrow_world", "system"]
TASK = resolve_task("hlearn.testing.toys:Corridor-v0")
ACTIONS = st.one_of(
    st.lists(st.integers(0, 17), max_size=50),
    st.lists(st.lists(st.floats(-5, 5), min_size=2, max_size=3).map(tuple), max_size=20),
)


@given(ACTIONS)
def test_a_prefix_as_text_comes_back_bit_for_bit(actions: list[int | tuple[float, ...]]) -> None:
    assert read_prefix(written(actions)) == tuple(actions)


def test_one_component_and_nonsense() -> None:
    assert read_prefix("0.5x2 -1e-05") == ((0.5,), (0.5,), (-1e-05,))
    for text in ("1x", "x3", "1x999999999", "-3", "inf.", "1x0"):
        with pytest.raises(ValueError):
            read_prefix(text)


def test_the_program_plays_on_from_where_the_actions_lead() -> None:
    with InProcessEvaluator(TASK) as evaluator:
        whole, begun = evaluator.run(
            [
                Job(program=Program(source=SEEK), seed=4, record=Record.ACTIONS),
                Job(program=Program(source=SEEK), seed=4, record=Record.ACTIONS, prefix=(1,) * 30),
            ]
        )
        (broken,) = evaluator.run([Job(program=Program(source=SEEK), seed=4, prefix=(1,) * 500)])
    assert begun.recording is not None and whole.recording is not None
    assert (begun.recording.actions[:30] == 1).all()
    assert begun.outcome.score == begun.recording.rewards[30:].sum() > 5
    assert broken.outcome.length == 200 and broken.outcome.score == 0
    case = Case(name="c", why="w", seed=4, prefix=(1,) * 500)
    assert "over after 200 of the 500 actions" in str(case.broken_by(broken.outcome))


def test_predicates() -> None:
    episode = Episode(seed=1, score=3, length=9, env_steps=9, terminated=True, truncated=False, lives=2)
    assert Case(name="c", why="w", seed=1, min_score=3, min_lives=2).broken_by(episode) is None
    assert "keep 3" in str(Case(name="c", why="w", seed=1, min_lives=3).broken_by(episode))
    assert "must go on" in str(Case(name="c", why="w", seed=1, goes_on=True).broken_by(episode))


def test_a_case_file_keeps_its_beginning() -> None:
    case = Case(name="c", why="w", seed=1, prefix=(1, 1, 0), min_lives=2, goes_on=True, max_steps=9)
    assert parse_case("cases/c.json", case_text(case).encode()) == case
    for field, value in (("prefix", [1]), ("prefix", "a b"), ("goes_on", 1), ("min_lives", -1)):
        data = json.loads(case_text(case)) | {field: value}
        with pytest.raises(Exception, match="no regression case"):
            parse_case("cases/c.json", json.dumps(data).encode())


def test_an_episode_with_a_prefix_answers_for_no_other() -> None:
    program = Program(source=LEFT)
    cache = EpisodeCache()
    job = Job(program=program, seed=1, prefix=(1, 1))
    outcome = Episode(seed=1, score=3, length=9, env_steps=9, terminated=True, truncated=False)
    cache.add(Entry(key_of(job), outcome, 1))
    assert cache.find(key_of(job)) is not None
    assert cache.find(key_of(Job(program=program, seed=1))) is None
    assert cache.find(key_of(Job(program=program, seed=1, prefix=(1, 2)))) is None


def test_the_gate_names_the_case_that_a_proposal_breaks(system: Path, tmp_path: Path) -> None:
    said = hl(
        "case",
        "add",
        system,
        "--step",
        12,
        "--before",
        6,
        "--min-score",
        1,
        "--after",
        40,
        "--name",
        "skill",
        "--json",
    )
    assert said.code == 0, said.err
    assert said.data["holds"] and said.data["prefix"] == 6
    assert "already" in hl("case", "add", system, "--step", 12, "--name", "skill").err
    assert hl("case", "run", system, "--json").data["cases"][0]["holds"]
    worse = SEEK.replace("return 2 if", "return 0 if").replace("return 1 if", "return 0 if")
    (system / "policy.py").write_text(worse)
    assert hl("case", "run", system).code == 1
    assert hl("case", "add", system, "--step", 10**6).code == 2
    assert hl("case", "add", system, "--lives", "--step", 3).code == 2
    assert hl("case", "add", system).code == 2
