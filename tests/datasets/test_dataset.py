"""Data sets: what Minari's own loader finds in them, filters, and that nothing is left half written."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from hlearn.datasets.choosing import Filters, choose
from hlearn.datasets.playing import RecordedEpisode
from hlearn.errors import OutputExists, SchemaTooNew, StorageFull, UsageError
from hlearn.evaluate.api import Job, Record
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.evaluate.spool import read_spool
from hlearn.records import Episode, Failure, FailureKind, Program
from hlearn.tasks import resolve_task
from tests.cli.conftest import hl
from tests.replays.test_traces import SEES

TASK = resolve_task("hlearn.testing.toys:Corridor-v0", goals=10_000)
WHY = "pip install 'hlearn[datasets]'"


def inprocess(task, *, workers=1):
    return InProcessEvaluator(task)


def test_a_spool_holds_what_was_seen_to_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hlearn.evaluate.play.rows_of_block", lambda size: 16)
    job = Job(program=Program(source=SEES), seed=3, record=Record.TRACE)
    with InProcessEvaluator(TASK) as evaluator:
        (kept,) = evaluator.run([job])
        evaluator.run([Job(program=job.program, seed=3, record=Record.TRACE, spool=str(tmp_path / "spool"))])
    blocks = list(read_spool(tmp_path / "spool"))
    seen = np.concatenate([b.observations for b in blocks])
    assert kept.recording is not None and len(blocks) > 2
    assert len(seen) == len(kept.recording.observations) + 1
    assert np.array_equal(seen[:-1], kept.recording.observations)
    assert [t for b in blocks for t in b.traces] == list(kept.recording.traces)


def test_minari_loads_what_was_played(system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    minari = pytest.importorskip("minari", reason=WHY)
    pytest.importorskip("h5py", reason=WHY)
    said = hl("dataset", system, "--out", tmp_path / "walks-v0", "--episodes", 3, "--workers", 1, "--json")
    assert said.code == 0, said.err
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    loaded = minari.load_dataset("walks-v0")
    assert "walks-v0" in minari.list_local_datasets()
    assert loaded.total_episodes == said.data["episodes"] == 3
    assert loaded.total_steps == said.data["decisions"]
    facts = json.loads(loaded.storage.metadata["hlearn"])
    assert facts["programs"] == said.data["programs"] and facts["rules"] == said.data["rules"]
    for episode, score in zip(loaded.iterate_episodes(), said.data["scores"], strict=True):
        assert len(episode.observations) == len(episode.actions) + 1 == len(episode.rewards) + 1
        assert episode.rewards.sum() == score
        assert loaded.observation_space.contains(episode.observations[0])
        assert (episode.terminations | episode.truncations).sum() == 1
        for seen, action, rule in zip(
            episode.observations[:-1], episode.actions, episode.infos["rule"], strict=False
        ):
            here, goal = seen
            assert action == (1 if here > goal else 2 if here < goal else 0)
            assert facts["rules"][rule] == ("left" if action == 1 else "right" if action == 2 else "idle")
    pq = pytest.importorskip("pyarrow.parquet", reason=WHY)
    table = pq.read_table(tmp_path / "walks-v0" / "steps.parquet").to_pydict()
    assert len(table["action"]) == loaded.total_steps
    first = loaded[0]
    count = len(first.actions)
    assert table["action"][:count] == first.actions.tolist()
    assert np.array_equal(np.array(table["observation"][:count]), first.observations[:-1])
    assert "walks-v0" in (tmp_path / "walks-v0" / "README.md").read_text()
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_named_state_and_stretches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("h5py", reason=WHY)
    from hlearn.datasets import open_dataset, write_dataset

    monkeypatch.setattr("hlearn.evaluate.play.rows_of_block", lambda size: 64)
    write_dataset(tmp_path / "whole-v0", TASK, [Program(source=SEES)], [3], evaluators=inprocess)
    (whole,) = open_dataset(tmp_path / "whole-v0")
    assert set(whole.state) == {"goal.x", "goal.y"}
    seen = whole.observations[:-1, 1] > 3
    assert np.array_equal(np.isnan(whole.state["goal.x"][:-1]), ~seen)
    assert len(whole.state["goal.x"]) == len(whole.observations)
    monkeypatch.setattr(
        "hlearn.datasets.playing._summary",
        _with_losses(__import__("hlearn.datasets.playing", fromlist=["x"])._summary),
    )
    write_dataset(
        tmp_path / "cut-v0",
        TASK,
        [Program(source=SEES)],
        [3],
        filters=Filters(around_failures=40),
        evaluators=inprocess,
    )
    first, second = open_dataset(tmp_path / "cut-v0")
    assert np.array_equal(first.actions, whole.actions[24:64])
    assert np.array_equal(first.observations, whole.observations[24:65])
    assert np.array_equal(second.observations, whole.observations[110:151])


def _with_losses(summary):
    from dataclasses import replace

    return lambda *args: replace(summary(*args), losses=(63, 149))


def test_filters() -> None:
    def played(score: float, digest: str, **more) -> RecordedEpisode:
        outcome = Episode(seed=1, score=score, length=9, env_steps=9, terminated=True, truncated=False)
        return RecordedEpisode(
            program=Program(source=""),
            outcome=more.get("outcome", outcome),
            spool=Path("none"),
            digest=digest,
            losses=more.get("losses", ()),
            numbers=(),
            unseen=frozenset(),
            texts=(),
            rules=(),
        )

    failure = Failure(seed=1, kind=FailureKind.CRASHED, message="x", score=9.0, length=4)
    all_ = [played(5, "a"), played(5, "a"), played(1, "b"), played(9, "c", outcome=failure)]
    chosen, left = choose(all_, Filters(min_score=2))
    assert [c.played.digest for c in chosen] == ["a"] and left == (1, 1, 1, 0)
    chosen, _ = choose(all_, Filters(repeated=True, failed=True))
    assert [c.played.digest for c in chosen] == ["a", "a", "b", "c"]
    (one,), _ = choose([played(5, "a", losses=(3, 4))], Filters(around_failures=3))
    assert [(s.start, s.stop) for s in one.stretches] == [(1, 5), (6, 9)]


def test_what_cannot_be_written_is_said_before_anything_is_played(system: Path, tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason=WHY)
    assert "name it walks-v0" in hl("dataset", system, "--out", tmp_path / "walks").err
    assert hl("dataset", system, "--out", tmp_path / "no" / "walks-v0").code == 2
    (tmp_path / "there-v0").mkdir()
    said = hl("dataset", system, "--out", tmp_path / "there-v0", "--json")
    assert said.code == 2 and said.data["error"] == OutputExists.__name__
    said = hl("dataset", system, "--out", tmp_path / "a-v0", "--episodes", 1, "--min-score", 1e9)
    assert said.code == 2 and "loosen the filters" in said.err
    assert not [p for p in tmp_path.iterdir() if "-v0" in p.name and p.name != "there-v0"]


def test_a_missing_extra_is_named(system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "minari", None)
    said = hl("dataset", system, "--out", tmp_path / "walks-v0", "--json")
    assert said.code == 2 and "pip install 'hlearn[datasets]'" in said.data["message"]


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("h5py", reason=WHY)
    from hlearn.datasets import parquet_format, write_dataset

    def stop(*_):
        raise KeyboardInterrupt

    def full(*_):
        raise OSError(28, "No space left on device")

    for fault, seen in ((stop, KeyboardInterrupt), (full, StorageFull)):
        monkeypatch.setattr(parquet_format.ParquetWriter, "add", fault)
        with pytest.raises(seen):
            write_dataset(tmp_path / "x-v0", TASK, [Program(source=SEES)], [3], evaluators=inprocess)
        assert not list(tmp_path.iterdir())


def test_another_schema_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason=WHY)
    from hlearn.datasets import open_dataset, write_dataset

    with pytest.raises(UsageError, match="no data set"):
        open_dataset(tmp_path)
    write_dataset(tmp_path / "x-v0", TASK, [Program(source=SEES)], [3], max_steps=20, evaluators=inprocess)
    path = tmp_path / "x-v0" / "data" / "metadata.json"
    meta = json.loads(path.read_text())
    path.write_text(json.dumps(meta | {"hlearn": json.dumps(json.loads(meta["hlearn"]) | {"schema": 99})}))
    with pytest.raises(SchemaTooNew):
        open_dataset(tmp_path / "x-v0")
    path.write_text(json.dumps({k: v for k, v in meta.items() if k != "hlearn"}))
    with pytest.raises(UsageError, match="another schema"):
        open_dataset(tmp_path / "x-v0")
