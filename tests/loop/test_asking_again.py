"""``hl gate`` asked again, and runs after it: one race for two programs, in the ledger as in the gate."""

from __future__ import annotations

from pathlib import Path

from hlearn import learn
from hlearn.editors.scripted import ScriptedEditor
from hlearn.gate import Gate
from hlearn.ledger import Decision, Measured, Purpose, Trial
from hlearn.loop.outside import OneEdit, run_outside_learning
from hlearn.records import Program
from hlearn.system import System
from tests.loop.climber import CARTPOLE, SOURCE

STRONG = Program(source=SOURCE.format(0.1, 0.2, 1.0, 1.0))
LIKE_IT = [Program(source=SOURCE.format(0.1, 0.2, 1.0, 1.0 + k / 1000)) for k in (1, 2)]


def gate_steps(system: System) -> int:
    rows = (r.event for r in system.ledger.rows)
    return sum(e.env_steps for e in rows if isinstance(e, Measured) and e.purpose is Purpose.GATE)


def ask(path: Path, program: Program, steps: int) -> Trial:
    (trial,) = run_outside_learning(
        System.open(path), OneEdit(program, "by hand"), steps=steps, workers=1, gate=Gate(budget_fraction=1.0)
    )
    return trial


def test_every_asking_goes_on_and_pays_no_pair_twice(tmp_path: Path) -> None:
    path = tmp_path / "system"
    learn(CARTPOLE, out=path, editor=ScriptedEditor([STRONG.source]), steps=4_000, workers=1, holdout=0)
    asked = [ask(path, LIKE_IT[0], steps) for steps in (2_500, 2_500, 4_000)]
    pairs = [t.pairs for t in asked]
    assert pairs == sorted(pairs)
    assert pairs[-1] >= 3
    assert len({t.run for t in asked}) == 3
    assert len({t.first_seed for t in asked}) == 1
    system = System.open(path)
    seeds = [
        (e.program, o.seed)
        for r in system.ledger.rows
        if isinstance(e := r.event, Measured) and e.purpose is Purpose.GATE and e.run > 1
        for o in e.outcomes
    ]
    assert len(seeds) == len(set(seeds)), "an episode that is known is not played again"

    before = gate_steps(system)
    other = ask(path, LIKE_IT[1], 4_000)
    assert other.first_seed == asked[0].first_seed, "every challenger meets the champion on the same seeds"
    again = [
        e.program
        for r in System.open(path).ledger.rows
        if isinstance(e := r.event, Measured) and e.purpose is Purpose.GATE and e.run == other.run
    ]
    assert again.count(STRONG.sha256) <= 1
    assert gate_steps(System.open(path)) > before


def test_a_first_program_that_fails_now_and_then_gets_no_second_draw(tmp_path: Path) -> None:
    path = tmp_path / "system"
    System.create(path, CARTPOLE)
    flaky = Program(
        source="class P:\n    def reset(self, seed):\n        self.bad = seed % 2\n"
        "    def act(self, o):\n        return 1 // (1 - self.bad)\n"
    )
    decisions = [ask(path, flaky, 2_000).decision for _ in range(6)]
    assert len(set(decisions)) == 1 or decisions[0] is Decision.ACCEPTED
    trials = [r.event for r in System.open(path).ledger.rows if isinstance(r.event, Trial)]
    assert len({t.first_seed for t in trials if t.champion is None}) == 1
