"""What a program can do wrong or try: each has its typed outcome, the run goes on, nothing is left behind."""

from __future__ import annotations

import os
import time

import pytest

from hlearn.evaluate import seccomp
from hlearn.evaluate.api import Job, Limits, Record
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.sandbox import sandbox_report
from hlearn.records import Access, Episode, Failure, FailureKind, Program, Protocol
from hlearn.tasks.task import Task

from .processes import descendants, gone
from .programs import SEEK, WALK, acting

CORRIDOR = Task(env_id="hlearn.testing.toys:Corridor-v0", access=Access.VECTOR, protocol=Protocol.STANDARD)
SEEK_TASK = Task(env_id="hlearn.testing.toys:Seek-v0", access=Access.VECTOR, protocol=Protocol.STANDARD)
LIMITS = Limits(load_s=2.0, action_s=0.5, episode_s=20.0, memory_mb=64, output_kb=16)
walk, seek = Program(source=WALK), Program(source=SEEK)

CRASHED, TIMED_OUT, REFUSED = FailureKind.CRASHED, FailureKind.TIMED_OUT, FailureKind.REFUSED
OUT_OF_MEMORY, INVALID_ACTION = FailureKind.OUT_OF_MEMORY, FailureKind.INVALID_ACTION

fenced = pytest.mark.skipif(seccomp.machine() is None, reason="no system call table for this machine")

# A program gets at what it may not import through what it may.
TOP = """
import random
import numpy as np
os = random._os
sys = os.sys
"""
LIBC = (
    TOP
    + """
ctypes = sys.modules["ctypes"]
libc = ctypes.CDLL(None, use_errno=True)

def check(done):
    if done == -1:
        raise OSError(ctypes.get_errno(), "refused")
"""
)


@pytest.fixture(scope="module")
def nothing_left():
    """Asked for by every evaluator here, so it ends after all of them: their processes must be gone by then."""
    before = descendants(os.getpid())
    started: set[int] = set()
    yield started
    assert started, "no evaluator was seen running"
    assert gone((started | descendants(os.getpid())) - before)


@pytest.fixture(scope="module")
def corridor(nothing_left):
    with IsolatedEvaluator(CORRIDOR, limits=LIMITS) as evaluator:
        yield evaluator
        nothing_left |= descendants(os.getpid())


@pytest.fixture(scope="module")
def plane(nothing_left):
    with IsolatedEvaluator(SEEK_TASK, limits=LIMITS) as evaluator:
        yield evaluator
        nothing_left |= descendants(os.getpid())


@fenced
def test_every_layer_is_active():
    report = sandbox_report()
    assert report.seccomp and report.complete and report.landlock, report.notes


def fate(evaluator: IsolatedEvaluator, program: Program, record: Record = Record.NOTHING) -> Failure:
    """Plays the program; the job after it must not notice and no process of the program may be left."""
    good = seek if evaluator.task is SEEK_TASK else walk
    evaluator.run([Job(program=good, seed=1)])
    before = descendants(os.getpid())
    bad, after = evaluator.run([Job(program=program, seed=2, record=record), Job(program=good, seed=3)])
    assert isinstance(after.outcome, Episode)
    assert len(descendants(os.getpid())) <= len(before)
    assert isinstance(bad.outcome, Failure), bad.outcome
    assert len(bad.outcome.message) <= 4000
    return bad.outcome


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        ("raise RuntimeError('lost the ball')", CRASHED, "lost the ball"),
        ("raise SystemExit(0)", CRASHED, "SystemExit"),
        ("raise KeyboardInterrupt", CRASHED, "KeyboardInterrupt"),
        ("self.act(obs)", CRASHED, "RecursionError"),
        ("raise ValueError('x' * 10**6)", CRASHED, "ValueError"),
        ("class E(Exception):\n    def __str__(self):\n        raise E\nraise E()", CRASHED, "E"),
        ("os._exit(0)", CRASHED, "status 0"),
        ("os.abort()", CRASHED, "SIGABRT"),
        ("sys.modules['ctypes'].string_at(0)", CRASHED, "SIGSEGV"),
        ("os.close(4)\nos.close(3)\nwhile True: pass", CRASHED, "connection"),
        ("os.write(4, b'zzz')\nreturn 0", CRASHED, ""),
        ("while True: pass", TIMED_OUT, "0.5 s"),
        ("while True:\n    try:\n        1 / 0\n    except BaseException:\n        pass", TIMED_OUT, "0.5 s"),
        ("sys.modules['time'].sleep(1000)", TIMED_OUT, "0.5 s"),
        ("os.sched_yield()\nos.read(3, 1)", TIMED_OUT, "0.5 s"),
        ("keep = []\nwhile True: keep.append(np.ones(10**7))", OUT_OF_MEMORY, "MemoryError"),
        ("keep = [0] * 10**6\nwhile True: keep = keep + keep", OUT_OF_MEMORY, "MemoryError"),
        ("return np.ones(10**10)", OUT_OF_MEMORY, "MemoryError"),
        ("while True: print('round and round')", REFUSED, "printed"),
        ("while True: os.write(2, b'x' * 1000)", REFUSED, "printed"),
    ],
)
def test_misbehaviour(corridor, body, kind, says):
    started = time.monotonic()
    failure = fate(corridor, acting(body, TOP))
    assert failure.kind is kind, failure.message
    assert says in failure.message
    assert failure.length == 3
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "action", ["None", "True", "1.0", "'1'", "99", "3", "-1", "2**70", "[1]", "np.bool_(1)", "np.array([1])"]
)
def test_what_is_no_discrete_action(corridor, action):
    failure = fate(corridor, acting(f"return {action}", TOP))
    assert failure.kind is INVALID_ACTION, failure.message
    assert failure.length == 3


@pytest.mark.parametrize("action", ["1", "np.int64(1)", "np.uint8(1)"])
def test_what_is_a_discrete_action(corridor, action):
    [result] = corridor.run([Job(program=acting(f"return {action}", TOP), seed=1)])
    assert isinstance(result.outcome, Episode)


@pytest.mark.parametrize(
    "action",
    [
        "[0.0, float('nan')]",
        "[float('inf'), 0]",
        "[0.0]",
        "[[0.0, 0.0]]",
        "0.0",
        "None",
        "['a', 'b']",
        "[0, [1]]",
        "[True, False]",
        "np.zeros(10**6)",
        "[1j, 0]",
    ],
)
def test_what_is_no_box_action(plane, action):
    source = (
        f"import numpy as np\nclass B:\n def reset(self, seed): pass\n def act(self, obs): return {action}\n"
    )
    assert fate(plane, Program(source=source)).kind is INVALID_ACTION


def test_box_actions_beyond_the_bounds_are_clipped(plane):
    source = "class B:\n def reset(self, seed): pass\n def act(self, obs): return (1e300, -1e300)\n"
    [result] = plane.run([Job(program=Program(source=source), seed=1, record=Record.STEPS, max_steps=2)])
    assert result.recording.actions.tolist() == [[1.0, -1.0]] * 2


@fenced
@pytest.mark.parametrize(
    "body",
    [
        "os.fork()",
        "while True:\n    os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 9)",
        "os.kill(os.getpid(), 9)",
        "os.kill(-1, 9)",
        "os.setsid()",
        "os.open('/etc/passwd', 0)",
        "np.fromfile('/etc/passwd', 'u1')",
        "np.zeros(3).tofile('/tmp/hlearn-escaped')",
        "os.listdir('/')",
        "os.stat('/')",
        "os.mkdir('/tmp/hlearn-escaped')",
        "os.unlink('/tmp/hlearn-escaped')",
        "os.chdir('/')",
        "os.pipe()",
        "os.memfd_create('x')",
        "os.nice(5)",
        "os.sched_setaffinity(0, {0})",
        "sys.modules['_socket'].socket()",
        "sys.modules['_socket'].socketpair()",
        "for p in (os.getpid() - 1, 1):\n    os.open(f'/proc/{p}/mem', 0)",
        "__builtins__['__import__']('sqlite3')",
    ],
)
def test_what_the_sandbox_refuses(corridor, body):
    failure = fate(corridor, acting(body, TOP))
    assert failure.kind is REFUSED, failure.message
    assert failure.length == 3
    assert not os.path.exists("/tmp/hlearn-escaped")


@fenced
@pytest.mark.parametrize(
    "call",
    [
        "libc.ptrace(16, os.getpid() - 1, 0, 0)",
        "libc.process_vm_readv(os.getpid() - 1, None, 0, None, 0, 0)",
        "libc.process_vm_writev(os.getpid() - 1, None, 0, None, 0, 0)",
        "libc.prctl(4, 1, 0, 0, 0)",
        "libc.unshare(0x10000000)",
        "libc.mount(b'x', b'/', b'tmpfs', 0, None)",
        "libc.syscall(321, 0, None, 0)",  # bpf
        "libc.syscall(425, 8, None)",  # io_uring_setup
        "libc.syscall(298, None, 0, -1, -1, 0)",  # perf_event_open
        "libc.syscall(434, os.getpid() - 1, 0)",  # pidfd_open
        "libc.syscall(435, None, 0)",  # clone3
        "libc.syscall(0x40000000 + 39)",  # the x32 door
        "libc.syscall(302, 0, 7, None, None)",  # prlimit64
        "libc.shmget(0, 4096, 0o1600)",
    ],
)
def test_system_calls_by_hand(corridor, call):
    assert fate(corridor, acting(f"check({call})", LIBC)).kind is REFUSED


@fenced
def test_threads_are_refused(corridor):
    failure = fate(corridor, acting("sys.modules['_thread'].start_new_thread(print, ())", TOP))
    assert failure.kind in (CRASHED, REFUSED)


@fenced
def test_the_ledger_is_out_of_reach(corridor, tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_text("truth\n")
    for flags in ("os.O_WRONLY", "os.O_RDWR | os.O_APPEND", "os.O_RDONLY"):
        assert fate(corridor, acting(f"os.open({str(ledger)!r}, {flags})", TOP)).kind is REFUSED
    assert fate(corridor, acting(f"os.rename({str(ledger)!r}, {str(tmp_path / 'x')!r})", TOP)).kind is REFUSED
    assert ledger.read_text() == "truth\n" and len(list(tmp_path.iterdir())) == 1


def test_environment_variables_are_not_handed_over(corridor, monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "hush-hush")
    with IsolatedEvaluator(CORRIDOR, limits=LIMITS) as evaluator:
        failure = fate(
            evaluator, acting("raise ValueError(repr(dict(os.environ)) + str(list(sys.modules)))", TOP)
        )
    assert "PYTHONHASHSEED" in failure.message
    assert "hush-hush" not in failure.message


def test_no_environment_library_is_in_a_programs_process(corridor):
    body = (
        "raise ValueError([m for m in ('gymnasium', 'ale_py', 'mujoco', 'hlearn.tasks') if m in sys.modules])"
    )
    assert "ValueError: []" in fate(corridor, acting(body, TOP)).message


@pytest.mark.parametrize(
    ("source", "kind", "says"),
    [
        ("class A:\n  def reset(self", CRASHED, "SyntaxError"),
        ("x = " + "(" * 5000 + ")" * 5000, CRASHED, ""),
        ("x = " + "-" * 50000 + "1", CRASHED, ""),
        ("x = '\\ud800'\nraise ValueError(x)", CRASHED, "ValueError"),
        ("#" * (1 << 21), REFUSED, "limit"),
        ("pass", CRASHED, "exactly one policy class"),
        (WALK + WALK.replace("Walk", "Other"), CRASHED, "exactly one policy class"),
        ("1 / 0", CRASHED, "ZeroDivisionError"),
        ("while True: pass", TIMED_OUT, "loading"),
        ("x = bytearray(10**10)", OUT_OF_MEMORY, ""),
        (
            "class A:\n def reset(self, seed): raise KeyError(seed)\n def act(self, obs): return 0",
            CRASHED,
            "KeyError",
        ),
        (
            "class A:\n def __init__(self, x): pass\n def reset(self, s): pass\n def act(self, o): return 0",
            CRASHED,
            "TypeError",
        ),
        ("import os", REFUSED, "may not import os"),
        ("import subprocess, socket", REFUSED, "subprocess"),
        ("from hlearn.tasks import open_environment", REFUSED, "hlearn.tasks"),
        ("from hlearn import tasks", REFUSED, "hlearn.tasks"),
        ("import ctypes", REFUSED, "ctypes"),
        ("import gymnasium, ale_py, torch", REFUSED, "torch"),
        ("print(open('/etc/passwd').read())", REFUSED, "open"),
        ("eval('1')", REFUSED, "eval"),
        ("import numpy.no_such_module", REFUSED, "no_such_module"),
        ("from .other import x", REFUSED, "relative"),
    ],
)
def test_programs_that_do_not_load(corridor, source, kind, says):
    failure = fate(corridor, Program(source=source))
    assert failure.kind is kind, failure.message
    assert says in failure.message
    assert failure.env_steps == 0


def test_the_time_of_an_episode_is_limited():
    slow = acting("sys.modules['time'].sleep(0.05)\nreturn 0", TOP)
    limits = Limits(load_s=2.0, action_s=5.0, episode_s=0.5)
    with IsolatedEvaluator(CORRIDOR, limits=limits) as evaluator:
        failure = fate(evaluator, slow)
    assert failure.kind is TIMED_OUT and "episode" in failure.message
    assert failure.wall_s < 2


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("{'x': object}", {"x": "<class 'object'>"}),
        (
            "{'a': np.arange(3), 'f': np.float32(0.5), 'n': None, 't': (1, 2)}",
            {"a": [0, 1, 2], "f": 0.5, "n": None, "t": [1, 2]},
        ),
        ("{'x': list(range(10**5))}", {"truncated": True}),
        ("[1, 2]", {"unreadable": True}),
        ("{1: {2: {3: {4: {5: {6: {7: 8}}}}}}}", None),
    ],
)
def test_traces_are_plain_values(corridor, value, seen):
    acts = WALK.split("    def trace")[0]
    program = Program(source=f"import numpy as np\n{acts}    def trace(self):\n        return {value}\n")
    [result] = corridor.run([Job(program=program, seed=1, record=Record.TRACE, max_steps=2)])
    assert isinstance(result.outcome, Episode)
    assert seen is None or result.recording.traces == (seen, seen)


def test_a_trace_that_raises_is_a_crash(corridor):
    program = Program(source=WALK.replace('return {"t"', 'return {"u": self.nothing, "t"'))
    assert fate(corridor, program, Record.TRACE).kind is CRASHED


def test_a_program_cannot_leave_a_note_for_the_next(corridor):
    leave = acting(
        "np.random.__dict__['note'] = 1\nself.frame = sys._getframe(1).f_locals['channel']\n"
        "self.frame._memory[-200:-100] = b'x' * 100\nreturn 0",
        TOP,
    )
    read = acting(
        "m = sys._getframe(1).f_locals['channel']._memory\n"
        "raise ValueError(hasattr(np.random, 'note') or b'xxx' in bytes(m))",
        TOP,
    )
    first, second = corridor.run([Job(program=leave, seed=1), Job(program=read, seed=1)])
    assert isinstance(first.outcome, Episode)
    assert "ValueError: False" in second.outcome.message


def test_opencv_works_behind_the_walls(corridor):
    source = "import cv2\nimport numpy as np\n" + WALK.replace(
        "self.t += 1",
        "self.t += 1\n        cv2.connectedComponentsWithStats(np.zeros((210, 160), np.uint8))\n"
        "        cv2.GaussianBlur(np.zeros((210, 160, 3), np.uint8), (5, 5), 0)",
    )
    [result] = corridor.run([Job(program=Program(source=source), seed=1)])
    assert isinstance(result.outcome, Episode), result.outcome
