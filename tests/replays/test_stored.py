"""Stored episodes: the same again bit for bit, the step at which they are not, and files that are none."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hlearn.errors import SchemaTooNew, StorageFull, UsageError
from hlearn.evidence.replay import replay as play
from hlearn.records import Program
from hlearn.replays import StoredReplay, act_again, read_replay, reproduce, write_replay
from hlearn.tasks import resolve_task
from tests.cli.conftest import hl
from tests.cli.programs import LEFT, SEEK

PUSH = "class P:\n    def reset(self, seed): pass\n    def act(self, o): return [0.1, -0.3]\n"


@pytest.fixture(scope="module")
def stored() -> StoredReplay:
    return _stored("hlearn.testing.toys:Corridor-v0", SEEK)


def _stored(env_id: str, source: str) -> StoredReplay:
    task, program = resolve_task(env_id), Program(source=source)
    film = play(task, program, 3)
    return StoredReplay.of(task, program, film.key, film.outcome, film.recording)


@pytest.mark.parametrize(
    ("env_id", "source"), [("hlearn.testing.toys:Corridor-v0", SEEK), ("hlearn.testing.toys:Seek-v0", PUSH)]
)
def test_an_episode_comes_out_the_same_bit_for_bit(env_id: str, source: str, tmp_path: Path) -> None:
    stored = _stored(env_id, source)
    size = write_replay(tmp_path / "a.replay", stored)
    again = read_replay(tmp_path / "a.replay")
    assert size == (tmp_path / "a.replay").stat().st_size < 4_000
    assert again.outcome == stored.outcome and np.array_equal(again.actions, stored.actions)
    assert again.task == stored.task and again.versions == stored.versions
    assert reproduce(again).exact
    assert act_again(again, Program(source=source)).exact


def test_the_step_at_which_it_goes_another_way_is_named(stored: StoredReplay) -> None:
    marks = stored.marks.copy()
    marks[17] ^= 1
    world = reproduce(replace(stored, marks=marks, versions=(("ale-py", "0.1"),)))
    assert world.step == 17 and "ale-py 0.1 then" in world.why
    other = act_again(stored, Program(source=LEFT))
    assert other.step == int(np.flatnonzero(stored.actions != 1)[0]) and "acts 1" in other.why
    wholes = stored.wholes.copy()
    wholes[-1] ^= 256
    assert not reproduce(replace(stored, wholes=wholes)).exact


def test_files_that_are_no_replays_are_named(stored: StoredReplay, tmp_path: Path) -> None:
    path = tmp_path / "a.replay"
    with pytest.raises(UsageError, match="cannot read"):
        read_replay(path)
    write_replay(path, stored)
    whole = path.read_bytes()
    for data, said in (
        (whole[:-3], "damaged"),
        (whole[:99] + b"x" + whole[100:], "damaged"),
        (b"GIF89a", "no stored replay"),
        (b"", "no stored replay"),
    ):
        path.write_bytes(data)
        with pytest.raises(UsageError, match=said):
            read_replay(path)


def test_a_newer_schema_is_said(
    stored: StoredReplay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hlearn.replays.stored.SCHEMA", 9)
    write_replay(tmp_path / "a.replay", stored)
    monkeypatch.undo()
    with pytest.raises(SchemaTooNew, match="upgrade"):
        read_replay(tmp_path / "a.replay")


def test_a_disk_that_fills_leaves_nothing_half_written(stored: StoredReplay, tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    long = replace(stored, marks=np.random.default_rng(0).integers(256, size=9_000).astype(np.uint8))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, before[1]))
    try:
        with pytest.raises(StorageFull, match="no space"):
            write_replay(tmp_path / "a.replay", long)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_the_command_stores_compares_and_shows(system: Path, tmp_path: Path) -> None:
    said = hl("replay", system, "--keep", tmp_path, "--sheet", tmp_path / "s.png", "--json")
    assert said.code == 0, said.err
    path = Path(said.data["stored"])
    assert path.suffix == ".replay" and (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")
    again = hl("replay", system, "--stored", tmp_path, "--video", tmp_path / "a.gif", "--json")
    assert again.code == 0 and again.data["exact"] == again.data["episodes"] == 1
    assert (tmp_path / "a.gif").read_bytes().startswith(b"GIF")
    stored = read_replay(path)
    write_replay(path, replace(stored, marks=stored.marks ^ np.uint8(1)))
    gone = hl("replay", system, "--stored", path, "--json")
    assert gone.code == 1 and gone.data["diverged"][0]["step"] == 0 and "at decision 0" in gone.err


def test_the_command_names_what_cannot_be_compared(
    system: Path, tmp_path: Path, stored: StoredReplay
) -> None:
    assert hl("replay", system, "--stored", tmp_path / "none.replay").code == 2
    assert "holds no stored episode" in hl("replay", system, "--stored", tmp_path).err
    foreign = _stored("hlearn.testing.toys:Seek-v0", PUSH)
    write_replay(tmp_path / "a.replay", foreign)
    assert "Seek-v0" in hl("replay", system, "--stored", tmp_path / "a.replay").err
    write_replay(tmp_path / "a.replay", replace(stored, key="0" * 32))
    said = hl("replay", system, "--stored", tmp_path / "a.replay")
    assert said.code == 2 and "key" in said.err
    assert hl("replay", system, "--stored", tmp_path / "a.replay", "--seed", 3).code == 2
    assert hl("replay", system, "--sheet", tmp_path / "s.jpg").code == 2
