"""Somebody's own environment is described, looked at and filmed in a process beside the main one."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest

from hlearn.errors import EnvironmentFault
from hlearn.system.golden import golden_observations
from hlearn.tasks import open_apart, open_environment, resolve_task
from hlearn.tasks.apart import RemoteEnvironment, limited_calls
from hlearn.tasks.registry import is_own, report_cap, traits
from hlearn.trust.keys import OpenedSeeds
from tests.evaluate.processes import descendants, gone

SEEDS = OpenedSeeds(bytes(32))

ODD = "tests.tasks.odd_environments:Odd-v0"


@pytest.fixture(autouse=True)
def _nothing_left():
    here, threads, before = os.getcwd(), threading.active_count(), descendants(os.getpid())
    yield
    assert os.getcwd() == here and threading.active_count() == threads
    assert gone(descendants(os.getpid()) - before)


@pytest.mark.parametrize(
    "habit",
    [
        *(
            "chdir in reset",
            "thread in constructor",
            "print in step",
            "signals in reset",
            "close in constructor",
        ),
        *("fork in reset", "world in step", "errors in reset"),
    ],
)
def test_the_same_as_in_the_main_process(habit: str) -> None:
    task = resolve_task(ODD, habit=habit)
    golden = golden_observations(task, SEEDS)
    plain = golden_observations(resolve_task(ODD), SEEDS)
    assert golden.arrays["observations"].tobytes() == plain.arrays["observations"].tobytes()
    assert golden.env_steps == plain.env_steps


def test_a_remote_environment_is_an_environment() -> None:
    task = resolve_task(ODD)
    remote, local = open_apart(task, render=True), open_environment(task, render=True)
    assert isinstance(remote, RemoteEnvironment)
    assert (remote.observation, remote.actions) == (local.observation, local.actions)
    seen, same = np.zeros(1), np.zeros(1)
    assert remote.reset(3, seen) == local.reset(3, same) == 0
    assert seen == same
    assert remote.step(1, seen) == local.step(1, same)
    assert remote.lives() == 0
    assert remote.render().tobytes() == local.render().tobytes()
    remote.close()
    remote.close()


def test_what_ships_is_opened_here() -> None:
    for env_id in ("CartPole-v1", "hlearn.testing.toys:Corridor-v0"):
        environment = open_apart(resolve_task(env_id))
        assert not isinstance(environment, RemoteEnvironment)
        environment.close()


def test_traits_are_told_from_there() -> None:
    task = resolve_task(ODD)
    assert is_own(task) and report_cap(task) is None and traits(task).decisions_per_second == 30.0


@pytest.mark.parametrize(
    ("habit", "method"),
    [
        ("hang in constructor", "its constructor"),
        ("lock in close", r"close\(\)"),
        ("exit in constructor", ""),
    ],
)
def test_what_goes_wrong_while_it_is_described(habit: str, method: str) -> None:
    words = f"did not come back from {method} within 1 s" if method else "ended the process .*exit status 9"
    began = time.monotonic()
    with limited_calls(1.0), pytest.raises(EnvironmentFault, match=words):
        resolve_task(ODD, habit=habit)
    assert time.monotonic() - began < 20


def test_an_import_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODD_IMPORT", "hangs")
    with limited_calls(1.0), pytest.raises(EnvironmentFault, match="from its import within 1 s"):
        resolve_task(ODD)


@pytest.mark.parametrize("method", ["reset", "step", "render"])
def test_what_hangs_while_it_is_looked_at(method: str) -> None:
    task = resolve_task(ODD, habit=f"spin in {method}")
    seen = np.zeros(1)
    with limited_calls(1.0):
        environment = open_apart(task, render=True)
    try:
        with pytest.raises(EnvironmentFault, match=rf"did not come back from {method}\(\) within 1 s"):
            environment.reset(1, seen)
            for _ in range(6):
                environment.step(1, seen)
                environment.render()
    finally:
        environment.close()  # is there no more, and says so no second time
