"""``hl eval`` in the hands of an editor: it asks the run that started it, which measures, charges and records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hlearn.errors import UsageError

if TYPE_CHECKING:
    from hlearn.evidence.measure import Measurement
    from hlearn.records import Program, Split


def is_editors(directory: Path) -> bool:
    """Whether an editor's command asks: its environment says so, or the folder is its copy."""
    from hlearn.door import door_of
    from hlearn.system.copies import is_copy

    return door_of() is not None or is_copy(directory)


def measure_through_door(
    directory: Path, program: Program, *, split: Split, episodes: int, protocol: str | None
) -> Measurement:
    """Has the run measure a program on development seeds.

    Raises:
        UsageError: something was asked for that is not an editor's, the budget is spent, or nobody is there.
    """
    from hlearn.door import Request, ask, door_of
    from hlearn.door.messages import ENVIRONMENT, MOST_EPISODES
    from hlearn.evidence.measure import Measurement
    from hlearn.records import Evaluation, Split
    from hlearn.system.config import read_config

    if split is not Split.DEV:
        raise UsageError(
            f"an editor may look at --split dev only, not at {split.value}; the gate judges next"
        )
    if protocol is not None:
        raise UsageError("an editor measures under the protocol of its run; leave --protocol away")
    if episodes > MOST_EPISODES:
        raise UsageError(f"at most {MOST_EPISODES} episodes are measured at a time here, got {episodes}")
    door = door_of()
    if door is None:
        raise UsageError(
            f"{directory} is an editor's copy of a system; {ENVIRONMENT}, which names the run that measures, "
            "is not set here, and nothing else can measure in a copy"
        )
    answer = ask(door, Request.of(program, episodes))
    if answer.refusal is not None:
        raise UsageError(f"the run does not measure this ({answer.refusal.value}): {answer.why}")
    evaluation = Evaluation(program=program.sha256, split=Split.DEV, outcomes=answer.outcomes)
    task = read_config(directory / "hl.toml").task
    return Measurement(evaluation, task, answer.charged, answer.charged_steps)
