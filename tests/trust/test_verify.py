"""What is made up, swapped or broken in a system is noticed: by who opens it with the key, and by ``hl verify``."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hlearn.errors import LedgerCorrupt, UsageError
from hlearn.ledger import Caps, Decision, Ledger, Measured, Purpose, Trial
from hlearn.ledger.codec import encode
from hlearn.ledger.journal import canonical
from hlearn.records import Episode, Program, Split
from hlearn.system import System
from hlearn.tasks.seeds import split_seeds
from tests.cli.conftest import CORRIDOR, Said, hl
from tests.cli.programs import SEEK

IDLE = "class Idle:\n    def reset(self, seed):\n        pass\n\n    def act(self, obs):\n        return 0\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "seek.py").write_text(SEEK)
    (folder / "idle.py").write_text(IDLE)
    hl("init", CORRIDOR, folder / "s")
    for name in ("idle", "seek"):
        assert hl("gate", folder / "s", "--program", folder / f"{name}.py", "--workers", 1).code == 0
    return folder / "s"


@pytest.fixture
def system(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "s"))


def verify(path: Path, *more: object) -> Said:
    return hl("verify", path, "--workers", 1, "--json", *more)


def states(said: Said) -> dict[str, str]:
    return {c["check"]: c["state"] for c in said.data["checks"]}


def row(system: System, program: Program, split: Split, purpose: Purpose) -> Measured:
    """Sixty episodes that nobody played, each with a million points."""
    task = system.task
    return Measured(
        run=0,
        program=program.sha256,
        task=task.key,
        env_id=task.env_id,
        access=task.access,
        protocol=task.protocol,
        split=split,
        purpose=purpose,
        caps=Caps(),
        key=system.ledger.epoch,
        outcomes=tuple(
            Episode(seed=s, score=1e6, length=5, env_steps=5, terminated=True, truncated=False)
            for s in split_seeds(split, 0, 0, 60)
        ),
    )


def append_by_hand(path: Path, event: str, data: dict[str, Any], **more: object) -> None:
    """A line with the right hash, as anybody can write it."""
    last = json.loads(path.read_bytes().splitlines()[-1])
    body = {"n": last["n"] + 1, "schema": 2, "time": 1.0, "event": event, "data": data}
    digest = hashlib.sha256((last["hash"] + canonical(body)).encode()).hexdigest()
    with path.open("a") as file:
        file.write(canonical({**body, "hash": digest, **more}) + "\n")


def test_a_system_that_is_what_it_says_holds(system: Path) -> None:
    said = verify(system, "--replay", "all")
    assert said.code == 0 and said.data["vouched"] and set(states(said).values()) == {"holds"}
    assert said.data["replayed"] == said.data["recorded"] > 3
    assert verify(system, "--replay", 3).data["replayed"] == 3
    assert verify(system, "--replay", 0).data["replayed"] == 0


def test_checking_writes_nothing(system: Path) -> None:
    before = {p: p.read_bytes() for p in system.rglob("*") if p.is_file() and p.name != "index"}
    verify(system)
    assert before == {p: p.read_bytes() for p in system.rglob("*") if p.is_file() and p.name != "index"}


def test_the_ledger_of_a_system_is_not_written_from_outside(system: Path) -> None:
    """As somebody would try it with the library: rows with right hashes, seeds that are to come."""
    opened = System.open(system)
    with pytest.raises(UsageError, match="exclusive"):
        opened.ledger.append(row(opened, Program(source=IDLE), Split.GATE, Purpose.GATE))
    plain = Ledger(opened.ledger.path)  # knows no key, and so cannot seal
    with pytest.raises(UsageError, match="sealed with key"):
        plain.append(row(opened, Program(source=IDLE), Split.GATE, Purpose.GATE))


@pytest.mark.parametrize("seal", [{}, {"seal": "0" * 64}, {"seal": None}, {"seal": "copied"}])
def test_a_line_from_outside_is_named_by_every_verb(system: Path, seal: dict[str, object]) -> None:
    path = system / "ledger.jsonl"
    lines = path.read_bytes().splitlines()
    if seal.get("seal") == "copied":
        seal = {"seal": json.loads(lines[-1])["seal"]}
    append_by_hand(path, "note", {"text": "a million points"}, **seal)
    with pytest.raises(LedgerCorrupt, match=f"line {len(lines) + 1} has"):
        System.open(system)
    for verb in ("eval", "gate", "history", "report"):
        said = hl(verb, system, "--json")
        assert said.code == 3 and f"line {len(lines) + 1}" in said.data["message"], verb
    said = verify(system)
    assert said.code == 1 and states(said) == {"ledger": "broken"}
    path.write_bytes(b"\n".join(lines) + b"\n")  # as the message says: cut it off there
    assert verify(system).code == 0


def test_a_past_without_keys_cannot_be_made_up(system: Path) -> None:
    rows = [r.event for r in System.open(system).ledger.rows]
    (system / "ledger.jsonl").unlink()
    Ledger(system / "ledger.jsonl").append(*[r for r in rows if type(r).__name__ != "KeyAdopted"])
    with pytest.raises(LedgerCorrupt, match="never adopts key"):
        System.open(system)


def test_another_key_in_the_ledger_makes_nothing_believed(system: Path) -> None:
    """Somebody ends the epoch with a key of their own, and writes what they like under it."""
    path = system / "ledger.jsonl"
    append_by_hand(path, "key_adopted", {"key": "ab" * 16, "seeds": "cd" * 32, "why": "mine"})
    idle = Program(source=IDLE)
    opened = System.open(system)
    append_by_hand(path, "measured", encode(row(opened, idle, Split.HOLDOUT, Purpose.REPORT)))  # type: ignore[arg-type]
    said = verify(system)
    assert said.code == 0 and not said.data["vouched"] and states(said)["seals"] == "unknown"
    trial = Trial(
        run=9,
        trial=9,
        program=idle.sha256,
        champion=_champion(system),
        note="",
        decision=Decision.ACCEPTED,
        reasons=(),
    )
    opened.programs.add(idle)
    append_by_hand(path, "trial", encode(trial))  # type: ignore[arg-type]
    (system / "policy.py").write_text(IDLE)
    played = hl("eval", system, "--split", "holdout", "--episodes", 5, "--workers", 1, "--json").data
    assert played["played"] == 5 and played["max"] < 1e6
    assert _champion(system) != idle.sha256, "a trial that somebody else accepted makes no champion"


def _champion(system: Path) -> str:
    champion = System.open(system).champion()
    assert champion is not None
    return champion.sha256


def test_who_has_the_key_and_makes_results_up_is_found_by_playing_them_again(system: Path) -> None:
    opened = System.open(system)
    champion = opened.champion()
    assert champion is not None
    with opened.exclusive():
        opened.ledger.append(row(opened, champion, Split.HOLDOUT, Purpose.REPORT))
    said = verify(system, "--replay", "all")
    assert said.code == 1 and states(said)["episodes"] == "broken"
    assert "1000000.0" in said.data["checks"][-1]["said"]


def test_without_the_key_the_chain_is_checked_and_the_rest_is_said_to_be_unknown(
    system: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HLEARN_STATE", str(tmp_path / "another machine"))
    monkeypatch.delenv("HLEARN_KEY")
    said = verify(system)
    assert said.code == 0 and not said.data["vouched"]
    assert states(said)["seals"] == states(said)["episodes"] == "unknown"
    assert "is not on this machine" in hl("history", system).out
    (system / "policy.py").write_text(IDLE)
    assert hl("eval", system, "--workers", 1, "--episodes", 2, "--json").data["played"] == 2
    said = verify(system)
    assert states(said)["seals"] == "unknown", "the first key's lines still are"
    assert states(said)["episodes"] == "unknown"


def _commit(system: Path, *paths: str) -> None:
    git = ["git", "-C", str(system), "-c", "user.name=x", "-c", "user.email=x@x"]
    subprocess.run([*git, "add", *paths], check=True)
    subprocess.run([*git, "commit", "-qm", "by hand"], check=True)


def test_another_program_than_the_judged_one_is_found(system: Path) -> None:
    (system / "policy.py").write_text(SEEK + "# never judged\n")
    assert verify(system).code == 0, "an edit in the folder is no fault"
    _commit(system, "policy.py")
    said = verify(system)
    assert said.code == 1 and states(said)["champion"] == "broken"


def test_weakened_tests_cases_and_tasks_are_found(system: Path) -> None:
    (case,) = (system / "cases").glob("trial-0001.json")
    for path, text in (
        (system / "tests" / "test_policy.py", "def test_ok(): pass\n"),
        (case, '{"why": "trivial", "seed": 7}'),
        (system / "hl.toml", (system / "hl.toml").read_text() + "\n"),
    ):
        before = path.read_text()
        path.write_text(text)
        said = verify(system)
        assert said.code == 1 and path.name in said.data["checks"][5]["said"], path
        path.write_text(before)
    (system / "cases" / "mine.json").write_text('{"why": "x", "seed": "abc"}')
    said = verify(system)
    assert said.code == 1 and "mine.json is no regression case" in said.data["checks"][5]["said"]


def test_a_program_store_that_holds_something_else_is_found(system: Path) -> None:
    pack = system / "programs" / "pack"
    first, *rest = pack.read_text().splitlines(keepends=True)
    pack.write_text("0" * 64 + first[64:] + "".join(rest))
    said = verify(system)
    assert said.code == 1 and states(said)["programs"] == "broken"


def test_no_system_is_wrong_usage(tmp_path: Path) -> None:
    assert verify(tmp_path).code == 2
    assert hl("verify", tmp_path, "--replay", "some").code == 2
