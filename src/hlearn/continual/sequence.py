"""A sequence as data: the variants of a task in the order in which they come, in a TOML file.

::

    title = "CartPole whose physics change"
    env_id = "CartPole-v1"
    steps = 60000

    [[stage]]
    name = "plain"

    [[stage]]
    name = "late"
    variant = "delay=1"

``env`` of a stage (or of the whole) holds arguments of the environment. Two stages of the same task are the same
variant that comes again.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hlearn.errors import UsageError
from hlearn.tasks import resolve_task
from hlearn.tasks.registry import describe
from hlearn.tasks.task import Task

_TOP = {"title", "env_id", "access", "protocol", "steps", "env", "variant", "stage"}
_STAGE = {"name", "env", "variant"}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
_STEPS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One variant in its place.

    Attributes:
        name: unique, also the name of the skill that may be learnt in it.
        task: what is played.
    """

    name: str
    task: Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """What is lived through.

    Attributes:
        title: one line.
        steps: environment steps for learning a skill, where one is learnt.
        stages: in order; at least two.
    """

    title: str
    steps: int
    stages: tuple[Stage, ...]


def read_sequence(path: Path, *, steps: int | None = None) -> Sequence:
    """Reads a sequence.

    Args:
        path: of the TOML file.
        steps: instead of the file's.

    Raises:
        UsageError: no such file, or it does not say what it must; names all that is wrong.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is no TOML: {error}") from None
    faults = [f"unknown key {key}" for key in sorted(data.keys() - _TOP)]
    stages = data.get("stage", [])
    if not isinstance(data.get("env_id"), str):
        faults.append("env_id is missing: the environment's id")
    if not isinstance(stages, list) or len(stages) < 2 or not all(isinstance(s, dict) for s in stages):
        faults.append("expected at least two tables [[stage]]")
        stages = []
    names = [s.get("name") for s in stages]
    for place, stage in enumerate(stages, 1):
        faults += [f"stage {place}: unknown key {key}" for key in sorted(stage.keys() - _STAGE)]
        if not isinstance(stage.get("name"), str) or not _NAME.fullmatch(stage["name"]):
            faults.append(
                f"stage {place}: name is {stage.get('name')!r}, expected small letters, digits and _"
            )
        if not isinstance(stage.get("env", {}), dict) or not isinstance(stage.get("variant", ""), str):
            faults.append(f"stage {place}: env is a table of arguments, variant a text such as delay=1")
    if len(set(map(str, names))) != len(names):
        faults.append("two stages have the same name; a variant that comes again takes another")
    wanted = data.get("steps", _STEPS) if steps is None else steps
    if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 1:
        faults.append(f"steps is {wanted!r}, expected a whole number above 0")
    if faults:
        raise UsageError(f"{path}: " + "; ".join(faults))
    found = tuple(Stage(name=s["name"], task=_task(data, s)) for s in stages)
    shapes = {s.name: (describe(s.task).observation.shape, describe(s.task).actions) for s in found}
    first = shapes[found[0].name]
    if odd := [name for name, shape in shapes.items() if shape != first]:
        raise UsageError(
            f"{path}: stage {odd[0]} shows or takes something else than {found[0].name}; they must be alike"
        )
    return Sequence(title=str(data.get("title", path.stem)), steps=wanted, stages=found)


def _task(data: dict[str, Any], stage: dict[str, Any]) -> Task:
    variant = stage.get("variant", data.get("variant", ""))
    return resolve_task(
        data["env_id"],
        access=data.get("access"),
        protocol=data.get("protocol"),
        **({"variant": variant} if variant else {}),
        **{**data.get("env", {}), **stage.get("env", {})},
    )
