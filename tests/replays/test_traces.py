"""Traces in columns: what a program said, readable without hlearn, in bounded memory, whole or not at all."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pytest

from hlearn.errors import MissingExtra, StorageFull, UsageError
from hlearn.evaluate.api import Job, Record
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.evaluate.spool import SPOOLED, read_spool
from hlearn.policy.order import RuleOrder
from hlearn.records import Program
from hlearn.replays.columns import Columns
from hlearn.replays.parquet import trace_episode
from hlearn.tasks import resolve_task
from tests.cli.conftest import hl

pq = pytest.importorskip("pyarrow.parquet", reason="pip install 'hlearn[traces]'")

SEES = """
from typing import NamedTuple
from hlearn.policy import RulePolicy, detect, rule


class Thing(NamedTuple):
    x: float
    y: float


class Sees(RulePolicy):
    idle = 0

    @detect
    def goal(self, obs):
        return Thing(float(obs[1]), 0.0) if obs[1] > 3 else None

    @detect
    def word(self, obs):
        return "left" if obs[0] > obs[1] else "right"

    @rule
    def left(self, s):
        return 1 if s.word == "left" else None

    @rule
    def right(self, s):
        return 2 if s.goal is not None and s.goal.x > 9 else None
"""
TASK = resolve_task("hlearn.testing.toys:Corridor-v0", goals=10_000)


def test_columns_hold_what_was_seen_tried_and_done(tmp_path: Path) -> None:
    done = trace_episode(tmp_path / "t.parquet", TASK, Program(source=SEES), 3)
    table = pq.read_table(tmp_path / "t.parquet")
    data = table.to_pydict()
    assert done.rows == len(table) == done.outcome.length == 200
    assert list(data)[:8] == ["seed", "step", "action", "reward", "score", "lives", "rule", "tried"]
    assert data["score"][-1] == done.outcome.score
    assert set(data["tried"]) <= {"left", "left,right"} and {"s.goal.x", "s.word"} <= data.keys()
    for action, rule, word in zip(data["action"], data["rule"], data["s.word"], strict=True):
        assert (action, rule) in {(1, "left"), (2, "right"), (0, "idle")}
        assert (word == "left") == (rule == "left")
    assert table.schema.metadata[b"rules"] == b"left,right"
    assert [p.name for p in tmp_path.iterdir()] == ["t.parquet"]


def test_a_spool_holds_the_same_as_memory(tmp_path: Path) -> None:
    program = Program(source=SEES)
    with InProcessEvaluator(TASK) as evaluator:
        (kept,) = evaluator.run([Job(program=program, seed=3, record=Record.TRACES, checks=True)])
        spool = str(tmp_path / "spool")
        (spooled,) = evaluator.run(
            [Job(program=program, seed=3, record=Record.TRACES, checks=True, spool=spool)]
        )
    blocks = list(read_spool(tmp_path / "spool"))
    assert kept.recording is not None and spooled.recording is not None
    assert not len(spooled.recording.actions) and not spooled.recording.traces
    assert [t for b in blocks for t in b.traces] == list(kept.recording.traces)
    assert [c for b in blocks for c in b.checks] == kept.recording.checks.tolist()
    assert max(len(b.actions) for b in blocks) <= SPOOLED


def test_state_becomes_numbers_by_name() -> None:
    columns = Columns.of(
        [
            {"ball": None, "rule": "a", "speeds": [1, 2.5], "many": list(range(40)), "ok": True},
            {"ball": {"x": 3, "y": 4}, "rule": "b", "speeds": [2, 3], "many": [], "ok": False},
        ]
    )
    assert set(columns.numbers) == {"ball.x", "ball.y", "speeds.0", "speeds.1", "many.n", "ok"}
    assert np.array_equal(columns.numbers["ball.x"], [np.nan, 3], equal_nan=True)
    assert columns.rules == ("a", "b")


def test_order_of_rules() -> None:
    order = RuleOrder.of(Program(source=SEES))
    assert order.tried("left") == ("left",) and order.tried("idle") == ("left", "right")
    assert order.detectors == ("goal", "word")
    assert RuleOrder.of(Program(source="class (")).acting == ()


def test_a_disk_that_fills_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500, before[1]))
    try:
        with pytest.raises(StorageFull, match="no space"):
            trace_episode(
                tmp_path / "t.parquet",
                TASK,
                Program(source=SEES),
                3,
                evaluators=lambda task, workers=1: InProcessEvaluator(task),
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: Path) -> None:
    assert "such an ending" in hl("replay", system, "--traces", tmp_path / "t.csv").err
    assert hl("replay", system, "--traces", tmp_path / "no" / "t.parquet").code == 2
    assert hl("replay", system, "--traces", tmp_path / "t.parquet", "--json").data["traces"]
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match="hlearn\\[traces\\]"):
        trace_episode(tmp_path / "u.parquet", TASK, Program(source=SEES), 3)
    with pytest.raises(UsageError):
        trace_episode(tmp_path, TASK, Program(source=SEES), 3)
