"""The journal: chain, torn tails, edits, full disks, kill -9, several writers."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hlearn.errors import LedgerCorrupt, SchemaTooNew, StorageFull
from hlearn.ledger.journal import Journal

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
entries = st.lists(
    st.tuples(st.text(min_size=1), st.dictionaries(st.text(), json_values, max_size=4)), max_size=4
)


def journal(path: Path) -> Journal:
    return Journal(path, schema=1, clock=lambda: 1.5)


@settings(max_examples=40, deadline=None)
@given(batches=st.lists(entries, max_size=5))
def test_what_is_appended_is_read_back_in_order(tmp_path_factory: pytest.TempPathFactory, batches) -> None:
    path = tmp_path_factory.mktemp("j") / "ledger.jsonl"
    writer = journal(path)
    for batch in batches:
        writer.append_many(batch)
    lines = journal(path).read_new()
    assert [(ln.event, ln.data) for ln in lines] == [e for b in batches for e in b]
    assert [ln.n for ln in lines] == list(range(1, len(lines) + 1))


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(min_value=1, max_value=400), batch=entries.filter(bool))
def test_a_torn_tail_is_repaired_and_nothing_before_it_is_lost(
    tmp_path_factory: pytest.TempPathFactory, cut: int, batch
) -> None:
    path = tmp_path_factory.mktemp("j") / "ledger.jsonl"
    writer = journal(path)
    writer.append_many([("first", {"a": 1}), ("second", {"b": 2})])
    whole = path.read_bytes()
    writer.append_many([("torn", {"c": "x" * 300})])
    data = path.read_bytes()
    keep = max(len(whole), len(data) - cut)
    path.write_bytes(data[:keep])
    again = journal(path)
    again.append_many(batch)
    names = [ln.event for ln in journal(path).read_new()]
    torn_kept = ["torn"] if keep >= len(data) - 1 else []
    assert names == ["first", "second", *torn_kept, *(e for e, _ in batch)]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_edit_of_a_past_line_is_named(tmp_path_factory: pytest.TempPathFactory, data) -> None:
    path = tmp_path_factory.mktemp("j") / "ledger.jsonl"
    journal(path).append_many([("score", {"value": i, "text": "abc"}) for i in range(5)])
    raw = bytearray(path.read_bytes())
    at = data.draw(st.integers(min_value=0, max_value=len(raw) - 2))
    byte = data.draw(st.integers(min_value=0, max_value=255).filter(lambda b: b != raw[at]))
    line = raw[:at].count(b"\n") + 1
    raw[at] = byte
    path.write_bytes(bytes(raw))
    with pytest.raises((LedgerCorrupt, SchemaTooNew)) as caught:
        journal(path).read_new()
    assert f"line {line}" in str(caught.value)


def test_a_removed_line_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    journal(path).append_many([("e", {"i": i}) for i in range(4)])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:1] + lines[2:]))
    with pytest.raises(LedgerCorrupt, match="line 2"):
        journal(path).read_new()


def test_a_shorter_file_is_noticed_by_who_read_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    writer = journal(path)
    writer.append_many([("e", {"i": i}) for i in range(4)])
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(LedgerCorrupt, match="shorter"):
        writer.append_many([("e", {})])


def test_a_newer_schema_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    Journal(path, schema=2).append_many([("e", {})])
    with pytest.raises(SchemaTooNew, match="schema 2"):
        journal(path).read_new()


def test_nan_never_reaches_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with pytest.raises(ValueError, match="JSON"):
        journal(path).append_many([("e", {"score": float("nan")})])
    assert not path.read_bytes()


def test_two_writers_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    a, b = journal(path), journal(path)
    for i in range(5):
        a.append_many([("a", {"i": i})])
        b.append_many([("b", {"i": i})])
    assert len(journal(path).read_new()) == 10


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    writer = journal(path)
    writer.append_many([("e", {"i": 1})])
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))
        with pytest.raises(StorageFull, match="intact"):
            writer.append_many([("e", {"text": "x" * 5000})])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == before
    writer.append_many([("e", {"i": 2})])
    assert [ln.data for ln in journal(path).read_new()] == [{"i": 1}, {"i": 2}]


WRITER = """
import sys
from pathlib import Path
from hlearn.ledger.journal import Journal
j = Journal(Path(sys.argv[1]), schema=1)
j.read_new()
while True:
    n = j.count
    j.append_many([("e", {"i": n, "pad": "x" * 2000}), ("e", {"i": n + 1, "pad": "y" * 3000})])
    print(j.count, flush=True)
"""


def test_kill_9_while_appending_keeps_every_acknowledged_row(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    for round_ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.01 + 0.013 * round_)
        os.kill(process.pid, signal.SIGKILL)
        acknowledged = [int(x) for x in process.stdout.read().splitlines() if x]
        process.wait()
        lines = journal(path).read_new()
        assert len(lines) >= max(acknowledged, default=0)
        assert [ln.data["i"] for ln in lines] == list(range(len(lines)))
    reader = journal(path)
    reader.append_many([("last", {})])
    assert json.loads(path.read_text().splitlines()[-1])["event"] == "last"
