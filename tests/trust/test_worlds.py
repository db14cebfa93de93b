"""What environments and programs are really seeded with: by every way that plays episodes of a system."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hlearn.editors.search.vector.probing import PROBE_SEEDS
from hlearn.errors import UsageError
from hlearn.evaluate.api import Job
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.evaluate.keyed import KeyedEvaluator
from hlearn.evaluate.play import policy_seed
from hlearn.ledger import KeyAdopted, Measured
from hlearn.loop import first_look
from hlearn.records import Episode, Program, Split
from hlearn.system import System
from hlearn.tasks import resolve_task
from hlearn.tasks.seeds import split_seeds
from hlearn.trust import Key, Worlds
from tests.cli.conftest import hl

SEEN = "tests.trust.seeing:hlearn-tests/Seen-v0"

# What a cheat does that knows the public formulas: a table from every seed that a program may be given to the coins.
CHEAT = """
import numpy as np

KNOWN = {known!r}


class Cheat:
    def reset(self, seed):
        sequence = np.random.SeedSequence(KNOWN.get(seed, 0))
        self.coins = list(np.random.Generator(np.random.PCG64(sequence)).integers(2, size=5))

    def act(self, observation):
        return int(self.coins.pop(0))
"""
PATIENT = "class P:\n    def reset(self, seed): pass\n    def act(self, o): return 0\n"
SHORT = "class W:\n    def reset(self, s): pass\n    def act(self, o): return int(o[1] > o[0]) * 2 + int(o[1] < o[0])\n"
OTHER = """
class P:
    def reset(self, seed):
        self.t = 0

    def act(self, o):
        self.t += 1
        return self.t % 2
"""


def cheat() -> Program:
    known = {}
    for split in Split:
        for start in (0, 1_000_000, 2_000_000):
            for seed in split_seeds(split, 0, start, 70):
                known[policy_seed(seed)] = seed
    return Program(source=CHEAT.format(known=known))


def scores(system: System) -> list[float]:
    return [
        o.score
        for r in system.ledger.rows
        if isinstance(r.event, Measured)
        for o in r.event.outcomes
        if isinstance(o, Episode)
    ]


def test_the_formulas_that_a_cheat_knows_win_where_no_key_is_and_nothing_where_one_is(tmp_path: Path) -> None:
    task = resolve_task(SEEN)
    jobs = [Job(program=cheat(), seed=s) for s in split_seeds(Split.GATE, 0, 0, 40)]
    evaluator = InProcessEvaluator(task)
    plain = [r.outcome.score for r in evaluator.run(jobs)]
    keyed = [r.outcome.score for r in KeyedEvaluator(evaluator, Worlds.of_key(Key.new())).run(jobs)]
    assert plain == [5.0] * 40, "the cheat works"
    assert sum(keyed) / 40 < 3.5, "and knows no more than a coin does: 2.5, with a spread of 0.18"


def test_every_way_that_plays_a_system_seeds_it_by_its_key(tmp_path: Path) -> None:
    log, where = tmp_path / "seeds", tmp_path / "s"
    (tmp_path / "patient.py").write_text(PATIENT)
    (tmp_path / "other.py").write_text(OTHER)
    (tmp_path / "cheat.py").write_text(cheat().source)
    learn = ("learn", SEEN, "--env", f"log={log}", "--workers", 1, "--steps", 4000, "--out", where)
    hl(*learn, "--editor", f"command:cp {tmp_path / 'patient.py'} policy.py", "--holdout-episodes", 3)
    hl("gate", where, "--program", tmp_path / "other.py", "--workers", 1)
    hl("gate", where, "--program", tmp_path / "cheat.py", "--workers", 1)
    for split in ("dev", "gate", "holdout"):
        hl("eval", where, "--program", tmp_path / "cheat.py", "--split", split, "--workers", 1)
    hl("replay", where)
    hl("compress", where, "--workers", 1)
    system = System.open(where)
    seeding = system.worlds.of(system.ledger.epoch)
    assert seeding is not None and system.ledger.epoch
    labels = {o.seed for r in system.ledger.rows if isinstance(r.event, Measured) for o in r.event.outcomes}
    labels |= {seed for split in Split for seed in split_seeds(split, 0, 0, 64)}
    labels |= {
        0,
        *split_seeds(Split.DEV, 0, PROBE_SEEDS, 1),
    }  # golden observations, the rehearsal, the first look
    labels |= {*split_seeds(Split.DEV, 0, first_look._SEEDS, first_look._EPISODES)}
    real = {seeding.world(label) for label in labels}
    seeded = [int(line) for line in log.read_text().split()]
    assert len(seeded) > 60 and set(seeded) <= real
    assert not set(seeded) & labels
    cheated = [s for p, s in _by_program(system) if p == cheat().sha256]
    assert len(cheated) > 30 and sum(cheated) / len(cheated) < 3.5


def _by_program(system: System) -> Iterator[tuple[str, float]]:
    for row in system.ledger.rows:
        if isinstance(row.event, Measured):
            for outcome in row.event.outcomes:
                yield row.event.program, outcome.score


def test_one_key_and_seed_repeat_a_run_bit_for_bit_and_another_key_does_not(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(PATIENT)
    key = tmp_path / "my.key"
    key.write_text("5e" * 32)
    other = tmp_path / "other.key"
    other.write_text("5f" * 32)
    seen = []
    for name, given in (("a", key), ("b", key), ("c", other)):
        said = hl(
            *(
                "learn",
                SEEN,
                "--workers",
                1,
                "--steps",
                300,
                "--out",
                tmp_path / name,
                "--key",
                given,
                "--json",
            ),
            *("--editor", f"command:cp {tmp_path / 'p.py'} policy.py", "--holdout-episodes", 9),
        )
        assert said.data["holdout_episodes"] == 9, said
        seen.append(scores(System.open(tmp_path / name)))
    assert seen[0] == seen[1] != seen[2]


def test_no_file_of_a_system_holds_a_key_or_a_real_seed(tmp_path: Path) -> None:
    task = resolve_task(SEEN)
    key = Key.new()
    system = System.create(tmp_path / "s", task, key=key)
    (tmp_path / "p.py").write_text(PATIENT)
    hl("eval", system.path, "--program", tmp_path / "p.py", "--workers", 1, "--episodes", 5)
    secrets = [key.secret, key.seeds.secret]
    words = [s.hex().encode() for s in secrets] + secrets
    words += [str(key.seeds.world(s)).encode() for s in split_seeds(Split.DEV, 0, 0, 5)]
    for path in system.path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [w for w in words if w in data], path


def test_opened_seeds_let_anybody_play_again_and_the_next_writer_takes_another_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = resolve_task(SEEN)
    system = System.create(tmp_path / "s", task)
    (system.path / "policy.py").write_text(PATIENT)
    assert hl("eval", system.path, "--workers", 1, "--episodes", 4).code == 0
    played = hl("eval", system.path, "--workers", 1, "--episodes", 4, "--json").data
    assert played["played"] == 0
    monkeypatch.setenv("HLEARN_STATE", str(tmp_path / "another machine"))
    with pytest.raises(UsageError, match="not on this machine"):
        _replay(system.path)
    monkeypatch.undo()
    assert hl("open", system.path, "--json").data["opened"] == [system.ledger.epoch]
    assert hl("open", system.path, "--json").data["opened"] == []
    monkeypatch.setenv("HLEARN_STATE", str(tmp_path / "another machine"))
    assert _replay(system.path) == played["episodes"][0]["score"]
    monkeypatch.undo()
    again = hl("eval", system.path, "--workers", 1, "--episodes", 4, "--json").data
    assert again["played"] == 4, "what was measured under an opened key is not reused"
    adopted = [r.event for r in System.open(system.path).ledger.rows if isinstance(r.event, KeyAdopted)]
    assert len(adopted) == 2 and re.search("opened", adopted[1].why)


def _replay(path: Path) -> float:
    from hlearn.evidence.replay import replay

    system = System.open(path)
    seed = split_seeds(Split.DEV, 0, 0, 1)[0]
    return replay(system.task, Program(source=PATIENT), seed, system.worlds).outcome.score


def test_a_system_that_is_older_than_keys_goes_on(tmp_path: Path) -> None:
    """The fixture was made by revision db0ef39: two accepted trials, schema 1, no seals, cases on plain seeds."""
    with tarfile.open(Path(__file__).with_name("system_schema1.tar.gz")) as packed:
        packed.extractall(tmp_path / "s", filter="data")
    old = System.open(tmp_path / "s")
    assert old.ledger.epoch == "" and all(r.epoch == "" for r in old.ledger.rows)
    assert {c.key for c in old.judged.cases()} == {""}
    before = old.ledger.path.read_bytes()
    assert "older than keys" in hl("history", old.path).out and old.ledger.path.read_bytes() == before
    (tmp_path / "short.py").write_text(SHORT)
    said = hl("gate", old.path, "--program", tmp_path / "short.py", "--workers", 1)
    assert said.code == 0, said
    new = System.open(old.path)
    assert new.ledger.path.read_bytes().startswith(before) and new.ledger.epoch
    played = [r.event for r in new.ledger.rows if isinstance(r.event, Measured) and r.epoch]
    assert {e.key for e in played} == {new.ledger.epoch, ""}, (
        "old cases keep the seeds that they were stored for"
    )
    said = hl("verify", old.path, "--workers", 1, "--replay", "all", "--json")
    assert said.code == 0 and not said.data["vouched"]
