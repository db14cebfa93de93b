"""One table holds every share of the budget."""

from __future__ import annotations

import re
from pathlib import Path

from hlearn.editors.search import arcade
from hlearn.editors.search.arcade import shares

HERE = Path(arcade.__file__).parent


def test_every_share_is_a_part_and_is_used() -> None:
    used = "\n".join(p.read_text() for p in HERE.glob("*.py") if p.name != "shares.py")
    for name, value in vars(shares).items():
        if name.isupper():
            assert 0 < value < 1
            assert f"shares.{name}" in used, f"nothing spends {name}"


def test_no_other_table_divides_what_is_left() -> None:
    for path in HERE.glob("*.py"):
        for line in path.read_text().splitlines():
            if path.name != "shares.py" and re.search(r"\bremaining\b.*\*|\*.*\bremaining\b", line):
                assert "shares." in line or "share *" in line, f"{path.name}: {line.strip()}"
