"""Nothing outlives what started it: close, kill -9, Ctrl-C, a dead worker, a dead thread."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from hlearn.errors import HarnessError
from hlearn.evaluate.api import Job
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.records import Access, Program, Protocol
from hlearn.tasks.task import Task

from .processes import descendants, gone
from .programs import WALK

ENDLESS = Task(
    env_id="hlearn.testing.toys:Corridor-v0",
    access=Access.VECTOR,
    protocol=Protocol.STANDARD,
    kwargs=(("goals", 10**9),),
)
walk = Program(source=WALK)
stuck = Program(source="class S:\n def reset(self, seed): pass\n def act(self, obs):\n  while True: pass\n")

SCRIPT = """
    import sys
    from hlearn.evaluate.api import Job, Limits
    from hlearn.evaluate.isolated import IsolatedEvaluator
    from hlearn.records import Access, Program, Protocol
    from hlearn.tasks.task import Task

    task = Task(env_id="hlearn.testing.toys:Corridor-v0", access=Access.VECTOR, protocol=Protocol.STANDARD)
    program = Program(source={source!r})
    with IsolatedEvaluator(task, workers=2, limits=Limits(action_s=100.0)) as evaluator:
        try:
            print("go", flush=True)
            evaluator.run([Job(program=program, seed=i) for i in range(100000)])
        except KeyboardInterrupt:
            print("interrupted", len(evaluator._pool), flush=True)
"""


@pytest.fixture(params=[WALK, stuck.source], ids=["playing", "stuck"])
def running(request):
    """A main process in the middle of its jobs, and everything it started."""
    script = textwrap.dedent(SCRIPT).format(source=request.param)
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    end = time.monotonic() + 20
    while len(descendants(process.pid)) < 6 and time.monotonic() < end:  # two workers, hosts, children
        time.sleep(0.005)
    yield process, descendants(process.pid)
    process.kill()
    process.wait()
    process.stdout.close()


def test_kill_9_of_the_main_process_leaves_nothing(running):
    process, started = running
    assert len(started) >= 4
    process.kill()
    process.wait()
    assert gone(started)


def test_ctrl_c_ends_everything_and_is_seen(running):
    process, started = running
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=10)
    assert out == "interrupted 0\n"
    assert gone(started)


def test_close_is_prompt_and_leaves_nothing():
    before = descendants(os.getpid())
    evaluator = IsolatedEvaluator(ENDLESS, workers=2)
    evaluator.run([Job(program=walk, seed=i, max_steps=3) for i in range(4)])
    started = descendants(os.getpid()) - before
    assert len(started) == 4  # two workers, two hosts; no program runs any more
    began = time.monotonic()
    evaluator.close()
    evaluator.close()
    assert time.monotonic() - began < 3
    assert gone(started, 1.0)


def test_a_worker_that_is_killed_is_a_harness_error():
    with IsolatedEvaluator(ENDLESS) as evaluator:
        evaluator.run([Job(program=walk, seed=1, max_steps=3)])
        threading.Timer(0.2, evaluator._pool[0].process.kill).start()
        with pytest.raises(HarnessError, match="worker died"):
            evaluator.run([Job(program=stuck, seed=1)])
        [result] = evaluator.run([Job(program=walk, seed=1, max_steps=3)])
        assert result.outcome.length == 3


def test_an_evaluator_outlives_the_thread_that_started_it():
    with IsolatedEvaluator(ENDLESS) as evaluator:
        thread = threading.Thread(target=lambda: evaluator.run([Job(program=walk, seed=1, max_steps=3)]))
        thread.start()
        thread.join()
        time.sleep(0.1)
        [result] = evaluator.run([Job(program=walk, seed=1, max_steps=3)])
    assert result.outcome.length == 3
