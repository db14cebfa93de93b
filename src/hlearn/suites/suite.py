"""A suite as data: what is learnt, how often, with how much, by whom."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from hlearn.errors import UsageError
from hlearn.loop.defaults import HOLDOUT_EPISODES
from hlearn.records import Access, Model, Protocol
from hlearn.tasks import resolve_task
from hlearn.tasks.families import family_of
from hlearn.tasks.task import Scalar, Task

SCHEMA = 1
_TOP = frozenset({"schema", "name", "title", "defaults", "tasks"})
_SHARED: Mapping[str, type | tuple[type, ...]] = {
    "access": (str, list),
    "protocol": (str, list),
    "model": str,
    "variant": str,
    "repeats": int,
    "seed": int,
    "steps": int,
    "editor": str,
    "target": (int, float),
    "holdout_episodes": int,
    "options": list,
    "env": dict,
    "low": (int, float),
    "high": (int, float),
}
_OF_A_TASK = frozenset({"id", "ids"})
_POSITIVE = ("repeats", "steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One learning run of a suite.

    Attributes:
        name: unique in the suite; the name of its system's folder.
        task: what is learnt.
        repeat: number of the repeat, from 0.
        seed: learning seed.
        steps: environment steps to spend on learning.
        editor: who proposes changes, as ``hl learn --editor`` takes it.
        holdout: episodes on fresh seeds at the end.
        options: more words for ``hl learn``, such as caps on an agent's tokens.
        scale: scores that count as 0 and as 1; None where only the family knows (Atari: random play and a human),
            or nobody.
    """

    name: str
    task: Task
    repeat: int
    seed: int
    steps: int
    editor: str
    holdout: int
    options: tuple[str, ...] = ()
    scale: tuple[float, float] | None = None

    @property
    def problem(self) -> str:
        """The environment with its arguments, which tell different problems of one id apart."""
        return " ".join([self.task.env_id, *(f"{k}={v}" for k, v in self.task.kwargs)])

    def normalized(self, score: float) -> float | None:
        """The score on the track's scale, 0 to 1 and beyond; None where it has none."""
        if self.scale is not None:
            low, high = self.scale
            return (score - low) / (high - low)
        family = family_of(self.task.env_id).score_scale(self.task.env_id)
        return None if family is None else (score - family.random) / (family.human - family.random)

    def as_json(self) -> dict[str, Any]:
        """Plain values, enough to know the track again."""
        task = self.task
        return {
            "name": self.name,
            "task": task.env_id,
            "env": dict(task.kwargs),
            "access": task.access.value,
            "protocol": task.protocol.value,
            "model": task.model.value,
            "variant": task.variant,
            "target": task.target,
            "repeat": self.repeat,
            "seed": self.seed,
            "steps": self.steps,
            "editor": self.editor,
            "holdout_episodes": self.holdout,
            "options": list(self.options),
            "scale": None if self.scale is None else list(self.scale),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Track:
        """The track that :meth:`as_json` told of; its environment is not opened.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        task = Task(
            env_id=str(data["task"]),
            access=Access(data["access"]),
            protocol=Protocol(data["protocol"]),
            kwargs=tuple(sorted(dict(data["env"]).items())),
            target=data["target"],
            model=Model(data["model"]),
            variant=str(data["variant"]),
        )
        scale = data["scale"]
        return cls(
            name=str(data["name"]),
            task=task,
            repeat=int(data["repeat"]),
            seed=int(data["seed"]),
            steps=int(data["steps"]),
            editor=str(data["editor"]),
            holdout=int(data["holdout_episodes"]),
            options=tuple(map(str, data["options"])),
            scale=None if scale is None else (float(scale[0]), float(scale[1])),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Tracks that belong together.

    Attributes:
        name: short, for folders and titles.
        title: one line for people.
        tracks: in the order in which they start: every task's first repeat before any second one.
        text: the file that it was read from.
        steps: environment steps of every track where they were asked for instead of the file's.
    """

    name: str
    title: str
    tracks: tuple[Track, ...]
    text: str
    steps: int | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of what decides the tracks; comments and layout of the file do not count."""
        return hashlib.sha256(
            json.dumps([t.as_json() for t in self.tracks], sort_keys=True).encode()
        ).hexdigest()


def suites_in_the_box() -> dict[str, str]:
    """The suites that ship with the package: their titles by name."""
    found = {}
    for item in sorted(resources.files("hlearn.suites").joinpath("data").iterdir(), key=lambda i: i.name):
        if item.name.endswith(".toml"):
            data = tomllib.loads(item.read_text(encoding="utf-8"))
            found[item.name.removesuffix(".toml")] = str(data.get("title", ""))
    return found


def read_suite(source: str | Path, *, steps: int | None = None) -> Suite:
    """Reads a suite by the name of one in the box, or from a TOML file.

    Args:
        source: ``atari57``, or a path that ends in ``.toml``.
        steps: environment steps of every track, instead of the file's.

    Raises:
        UsageError: there is no such suite, or the file has unknown keys, wrong values, two tracks of one name, or
            tasks that
            cannot be resolved: all of them are named at once.
    """
    text = _text_of(source)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source} is no TOML: {error}") from None
    faults: list[str] = []
    tables = list(_tables(data, faults))
    resolved = [(table, _tasks(table, faults)) for table in tables] if not faults else []
    if faults:
        raise UsageError(
            f"the suite {source} cannot be run; nothing was started:\n" + "\n".join(f"  {f}" for f in faults)
        )
    tracks = [track for table, tasks in resolved for track in _tracks(table, tasks, steps)]
    _refuse_twins(tracks, source)
    name = str(data.get("name") or Path(source).stem)
    ordered = tuple(sorted(tracks, key=lambda t: t.repeat))
    return Suite(name=name, title=str(data.get("title", name)), tracks=ordered, text=text, steps=steps)


def _text_of(source: str | Path) -> str:
    path = Path(source)
    if path.suffix != ".toml":
        item = resources.files("hlearn.suites").joinpath("data").joinpath(f"{source}.toml")
        if not item.is_file():
            known = ", ".join(suites_in_the_box())
            raise UsageError(
                f"there is no suite {source}; expected one of {known}, or a file that ends in .toml"
            )
        return item.read_text(encoding="utf-8")
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text") from None


def _tables(data: Mapping[str, Any], faults: list[str]) -> Iterator[dict[str, Any]]:
    """Every task's table with the defaults filled in; what is wrong goes to ``faults``."""
    for key in sorted(data.keys() - _TOP):
        faults.append(f"unknown key {key}; expected {', '.join(sorted(_TOP))}")
    if (schema := data.get("schema", SCHEMA)) != SCHEMA:
        faults.append(
            f"schema is {schema!r}, expected {SCHEMA}; a file of a newer hlearn needs that hlearn (upgrade)"
        )
    defaults, tasks = data.get("defaults", {}), data.get("tasks", [])
    if not isinstance(defaults, dict) or not isinstance(tasks, list) or not tasks:
        faults.append("expected a table [defaults] and at least one [[tasks]] with an id")
        return
    _check(defaults, "defaults", frozenset(_SHARED), faults)
    for number, table in enumerate(tasks, 1):
        where = f"tasks {number}"
        if not isinstance(table, dict):
            faults.append(f"{where}: expected a table")
            continue
        _check(table, where, frozenset(_SHARED) | _OF_A_TASK, faults)
        if ("id" in table) == ("ids" in table):
            faults.append(f"{where}: expected either id or ids")
            continue
        yield {**defaults, **table, "where": where}


def _check(table: Mapping[str, Any], where: str, known: frozenset[str], faults: list[str]) -> None:
    for key, value in table.items():
        if key not in known:
            faults.append(f"{where}: unknown key {key}; expected {', '.join(sorted(known))}")
        elif key in _SHARED and (not isinstance(value, _SHARED[key]) or isinstance(value, bool)):
            faults.append(f"{where}: {key} is {value!r}, which is of the wrong type")
        elif key in _POSITIVE and value < 1:
            faults.append(f"{where}: {key} is {value}, expected at least 1")
    if ("low" in table) != ("high" in table) or table.get("low", 0) == table.get("high", 1):
        faults.append(f"{where}: low and high are the two different scores that count as 0 and as 1")


def _tasks(table: Mapping[str, Any], faults: list[str]) -> list[Task]:
    ids = table.get("ids") or [table["id"]]
    found = []
    for env_id, access, protocol in itertools.product(
        ids, _several(table.get("access")), _several(table.get("protocol"))
    ):
        try:
            found.append(_resolve(str(env_id), access, protocol, table))
        except UsageError as error:
            faults.append(f"{table['where']}: {str(error).splitlines()[0]}")
    return found


def _resolve(env_id: str, access: str | None, protocol: str | None, table: Mapping[str, Any]) -> Task:
    arguments: dict[str, Scalar] = table.get("env", {})
    return resolve_task(
        env_id,
        access=access,
        protocol=protocol,
        model=table.get("model"),
        variant=table.get("variant"),
        target=table.get("target"),
        **arguments,
    )


def _several(value: object) -> Sequence[str | None]:
    if value is None:
        return (None,)
    return [str(v) for v in value] if isinstance(value, list) else (str(value),)


def _tracks(table: Mapping[str, Any], tasks: Sequence[Task], steps: int | None) -> Iterator[Track]:
    for task, repeat in itertools.product(tasks, range(table.get("repeats", 1))):
        low, high = table.get("low"), table.get("high")
        yield Track(
            name=_name(task, repeat),
            task=task,
            repeat=repeat,
            seed=table.get("seed", 0) + repeat,
            steps=steps or table.get("steps") or family_of(task.env_id).default_steps,
            editor=table.get("editor", "search"),
            holdout=table.get("holdout_episodes", HOLDOUT_EPISODES),
            options=tuple(map(str, table.get("options", ()))),
            scale=None if low is None or high is None else (float(low), float(high)),
        )


def _name(task: Task, repeat: int) -> str:
    named = "-".join([task.env_id.removeprefix("ALE/"), *(f"{k}-{v}" for k, v in task.kwargs)])
    model = "" if task.model is Model.NONE else f"-{task.model.value}"
    variant = f"-{task.variant}" if task.variant else ""
    kind = f"{task.access.value}-{task.protocol.value}{model}"
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', named + variant)}-{kind}-r{repeat}"


def _refuse_twins(tracks: Sequence[Track], source: str | Path) -> None:
    names = [t.name for t in tracks]
    twins = sorted({n for n in names if names.count(n) > 1})
    if twins:
        raise UsageError(
            f"the suite {source} names {len(twins)} tracks twice; nothing was started: {', '.join(twins[:10])}"
        )
