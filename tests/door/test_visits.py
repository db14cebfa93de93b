"""An editor's command asks what goes wrong and why: the run plays, charges each episode once, and hands over traces."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from hlearn.door import LabDoor, Request, ask
from hlearn.door.messages import DoorRefusal, Revisit
from hlearn.door.recordings import packed, unpacked
from hlearn.door.server import CountingLab
from hlearn.errors import BudgetExhausted
from hlearn.evaluate.api import Job, Record, Recording, Result
from hlearn.evaluate.inprocess import InProcessEvaluator
from hlearn.records import Program
from tests.cli.conftest import hl
from tests.failures.test_mining import FAULTS, GOOD, TASK


class CorridorLab:
    """A lab that pays for two episodes."""

    def __init__(self) -> None:
        self.task = TASK
        self.evaluator = InProcessEvaluator(TASK)
        self.known: dict[tuple[str, int], Result] = {}
        self.said: list[str] = []

    @property
    def remaining(self) -> int:
        return 2 - len(self.known)

    @property
    def charged(self) -> tuple[int, int]:
        return len(self.known), sum(r.outcome.env_steps for r in self.known.values())

    def seeds(self, start: int, count: int) -> list[int]:
        return list(range(start, start + count))

    def measure(self, jobs: Sequence[Job]) -> list[Result]:
        for job in jobs:
            key = (job.program.sha256, job.seed)
            if job.seed >= 1_000:
                raise ValueError("seed belongs to the gate")
            if key not in self.known:
                if not self.remaining:
                    raise BudgetExhausted("the step budget is spent")
                self.known[key] = self.evaluator.run([job])[0]
        return [self.known[job.program.sha256, job.seed] for job in jobs]

    def revisit(self, jobs: Sequence[Job]) -> list[Result]:
        return self.evaluator.run(jobs)

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def lab() -> CorridorLab:
    return CorridorLab()


@pytest.fixture
def door(lab: CorridorLab, tmp_path: Path) -> Iterator[Path]:
    with LabDoor(tmp_path / "lab", cast(CountingLab, lab)) as served:
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


def test_an_episode_is_paid_once_and_handed_over_with_traces(door: Path, lab: CorridorLab) -> None:
    program = Program(source=GOOD)
    first = ask(door, Request.of(program, revisit=Revisit(seed=3, record=Record.TRACE)))
    assert first.charged == 1 and first.charged_steps == first.outcomes[0].env_steps
    recording = unpacked(first.recording)
    assert recording is not None and len(recording.traces) == first.outcomes[0].length
    assert recording.observations.shape[0] == len(recording.actions)
    asked = Revisit(seed=3, record=Record.ACTIONS, steps=(2,))
    again = ask(door, Request.of(program, revisit=asked))
    assert (again.charged, again.charged_steps) == (0, 0)
    answered = unpacked(again.recording)
    assert answered is not None and answered.answers[0]["rule"] in ("left", "right")
    gate = ask(door, Request.of(program, revisit=Revisit(seed=5_000, record=Record.TRACE)))
    assert gate.refusal is DoorRefusal.MALFORMED and "gate" in gate.why
    ask(door, Request.of(program, revisit=Revisit(seed=4, record=Record.TRACE)))
    over = ask(door, Request.of(program, revisit=Revisit(seed=6, record=Record.TRACE)))
    assert over.refusal is DoorRefusal.BUDGET


def test_the_commands_work_in_a_copy(
    door: Path, system: Path, lab: CorridorLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HL_LAB", str(door))
    (system / "policy.py").write_text(GOOD.replace(*FAULTS["dead"][:2]))
    said = hl("failures", system, "--episodes", 2, "--json")
    assert said.code == 0, said.err
    assert lab.charged[0] == 2
    worst = said.data["failures"][0]
    assert (worst["kind"], worst["subject"], worst["clip"]) == ("detector", "here", None)
    why = hl("why", system, "--seed", 0, "--step", 3, "--json")
    assert why.code == 0, why.err
    assert why.data["action"] == why.data["taken"]
    assert lab.charged[0] == 2
    for more in (
        ("failures", system, "--program", "1"),
        ("why", system, "--check"),
        ("why", system, "--seed", 9),
    ):
        assert hl(*more).code == 2


def test_a_recording_comes_through_whole() -> None:
    recording = Recording(
        observations=np.arange(6, dtype=np.uint8).reshape(3, 2),
        actions=np.array([1, 2, 3]),
        rewards=np.array([0.5, 0.0, -1.0]),
        traces=({"x": 1.5}, {"x": None}, {"rule": "a"}),
    )
    back = unpacked(packed(recording))
    assert back is not None
    assert np.array_equal(back.observations, recording.observations) and back.observations.dtype == np.uint8
    assert json.dumps(back.traces) == json.dumps(recording.traces)
    assert unpacked("") is None
