"""``hl.toml``: what a system is for, written once when it is created."""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hlearn import __version__
from hlearn.errors import SchemaTooNew, UsageError
from hlearn.foreign_text import read_plain_file
from hlearn.ledger.codec import shown
from hlearn.records import Access, Model, Protocol
from hlearn.tasks.task import Scalar, Task
from hlearn.trust import PLAIN

SCHEMA = 2  # 1: before systems had keys
_TOP = {"schema", "hlearn", "key", "task", "run"}
_TASK = {"env_id", "access", "protocol", "target", "kwargs", "model", "variant"}
_RUN = {"seed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The content of ``hl.toml``.

    Attributes:
        seed: learning seed; decides the development and gate seeds.
        hlearn: version that created the system.
        key: public id of the key that it was created with; "" before systems had keys.
    """

    task: Task
    seed: int
    hlearn: str = __version__
    key: str = PLAIN


def write_config(path: Path, config: Config) -> None:
    """Writes the file."""
    task = config.task
    lines = [
        "# What this system learns. hlearn reads it; the task of a system never changes.",
        f"schema = {SCHEMA}",
        f"hlearn = {_toml(config.hlearn)}",
        *([f"key = {_toml(config.key)}"] if config.key else []),
        "",
        "[task]",
        f"env_id = {_toml(task.env_id)}",
        f"access = {_toml(task.access.value)}",
        f"protocol = {_toml(task.protocol.value)}",
    ]
    if task.model is not Model.NONE:
        lines.append(f"model = {_toml(task.model.value)}")
    if task.variant:
        lines.append(f"variant = {_toml(task.variant)}")
    if task.target is not None:
        lines.append(f"target = {_toml(float(task.target))}")
    kwargs = [(k, v) for k, v in task.kwargs if v is not None]
    if kwargs:
        lines += ["", "[task.kwargs]", *(f"{json.dumps(k)} = {_toml(v)}" for k, v in kwargs)]
    lines += ["", "[run]", f"seed = {config.seed}", ""]
    path.write_text("\n".join(lines), encoding="utf-8")


def read_config(path: Path) -> Config:
    """Reads the file.

    Raises:
        UsageError: there is none, or it does not say what it must.
        SchemaTooNew: a newer hlearn wrote it.
    """
    try:
        data = tomllib.loads(read_plain_file(path).decode())
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(_no_system(path.parent, path.name)) from None
    except RecursionError:
        raise UsageError(f"{path} is nested too deeply; {_RESTORE}") from None
    except ValueError as error:  # no UTF-8, no TOML, or a number of thousands of digits
        raise UsageError(f"{path} is not TOML: {str(error)[:300]}; {_RESTORE}") from None
    schema = data.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool):
        raise UsageError(f"{path}: schema is {shown(schema)}, expected a number such as {SCHEMA}; {_RESTORE}")
    if schema > SCHEMA:
        raise SchemaTooNew(
            f"{path} has schema {shown(schema)}, this hlearn reads up to {SCHEMA}: upgrade hlearn"
        )
    try:
        return _config(data, path)
    except KeyError as error:
        raise UsageError(f"{path}: key {error} is missing; {_RESTORE}") from None
    except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise UsageError(f"{path}: {str(error)[:300]}; {_RESTORE}") from None


_RESTORE = "restore it from git"


def _no_system(folder: Path, name: str) -> str:
    """What to say of a folder without a configuration: the system that it lies in, or those that lie in it."""
    above = next((p for p in folder.parents if (p / name).is_file()), None)
    if above is not None:
        return f"{folder} is no system but belongs to one; name that: {above}"
    below = sorted(p.parent.name for p in folder.glob(f"*/{name}")) if folder.is_dir() else []
    if below:
        more = ", ..." if len(below) > 5 else ""
        return f"{folder} is no system (no {name}) but holds some; name one: {', '.join(below[:5])}{more}"
    return f"{folder} is no system (no {name}); create one with: hl init TASK {folder}"


def _config(data: dict[str, Any], path: Path) -> Config:
    table, run = _table(data, "task"), _table(data, "run")
    unknown = sorted(data.keys() - _TOP) + sorted(table.keys() - _TASK) + sorted(run.keys() - _RUN)
    if unknown:
        raise UsageError(f"{path}: unknown key {shown(', '.join(unknown))}; {_RESTORE}")
    target = table.get("target")
    if target is not None and not _is_score(target):
        raise UsageError(
            f"{path}: target is {shown(target)}, expected a score such as 100; or delete that line"
        )
    kwargs: dict[str, Scalar] = table.get("kwargs", {})
    for name, value in kwargs.items():
        if not isinstance(value, (bool, int, float, str)):
            raise UsageError(f"{path}: {name} is {shown(value)}, expected a number, true, false or text")
    return Config(
        task=Task(
            env_id=_text(table, "env_id"),
            access=Access(table["access"]),
            protocol=Protocol(table["protocol"]),
            kwargs=tuple(sorted(kwargs.items())),
            target=None if target is None else float(target),
            model=Model(table.get("model", Model.NONE)),
            variant=_text(table, "variant") if "variant" in table else "",
        ),
        seed=_seed(run["seed"]),
        hlearn=_text(data, "hlearn"),
        key=_text(data, "key") if "key" in data else PLAIN,
    )


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    if not isinstance(data[name], dict):
        raise TypeError(f"{name} is {shown(data[name])}, expected a table [{name}]")
    table: dict[str, Any] = data[name]
    return table


def _text(table: dict[str, Any], name: str) -> str:
    value = table[name]
    if not isinstance(value, str) or "\0" in value:
        raise TypeError(f"{name} is {shown(value)}, expected text")
    return value


def _seed(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise TypeError(f"seed is {shown(value)}, expected a number from 0")
    return value


def _is_score(value: object) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and abs(value) < 1e300
        and math.isfinite(value)
    )


def _toml(value: Scalar) -> str:
    if isinstance(value, float):
        return repr(value) if value == value and abs(value) != float("inf") else str(value)
    return json.dumps(value)  # strings, booleans and integers look the same in TOML
