"""Programs of several files run, fail and are checked like those of one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hlearn.evaluate.api import Job
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.ledger import ProgramStore
from hlearn.program import MOST_BYTES, Program
from hlearn.records import Access, Episode, Failure, FailureKind, Outcome, Protocol
from hlearn.tasks import Task
from tests.evaluate.packages import MAIN, PUSH, npy, npz, package

CARTPOLE = Task(env_id="CartPole-v1", access=Access.VECTOR, protocol=Protocol.STANDARD)


@pytest.fixture(scope="module")
def isolated() -> Iterator[IsolatedEvaluator]:
    with IsolatedEvaluator(CARTPOLE, workers=1) as evaluator:
        yield evaluator


def fate(evaluator: IsolatedEvaluator | InProcessEvaluator, program: Program) -> Outcome:
    return evaluator.run([Job(program=program, seed=3, max_steps=60)])[0].outcome


def test_modules_and_tables_are_imported_from_memory(isolated: IsolatedEvaluator) -> None:
    outcome = fate(isolated, package())
    assert isinstance(outcome, Episode), outcome.message
    assert outcome.score == 60
    with InProcessEvaluator(CARTPOLE) as here:
        assert fate(here, package()).score == 60
        assert fate(here, Program(source="class P:\n    reset = act = lambda self, x: 0\n")).score < 60


def test_episodes_in_one_child_load_every_module_afresh(isolated: IsolatedEvaluator) -> None:
    counting = package(
        MAIN.replace(
            "self.push = Push()",
            "self.push = Push(); detectors.seen.append(1); assert len(detectors.seen) == 1",
        ),
        detectors_py="from hlearn.policy import asset\nWEIGHTS = asset('weights.npy')\nseen = []\n"
        "def lean(o):\n    return WEIGHTS @ o\n",
    )
    with IsolatedEvaluator(CARTPOLE, workers=1, episodes_per_child=5) as shared:
        results = shared.run([Job(program=counting, seed=s, max_steps=20) for s in range(4)])
    assert all(isinstance(r.outcome, Episode) for r in results), results[0]


@pytest.mark.parametrize(
    ("program", "kind", "says"),
    [
        (
            package(skills__push_py=PUSH.replace("int(x > 0)", "int(x > 0) / 0")),
            FailureKind.CRASHED,
            'File "policy/skills/push.py", line 7, in __call__\n    return int(x > 0) / 0',
        ),
        (package(detectors_py="x = (\n"), FailureKind.CRASHED, 'File "policy/detectors.py", line 1'),
        (package(detectors_py="import os\n"), FailureKind.REFUSED, "policy/detectors.py, line 1: "),
        (
            package("from .nothing import x\n" + MAIN),
            FailureKind.REFUSED,
            "policy/__init__.py, line 1: relative import .nothing: the program has no module policy.nothing",
        ),
        (package("from ...other import x\n" + MAIN), FailureKind.REFUSED, "leads out of the program"),
        (package("import policy.nothing\n" + MAIN), FailureKind.REFUSED, "may not import policy.nothing"),
        (package(weights_npy=b"\x80\x04."), FailureKind.REFUSED, "policy/weights.npy is no .npy file"),
        (
            package(weights_npy=npy([1.0] * 4).replace(b"<f8", b"|O8")),
            FailureKind.CRASHED,
            "asset 'weights.npy' cannot be read",
        ),
        (
            package().without_file("weights.npy"),
            FailureKind.CRASHED,
            "no asset 'weights.npy'; the program has: tables/",
        ),
        (package(big_npy=b"\x93NUMPY" + bytes(MOST_BYTES)), FailureKind.REFUSED, "policy/big.npy alone"),
        (
            Program(source="from .x import y\n"),
            FailureKind.REFUSED,
            "policy.py has no other modules",
        ),
    ],
)
def test_failures_name_the_file(
    isolated: IsolatedEvaluator, program: Program, kind: FailureKind, says: str
) -> None:
    outcome = fate(isolated, program)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, says in outcome.message) == (kind, True), outcome.message


def test_a_bomb_in_a_table_meets_the_limit_on_memory(isolated: IsolatedEvaluator) -> None:
    outcome = fate(isolated, package(tables__offsets_npz=npz(offset=[0.0] * 1, big=b"\0" * (1 << 29))))
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.OUT_OF_MEMORY, outcome.message


def test_a_module_that_may_be_missing_is_a_programs_own_business(isolated: IsolatedEvaluator) -> None:
    optional = "try:\n    import policy.nothing\nexcept ImportError:\n    pass\n" + MAIN
    outcome = fate(isolated, package(optional))
    assert isinstance(outcome, Episode), outcome.message


def test_a_policy_of_another_module_counts_where_the_main_one_has_none(isolated: IsolatedEvaluator) -> None:
    main = "from .brain import Balance\n"
    outcome = fate(isolated, package(main, brain_py=MAIN))
    assert isinstance(outcome, Episode), outcome.message


def test_packages_are_stored_beside_files(tmp_path) -> None:
    store = ProgramStore(tmp_path / "pack")
    first, second = package(), package(MAIN + "# more\n")
    store.add(Program(source=MAIN), first, second)
    again = ProgramStore(tmp_path / "pack")
    assert [again.get(p.sha256) for p in (first, second)] == [first, second]
    assert again.get(Program(source=MAIN).sha256).files == ()
