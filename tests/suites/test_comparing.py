"""Two suites side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import hl
from tests.suites.test_suite import TINY, written

from hlearn.errors import UsageError
from hlearn.suites import SuiteFolder, read_suite
from hlearn.suites.comparing import compare_suites
from hlearn.suites.folder import TrackStatus

MAZES = """
[[tasks]]
id = "FrozenLake-v1"
env = {is_slippery = false}
[[tasks]]
id = "FrozenLake-v1"
env = {map_name = "8x8"}
"""


def made(folder: Path, text: str, scores: dict[str, float], **result: object) -> SuiteFolder:
    """A suite whose tracks came to these scores, by a part of their names."""
    folder.mkdir()
    suite = SuiteFolder.create(folder / "s", read_suite(written(folder, text)))
    for track in suite.suite.tracks:
        for part, score in scores.items():
            if part in track.name:
                answer = {"score": score, "env_steps": 1_000, "seconds": 36.0, **result}
                suite.note(track, TrackStatus.DONE, result=answer)
    return suite


def test_the_same_problems_stand_side_by_side_and_what_differs_is_named(tmp_path: Path) -> None:
    search = made(tmp_path / "a", TINY, {"Corridor": 5.0, "CartPole": 100.0})
    text = TINY.replace("seed = 7", 'seed = 70\neditor = "codex:small"').replace("2000", "2500")
    agent = made(tmp_path / "b", text, {"Corridor-v0-vector-standard-r0": 8.0, "CartPole": 100.0},
                 input_tokens=70, output_tokens=7, usd=0.5)  # fmt: skip
    found = compare_suites(search, agent)
    assert [(r.of.problem, r.first, r.second, r.chance) for r in found.rows] == [
        ("hlearn.testing.toys:Corridor-v0", (5.0, 5.0), (8.0,), 0.0),
        ("CartPole-v1", (100.0,), (100.0,), 0.5),
    ]
    assert found.chance.value == 0.25
    assert found.totals is not None and [t.median.value for t in found.totals] == [0.75, 0.9]
    told = "; ".join(found.differences)
    assert "editor: search against codex:small" in told and "steps: 1,500, 2,000 against 1,500, 2,500" in told
    assert "learning seeds: 7, 8 against 70" in told and "version" not in told
    assert found.costs[0].tokens == 0 and found.costs[1].tokens == 2 * 77 and found.costs[1].usd == 1.0
    assert not found.left_out


def test_other_arguments_of_an_environment_are_another_problem(tmp_path: Path) -> None:
    one = made(tmp_path / "a", TINY + MAZES, {"FrozenLake": 1.0})
    two = made(tmp_path / "b", TINY + MAZES, {"8x8": 0.5, "Corridor": 1.0})
    found = compare_suites(one, two)
    assert [r.of.problem for r in found.rows] == ["FrozenLake-v1 map_name=8x8"]
    assert any("is_slippery=False" in words for words in found.left_out)
    assert found.totals is None, "a problem without a scale has no part in medians"


def test_nothing_in_common(tmp_path: Path) -> None:
    one = made(tmp_path / "a", TINY, {"Corridor": 1.0})
    two = made(tmp_path / "b", TINY, {"CartPole": 1.0})
    with pytest.raises(UsageError, match="no problem in common"):
        compare_suites(one, two)


def test_the_command_says_it_in_lines_and_as_json(tmp_path: Path) -> None:
    one = made(tmp_path / "a", TINY, {"Corridor": 5.0})
    two = made(tmp_path / "b", TINY, {"Corridor": 1.0})
    said = hl("suite", "compare", one.path, two.path)
    assert said.code == 0 and "with chance 1.000" in said.out
    data = json.loads(hl("suite", "compare", one.path, two.path, "--json").out.splitlines()[-1])
    assert data["chance"] == 1.0 and data["problems"][0]["first"] == [5.0, 5.0]
