"""Money, tokens and time: counted from the ledger, said at half and four fifths, and the end of learning at the cap."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlearn import learn
from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.lab import Silent
from hlearn.lab.purse import Purse
from hlearn.ledger import EditorRan, Ledger
from hlearn.loop.forecast import forecast
from hlearn.records import Cost, Program, SpendingCaps


def test_a_cap_warns_twice_and_then_is_used_up() -> None:
    said: list[str] = []
    purse = Purse(SpendingCaps(usd=1.0, tokens=1000), say=said.append)
    for _ in range(5):
        purse.pay(Cost(usd=0.17, input_tokens=30))
    assert said == ["$0.51 of at most $1.00 used (51%)", "$0.85 of at most $1.00 used (85%)"]
    assert purse.usd_left == pytest.approx(0.15)
    purse.pay(Cost(usd=0.17))
    assert purse.empty == "money"


def test_time_is_that_of_one_sitting() -> None:
    now = 0.0
    purse = Purse(SpendingCaps(seconds=10.0), spent=Cost(seconds=500.0), monotonic=lambda: now)
    assert (purse.empty, purse.seconds_left) == ("", 10.0)
    now = 11.0
    assert (purse.empty, purse.seconds_left) == ("time", 0.0)


def test_a_cap_is_above_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        SpendingCaps(usd=0.0)


class Paid:
    """Proposes a program of its own each time, and tells that it cost 40 cents."""

    name = "paid"
    deterministic = False

    def __init__(self) -> None:
        self.asked = 0

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        self.asked += 1
        lab.ran(cost=Cost(usd=0.4, input_tokens=10), status=0, fault=None, said="", transcript=b"said")  # type: ignore[attr-defined]
        act = f"int(o[2] + 0.5 * o[3] > {self.asked / 1000})"
        source = f"class P:\n    def reset(self, seed): pass\n    def act(self, o): return {act}\n"
        return Proposal(program=Program(source=source), note="x", cost=Cost(usd=0.4))


class Notes(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def noted(self, text: str) -> None:
        self.notes.append(text)


def test_learning_ends_cleanly_at_the_cap_and_goes_on_with_a_higher_one(tmp_path: Path) -> None:
    editor, notes, out = Paid(), Notes(), tmp_path / "s"

    def go(usd: float, steps: int):
        return learn(
            "CartPole-v1",
            out=out,
            editor=editor,
            steps=steps,
            workers=1,
            holdout=1,
            resume=True,
            caps=SpendingCaps(usd=usd),
            progress=notes,
        )

    result = go(1.0, 60_000)
    assert result.why == "money spent"
    assert editor.asked == 3  # the third was begun below the cap
    assert result.usd == pytest.approx(1.2)
    assert result.score is not None  # the holdout was played all the same
    assert "$0.80 of at most $1.00 used (80%)" in notes.notes
    again = go(1.5, 70_000)
    assert (again.why, editor.asked) == ("money spent", 4)
    assert again.usd == pytest.approx(1.6)
    ledger = Ledger(out / "ledger.jsonl")
    assert len([r for r in ledger.rows if isinstance(r.event, EditorRan)]) == 4
    expected = forecast(ledger, steps=1_000_000, caps=SpendingCaps(usd=2.4))
    assert expected.trials == 2
    assert expected.usd == pytest.approx(0.8)
