"""The tables of the design say the numbers that stand in the code."""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(
    r"^\| (?P<rule>.+) \| (?P<number>[\d., ]+) \| `(?P<constant>[\w.]+)` \| `(?P<file>[\w/]+\.py)` \|$"
)
ROWS = [m for line in (ROOT / "docs" / "design.md").read_text().splitlines() if (m := ROW.match(line))]


def value_of(constant: str, file: str) -> object:
    """A constant of a module, the default of a class's field, or one field of every element of a table."""
    module = importlib.import_module("hlearn." + file.removesuffix(".py").replace("/", "."))
    name, _, field = constant.partition(".")
    found = getattr(module, name)
    if not field:
        return found
    if dataclasses.is_dataclass(found):
        return next(f.default for f in dataclasses.fields(found) if f.name == field)
    return [getattr(each, field) for each in found] if isinstance(found, tuple) else getattr(found, field)


def flat(value: object) -> Iterator[float]:
    if isinstance(value, int | float):
        yield float(value)
        return
    assert isinstance(value, list | tuple)
    for each in value:
        yield from flat(each)


def test_there_are_such_tables() -> None:
    assert len(ROWS) > 40
    assert len({(m["constant"], m["file"]) for m in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda m: f"{m['file']} {m['constant']}")
def test_a_number_of_the_design_is_that_of_the_code(row: re.Match[str]) -> None:
    said = [float(n.replace(",", "")) for n in row["number"].split(", ")]
    assert said == list(flat(value_of(row["constant"], row["file"])))
