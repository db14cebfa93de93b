"""What a hostile program tries in its own process: to get out, to cheat, to break the scorer, to hang or flood it."""

from __future__ import annotations

import os
import socket
import textwrap
import time
from collections.abc import Iterator
from functools import partial

from benchmarks.attacks.case import BEST, GOOD, TASK, Bench, Case, expect

KIND = "programs"
_OS = "import random\nos = random._os\nsys = os.sys\n"
_FAILS = frozenset({"crashed", "refused"})
_ANY = frozenset({"crashed", "refused", "timed_out", "out_of_memory", "invalid_action", "episode"})
_EP = frozenset({"episode"})
_TO = frozenset({"timed_out"})
_OM = frozenset({"out_of_memory", "crashed"})
_IA = frozenset({"invalid_action"})
_RF = frozenset({"refused"})
_CR = frozenset({"crashed"})
_PAID = 3  # decisions that a program of :func:`acting` plays honestly first

Attack = tuple[str, str, frozenset[str]]


def cases() -> Iterator[Case]:
    """Every attack by a program."""
    for family in (
        _files,
        _network,
        _processes,
        _scorer,
        _channel,
        _hangs,
        _memory,
        _floods,
        _actions,
        _imports,
        _style,
    ):
        for name, source, allowed in family():
            expected = " or ".join(sorted(allowed)) + "; nothing leaks, the next program plays as always"
            yield Case(
                kind=KIND, name=name, expected=expected, run=partial(_try, source, allowed), limit_s=90
            )
    yield Case(
        kind=KIND,
        name="notes-for-the-next-episode",
        expected="a fresh process each episode: no module, file or memory carries anything over",
        run=_carry_over,
    )
    yield Case(
        kind=KIND,
        name="notes-for-another-program",
        expected="what one program leaves in shared memory is wiped before the next",
        run=_leave_a_note,
    )
    yield Case(kind=KIND, name="in-process-evaluator", expected="typed outcomes there too", run=_in_process)


def acting(body: str, top: str = "", reset: str = "pass") -> str:
    """A program that walks honestly at first, then does ``body``."""
    lines = textwrap.indent(textwrap.dedent(body).strip("\n"), " " * 8)
    return f"""{top}
class Bad:
    def reset(self, seed):
        self.t = 0
        self.seed = seed
        {reset}

    def act(self, obs):
        self.t += 1
        if self.t <= {_PAID}:
            return 0
{lines}
        return 0
"""


def _try(source: str, allowed: frozenset[str], bench: Bench) -> None:
    """Plays the program, then an honest one, and looks for what it left."""
    from hlearn.evaluate.api import Job, Limits
    from hlearn.evaluate.isolated import IsolatedEvaluator
    from hlearn.records import Episode, Program
    from hlearn.tasks import resolve_task

    mark, secret = bench.folder / "mark", bench.write("secret", "the secret word is plover")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        source = source.replace("@MARK@", str(mark)).replace("@SECRET@", str(secret))
        source = source.replace("'LEAK'", "'LE' 'AK'")  # so that a traceback's line is no leak
        source = source.replace("@PORT@", str(server.getsockname()[1])).replace("@PARENT@", str(os.getpid()))
        limits = Limits(load_s=4.0, action_s=1.0, episode_s=12.0, memory_mb=256, output_kb=64)
        began = time.monotonic()
        with IsolatedEvaluator(resolve_task(TASK), limits=limits) as evaluator:
            bad = evaluator.run([Job(program=Program(source=source), seed=11)])[0].outcome
            seconds = time.monotonic() - began
            good = evaluator.run([Job(program=Program(source=GOOD), seed=12)])[0].outcome
        try:
            server.accept()
            connected = True
        except TimeoutError:
            connected = False
    got = "episode" if isinstance(bad, Episode) else bad.kind.value
    text = getattr(bad, "message", "")
    expect(got in allowed, f"got {got} ({text.strip()[-200:]})")
    expect("plover" not in text, "it read a file: " + text[-200:])
    expect("LEAK" not in text, "it says that it got something: " + text[-300:])
    expect(bad.score <= BEST, f"it scored {bad.score}")
    expect(not mark.exists(), "it left a file")
    expect(not connected, "it reached the network")
    expect(isinstance(good, Episode) and good.score == BEST, f"an honest program afterwards: {good}")
    expect(seconds < 60, f"it took {seconds:.0f} s")


def _files() -> Iterator[Attack]:
    yield "open-builtin", acting("open('@MARK@', 'w')"), _RF
    yield "open-by-builtins-dict", acting("__builtins__['open']('@MARK@', 'w')"), _FAILS
    yield (
        "open-by-class-walk",
        acting("[c for c in object.__subclasses__() if c.__name__ == 'FileIO'][0]('@MARK@', 'w')"),
        _FAILS,
    )
    yield "os-open", acting("os.write(os.open('@MARK@', 65), b'x')", _OS), _RF
    yield "os-read-secret", acting("raise ValueError(os.read(os.open('@SECRET@', 0), 99))", _OS), _RF
    yield (
        "proc-self-environ",
        acting("raise ValueError('LEAK', os.read(os.open('/proc/self/environ', 0), 9999))", _OS),
        _RF,
    )
    yield (
        "proc-parent-mem",
        acting("raise ValueError('LEAK', os.open(f'/proc/{os.getppid()}/mem', 0))", _OS),
        _RF,
    )
    yield "proc-self-fd-list", acting("raise ValueError('LEAK', os.listdir('/proc/self/fd'))", _OS), _RF
    yield "proc-maps", acting("raise ValueError('LEAK', os.open('/proc/self/maps', 0))", _OS), _RF
    yield "dev-shm", acting("os.open('/dev/shm/x', 65)", _OS), _RF
    yield "symlink", acting("os.symlink('/etc/passwd', '@MARK@')", _OS), _RF
    yield "mkdir", acting("os.mkdir('@MARK@')", _OS), _RF
    yield "chdir", acting("os.chdir('/')", _OS), _RF
    yield "stat", acting("raise ValueError('LEAK', os.stat('/etc/passwd'))", _OS), _RF
    yield "unlink", acting("os.unlink('@SECRET@')", _OS), _RF
    yield "rename", acting("os.rename('@SECRET@', '@MARK@')", _OS), _RF
    yield "numpy-tofile", acting("np.zeros(3).tofile('@MARK@')", "import numpy as np"), _RF
    yield "numpy-save", acting("np.save('@MARK@', np.zeros(3))", "import numpy as np"), _RF
    yield (
        "numpy-fromfile",
        acting("raise ValueError(np.fromfile('@SECRET@', np.uint8).tobytes())", "import numpy as np"),
        _RF,
    )
    yield "numpy-memmap", acting("np.memmap('@MARK@', mode='w+', shape=9)", "import numpy as np"), _RF
    yield (
        "numpy-genfromtxt",
        acting("raise ValueError(np.genfromtxt('@SECRET@', dtype=str))", "import numpy as np"),
        _FAILS,
    )
    yield (
        "cv2-imwrite",
        acting("cv2.imwrite('@MARK@', np.zeros((4, 4), np.uint8))", "import cv2\nimport numpy as np"),
        _ANY,
    )
    yield (
        "cv2-filestorage",
        acting("cv2.FileStorage('@MARK@.yml', cv2.FILE_STORAGE_WRITE)", "import cv2"),
        _ANY,
    )
    yield "warnings-to-file", acting("warnings.warn('x')", "import warnings"), _ANY
    yield (
        "linecache-read",
        acting("raise ValueError(sys.modules['linecache'].getlines('@SECRET@'))", _OS),
        _FAILS,
    )
    yield (
        "import-machinery-reads",
        acting(
            "l = sys.modules['importlib._bootstrap_external'] if 0 else type(sys.modules['json'].__loader__)\n"
            "raise ValueError(l('x', '@SECRET@').get_data('@SECRET@'))",
            _OS,
        ),
        _FAILS,
    )


def _network() -> Iterator[Attack]:
    sock = "import random\nsys = random._os.sys\n_socket = sys.modules.get('_socket') or __import__('socket')"
    yield "socket-import", "import socket\n" + GOOD, _RF
    yield (
        "socket-connect",
        acting(
            "s = _socket.socket(2, 1); s.connect(('127.0.0.1', @PORT@))",
            "import random\nsys = random._os.sys\n_socket = sys.modules['_socket']",
        ),
        _FAILS,
    )
    yield "socket-dunder-import", acting("pass", sock), _FAILS
    yield "urllib", "import urllib.request\n" + GOOD, _RF
    yield "socketpair", acting("random._os.sys.modules['_socket'].socketpair()", "import random"), _FAILS
    yield "ctypes-import", "import ctypes\n" + GOOD, _RF
    yield "numpy-ctypeslib", "import numpy.ctypeslib\n" + GOOD, _RF
    yield (
        "numpy-ctypeslib-attribute",
        acting("np.ctypeslib.load_library('libc.so.6', '/lib')", "import numpy as np"),
        _FAILS,
    )
    yield (
        "ctypes-from-modules",
        acting(
            "c = sys.modules['ctypes']; libc = c.CDLL(None); r = libc.socket(2, 1, 0)\n"
            "if r >= 0: raise ValueError('LEAK', r)",
            _OS,
        ),
        _ANY,
    )
    yield (
        "ctypes-syscall-open",
        acting(
            "c = sys.modules['ctypes']; libc = c.CDLL(None); r = libc.syscall(2, b'@MARK@', 65, 0o600)\n"
            "if r >= 0: raise ValueError('LEAK', r)",
            _OS,
        ),
        _ANY,
    )
    yield (
        "ctypes-ptrace",
        acting(
            "c = sys.modules['ctypes']; r = c.CDLL(None).ptrace(16, os.getppid(), 0, 0)\n"
            "if r == 0: raise ValueError('LEAK')",
            _OS,
        ),
        _ANY,
    )
    yield (
        "ctypes-process-vm",
        acting(
            "c = sys.modules['ctypes']; r = c.CDLL(None).process_vm_readv(os.getppid(), 0, 0, 0, 0, 0)\n"
            "if r >= 0: raise ValueError('LEAK')",
            _OS,
        ),
        _ANY,
    )
    yield (
        "ctypes-io-uring",
        acting(
            "c = sys.modules['ctypes']; r = c.CDLL(None).syscall(425, 8, c.create_string_buffer(200))\n"
            "if r >= 0: raise ValueError('LEAK')",
            _OS,
        ),
        _ANY,
    )
    yield "ctypes-write-null", acting("sys.modules['ctypes'].string_at(0)", _OS), _ANY


def _processes() -> Iterator[Attack]:
    yield "fork", acting("raise ValueError('LEAK', os.fork())", _OS), _RF
    yield "fork-bomb", acting("while True:\n    os.fork()", _OS), _RF
    yield "fork-caught", acting("try:\n    os.fork()\nexcept OSError:\n    pass", _OS), _EP
    yield "exec", acting("os.execv('/bin/sh', ['sh', '-c', 'touch @MARK@'])", _OS), _RF
    yield "system", acting("os.system('touch @MARK@')", _OS), _ANY
    yield "popen", acting("os.popen('touch @MARK@').read()", _OS), _ANY
    yield "posix-spawn", acting("os.posix_spawn('/bin/sh', ['sh', '-c', 'touch @MARK@'], {})", _OS), _FAILS
    yield "subprocess-import", "import subprocess\n" + GOOD, _RF
    yield "multiprocessing-import", "import multiprocessing\n" + GOOD, _RF
    yield "thread", acting("sys.modules['_thread'].start_new_thread(print, ())", _OS), _FAILS
    yield "threading-import", "import threading\n" + GOOD, _RF
    yield "kill-parent", acting("os.kill(os.getppid(), 9)", _OS), _RF
    yield "kill-all", acting("os.kill(-1, 9)", _OS), _RF
    yield "kill-case", acting("os.kill(@PARENT@, 9)", _OS), _RF
    yield "killpg", acting("os.killpg(0, 9)", _OS), _RF
    yield "stop-parent", acting("os.kill(os.getppid(), 19)", _OS), _RF
    yield "stop-itself", acting("os.kill(os.getpid(), 19)", _OS), _ANY
    yield "kill-itself", acting("os.kill(os.getpid(), 9)", _OS), _ANY
    yield "abort", acting("os.abort()", _OS), _CR
    yield "exit-0", acting("os._exit(0)", _OS), _CR
    yield "exit-0-while-loading", _OS + "os._exit(0)\n" + GOOD, _CR
    yield "sys-exit", acting("raise SystemExit(0)"), _CR
    yield "setsid", acting("os.setsid()", _OS), _RF
    yield "nice", acting("os.nice(-5)", _OS), _RF
    yield "affinity", acting("os.sched_setaffinity(0, {0})", _OS), _FAILS
    yield "setrlimit", acting("sys.modules['resource'].setrlimit(9, (-1, -1))", _OS), _FAILS
    yield (
        "ignore-sigterm",
        acting(
            "s = sys.modules['signal']\nfor n in range(1, 32):\n    try: s.signal(n, s.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass",
            _OS,
        ),
        _TO | _FAILS,
    )
    yield "alarm", acting("sys.modules['signal'].alarm(1)", _OS), _FAILS | _EP
    yield (
        "segfault",
        acting(
            "f = (lambda: 0); f.__code__ = f.__code__.replace(co_code=b'\\x64\\xff' * 9, co_consts=()); f()"
        ),
        _ANY,
    )
    yield "recursion", acting("def f(): return f()\nf()"), _CR
    yield (
        "recursion-limit-off",
        acting("sys.setrecursionlimit(10**9)\ndef f(x): return f([x])\nf(0)", _OS),
        _ANY,
    )
    yield "recursion-in-c", acting("x = []\nfor _ in range(10**6): x = [x]\nrepr(x)"), _ANY


def _scorer() -> Iterator[Attack]:
    """Programs that reach for the environment, the reward or the harness."""
    look = "found = [m for m in sys.modules if m.split('.')[0] in ('gymnasium', 'ale_py', 'mujoco', 'pytest') or m.startswith(('hlearn.tasks', 'hlearn.ledger', 'hlearn.system', 'hlearn.trust', 'hlearn.lab'))]\nif found: raise ValueError('LEAK', found)"
    yield "modules-of-the-harness", acting(look, _OS), _EP
    yield "import-tasks", "import hlearn.tasks\n" + GOOD, _RF
    yield "import-ledger", "from hlearn import ledger\n" + GOOD, _RF
    yield "import-trust", "from hlearn.trust import keys\n" + GOOD, _RF
    yield (
        "import-evaluate-in-try",
        "try:\n    import hlearn.evaluate.play\nexcept ImportError:\n    pass\n" + GOOD,
        _RF | _EP,
    )
    yield "dunder-import-tasks", acting("__import__('hlearn.tasks')"), _RF
    yield (
        "importlib-from-modules",
        acting("sys.modules['importlib'].import_module('hlearn.tasks.seeds')", _OS),
        _RF,
    )
    yield (
        "clear-meta-path",
        acting("sys.meta_path[:] = []; sys.modules['importlib'].import_module('gymnasium')", _OS),
        _FAILS,
    )
    yield (
        "path-finder-again",
        acting(
            "m = sys.modules['importlib._bootstrap_external'] if 'importlib._bootstrap_external' in sys.modules else sys.modules['_frozen_importlib_external']\nsys.meta_path.append(m.PathFinder)\nsys.modules['importlib'].import_module('gymnasium')",
            _OS,
        ),
        _FAILS,
    )
    yield (
        "gc-for-environments",
        acting(
            "found = [type(o).__name__ for o in sys.modules['gc'].get_objects() if type(o).__name__ in ('Corridor', 'GymnasiumEnvironment', 'Job', 'Ledger', 'Key', 'Worlds', 'SystemKey')]\nif found: raise ValueError('LEAK', found)",
            _OS,
        ),
        _EP,
    )
    yield (
        "frames-of-the-harness",
        acting(
            "f = sys._getframe()\nwhile f:\n    for k, v in list(f.f_locals.items()):\n        if 'env_seed' in k or 'world' in k or k == 'job': raise ValueError('LEAK', k, v)\n    f = f.f_back",
            _OS,
        ),
        _EP,
    )
    yield (
        "frames-change-locals",
        acting("f = sys._getframe(1)\nf.f_locals.update(action=2, score=1e9, reward=1e9, seed=3)", _OS),
        _EP,
    )
    yield (
        "traceback-frames",
        acting(
            "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    f = e.__traceback__.tb_frame.f_back\n    f.f_globals['seed_globals'] = None\n    f.f_globals['index_of'] = lambda a: 2",
            _OS,
        ),
        _EP,
    )
    yield (
        "patch-numpy-everywhere",
        acting(
            "np.maximum = np.minimum = np.zeros = np.ndarray.__array_finalize__ = None", "import numpy as np"
        ),
        _ANY,
    )
    yield (
        "patch-builtins",
        acting(
            "import builtins"
            if False
            else "b = sys.modules['builtins']; b.isinstance = lambda *a: True; b.len = lambda x: 0; b.int = str",
            _OS,
        ),
        _ANY,
    )
    yield (
        "patch-json",
        acting(
            "j = sys.modules['json']; j.dumps = lambda *a, **k: '[\"episode\", \"1000\"]'; raise ValueError",
            _OS,
        ),
        _ANY,
    )
    yield "patch-os-write", acting("os.write = lambda fd, data: len(data)", _OS), _TO | _EP
    yield "patch-os-read", acting("os.read = lambda fd, n: b'w'", _OS), _EP | _TO
    yield (
        "patch-channel",
        acting(
            "c = sys.modules['hlearn.evaluate.channel']; c.ACTED = b'r'; c.Channel.put_message = None; raise ValueError('x')",
            _OS,
        ),
        _ANY,
    )
    yield (
        "patch-describe",
        acting(
            "c = sys.modules['hlearn.evaluate.child']; c.describe = lambda *a: (type('K', (), {'value': 'episode'}), 'LEA' + 'K?'); raise ValueError",
            _OS,
        ),
        _ANY,
    )
    yield (
        "patch-records",
        acting("r = sys.modules['hlearn.records']; r.Failure = r.Episode; raise ValueError", _OS),
        _CR,
    )
    yield "patch-policy-base", acting("b = sys.modules['hlearn.policy.base']; b.find_policy = None", _OS), _EP
    yield (
        "exit-hook-never-runs",
        acting("sys.modules['atexit'].register(lambda: os.write(1, b'x' * 10**6))", _OS),
        _EP | _CR,
    )
    yield (
        "atexit-loops",
        acting(
            "def spin():\n    while True: pass\nsys.modules['atexit'].register(spin)\nraise SystemExit", _OS
        ),
        _CR,
    )
    yield (
        "del-loops",
        acting("class D:\n    def __del__(self):\n        while True: pass\nself.d = D()\ndel self.d"),
        _TO,
    )
    yield (
        "weakref-del-at-end",
        acting(
            "class D:\n    def __del__(self):\n        while True: pass\nself.d = getattr(self, 'd', None) or D()"
        ),
        _EP,
    )
    yield "settrace", acting("sys.settrace(lambda *a: None)", _OS), _EP
    yield (
        "setprofile",
        acting(
            "sys.setprofile(lambda f, e, a: (_ for _ in ()).throw(ValueError()) if e == 'return' else None)",
            _OS,
        ),
        _ANY,
    )
    yield "excepthook", acting("sys.excepthook = lambda *a: os._exit(0)\nraise ValueError('x')", _OS), _CR
    yield "displayhook-stdout", acting("sys.stdout = sys.stderr = None\nprint('x')", _OS), _EP
    yield (
        "audit-hook",
        acting("sys.addaudithook(lambda *a: (_ for _ in ()).throw(RuntimeError('no')))", _OS),
        _ANY,
    )
    yield (
        "gc-callbacks",
        acting(
            "g = sys.modules['gc']; g.callbacks.append(lambda *a: (_ for _ in ()).throw(ValueError()))\ng.collect()",
            _OS,
        ),
        _ANY,
    )
    yield "switch-interval", acting("sys.setswitchinterval(1e-9)", _OS), _EP
    yield (
        "fake-trace",
        GOOD
        + "    def trace(self):\n        return {'score': 1e9, 'rule': 'x' * 10**5, 'reward': float('inf')}\n",
        _EP,
    )
    yield "trace-raises", GOOD + "    def trace(self):\n        raise SystemExit\n", _EP
    yield "claims-a-score", GOOD + "    score = 1e9\n    reward = 1e9\n    terminated = True\n", _EP


def _channel() -> Iterator[Attack]:
    """Programs that use the two pipes and the shared memory against their evaluator."""
    yield "write-acted-many-times", acting("os.write(4, b'a' * 1000)", _OS), _ANY
    yield "write-ready-again", acting("os.write(4, b'r')", _OS), _FAILS
    yield "write-failed-without-reason", acting("os.write(4, b'f')", _OS), _CR
    yield "write-garbage", acting("os.write(4, bytes(range(256)))", _OS), _FAILS
    yield "fill-the-pipe", acting("while True: os.write(4, b'a' * 65536)", _OS), _ANY
    yield "close-both-pipes", acting("os.close(3); os.close(4)", _OS), _FAILS
    yield "close-read-end", acting("os.close(3)", _OS), _FAILS
    yield (
        "close-everything",
        acting("for fd in range(64):\n    try: os.close(fd)\n    except OSError: pass", _OS),
        _FAILS,
    )
    yield "close-pipes-and-spin", acting("os.close(3); os.close(4)\nwhile True: pass", _OS), _FAILS | _TO
    yield "read-the-wake-byte-itself", acting("os.read(3, 1)", _OS), _TO | _FAILS
    yield "swap-pipes", acting("os.dup2(3, 5); os.dup2(4, 3); os.dup2(5, 4)", _OS), _FAILS
    yield "close-while-loading", _OS + "os.close(3); os.close(4)\n" + GOOD, _FAILS
    yield "ready-while-loading", _OS + "os.write(4, b'r')\n" + GOOD, _ANY
    yield "acted-while-loading", _OS + "os.write(4, b'raaaa')\n" + GOOD, _ANY
    yield "failed-while-loading", _OS + "os.write(4, b'f')\nos._exit(0)\n" + GOOD, _CR
    memory = "f = sys._getframe()\nwhile f and 'channel' not in f.f_locals: f = f.f_back\nc = f.f_locals['channel']\n"
    yield (
        "message-not-json",
        acting(
            memory
            + "c._memory[c._message:c._message + 4] = b'\\xff[[{'; c.slot[1] = 4; os.write(4, b'f'); os._exit(1)",
            _OS,
        ),
        _CR,
    )
    yield (
        "message-deeply-nested",
        acting(
            memory
            + "d = b'[' * 30000; c._memory[c._message:c._message + len(d)] = d; c.slot[1] = len(d); os.write(4, b'f'); os._exit(1)",
            _OS,
        ),
        _CR,
    )
    yield (
        "message-length-negative",
        acting(memory + "c.slot[1] = -5; os.write(4, b'f'); os._exit(1)", _OS),
        _CR,
    )
    yield (
        "message-length-huge",
        acting(memory + "c.slot[1] = 2**62; os.write(4, b'f'); os._exit(1)", _OS),
        _CR,
    )
    yield (
        "message-claims-an-episode",
        acting(memory + "c.put_message('episode', 'score 1000'); os.write(4, b'f'); os._exit(0)", _OS),
        _CR,
    )
    yield (
        "message-of-wrong-types",
        acting(
            memory
            + "d = b'[[1, [2]], {\"a\": 3}]'; c._memory[c._message:c._message + len(d)] = d; c.slot[1] = len(d); os.write(4, b'f'); os._exit(1)",
            _OS,
        ),
        _CR,
    )
    yield (
        "action-slot-out-of-range",
        acting(
            memory
            + "c.slot[0] = 2**40; os.write(4, b'a'); os.read(3, 1)\nwhile True: c.slot[0] = -1; os.write(4, b'a'); os.read(3, 1)",
            _OS,
        ),
        _IA | _CR,
    )
    yield (
        "memory-truncate",
        acting("for fd in range(3, 64):\n    try: os.ftruncate(fd, 0)\n    except OSError: pass", _OS),
        _EP | _FAILS,
    )
    yield "memory-resize", acting(memory + "c._memory.resize(1)", _OS), _FAILS
    yield "observation-written", acting("obs[:] = 3e38\nself.obs = obs"), _EP
    yield "observation-resized", acting("obs.resize((0,))"), _FAILS
    yield "observation-strides", acting("obs.strides = (0,)"), _ANY
    yield "wipe-all-shared-memory", acting(memory + "c._memory[:] = bytes([255]) * c.size", _OS), _ANY


def _hangs() -> Iterator[Attack]:
    yield "loop-in-act", acting("while True: pass"), _TO
    yield "loop-in-reset", acting("pass", reset="\n        while True: pass"), _TO
    yield "loop-in-import", "while True: pass\n" + GOOD, _TO
    yield "loop-in-init", GOOD + "    def __init__(self):\n        while True: pass\n", _TO
    yield "loop-in-new", GOOD + "    def __new__(cls):\n        while True: pass\n", _TO
    yield (
        "loop-in-decorator",
        "def spin(f):\n    while True: pass\n" + GOOD.replace("    def act", "    @spin\n    def act"),
        _TO,
    )
    yield (
        "loop-in-metaclass",
        "class M(type):\n    def __call__(cls, *a):\n        while True: pass\n"
        + GOOD.replace("class Walk:", "class Walk(metaclass=M):"),
        _TO,
    )
    yield "loop-in-generator", acting("def g():\n    while True: yield 0\nsum(g())"), _TO
    yield (
        "loop-in-str-of-exception",
        acting("class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E"),
        _TO,
    )
    yield (
        "loop-in-repr-of-action",
        acting("class A:\n    def __repr__(self):\n        while True: pass\nreturn A()"),
        _TO | _IA,
    )
    yield (
        "loop-in-index-of-action",
        acting("class A:\n    def __index__(self):\n        while True: pass\nreturn A()"),
        _TO | _IA,
    )
    yield (
        "loop-in-array-of-action",
        acting("class A:\n    def __array__(self, *a, **k):\n        while True: pass\nreturn A()"),
        _TO | _IA,
    )
    yield (
        "loop-catching-everything",
        acting("while True:\n    try:\n        while True: pass\n    except BaseException: pass"),
        _TO,
    )
    yield "loop-in-c", acting("sum(iter(int, 1))"), _TO
    yield "loop-in-regex", acting("re.match('(a+)+$', 'a' * 60 + 'b')", "import re"), _TO
    yield "loop-in-bigint", acting("x = 10 ** (10 ** 9)"), _TO | _OM
    yield "loop-in-parser", "x = " + "(" * 150 + "1" + ")" * 150 + "\n" + GOOD, _EP | _CR
    yield "parser-deep-not", "x = " + "not " * 400 + "1\n" + GOOD, _EP | _CR
    yield "parser-deep-brackets", "x = " + "[" * 100_000 + "\n" + GOOD, _FAILS | _TO
    yield "parser-deep-unary", "x = " + "-" * 200_000 + "1\n" + GOOD, _FAILS | _TO
    yield "parser-long-line", "x = '" + "a" * 900_000 + "'\n" + GOOD, _EP
    yield "parser-too-long", "# " + "a" * 1_200_000 + "\n" + GOOD, _RF
    yield "parser-many-names", "\n".join(f"x{i} = {i}" for i in range(5_000)) + "\n" + GOOD, _EP
    yield "constant-folding", "x = 'a' * 10 ** 9\ny = 2 ** 99 ** 9\n" + GOOD, _ANY
    yield "sleep", acting("random._os.sys.modules['time'].sleep(99)", "import random"), _TO
    yield "slow-every-step", acting("for _ in range(10**7): pass"), _TO | _EP


def _memory() -> Iterator[Attack]:
    yield "list-grows", acting("x = []\nwhile True: x.append(bytes(10**6))"), _OM
    yield "bytes-at-once", acting("bytes(10**12)"), _OM
    yield "numpy-huge", acting("np.ones(10**11)", "import numpy as np"), _OM
    yield "numpy-while-loading", "import numpy as np\nx = np.ones(10**10)\n" + GOOD, _OM
    yield (
        "memory-caught-for-ever",
        acting("x = []\nwhile True:\n    try: x.append(bytes(10**6))\n    except MemoryError: pass"),
        _TO | _OM,
    )
    yield (
        "dict-grows-in-reset",
        acting("pass", reset="self.d = {i: bytes(1000) for i in range(10**9)}"),
        _OM | _TO,
    )
    yield "string-doubles", acting("s = 'x'\nwhile True: s += s"), _OM | _TO
    yield (
        "cv2-huge",
        acting("cv2.resize(np.zeros((9, 9), np.uint8), (10**6, 10**6))", "import cv2\nimport numpy as np"),
        _OM,
    )
    yield "exception-of-megabytes", acting("raise ValueError('x' * 10**7)"), _CR
    yield (
        "exception-chain",
        acting("e = None\nfor i in range(10000):\n    n = ValueError(i); n.__cause__ = e; e = n\nraise e"),
        _CR,
    )
    yield (
        "exception-group-nested",
        acting("e = ValueError()\nfor i in range(3000): e = ExceptionGroup('g', [e])\nraise e"),
        _ANY,
    )
    yield (
        "exception-with-notes",
        acting("e = ValueError()\nfor i in range(10000): e.add_note('n' * 1000)\nraise e"),
        _CR,
    )


def _floods() -> Iterator[Attack]:
    yield "print-flood", acting("while True: print('x' * 1000)"), _RF
    yield "print-flood-stderr", acting("while True: print('x' * 1000, file=sys.stderr)", _OS), _RF
    yield "write-fd-1-flood", acting("while True: os.write(1, b'x' * 65536)", _OS), _RF
    yield "print-little-every-step", acting("print('hello')"), _EP
    yield "print-escapes", acting("print('\\x1b[2J\\x1b]0;mine\\x07')"), _EP
    yield (
        "warn-flood",
        acting(
            "warnings.simplefilter('always')\nfor i in range(10**5): warnings.warn('x' * 999)",
            "import warnings",
        ),
        _RF | _EP | _TO,
    )
    yield "flood-while-loading", "while True: print('x' * 1000)\n" + GOOD, _RF


def _actions() -> Iterator[Attack]:
    for name, value, allowed in (
        ("none", "None", _IA), ("nan", "float('nan')", _IA), ("inf", "float('inf')", _IA), ("huge", "10**30", _IA),
        ("negative", "-1", _IA), ("just-too-large", "3", _IA), ("half", "1.5", _IA), ("text", "'1'", _IA),
        ("bytes", "b'1'", _IA), ("list", "[1, 2]", _IA), ("dict", "{}", _IA), ("type", "int", _IA),
        ("complex", "1j", _IA), ("object-array", "np.array([object()])", _IA), ("big-array", "np.zeros(10**6)", _IA),
        ("datetime", "np.datetime64('now')", _IA), ("generator", "(i for i in [1])", _IA), ("ellipsis", "...", _IA),
        ("long-text", "'x' * 10**6", _IA), ("huge-int", "-(10**4000)", _IA), ("very-huge-int", "10**5000", _IA | _CR),
    ):  # fmt: skip
        yield f"action-{name}", acting(f"return {value}", "import numpy as np"), allowed
    yield (
        "action-int-subclass-lies",
        acting(
            "class I(int):\n    def __lt__(s, o): return True\n    def __le__(s, o): return True\n    def __int__(s): return 99\nreturn I(99)"
        ),
        _IA,
    )
    yield (
        "action-equals-everything",
        acting("class A:\n    def __eq__(s, o): return True\n    def __hash__(s): return 1\nreturn A()"),
        _IA,
    )
    yield "action-hostile-class-property", acting("class A:\n    __class__ = int\nreturn A()"), _ANY
    yield (
        "action-index-raises",
        acting("class A:\n    def __index__(s): raise SystemExit\nreturn A()"),
        _IA | _CR,
    )
    yield (
        "action-repr-raises",
        acting("class A:\n    def __repr__(s): raise ValueError\nreturn A()"),
        _IA | _CR,
    )
    yield (
        "action-repr-megabytes",
        acting("class A:\n    def __repr__(s): return 'x' * 10**7\nreturn A()"),
        _IA,
    )
    yield (
        "action-reduce",
        acting("class A:\n    def __reduce__(s): return (print, ('LEA' + 'K',))\nreturn A()"),
        _IA,
    )
    yield (
        "action-array-subclass",
        acting(
            "class A(np.ndarray):\n    def item(s, *a): return 99\nreturn np.zeros(()).view(A)",
            "import numpy as np",
        ),
        _ANY,
    )
    yield (
        "act-is-a-generator",
        "class Bad:\n    def reset(self, seed): pass\n    def act(self, obs):\n        yield 1\n",
        _IA,
    )
    yield (
        "act-is-async",
        "class Bad:\n    def reset(self, seed): pass\n    async def act(self, obs): return 1\n",
        _IA,
    )
    yield (
        "act-replaced-while-playing",
        acting("self.act = lambda o: 99\ntype(self).act = lambda s, o: 99"),
        _EP | _IA,
    )


def _imports() -> Iterator[Attack]:
    for module in ("os", "sys", "io", "pathlib", "shutil", "tempfile", "pickle", "marshal", "inspect", "gc", "signal",
                   "time", "asyncio", "http.client", "builtins", "importlib", "pkgutil", "runpy", "code", "pdb",
                   "gymnasium", "mujoco", "pytest", "numpy.f2py", "numpy.testing", "hlearn.cli", "numpy.conftest",
                   "cv2.config", "numpy.tests.test_ctypeslib", "hlearn.policy.nothing", "numpy.no_such"):  # fmt: skip
        yield f"import-{module}", f"import {module}\n" + GOOD, _FAILS
    yield (
        "import-star-os",
        "from random import *\nfrom random import _os\n_os.system('touch @MARK@')\n" + GOOD,
        _ANY,
    )
    yield "import-in-function", acting("import os\nos.system('touch @MARK@')"), _RF
    yield "exec-builtin", acting("exec('import os')"), _RF
    yield (
        "eval-by-builtins",
        acting("b = sys.modules['builtins']; b.eval('__import__(\"os\").system(\"touch @MARK@\")')", _OS),
        _ANY,
    )
    yield (
        "compile-by-builtins",
        acting("b = sys.modules['builtins']; b.exec(b.compile('import gymnasium', 'x', 'exec'))", _OS),
        _FAILS,
    )
    yield "relative-import", "from . import child\n" + GOOD, _RF
    yield "shadow-numpy", acting("sys.modules['numpy'] = None\nimport numpy", _OS), _FAILS
    yield (
        "pickle-from-modules",
        acting(
            "p = sys.modules.get('pickle') or sys.modules['_pickle']; p.loads(b\"cos\\nsystem\\n(S'touch @MARK@'\\ntR.\")",
            _OS,
        ),
        _ANY,
    )
    yield (
        "numpy-load-pickle",
        acting(
            "import io" if False else "np.lib.format.read_array(None, allow_pickle=True)",
            "import numpy as np",
        ),
        _FAILS,
    )


def _style() -> Iterator[Attack]:
    """Tricks with classes, descriptors and decorators of the policy base."""
    base = "from hlearn.policy import Param, RulePolicy, detect, rule\n"
    body = "class Bad(RulePolicy):\n    {}\n    @rule\n    def go(self, s):\n        return 2 if s.obs[1] > s.obs[0] else 1\n"
    yield "no-class", "x = 1\n", _CR
    yield "two-classes", GOOD + GOOD.replace("Walk", "Other"), _CR
    yield "no-act", "class Bad:\n    def reset(self, seed): pass\n", _CR
    yield "empty", "", _CR
    yield "only-comments", "# nothing\n", _CR
    yield "nul-in-source", GOOD + "# \0\n", _FAILS
    yield "surrogate-in-source", GOOD + "x = '\ud800'\n", _FAILS
    yield "syntax-error", GOOD + "def (:\n", _CR
    yield "tabs-and-spaces", "class A:\n\tdef reset(self, s):\n        pass\n", _CR
    yield (
        "param-descriptor-loops",
        base + "class P:\n    def __get__(s, *a):\n        while True: pass\n" + body.format("p = P()"),
        _TO | _CR,
    )
    yield (
        "param-set-name-raises",
        base + "class P:\n    def __set_name__(s, *a): raise SystemExit\n" + body.format("p = P()"),
        _CR,
    )
    yield "param-nan", base + body.format("p = Param(float('nan'))"), _ANY
    yield "param-huge", base + body.format("p = Param(10**400, low=0, high=10**401)"), _ANY
    yield "detect-forges-state", base + body.format("@detect\n    def obs(self, o): return [0, 9]"), _ANY
    yield "detect-returns-self", base + body.format("@detect\n    def me(self, o): return self"), _ANY
    yield "rule-named-like-internals", base + body.format("@rule\n    def _rules(self, s): return 99"), _ANY
    yield (
        "getattribute-lies",
        GOOD + "    def __getattribute__(self, name):\n        raise AttributeError(name)\n",
        _CR,
    )
    yield (
        "getattr-loops",
        GOOD + "    def __getattr__(self, name):\n        return getattr(self, name)\n",
        _ANY,
    )
    yield (
        "init-subclass",
        "class B:\n    def __init_subclass__(cls): raise SystemExit\n"
        + GOOD.replace("class Walk:", "class Walk(B):"),
        _CR,
    )
    yield (
        "slots-and-hash",
        GOOD
        + "    __slots__ = ('t',)\n    def __hash__(self): raise ValueError\n    def __eq__(self, o): raise ValueError\n",
        _ANY,
    )
    yield (
        "bool-raises",
        GOOD + "    def __bool__(self): raise ValueError\n    def __len__(self): raise ValueError\n",
        _ANY,
    )
    yield (
        "reset-replaces-class",
        acting("pass", reset="self.__class__ = type('X', (), {'act': lambda s, o: 99})"),
        _ANY,
    )
    yield (
        "exception-class-hostile",
        acting(
            "class E(Exception):\n    __name__ = property(lambda s: 1/0)\n    __module__ = 5\n    def __str__(s): return 7\nraise E"
        ),
        _CR,
    )
    yield (
        "exception-is-error-with-code",
        acting("class error(Exception):\n    @property\n    def code(s): raise ValueError\nraise error"),
        _CR,
    )
    yield "exception-keyboard-interrupt", acting("raise KeyboardInterrupt"), _CR
    yield "exception-generator-exit", acting("raise GeneratorExit"), _CR
    yield "exception-base", acting("raise BaseException('x')"), _CR
    yield "exception-own-traceback", acting("e = ValueError('x')\ne.__traceback__ = None\nraise e"), _CR
    yield "exception-broken-pipe", acting("raise BrokenPipeError(32, 'no')"), _CR
    yield "exception-file-not-found", acting("raise FileNotFoundError(2, 'no', '/etc/passwd')"), _FAILS
    yield "exception-permission", acting("raise PermissionError('pretended')"), _RF
    yield "exception-memory", acting("raise MemoryError"), _OM
    yield (
        "harness-exception",
        acting("raise sys.modules['hlearn.evaluate.actions'].BadAction('x')", _OS),
        _ANY,
    )


def _carry_over(bench: Bench) -> None:
    source = """import random
import numpy as np
os = random._os
class Bad:
    def reset(self, seed):
        kept = [getattr(m, 'mine', None) for m in (np, random, os)]
        kept.append(os.environ.get('mine'))
        if any(kept): raise ValueError(kept)
        np.mine = random.mine = os.mine = 'here'
        os.environ['mine'] = 'here'
    def act(self, obs): return 0
"""
    outcomes = _play(source, range(3))
    expect(all(o.score <= BEST and not hasattr(o, "kind") for o in outcomes), str(outcomes))


def _leave_a_note(bench: Bench) -> None:
    reach = "f = sys._getframe()\nwhile f and 'channel' not in f.f_locals: f = f.f_back\nc = f.f_locals['channel']\n"
    leave = acting(reach + "c._memory[c._trace:c._trace + 5] = b'hello'\nc.slot[5] = 77", _OS)
    read = acting(
        reach
        + "if bytes(c._memory[c._trace:c._trace + 5]) == b'hello' or c.slot[5] == 77: raise ValueError('note')",
        _OS,
    )
    from hlearn.evaluate.api import Job
    from hlearn.evaluate.isolated import IsolatedEvaluator
    from hlearn.records import Program
    from hlearn.tasks import resolve_task

    with IsolatedEvaluator(resolve_task(TASK)) as evaluator:
        jobs = [Job(program=Program(source=s), seed=i) for i, s in enumerate((leave, read))]
        outcomes = [r.outcome for r in evaluator.run(jobs)]
    expect("note" not in getattr(outcomes[1], "message", ""), str(outcomes[1]))


def _in_process(bench: Bench) -> None:
    from hlearn.evaluate.api import Job
    from hlearn.evaluate.inprocess import InProcessEvaluator
    from hlearn.records import Failure, Program
    from hlearn.tasks import resolve_task

    for body in ("raise ValueError('\\x00\\ud800')", "return None", "return 10**30", "1 / 0"):
        with InProcessEvaluator(resolve_task(TASK)) as evaluator:
            outcome = evaluator.run([Job(program=Program(source=acting(body)), seed=1)])[0].outcome
        expect(isinstance(outcome, Failure), f"{body}: {outcome}")


def _play(source: str, seeds: range) -> list:  # type: ignore[type-arg]
    from hlearn.evaluate.api import Job
    from hlearn.evaluate.isolated import IsolatedEvaluator
    from hlearn.records import Program
    from hlearn.tasks import resolve_task

    with IsolatedEvaluator(resolve_task(TASK)) as evaluator:
        return [
            r.outcome for r in evaluator.run([Job(program=Program(source=source), seed=s) for s in seeds])
        ]
