"""An entry of the zoo as it lies on disk.

::

    NAME/hl.toml      the task, as in a system
    NAME/policy*      the program, a file or a package, as in a system
    NAME/card.json    scores, controls, cost, who edited it, and the seeds of its episodes
    NAME/README.md    the same as a model card for people and model hubs
    NAME/film.gif     a stretch of an episode
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from hlearn.errors import SchemaTooNew, UsageError
from hlearn.records import Program
from hlearn.system.config import read_config
from hlearn.system.program_files import read_program
from hlearn.tasks.task import Task
from hlearn.trust.keys import OpenedSeeds

SCHEMA = 1
_BOX = Path(__file__).parent / "systems"


class PlayedEpisode(NamedTuple):
    """One episode that the card tells of: its label, its return and its length in decisions."""

    label: int
    score: float
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ZooEntry:
    """A learnt system as data.

    Attributes:
        path: its folder; the folder's name is the entry's.
        seeds: turns an episode's label into the seeds of environment and program.
        episodes: what the program did on them.
        about: everything else of the card, in plain values: ``class``, ``score``, ``controls``, ``cost``,
            ``versions`` ...
    """

    path: Path
    task: Task
    program: Program
    seeds: OpenedSeeds
    episodes: Sequence[PlayedEpisode]
    about: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name


def find_entries(folder: Path | None = None) -> list[ZooEntry]:
    """Every entry of a zoo, by name; the zoo in the box where no folder is given."""
    where = folder or _BOX
    return (
        [read_entry(p) for p in sorted(where.iterdir()) if (p / "card.json").exists()]
        if where.is_dir()
        else []
    )


def find_entry(name: str, folder: Path | None = None) -> ZooEntry:
    """One entry by its name.

    Raises:
        UsageError: there is none of that name; the names that there are, are told.
    """
    path = (folder or _BOX) / name
    if "/" not in name and (path / "card.json").exists():
        return read_entry(path)
    known = ", ".join(e.name for e in find_entries(folder)) or "nothing"
    raise UsageError(f"the zoo has no {name}; it has {known}")


def read_entry(path: Path) -> ZooEntry:
    """Reads an entry.

    Raises:
        UsageError: it is damaged, or its program is not the one that the card tells of.
        SchemaTooNew: a newer hlearn wrote it.
    """
    try:
        card = json.loads((path / "card.json").read_text(encoding="utf-8"))
        schema = int(card["schema"])
        if schema > SCHEMA:
            raise SchemaTooNew(f"{path} is of schema {schema}, this hlearn knows {SCHEMA}; upgrade hlearn")
        seeds = OpenedSeeds(bytes.fromhex(card["seeds"]))
        episodes = tuple(PlayedEpisode(int(e[0]), float(e[1]), int(e[2])) for e in card["episodes"])
        sha256 = str(card["program_sha256"])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise UsageError(
            f"{path} is no entry of a zoo, or is damaged: {type(error).__name__}: {error}"
        ) from None
    program = read_program(path)
    if program is None or program.sha256 != sha256:
        got = "none" if program is None else program.sha256[:12]
        raise UsageError(
            f"{path}: the card tells of program {sha256[:12]}, there is {got}; restore the folder"
        )
    about = {k: v for k, v in card.items() if k not in ("seeds", "episodes")}
    return ZooEntry(
        path=path,
        task=read_config(path / "hl.toml").task,
        program=program,
        seeds=seeds,
        episodes=episodes,
        about=about,
    )
