"""Suites as files: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hlearn.errors import UsageError
from hlearn.suites import SuiteFolder, read_suite, suites_in_the_box
from hlearn.suites.folder import TrackStatus

TINY = """
schema = 1
name = "tiny"

[defaults]
steps = 1500
repeats = 2
seed = 7
holdout_episodes = 2

[[tasks]]
id = "hlearn.testing.toys:Corridor-v0"
low = -10.0
high = 10.0

[[tasks]]
ids = ["CartPole-v1"]
repeats = 1
steps = 2000
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "tiny.toml"
    path.write_text(text)
    return path


def test_a_file_becomes_tracks_first_repeats_first(tmp_path: Path) -> None:
    suite = read_suite(written(tmp_path, TINY))
    assert [t.name for t in suite.tracks] == [
        "hlearn.testing.toys-Corridor-v0-vector-standard-r0",
        "CartPole-v1-vector-standard-r0",
        "hlearn.testing.toys-Corridor-v0-vector-standard-r1",
    ]
    corridor, cartpole, again = suite.tracks
    assert (corridor.seed, again.seed, corridor.steps, cartpole.steps) == (7, 8, 1500, 2000)
    assert corridor.normalized(0.0) == 0.5 and cartpole.normalized(1.0) is None


def test_layout_and_comments_do_not_make_another_suite(tmp_path: Path) -> None:
    first = read_suite(written(tmp_path, TINY))
    assert read_suite(written(tmp_path, "# why\n" + TINY)).digest == first.digest
    assert read_suite(written(tmp_path, TINY.replace("seed = 7", "seed = 8"))).digest != first.digest


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = TINY.replace("repeats = 1", "repaets = 1").replace("seed = 7", 'seed = "x"') + "\n[extra]\n"
    with pytest.raises(UsageError) as said:
        read_suite(written(tmp_path, text))
    for word in ("unknown key extra", "unknown key repaets", "seed is 'x'"):
        assert word in str(said.value)


def test_tasks_that_are_not_there_are_all_named(tmp_path: Path) -> None:
    text = TINY.replace("CartPole-v1", "CartPol-v1").replace("Corridor-v0", "Corridr-v0")
    with pytest.raises(UsageError) as said:
        read_suite(written(tmp_path, text))
    assert "CartPole-v1" in str(said.value) and "Corridor-v0" in str(said.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TINY + TINY[TINY.index("[[tasks]]") :], "twice"),
        ("schema = 99\n" + TINY.replace("schema = 1", ""), "newer"),
        ("schema = 1", "at least one"),
        ("[[", "no TOML"),
        (TINY.replace('id = "hl', 'idd = "hl'), "either id or ids"),
        (TINY.replace("high = 10.0", ""), "low and high"),
        (TINY.replace("repeats = 2", "repeats = 0"), "at least 1"),
    ],
)
def test_files_that_mean_nothing(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_suite(written(tmp_path, text))


def test_what_is_in_the_box() -> None:
    assert {"atari57", "atari10", "classic", "mujoco"} <= suites_in_the_box().keys()
    with pytest.raises(UsageError, match="atari57"):
        read_suite("atari58")
    assert len(read_suite("classic").tracks) == 21


@pytest.mark.slow
def test_the_342_tracks() -> None:
    tracks = read_suite("atari57").tracks
    assert len(tracks) == len({t.name for t in tracks}) == 342
    assert all(t.normalized(0.0) is not None for t in tracks)


def test_a_folder_tells_its_tracks_without_a_look_at_the_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'title = "Two"\n[[tasks]]\nid = "CartPole-v1"\nlow = 22.0\nhigh = 500.0\nrepeats = 2\n'
        '[[tasks]]\nid = "FrozenLake-v1"\nenv = { is_slippery = false }\nvariant = "delay=1"\n'
        'options = ["--max-time", "5m"]\n'
    )
    suite = read_suite(file)
    folder = SuiteFolder.create(tmp_path / "out", suite)
    monkeypatch.setattr(
        "hlearn.suites.suite.resolve_task", lambda *_, **__: pytest.fail("an environment was opened")
    )
    again = SuiteFolder.open(folder.path, reading=True)
    assert again.suite == suite
    assert [s.status for s in again.states()] == [TrackStatus.WAITING] * 3
    about = json.loads((folder.path / "suite.json").read_text())
    about["tracks"][0]["steps"] += 1
    (folder.path / "suite.json").write_text(json.dumps(about))
    with pytest.raises(UsageError, match="other tracks"):
        SuiteFolder.open(folder.path, reading=True)
