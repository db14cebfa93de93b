"""The door of a lab: one line of JSON each way, bounded, and never in the way of who serves it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from hlearn.door import LabDoor, Request, ask
from hlearn.door.addresses import short_address
from hlearn.door.messages import REQUEST_LIMIT, DoorRefusal
from hlearn.door.server import CountingLab
from hlearn.errors import BudgetExhausted, UsageError
from hlearn.evaluate.api import Job, Result
from hlearn.records import Episode


class FewEpisodes:
    """A lab that pays for three episodes of ten steps and knows what it played."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)
        self.known: dict[tuple[str, int], Result] = {}

    @property
    def remaining(self) -> int:
        return 30 - 10 * len(self.known)

    @property
    def charged(self) -> tuple[int, int]:
        return len(self.known), 10 * len(self.known)

    def seeds(self, start: int, count: int) -> list[int]:
        return list(range(start, start + count))

    def measure(self, jobs: Sequence[Job]) -> list[Result]:
        results = []
        for job in jobs:
            key = (job.program.sha256, job.seed)
            if key not in self.known:
                if self.remaining <= 0:
                    raise BudgetExhausted("the step budget is spent (30 of 30)")
                episode = Episode(
                    seed=job.seed, score=1.5, length=10, env_steps=10, terminated=True, truncated=False
                )
                self.known[key] = Result(episode, None)
            results.append(self.known[key])
        return results

    def say(self, text: str) -> None:
        pass


@pytest.fixture(params=["s", "long-" * 40])
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A door that is served until the test ends, also at an address that no socket can have."""
    folder = tmp_path / request.param
    folder.mkdir()
    with LabDoor(folder / "lab", cast(CountingLab, FewEpisodes())) as served:
        over = threading.Event()

        def serve() -> None:
            while not over.wait(0.01):
                served.serve()

        thread = threading.Thread(target=serve)
        thread.start()
        assert served.path is not None
        yield served.path
        over.set()
        thread.join()


def raw(door: Path, data: bytes) -> dict[str, object]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        with short_address(door) as address:
            connection.connect(address)
        with contextlib.suppress(BrokenPipeError):
            connection.sendall(data)
        said = b""
        while part := connection.recv(1 << 16):
            said += part
    return json.loads(said)


def test_what_is_measured_is_paid_once_and_ends_with_the_budget(door: Path) -> None:
    assert ask(door, Request(source="", episodes=0)).remaining == 30
    first = ask(door, Request(source="x", episodes=2))
    assert [o.seed for o in first.outcomes] == [0, 1]
    assert (first.charged, first.charged_steps, first.remaining) == (2, 20, 10)
    again = ask(door, Request(source="x", episodes=2))
    assert again.outcomes == first.outcomes
    assert (again.charged, again.charged_steps) == (0, 0)
    over = ask(door, Request(source="x", episodes=4))
    assert over.refusal is DoorRefusal.BUDGET
    assert over.charged_steps == 10
    assert "30 of 30" in over.why


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{}\n",
        b"null\n",
        b"\xff\xfe\n",
        b'{"source": "x", "episodes": -1}\n',
        b'{"source": "x", "episodes": 1e9}\n',
        b'{"source": "x", "episodes": true}\n',
        b'{"source": 3, "episodes": 1}\n',
        b'{"source": "x", "episodes": 1, "split": "gate"}\n',
        b"[" * 100_000 + b"\n",
        b"x" * (REQUEST_LIMIT + 70_000),
    ],
    ids=range(11),
)
def test_what_is_no_request_is_told(door: Path, line: bytes) -> None:
    said = raw(door, line)
    assert said["refusal"] == "malformed"
    assert len(str(said["why"])) < 500
    assert ask(door, Request(source="x", episodes=1)).outcomes


def test_who_says_nothing_is_in_nobodys_way(door: Path) -> None:
    silent = [socket.socket(socket.AF_UNIX) for _ in range(3)]
    for connection in silent:
        with short_address(door) as address:
            connection.connect(address)
    began = time.monotonic()
    assert ask(door, Request(source="x", episodes=1)).outcomes
    assert time.monotonic() - began < 5
    for connection in silent:
        connection.close()


def test_an_odd_program_is_only_text(door: Path) -> None:
    assert ask(door, Request(source="\0\x1b[2J\n{", episodes=1)).charged == 1
    assert raw(door, b'{"source": "\\ud800", "episodes": 1}\n').get("refusal", "malformed") == "malformed"
    assert ask(door, Request(source="x", episodes=1)).outcomes


def test_nobody_behind_the_door_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not answer"):
        ask(tmp_path / "lab", Request(source="x", episodes=1))


def test_the_socket_is_this_users_alone(door: Path) -> None:
    assert os.stat(door).st_mode & 0o077 == 0
