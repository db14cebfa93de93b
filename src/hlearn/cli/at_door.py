"""``hl eval``, ``failures`` and ``why`` in the hands of an editor: the run that started it plays and charges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hlearn.errors import UsageError

if TYPE_CHECKING:
    from hlearn.evidence.measure import Measurement
    from hlearn.explain.decisions import Explained
    from hlearn.failures import MinedEpisode
    from hlearn.records import Program, Split
    from hlearn.system.kept_tools import ToolAnswer
    from hlearn.tasks import Task


def is_editors(directory: Path) -> bool:
    """Whether an editor's command asks: its environment says so, or the folder is its copy."""
    from hlearn.door import door_of
    from hlearn.system.copies import is_copy

    return door_of() is not None or is_copy(directory)


def run_through_door(program: Program, source: str, *, episodes: int) -> tuple[ToolAnswer, int]:
    """Has the run play a program on development seeds and run a kept tool on that; with the steps charged.

    Raises:
        UsageError: the budget is spent, or nobody is there.
    """
    from hlearn.door import Request, ask, door_of
    from hlearn.door.messages import ENVIRONMENT
    from hlearn.system.kept_tools import ToolAnswer

    door = door_of()
    if door is None:
        raise UsageError(f"{ENVIRONMENT}, which names the run that measures, is not set here")
    answer = ask(door, Request.of(program, episodes, tool=source))
    if answer.refusal is not None:
        raise UsageError(f"the run does not measure this ({answer.refusal.value}): {answer.why}")
    return ToolAnswer.read(answer.tool), answer.charged_steps


def measure_through_door(
    directory: Path, program: Program, *, split: Split, episodes: int, protocol: str | None
) -> Measurement:
    """Has the run measure a program on development seeds.

    Raises:
        UsageError: something was asked for that is not an editor's, the budget is spent, or nobody is there.
    """
    from hlearn.door import Request, ask
    from hlearn.door.messages import MOST_EPISODES
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
    answer = ask(_door(directory), Request.of(program, episodes))
    if answer.refusal is not None:
        raise UsageError(f"the run does not measure this ({answer.refusal.value}): {answer.why}")
    evaluation = Evaluation(program=program.sha256, split=Split.DEV, outcomes=answer.outcomes)
    task = read_config(directory / "hl.toml").task
    return Measurement(evaluation, task, answer.charged, answer.charged_steps)


def failures_at_door(
    directory: Path, named: str | None, episodes: int
) -> tuple[Program, Task, tuple[MinedEpisode, ...]]:
    """Has the run play a program's first development episodes with traces.

    Raises:
        UsageError: something was asked for that is not an editor's, the budget is spent, or nobody is there.
    """
    from hlearn.door.recordings import DoorEvaluator
    from hlearn.failures import play_mined
    from hlearn.records import Split

    program = _program(directory, named)
    measured = measure_through_door(directory, program, split=Split.DEV, episodes=episodes, protocol=None)
    seeds = [o.seed for o in measured.evaluation.outcomes]
    door = _door(directory)
    played = play_mined(measured.task, program, seeds, evaluators=lambda task, workers=1: DoorEvaluator(door))
    return program, measured.task, played


def why_at_door(
    directory: Path, named: str | None, seed: int | None, step: int, *, check: bool
) -> tuple[Program, Task, Explained]:
    """Has the run ask a program about one of its decisions.

    Raises:
        UsageError: something was asked for that is not an editor's, the budget is spent, or nobody is there.
    """
    from hlearn.door.recordings import DoorEvaluator
    from hlearn.explain.decisions import explain_with
    from hlearn.records import Split
    from hlearn.system.config import read_config

    if check:
        raise UsageError("changes are not played in an editor's copy; leave --check away")
    program = _program(directory, named)
    if seed is None:
        first = measure_through_door(directory, program, split=Split.DEV, episodes=1, protocol=None)
        seed = first.evaluation.outcomes[0].seed
    task = read_config(directory / "hl.toml").task
    return program, task, explain_with(DoorEvaluator(_door(directory)), task, program, seed, (step,))


def _program(directory: Path, named: str | None) -> Program:
    """The program as it stands in an editor's copy."""
    from hlearn.system import program_files

    if named is not None:
        raise UsageError("an editor looks at the program as it stands in its copy; leave --program away")
    program = program_files.read_program(directory)
    if program is None:
        raise UsageError(f"{directory} has no program yet; write one first")
    return program


def _door(directory: Path) -> Path:
    from hlearn.door import door_of
    from hlearn.door.messages import ENVIRONMENT

    door = door_of()
    if door is None:
        raise UsageError(
            f"{directory} is an editor's copy of a system; {ENVIRONMENT}, which names the run that measures, "
            "is not set here, and nothing else can measure in a copy"
        )
    return door
