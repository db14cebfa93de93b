from __future__ import annotations

import errno
import hashlib
import json
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlearn.foreign_text import (
    decoded,
    encoded,
    lines_of,
    read_plain_file,
    read_source,
    safe,
    safe_line,
    shown,
    write_source,
)
from hlearn.ledger import Decision, Ledger, Note, ProgramAdded, ProgramStore, Refused, Trial
from hlearn.records import Failure, FailureKind, Program

ANY = st.text(st.characters(categories=None), max_size=300)  # lone surrogates and all
HOSTILE = {
    "nul": "a\0b",
    "clears the screen": "\x1b[2J\x1b]0;mine\x07",
    "C1": "\x9b2J",
    "backspaces": "good\b\b\b\bevil",
    "half a pair": "\ud800 and \udfff",
    "other direction": "\u202etxt.exe\u2066",
    "mark": "\ufeffa",
    "tags": "\U000e0041",
    "other line ends": "a\u2028b\x85c\x0bd",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_could_do_harm_is_written_as_its_escape(name: str) -> None:
    text = safe(HOSTILE[name])
    assert text.encode() and "\\" in text
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text)


@given(ANY, st.integers(1, 200))
def test_safe_text_fits_everywhere_and_stays_as_it_is(text: str, limit: int) -> None:
    once = safe(text, limit)
    assert len(once) <= limit and safe(once, limit) == once
    assert once.encode() is not None and "\0" not in once and "\x1b" not in once and "\r" not in once
    line = safe_line(text, limit)
    assert len(line) <= limit and "\n" not in line and safe_line(line, limit).strip() == line.strip()
    assert encoded(text).decode() is not None


def test_plain_words_of_any_language_stay() -> None:
    for text in ("tab\tand\nnewline", "Straße, Ελλάδα, 日本語, हिन्दी, 👩‍🚀"):
        assert safe(text) == text


def test_line_ends_become_newlines() -> None:
    assert shown("a\r\nb\rc\n") == "a\nb\nc\n"


def test_megabytes_are_cut_with_their_end_kept() -> None:
    text = safe("begin" + "x" * 5_000_000 + "the end")
    assert len(text) <= 4000 and text.startswith("begin") and text.endswith("the end")
    assert "are left out" in text


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_become_text(data: bytes) -> None:
    assert decoded(data).encode() is not None


def test_lines_end_where_git_ends_them() -> None:
    assert lines_of("a\x0cb\u2028c\r\nd") == ["a\x0cb\u2028c\r\n", "d"]
    assert lines_of("") == []


@pytest.mark.parametrize(
    "data", [b"\xef\xbb\xbfx = 1\r\n", b"x = 1\ry = 2\n\x0c\n", "é = '\u2028'\n".encode(), b""]
)
def test_a_program_is_its_files_bytes(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.py").write_bytes(data)
    program = Program(source=read_source(tmp_path / "a.py"))
    assert program.sha256 == hashlib.sha256(data).hexdigest()
    write_source(tmp_path / "b.py", program.source)
    assert (tmp_path / "b.py").read_bytes() == data
    store = ProgramStore(tmp_path / "pack")
    store.add(program)
    assert ProgramStore(tmp_path / "pack").get(program.sha256).source == program.source


def test_a_source_that_is_no_utf8_has_an_address_and_can_be_kept(tmp_path: Path) -> None:
    program = Program(source="x = '\ud800'\n")
    store = ProgramStore(tmp_path / "pack")
    store.add(program)
    assert ProgramStore(tmp_path / "pack").get(program.sha256).source == program.source


def test_failures_and_events_are_made_of_safe_text(tmp_path: Path) -> None:
    bad = "".join(HOSTILE.values()) + "y" * 20_000
    failure = Failure(seed=1, kind=FailureKind.CRASHED, message=bad)
    trial = Trial(
        run=1,
        trial=1,
        program="p",
        note="two\nlines \x1b[2J",
        decision=Decision.REJECTED,
        reasons=(bad, "no\0"),
    )
    said = [failure.message, trial.note, *trial.reasons, Refused(run=1, why=bad).why, Note(text=bad).text]
    said.append(ProgramAdded(program="p", note=bad).note)
    for text in said:
        assert text.isprintable() or {c for c in text if not c.isprintable()} <= {"\n", "\t"}
        assert len(text) <= 8000
    assert trial.note == "two lines \\x1b[2J"
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append(trial)
    again = Ledger(tmp_path / "ledger.jsonl")
    assert again.rows[0].event == trial


def test_a_ledger_of_an_older_hlearn_with_raw_text_still_opens(tmp_path: Path) -> None:
    body = {"n": 1, "schema": 1, "time": 1.0, "event": "note", "data": {"text": "raw \ud800 \x1b[2J"}}
    plain = json.dumps(body, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(("0" * 64 + plain).encode()).hexdigest()
    (tmp_path / "ledger.jsonl").write_text(json.dumps({**body, "hash": digest}) + "\n")
    (row,) = Ledger(tmp_path / "ledger.jsonl").rows
    assert isinstance(row.event, Note) and row.event.text == "raw \ufffd \\x1b[2J"


def test_what_could_be_waited_for_without_end_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match="ordinary file") as caught:
            read_plain_file(path)
        assert caught.value.errno == errno.ENXIO and caught.value.filename == str(path)
    (tmp_path / "plain").write_bytes(b"text")
    (tmp_path / "link").symlink_to("plain")
    assert read_plain_file(tmp_path / "link") == b"text"
