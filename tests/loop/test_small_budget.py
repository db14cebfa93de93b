"""A run with a small budget ends with the best program that it could measure."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlearn import learn
from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.editors.scripted import ScriptedEditor
from hlearn.errors import BudgetExhausted, UsageError
from hlearn.evaluate.api import Job
from hlearn.gate import Gate
from hlearn.ledger import Decision, Measured, Purpose, Trial
from hlearn.records import Access, Program, Protocol
from hlearn.system import System
from hlearn.tasks.task import Task
from tests.loop.climber import CARTPOLE
from tests.loop.test_learn import CRASH, GOOD, LEAN, LEFT


class Greedy:
    """Measures programs in one large batch, keeps what it is told, and proposes nothing before the budget ends."""

    name = "greedy"
    deterministic = True

    def __init__(self, sources: list[str], episodes: int, *, proposes: bool = True) -> None:
        self.programs = [Program(source=s) for s in sources]
        self.episodes = episodes
        self.proposes = proposes
        self.asked = 0
        self.paid = 0

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        self.asked += 1
        if self.asked > 1:
            return None
        jobs = [Job(program=p, seed=s) for s in lab.seeds(0, self.episodes) for p in self.programs]
        try:
            lab.measure(jobs)
        except BudgetExhausted as spent:
            self.paid = sum(r is not None for r in spent.results)
        return Proposal(program=self.programs[-1], note="the last one") if self.proposes else None


class Forgetful(Greedy):
    """Lets the end of the budget go through."""

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        lab.measure([Job(program=p, seed=s) for s in lab.seeds(0, self.episodes) for p in self.programs])
        return None


SEEK = Task(
    env_id="hlearn.testing.toys:Seek-v0", access=Access.VECTOR, protocol=Protocol.STANDARD, target=-20.0
)
IDLE = "class Idle:\n def reset(self, seed): pass\n def act(self, obs): return [0.0, 0.0]\n"


def test_a_target_below_zero_is_not_reached_by_having_begun(tmp_path: Path) -> None:
    """Returns that begin at 0 and fall are above such a target until they are not."""
    result = learn(SEEK, out=tmp_path / "s", editor=ScriptedEditor([IDLE]), steps=5_000, holdout=3)
    assert result.why != "target reached" and result.steps_to_target is None
    assert result.score is not None and result.score < -20
    events = [r.event for r in System.open(tmp_path / "s").ledger.rows]
    played = [e for e in events if isinstance(e, Measured) and e.purpose is Purpose.GATE]
    assert {o.env_steps for e in played for o in e.outcomes} == {50}


def spent_on(path: Path, purpose: Purpose) -> int:
    events = [r.event for r in System.open(path).ledger.rows]
    return sum(e.env_steps for e in events if isinstance(e, Measured) and e.purpose is purpose)


def test_the_last_proposal_is_judged_on_the_reserve(tmp_path: Path) -> None:
    editor = Greedy([LEFT, LEAN, GOOD], 1000)
    result = learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=20_000, workers=2, holdout=1)
    assert (result.accepted, result.why) == (1, "budget spent")
    assert editor.paid > 10
    trial = next(r.event for r in System.open(tmp_path / "s").ledger.rows if isinstance(r.event, Trial))
    assert "completes its gate episodes" in trial.reasons[0]
    assert spent_on(tmp_path / "s", Purpose.GATE) == 1000
    assert result.env_steps <= 20_000


@pytest.mark.parametrize("kind", [Greedy, Forgetful])
def test_what_was_measured_is_proposed_where_the_editor_proposes_nothing(
    tmp_path: Path, kind: type[Greedy]
) -> None:
    editor = kind([LEFT, CRASH, GOOD, LEAN], 100, proposes=False)
    result = learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=8_000, workers=1, holdout=1)
    assert result.why == "budget spent"
    assert (tmp_path / "s" / "policy.py").read_text() == GOOD


@pytest.mark.parametrize("steps", [1, 100, 600, 1500])
def test_the_smallest_budgets_leave_a_champion(tmp_path: Path, steps: int) -> None:
    editor = ScriptedEditor([GOOD, LEAN])
    result = learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=steps, workers=1, holdout=1)
    if steps > 1:
        assert (tmp_path / "s" / "policy.py").read_text() == GOOD
    assert result.env_steps <= max(steps, 11)  # the system's own tests take 11


class Late(Greedy):
    """Proposes a poor program early; spends all on both; proposes the good one at the very end."""

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        self.asked += 1
        if self.asked == 1:
            return Proposal(program=self.programs[0], note="poor")
        if self.asked == 2:
            try:
                lab.measure([Job(program=p, seed=s) for s in lab.seeds(0, 1000) for p in self.programs])
            except BudgetExhausted:
                return Proposal(program=self.programs[1], note="good")
        return None


def test_a_late_proposal_still_beats_the_champion(tmp_path: Path) -> None:
    listener = Late([LEAN, GOOD], 0)
    result = learn(CARTPOLE, out=tmp_path / "s", editor=listener, steps=15_000, workers=1, holdout=1)
    assert result.accepted == 2
    assert (tmp_path / "s" / "policy.py").read_text() == GOOD
    assert result.env_steps <= 15_000


@pytest.mark.parametrize("steps", [3_000, 4_000, 5_000])
def test_a_long_first_look_keeps_to_the_budget(tmp_path: Path, steps: int) -> None:
    editor = Late([LEAN, GOOD], 0)
    result = learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=steps, workers=2, holdout=0)
    assert result.accepted == (2 if steps > 3_000 else 1)
    assert result.env_steps <= steps


class Undecided(Greedy):
    """Proposes a fair program, then one that is a little better, and spends what is left."""

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        self.asked += 1
        if self.asked <= 2:
            return Proposal(program=self.programs[self.asked - 1], note=f"number {self.asked}")
        lab.measure([Job(program=self.programs[0], seed=s) for s in lab.seeds(0, 1000)])
        return None


def test_an_undecided_challenger_plays_on_with_what_is_left(tmp_path: Path) -> None:
    fair, better = (LEAN.replace("o[2] > 0", f"o[2] + {gain} * o[3] > 0") for gain in (0.005, 0.008))
    out = tmp_path / "s"
    editor = Undecided([fair, better], 0)
    result = learn(
        CARTPOLE,
        out=out,
        editor=editor,
        steps=15_000,
        workers=1,
        holdout=0,
        seed=4,
        gate=Gate(budget_fraction=0.2),
    )
    trials = [r.event for r in System.open(out).ledger.rows if isinstance(r.event, Trial)]
    assert [t.decision for t in trials[:2]] == [Decision.ACCEPTED, Decision.UNDECIDED]
    assert (trials[2].program, trials[2].decision) == (trials[1].program, Decision.ACCEPTED)
    assert trials[2].pairs > trials[1].pairs
    assert result.env_steps <= 15_000


class PoorAtLast(Undecided):
    """The same, and at the budget's end it proposes a poor program."""

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        try:
            return super().propose(brief, lab)
        except BudgetExhausted:
            return Proposal(program=self.programs[2], note="poor")


def test_an_undecided_challenger_comes_before_a_poorer_last_proposal(tmp_path: Path) -> None:
    fair, better = (LEAN.replace("o[2] > 0", f"o[2] + {gain} * o[3] > 0") for gain in (0.005, 0.008))
    out = tmp_path / "s"
    editor = PoorAtLast([fair, better, LEFT], 0)
    learn(
        CARTPOLE,
        out=out,
        editor=editor,
        steps=15_000,
        workers=1,
        holdout=0,
        seed=4,
        gate=Gate(budget_fraction=0.2),
    )
    trials = [r.event for r in System.open(out).ledger.rows if isinstance(r.event, Trial)]
    assert [t.program for t in trials[:4]] == [editor.programs[i].sha256 for i in (0, 1, 1, 2)]


class Patient(Greedy):
    """Proposes a poor program early, then measures it again and again; a better one only when it is given more."""

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        self.asked += 1
        if self.asked == 1:
            return Proposal(program=self.programs[0], note="poor")
        if self.asked > 4:
            return None
        seeds = lab.seeds(1000 * self.asked, 1000)
        if self.asked < 4:
            lab.measure([Job(program=self.programs[0], seed=s) for s in seeds])
        lab.measure([Job(program=self.programs[1], seed=seeds[0])])
        return Proposal(program=self.programs[1], note="good")


def test_what_judging_does_not_need_is_given_back(tmp_path: Path) -> None:
    editor = Patient([LEFT, LEAN], 0)
    result = learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=6_000, workers=1, holdout=0, seed=1)
    assert editor.asked > 4
    assert result.accepted == 2, "with what was kept for judging, the editor found a better one"
    assert result.env_steps <= 6_000


class Restless(Greedy):
    """Proposes one program and goes on measuring another as long as there are steps, for nothing."""

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        self.asked += 1
        if self.asked == 1:
            return Proposal(program=self.programs[0], note="the only one")
        lab.measure([Job(program=self.programs[1], seed=s) for s in lab.seeds(1000 * self.asked, 1000)])
        return None


def test_the_budget_is_used(tmp_path: Path) -> None:
    editor = Restless([LEAN, LEFT], 0)
    result = learn(CARTPOLE, out=tmp_path / "s", editor=editor, steps=8_000, workers=1, holdout=0, seed=1)
    assert result.why == "budget spent"
    assert 0.97 * 8_000 <= result.env_steps <= 8_000


def test_an_accepted_program_is_not_played_beyond_the_cut(tmp_path: Path) -> None:
    class Once(Greedy):
        def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
            self.asked += 1
            return Proposal(program=self.programs[0], note="one") if self.asked == 1 else None

    learn(CARTPOLE, out=tmp_path / "s", editor=Once([GOOD], 0), steps=20_000, workers=1, holdout=0)
    events = [r.event for r in System.open(tmp_path / "s").ledger.rows]
    assert {e.caps.max_steps for e in events if isinstance(e, Measured)} == {10_000}


def test_a_small_run_is_repeatable(tmp_path: Path) -> None:
    editors = [Greedy([LEFT, LEAN, GOOD], 100, proposes=False) for _ in range(2)]
    results = [
        learn(CARTPOLE, out=tmp_path / name, editor=editor, steps=8_000, workers=1, holdout=1)
        for name, editor in zip("ab", editors, strict=True)
    ]
    assert results[0].env_steps == results[1].env_steps
    assert results[0].program_sha256 == results[1].program_sha256
    assert editors[0].paid == editors[1].paid


class Unfit:
    """Does not fit the task."""

    name = "unfit"
    deterministic = True

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        raise UsageError("this editor does not fit")


@pytest.mark.parametrize("there", [False, True])
def test_an_editor_that_does_not_fit_leaves_no_folder_behind(tmp_path: Path, there: bool) -> None:
    out = tmp_path / "s"
    if there:
        out.mkdir()
    with pytest.raises(UsageError, match="does not fit"):
        learn(CARTPOLE, out=out, editor=Unfit(), workers=1)
    assert out.exists() is there
    assert not there or not any(out.iterdir())


def test_a_system_with_results_is_kept_when_an_editor_refuses(tmp_path: Path) -> None:
    out = tmp_path / "s"
    learn(CARTPOLE, out=out, editor=ScriptedEditor([LEAN]), steps=5_000, workers=1, holdout=0)
    with pytest.raises(UsageError, match="does not fit"):
        learn(CARTPOLE, out=out, editor=Unfit(), steps=9_000, workers=1, resume=True)
    assert System.open(out).champion() == Program(source=LEAN)


def test_a_program_that_is_no_text_is_said(tmp_path: Path) -> None:
    system = System.create(tmp_path / "s", CARTPOLE)
    (system.path / "policy.py").write_bytes(b"# caf\xe9\n")
    with pytest.raises(UsageError, match="not UTF-8 text"):
        system.working()


@pytest.mark.parametrize("steps", [4_000, 6_000])
def test_a_batch_of_unknown_programs_keeps_to_the_budget(tmp_path: Path, steps: int) -> None:
    out = tmp_path / "s"
    result = learn(CARTPOLE, out=out, editor=Late([LEAN, GOOD], 0), steps=steps, workers=1, holdout=0)
    decisions = [r.event.decision for r in System.open(out).ledger.rows if isinstance(r.event, Trial)]
    assert decisions[0] is Decision.ACCEPTED
    assert result.env_steps <= steps
