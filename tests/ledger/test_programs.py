"""The program store: small, exact, tolerant of a torn end."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlearn.errors import HarnessError
from hlearn.ledger import ProgramStore
from hlearn.records import Program


def variants(count: int) -> list[Program]:
    body = Path(__file__).read_text() * 3
    return [Program(source=f"{body}\nCONSTANT = {i * 0.37}\n") for i in range(count)]


def test_thousands_of_variants_stay_small_and_exact(tmp_path: Path) -> None:
    store = ProgramStore(tmp_path / "programs" / "pack")
    programs = variants(400)
    store.add(*programs[:200])
    store.add(*programs)
    again = ProgramStore(store.path)
    assert len(again) == 400
    assert all(again.get(p.sha256).source == p.source for p in programs)
    assert store.path.stat().st_size < 400 * 260


def test_a_torn_last_line_is_cut(tmp_path: Path) -> None:
    store = ProgramStore(tmp_path / "pack")
    a, b, c = variants(3)
    store.add(a, b)
    store.path.write_bytes(store.path.read_bytes()[:-9])
    again = ProgramStore(store.path)
    assert a.sha256 in again
    assert b.sha256 not in again
    again.add(c, b)
    last = ProgramStore(store.path)
    assert [last.get(p.sha256).source for p in (a, b, c)] == [p.source for p in (a, b, c)]


def test_another_source_under_a_hash_is_refused(tmp_path: Path) -> None:
    store = ProgramStore(tmp_path / "pack")
    a, b, _ = variants(3)
    store.add(a)
    text = store.path.read_text()
    store.path.write_text(text.replace(a.sha256, b.sha256))
    with pytest.raises(HarnessError, match="another source"):
        ProgramStore(store.path).get(b.sha256)
