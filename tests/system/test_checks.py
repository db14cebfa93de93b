"""The system's own tests, cases as files, and commands that leave nothing behind."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hlearn.errors import UsageError
from hlearn.records import Access, Program, Protocol, Split
from hlearn.system import Case, System, read_case, write_case
from hlearn.system.acting import act_on, check
from hlearn.system.checks import run_system_tests
from hlearn.system.commands import allowed_environment, run_command
from hlearn.tasks import Task

HEAD = "class P:\n    def reset(self, seed):\n        self.seed = seed\n    def act(self, o):\n        "
OBSERVATIONS = np.arange(8, dtype=np.float32).reshape(2, 4)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> System:
    task = Task(env_id="CartPole-v1", access=Access.VECTOR, protocol=Protocol.STANDARD)
    return System.create(tmp_path_factory.mktemp("system") / "s", task)


def test_actions_come_from_the_sandbox() -> None:
    assert act_on(HEAD + "return int(o[0] > 1)\n", OBSERVATIONS, seed=0) == [0, 1]
    assert act_on(HEAD + "return [o[0], -1.5]\n", OBSERVATIONS, seed=0) == [[0.0, -1.5], [4.0, -1.5]]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 1 / 0\n", "ZeroDivisionError"),
        ("while True: pass\n", "took longer"),
        ("return ().__class__.__base__.__subclasses__()\n", "Error"),
    ],
)
def test_a_program_that_fails_says_how(body: str, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        act_on(HEAD + body, OBSERVATIONS, seed=0, limit_s=1.0)


def test_static_checks_speak() -> None:
    assert check(HEAD + "return 0\n") == []
    assert check("import os\n")
    assert check("def (")


def test_the_generated_tests_pass_and_fail_where_they_should(system: System) -> None:
    assert run_system_tests(system.path, Program(source=HEAD + "return 1\n")) is None
    failed = run_system_tests(system.path, Program(source=HEAD + "return 2\n"))
    assert failed is not None
    assert "test_actions_are_valid" in failed


def test_added_tests_count_and_are_ended_in_time(system: System) -> None:
    good = Program(source=HEAD + "return 1\n")
    files = (("tests/test_added.py", "def test_added():\n    assert False, 'no luck'\n"),)
    assert "no luck" in (run_system_tests(system.path, good, files=files) or "")
    files = (("tests/test_added.py", "import time\ntime.sleep(60)\n"),)
    assert "longer than 2" in (run_system_tests(system.path, good, files=files, limit_s=2.0) or "")
    assert not (system.path / "tests" / "test_added.py").exists()


def test_a_command_leaves_nothing_behind(tmp_path: Path) -> None:
    script = (
        "(setsid sh -c 'echo $$ > a; exec sleep 300' &) ; (nohup sh -c 'echo $$ > b; sleep 300; true' & ) ;"
        " while [ ! -s a ] || [ ! -s b ]; do sleep 0.01; done; echo said; exit 3"
    )
    done = run_command(["/bin/sh", "-c", script], cwd=tmp_path, env=allowed_environment(), limit_s=20)
    assert (done.status, done.timed_out) == (3, False)
    assert "said" in done.output
    for name in "ab":
        assert not _alive(int((tmp_path / name).read_text()))


def test_a_command_is_ended_at_its_limit(tmp_path: Path) -> None:
    began = time.monotonic()
    script = (
        "trap '' TERM HUP; echo $$ > a; (setsid sh -c 'trap \"\" TERM; echo $$ > b; sleep 300') & sleep 300"
    )
    done = run_command(["/bin/sh", "-c", script], cwd=tmp_path, env=allowed_environment(), limit_s=0.7)
    assert done.timed_out
    assert time.monotonic() - began < 10
    for name in "ab":
        assert not _alive(int((tmp_path / name).read_text()))


def test_a_command_that_forks_without_end_is_ended(tmp_path: Path) -> None:
    code = (
        "import os, time\nfor i in range(400):\n"
        "    if os.fork() == 0:\n        os.setsid(); time.sleep(300)\nopen('all', 'w').close(); time.sleep(300)"
    )
    run_command(
        [sys.executable, "-c", code], cwd=tmp_path, env=allowed_environment(MARK="hl-fork"), limit_s=2.0
    )
    left = [p for p in Path("/proc").glob("[0-9]*/environ") if b"MARK=hl-fork" in _read(p)]
    assert left == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return b"Z" not in _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()[:1]


def test_cases_are_files(tmp_path: Path) -> None:
    case = Case(name="a", why="because", split=Split.GATE, number=2, min_score=4.0, max_steps=100, trial=3)
    assert read_case(write_case(tmp_path, case)) == case
    path = tmp_path / "b.json"
    for text, said in (
        ("{", "no regression case"),
        ('{"why": "w"}', "either seed or number"),
        ('{"why": "w", "seed": 1, "colour": 2}', "colour"),
        ('{"why": "w", "seed": 1, "split": "holdout"}', "holdout"),
    ):
        path.write_text(text)
        with pytest.raises(UsageError, match=said):
            read_case(path)
