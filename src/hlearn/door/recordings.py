"""Recordings as text for the door, and an evaluator that plays through it."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from hlearn.door.client import ask
from hlearn.door.messages import Request, Revisit
from hlearn.errors import UsageError
from hlearn.evaluate.api import Job, Recording, Result

_ARRAYS = ("observations", "actions", "rewards", "lives", "checks")


def packed(recording: Recording | None) -> str:
    """A recording without its pictures as text, "" for none."""
    if recording is None:
        return ""
    file = io.BytesIO()
    told = json.dumps({"traces": recording.traces, "answers": recording.answers}).encode()
    arrays = {name: getattr(recording, name) for name in _ARRAYS}
    np.savez(file, told=np.frombuffer(told, np.uint8), **arrays)
    return base64.b64encode(zlib.compress(file.getvalue(), 6)).decode()


def unpacked(text: str) -> Recording | None:
    """The recording again.

    Raises:
        ValueError: it is none.
    """
    if not text:
        return None
    with np.load(io.BytesIO(zlib.decompress(base64.b64decode(text))), allow_pickle=False) as file:
        told = json.loads(file["told"].tobytes())
        return Recording(
            observations=file["observations"],
            actions=file["actions"],
            rewards=file["rewards"],
            lives=file["lives"],
            checks=file["checks"],
            traces=tuple(told["traces"]),
            answers=tuple(told["answers"]),
        )


class DoorEvaluator:
    """Plays episodes by way of the run that started this command, which charges them as ``hl eval`` does.

    Args:
        door: the socket.

    Attributes:
        charged_steps: environment steps that it cost until now.
        remaining: that the run may still spend on editing.
    """

    def __init__(self, door: Path) -> None:
        self._door = door
        self.charged_steps = self.remaining = 0

    def run(self, jobs: Sequence[Job], on_result: Callable[[Result], None] | None = None) -> list[Result]:
        """Plays every job, whole, with what it records and asks.

        Raises:
            UsageError: the run does not play it, or is over.
        """
        results = []
        for job in jobs:
            question = job.question
            if question is not None and (question.changes or job.prefix):
                raise UsageError("a change cannot be played from an editor's copy; leave --check away")
            revisit = Revisit(
                seed=job.seed,
                record=job.record,
                steps=question.steps if question else (),
                scales=question.scales if question else (),
                observation=question.observation if question else False,
            )
            answer = ask(self._door, Request.of(job.program, revisit=revisit))
            if answer.refusal is not None:
                raise UsageError(f"the run does not play this ({answer.refusal.value}): {answer.why}")
            self.charged_steps += answer.charged_steps
            self.remaining = answer.remaining
            results.append(result := Result(answer.outcomes[0], unpacked(answer.recording)))
            if on_result is not None:
                on_result(result)
        return results

    def close(self) -> None:
        """Leaves the door open."""
