"""``hl zoo``: systems as data that anybody can verify."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hlearn.cli.output import NO
from hlearn.system import System
from hlearn.zoo import find_entries
from hlearn.zoo.verifying import verify_entry
from tests.cli.conftest import hl


@pytest.fixture
def zoo(system: Path, tmp_path: Path) -> Path:
    said = hl(
        "zoo", "add", system, "--zoo", tmp_path / "zoo", "--name", "corridor", "--episodes", 4, "--workers", 1
    )
    assert said.code == 0, said.err
    return tmp_path / "zoo"


def test_an_entry_is_listed_shown_verified_and_copied(zoo: Path, system: Path, tmp_path: Path) -> None:
    assert "corridor" in hl("zoo", "list", "--zoo", zoo).out
    shown = hl("zoo", "show", "corridor", "--zoo", zoo).out
    assert "random play" in shown and "def act" in shown
    entry = find_entries(zoo)[0]
    assert entry.program == System.open(system).champion()
    assert len(entry.episodes) == 4 and entry.about["controls"]["better_than_trivial"] is not None
    assert hl("zoo", "verify", "--zoo", zoo, "--workers", 1).code == 0
    assert hl("zoo", "copy", "corridor", tmp_path / "again", "--zoo", zoo).code == 0
    assert System.open(tmp_path / "again").working() == entry.program
    key = System.open(system).config.key
    assert key and key not in "".join(p.read_text() for p in entry.path.glob("*.[jmt]*"))


def test_a_card_that_says_more_than_is_so_is_found_out(zoo: Path) -> None:
    card = zoo / "corridor" / "card.json"
    data = json.loads(card.read_text())
    data["episodes"][1][1] += 1.0
    card.write_text(json.dumps(data))
    said = hl("zoo", "verify", "corridor", "--zoo", zoo, "--episodes", 0, "--workers", 1)
    assert said.code == NO and "the card says" in said.out


def test_what_is_wrong_with_a_zoo_is_said(zoo: Path, system: Path, tmp_path: Path) -> None:
    said = hl("zoo", "show", "corridr", "--zoo", zoo)
    assert said.code == 2 and "it has corridor" in said.err
    said = hl("zoo", "add", system, "--zoo", zoo, "--name", "corridor", "--episodes", 2)
    assert said.code == 2 and "exists" in said.err
    program = zoo / "corridor" / "policy.py"
    program.write_text(program.read_text() + "\n# more\n")
    said = hl("zoo", "verify", "--zoo", zoo)
    assert said.code == 2 and "the card tells of program" in said.err
    hl("init", "CartPole-v1", tmp_path / "empty")
    said = hl("zoo", "add", tmp_path / "empty", "--zoo", zoo)
    assert said.code == 2 and "no champion" in said.err


def test_a_sample_of_what_ships_holds() -> None:
    entries = find_entries()
    for entry in entries[:: max(1, len(entries) // 2)][:2]:
        assert verify_entry(entry, episodes=1).holds, entry.name


@pytest.mark.slow
def test_all_that_ships_holds() -> None:
    for entry in find_entries():
        assert verify_entry(entry).holds, entry.name
