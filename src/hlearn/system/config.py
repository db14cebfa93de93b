"""``hl.toml``: what a system is for, written once when it is created."""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

from hlearn import __version__
from hlearn.errors import SchemaTooNew, UsageError
from hlearn.records import Access, Protocol
from hlearn.tasks.task import Scalar, Task

SCHEMA = 1
_TOP = {"schema", "hlearn", "task", "run"}
_TASK = {"env_id", "access", "protocol", "target", "kwargs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The content of ``hl.toml``.

    Attributes:
        seed: learning seed; decides the development and gate seeds.
        hlearn: version that created the system.
    """

    task: Task
    seed: int
    hlearn: str = __version__


def write_config(path: Path, config: Config) -> None:
    """Writes the file."""
    task = config.task
    lines = [
        "# What this system learns. hlearn reads it; the task of a system never changes.",
        f"schema = {SCHEMA}",
        f"hlearn = {_toml(config.hlearn)}",
        "",
        "[task]",
        f"env_id = {_toml(task.env_id)}",
        f"access = {_toml(task.access.value)}",
        f"protocol = {_toml(task.protocol.value)}",
    ]
    if task.target is not None:
        lines.append(f"target = {_toml(float(task.target))}")
    kwargs = [(k, v) for k, v in task.kwargs if v is not None]
    if kwargs:
        lines += ["", "[task.kwargs]", *(f"{json.dumps(k)} = {_toml(v)}" for k, v in kwargs)]
    lines += ["", "[run]", f"seed = {config.seed}", ""]
    path.write_text("\n".join(lines))


def read_config(path: Path) -> Config:
    """Reads the file.

    Raises:
        UsageError: there is none, or it does not say what it must.
        SchemaTooNew: a newer hlearn wrote it.
    """
    try:
        data = tomllib.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(
            f"{path.parent} is no system (no {path.name}); create one with: hl init TASK {path.parent}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    schema = data.get("schema")
    if not isinstance(schema, int):
        raise UsageError(f"{path}: schema is {schema!r}, expected a number such as {SCHEMA}")
    if schema > SCHEMA:
        raise SchemaTooNew(f"{path} has schema {schema}, this hlearn reads up to {SCHEMA}: upgrade hlearn")
    try:
        table = data["task"]
        unknown = sorted(data.keys() - _TOP) + sorted(table.keys() - _TASK)
        if unknown:
            raise UsageError(f"{path}: unknown key {', '.join(unknown)}")
        kwargs: dict[str, Scalar] = table.get("kwargs", {})
        target = table.get("target")
        if isinstance(target, float) and not math.isfinite(target):
            raise UsageError(f"{path}: target is {target}, expected a score such as 100; or delete that line")
        task = Task(
            env_id=table["env_id"],
            access=Access(table["access"]),
            protocol=Protocol(table["protocol"]),
            kwargs=tuple(sorted(kwargs.items())),
            target=None if target is None else float(target),
        )
        return Config(task=task, seed=int(data["run"]["seed"]), hlearn=str(data["hlearn"]))
    except KeyError as error:
        raise UsageError(f"{path}: key {error} is missing") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{path}: {error}") from error


def _toml(value: Scalar) -> str:
    if isinstance(value, float):
        return repr(value) if value == value and abs(value) != float("inf") else str(value)
    return json.dumps(value)  # strings, booleans and integers look the same in TOML
