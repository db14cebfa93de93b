"""The system's own tests, cases as files, and commands that leave nothing behind."""

from __future__ import annotations

import os
import shutil
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
        ("while True: pass\n", "took more than 1 s"),
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
    assert run_system_tests(system, Program(source=HEAD + "return 1\n")) is None
    failed = run_system_tests(system, Program(source=HEAD + "return 2\n"))
    assert failed is not None
    assert "test_actions_are_valid" in failed


def test_added_tests_count_and_are_ended_in_time(system: System) -> None:
    good = Program(source=HEAD + "return 1\n")
    files = (("tests/test_added.py", "def test_added():\n    assert False, 'no luck'\n"),)
    assert "no luck" in (run_system_tests(system, good, files=files) or "")
    files = (("tests/test_added.py", "import time\ntime.sleep(60)\n"),)
    assert "longer than 2" in (run_system_tests(system, good, files=files, limit_s=2.0) or "")
    assert not (system.path / "tests" / "test_added.py").exists()


GOOD = Program(source=HEAD + "return 1\n")
UNSTEADY = Program(  # acts by the machine's entropy, which the generated tests find out
    source="import random\nR = random.SystemRandom()\n" + HEAD + "return R.randrange(2)\n"
)
LOOKING = Program(  # as unsteady, unless anything above it on the stack looks like a test
    source="import random\nR = random.SystemRandom()\n"
    + HEAD
    + """names = ""
        try:
            raise ValueError
        except ValueError as e:
            f = e.__traceback__.tb_frame
            while f is not None:
                names += f.f_code.co_name + f.f_code.co_filename + " ".join(map(str, f.f_locals))
                f = f.f_back
        return 1 if "test" in names or "stored" in names or "pytest" in names else R.randrange(2)
"""
)


def added(text: str, name: str = "tests/test_added.py") -> tuple[tuple[str, str], ...]:
    return ((name, text),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import os\ndef test_a(): pass\nos._exit(0)\n", "did not run to their end"),
        ("import os\ndef test_a(): os._exit(0)\n", "did not run to their end: tests/test_added.py::test_a"),
        (
            "import pytest\ndef test_a(): pytest.exit('done', 0)\ndef test_b(): pass\n",
            "did not run to their end",
        ),
        ("import pytest\npytest.skip('all', allow_module_level=True)\ndef test_a(): pass\n", "test_a"),
        ("import pytest\npytestmark = pytest.mark.skip\ndef test_a(): pass\n", "every test was skipped"),
        ("def test_a(): assert False\ndel test_a\n", "test_a"),
        ("def test_a(): assert False\ntest_a = None\n", "test_a"),
        ("def test_a(): assert False\ntest_a.__test__ = False\n", "test_a"),
        ("class TestA:\n    __test__ = False\n    def test_a(self): assert False\n", "TestA::test_a"),
        ("import sys\ndef test_a(): sys.exit(0)\n", "test_a"),
        ("import os, signal\ndef test_a(): os.kill(os.getpid(), 9)\n", "test_a"),
        ("raise SystemExit(0)\n", "test_added"),
    ],
)
def test_a_test_that_does_not_run_is_a_failure(system: System, text: str, said: str) -> None:
    failed = run_system_tests(system, GOOD, files=added(text))
    assert failed is not None
    assert said in failed


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tests/conftest.py", "def pytest_collection_modifyitems(items):\n    items[:] = []\n"),
        (
            "tests/__init__.py",
            "import hlearn.system.acting as a\na.act_on = lambda s, o, **k: [0] * len(o)\n",
        ),
        ("tests/hlearn/__init__.py", ""),
        ("tests/numpy.py", "raise SystemExit(0)\n"),
        (
            "tests/test_aaa.py",
            "import hlearn.system.acting as a\na.act_on = lambda s, o, **k: [0] * len(o)\n",
        ),
        ("tests/test_aaa.py", "import os\nos._exit(0)\n"),
        ("tests/pytest.ini", "[pytest]\npython_files = nothing\n"),
        ("pytest.ini", "[pytest]\npython_files = nothing\n"),
        ("sitecustomize.py", "raise SystemExit(0)\n"),
    ],
)
def test_nothing_that_is_added_switches_the_generated_tests_off(system: System, name: str, text: str) -> None:
    failed = run_system_tests(system, UNSTEADY, files=added(text, name))
    assert failed is not None
    assert "test_the_same_seed_gives_the_same_actions" in failed


def test_what_became_of_the_tests_in_the_folder_does_not_count(system: System, tmp_path: Path) -> None:
    shutil.copytree(system.path, tmp_path / "s")
    (tmp_path / "s" / "tests" / "test_policy.py").write_text("def test_ok(): pass\n")
    (tmp_path / "s" / "tests" / "conftest.py").write_text("def pytest_ignore_collect(): return True\n")
    weakened = System.open(tmp_path / "s")
    assert "test_the_same_seed" in (run_system_tests(weakened, UNSTEADY) or "")
    assert weakened.judged.disturbed() == ("tests/test_policy.py",)


def test_a_program_does_not_see_that_it_is_tested(system: System) -> None:
    assert "test_the_same_seed" in (run_system_tests(system, LOOKING) or "")


WALLS = {
    "reads": "open('/etc/hostname').read()",
    "lists": "os.listdir('/root' if os.getuid() == 0 else '/home')",
    "writes": "open('policy.py', 'a')",
    "creates": "open('x', 'w')",
    "temporary": "tempfile.mkdtemp()",
    "deletes": "os.unlink('policy.py')",
    "renames": "os.rename('policy.py', 'x')",
    "connects": "socket.create_connection(('127.0.0.1', 9))",
    "sockets": "socket.socket(socket.AF_UNIX)",
    "forks": "os.fork()",
    "runs": "subprocess.run(['true'])",
    "kills": "os.kill(os.getppid(), 0)",
    "traces": "ctypes.CDLL(None, use_errno=True).ptrace(16, os.getppid(), 0, 0) == 0 or no()",
    "memory": "open(f'/proc/{os.getppid()}/mem', 'rb')",
    "environment": "open(f'/proc/{os.getppid()}/environ', 'rb')",
    "limits": "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    "threads": "threading.Thread(target=print).start()",
}


@pytest.mark.parametrize("what", WALLS)
def test_tests_have_no_rights_of_the_user(system: System, what: str) -> None:
    text = "import ctypes, os, resource, socket, subprocess, tempfile, threading\n"
    text += f"def no():\n    raise PermissionError\n\ndef test_a():\n    {WALLS[what]}\n"
    failed = run_system_tests(system, GOOD, files=added(text))
    assert failed is not None
    refusals = ("PermissionError", "can't start new thread", "No usable temporary", "not allowed to raise")
    assert any(said in failed for said in refusals), failed


def test_tests_inherit_nothing(system: System) -> None:
    text = (
        "import os\ndef test_a():\n"
        "    fds = []\n    for fd in range(3, 300):\n"
        "        try:\n            os.fstat(fd)\n            fds.append(fd)\n        except OSError: pass\n"
        "    assert fds == [3, 4, 5, 6]\n    assert 'SECRET' not in str(os.environ)\n"
    )
    os.environ["SOME_SECRET"] = "x"
    try:
        assert run_system_tests(system, GOOD, files=added(text)) is None
    finally:
        del os.environ["SOME_SECRET"]


def test_honest_tests_of_many_kinds_pass(system: System) -> None:
    files = (
        (
            "tests/test_kinds.py",
            """
import json, math, pathlib, unittest
import numpy as np
import pytest
from helping import double
import policy
from hlearn.system.acting import act_on

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture
def source():
    return (ROOT / "policy.py").read_text()


@pytest.mark.parametrize("seed", [1, 2])
def test_acts(source, seed):
    assert act_on(source, np.zeros((3, 4), np.float32), seed=seed) == [1, 1, 1]


class TestMore:
    def test_data(self):
        assert json.loads((ROOT / "tests" / "data.json").read_text()) == {"a": 1}

    @pytest.mark.skip
    def test_later(self):
        assert False

    @pytest.mark.xfail
    def test_known(self):
        assert False


class Old(unittest.TestCase):
    def test_helping(self):
        self.assertEqual(double(2), 4)
        self.assertEqual(policy.P().act(None), 1)


def test_says(capsys):
    print("words")
    assert capsys.readouterr().out == "words\\n"
""",
        ),
        ("tests/helping.py", "def double(x):\n    return 2 * x\n"),
        ("tests/data.json", '{"a": 1}'),
        ("tests/more/__init__.py", ""),
    )
    assert run_system_tests(system, GOOD, files=files) is None


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
