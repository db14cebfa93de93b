"""Typed events: nothing is lost on the way to the file and back."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hlearn.errors import LedgerCorrupt
from hlearn.evaluate.api import Record
from hlearn.ledger import (
    Caps,
    Committed,
    Decision,
    HoldoutUsed,
    Ledger,
    Measured,
    Note,
    ProgramAdded,
    Purpose,
    Refused,
    RolledBack,
    RunEnded,
    RunResumed,
    RunStarted,
    Spent,
    Trial,
)
from hlearn.ledger.codec import decode, encode
from hlearn.ledger.events import KINDS
from hlearn.ledger.journal import Journal
from hlearn.records import Access, Episode, Failure, FailureKind, Protocol, Split

KIT: dict[type, st.SearchStrategy] = {
    float: st.floats(),
    Access: st.sampled_from(Access),
    str: st.text(max_size=12),
}
for cls in (
    Episode,
    Failure,
    Caps,
    RunStarted,
    RunResumed,
    Measured,
    Spent,
    ProgramAdded,
    Trial,
    Committed,
    RolledBack,
    HoldoutUsed,
    RunEnded,
    Refused,
    Note,
):
    st.register_type_strategy(cls, lambda c: st.builds(c))
EVENTS = st.one_of(*[st.from_type(cls) for cls in KINDS.values()])


@settings(max_examples=150, deadline=None)
@given(event=EVENTS)
def test_every_event_survives_the_file(event) -> None:
    import json

    text = json.dumps(encode(event), allow_nan=False)
    assert repr(decode(type(event), json.loads(text))) == repr(event)


def measured(**changes) -> Measured:
    values: dict[str, object] = dict(  # noqa: C408 - reads like the call
        run=1,
        program="p" * 64,
        task="t" * 64,
        env_id="X-v0",
        access=Access.RAM,
        protocol=Protocol.STICKY,
        split=Split.DEV,
        purpose=Purpose.EDIT,
        outcomes=(
            Episode(seed=3, score=math.inf, length=5, env_steps=9, terminated=True, truncated=False),
            Failure(seed=4, kind=FailureKind.CRASHED, message="boom", env_steps=2),
        ),
    )
    return Measured(**{**values, **changes})


def test_rows_come_back_typed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path, clock=lambda: 12.0)
    ledger.append(measured(), measured(caps=Caps(max_steps=7, record=Record.STEPS)))
    ledger.append(
        Trial(run=1, trial=1, program="p", note="n", decision=Decision.ACCEPTED, reasons=("first",))
    )
    rows = Ledger(path).rows
    assert [r.event for r in rows] == [r.event for r in ledger.rows]
    assert rows[0].time == 12.0
    assert isinstance(rows[0].event, Measured) and rows[0].event.env_steps == 11
    assert ledger.verify() == 3
    assert ledger.head == (3, rows[-1].hash)


def test_an_edit_after_reading_is_found(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.append(Note(text="one"), Note(text="two"))
    Path(path).write_text("")
    Ledger(path).append(Note(text="another past"), Note(text="two"))
    with pytest.raises(LedgerCorrupt, match="line 1"):
        ledger.verify()


def test_a_row_that_does_not_fit_its_event_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    Journal(path, schema=1).append_many([("note", {"text": 3})])
    with pytest.raises(LedgerCorrupt, match=r"line 1 .note."):
        Ledger(path)
