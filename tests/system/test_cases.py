"""Regression cases that people and agents write: what is wrong with one is named, and stops nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hlearn.errors import UsageError
from hlearn.records import Split
from hlearn.system import Case, cases_in, read_case, write_case
from hlearn.tasks.seeds import split_seeds

DEV, GATE, HOLDOUT = (split_seeds(split, 0, 5, 1)[0] for split in Split)
GOOD = {"why": "it fell here once", "seed": DEV}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"seed": "abc"}, "seed is 'abc'"),
        ({"seed": True}, "seed is True"),
        ({"seed": 1.0}, "seed is 1.0"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**31}, "expected a whole number"),
        ({"seed": 10**400}, "expected a whole number"),
        ({"seed": [1]}, r"seed is \[1\]"),
        ({"seed": None}, "either seed or number"),
        ({"number": 3}, "either seed or number"),
        ({"max_steps": "many"}, "max_steps is 'many'"),
        ({"max_steps": 0}, "max_steps is 0"),
        ({"max_steps": 10**30}, "max_steps is"),
        ({"min_score": float("nan")}, "NaN is no number"),
        ({"min_score": float("inf")}, "Infinity is no number"),
        ({"min_score": "high"}, "min_score is 'high'"),
        ({"min_score": 10**400}, "too large"),
        ({"trial": "x"}, "trial is 'x'"),
        ({"trial": -1}, "trial is -1"),
        ({"why": 3}, "why is 3"),
        ({"why": "a \0 b"}, "no text"),
        ({"why": "a \ud800 b"}, "no text"),
        ({"why": "\x1b[2J"}, "no text"),
        ({"why": "x" * 5000}, "why is"),
        ({"colour": 1}, "unknown key .colour"),
        ({"\0": 1}, "unknown key"),
        ({"split": 3}, "split is 3"),
        ({"split": "test"}, "not a valid Split"),
        ({"schema": "1"}, "schema is '1'"),
        ({"key": 5}, "key is 5"),
        ({"seed": HOLDOUT}, "holdout"),
        ({"seed": GATE}, "belongs to the gate"),
        ({"seed": GATE, "split": "dev"}, "belongs to gate, not to dev"),
        ({"seed": DEV, "split": "gate"}, "belongs to dev, not to gate"),
        ({"seed": 2**31 - 1}, "expected a whole number"),
    ],
)
def test_what_is_wrong_with_a_case_is_named_with_its_file(
    more: dict[str, object], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(GOOD | more))
    with pytest.raises(UsageError, match=said) as caught:
        read_case(path)
    assert "odd.json" in str(caught.value) and len(str(caught.value)) < 900


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "7",
        "null",
        "[]",
        '"x"',
        "[" * 100_000,
        '{"why": ' + "[" * 100_000,
        '{"seed": ' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_json_object_is_named_too(text: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"odd\.json is no regression case"):
        read_case(path)


def test_what_is_no_text_or_no_file_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_bytes(b"\xff\xfe{}")
    (tmp_path / "folder.json").mkdir()
    for name in ("odd.json", "folder.json", "gone.json"):
        with pytest.raises(UsageError, match=name):
            read_case(tmp_path / name)


def test_the_split_of_a_case_is_that_of_its_seed(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(GOOD))
    case = read_case(path)
    assert case.split is Split.DEV and case.resolve(7) == DEV


def test_who_adds_a_case_may_not_ask_for_the_gate_s_scores() -> None:
    def added(**fields: object) -> tuple[tuple[str, str], ...]:
        return (("tests/test_x.py", ""), ("cases/mine.json", json.dumps({"why": "w"} | fields)))

    (case,) = cases_in(added(number=3))
    assert case.split is Split.DEV
    for fields, said in (
        ({"number": 3, "split": "gate"}, "dev split"),
        ({"number": 3, "key": "ab" * 16}, "key"),
    ):
        with pytest.raises(UsageError, match=said):
            cases_in(added(**fields))


@pytest.mark.parametrize("key", [None, "", "ab" * 16])
def test_a_case_keeps_the_key_that_it_was_stored_under(key: str | None, tmp_path: Path) -> None:
    case = Case(name="a", why="w", split=Split.GATE, number=2, min_score=1.5, trial=3, key=key)
    assert read_case(write_case(tmp_path, case)) == case


def test_a_case_of_an_older_hlearn_means_the_environment_s_own_seed(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(json.dumps({"schema": 1, "why": "w", "split": "gate", "number": 0, "trial": 1}))
    assert read_case(path).key == ""
