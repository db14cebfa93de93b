"""A data set that was written here, read an episode at a time by Minari's own loader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hlearn.datasets.minari_format import minari
from hlearn.datasets.writing import SCHEMA
from hlearn.errors import SchemaTooNew, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeSteps:
    """One episode.

    Attributes:
        observations: [T + 1, ...].
        actions: int64[T] or float64[T, n].
        rewards: float64[T].
        state: float32[T + 1] by name, NaN where the program saw nothing.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    state: dict[str, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A data set on disk.

    Attributes:
        path: its folder.
        task: the key of the task that was played.
        programs: SHA-256 of those that played.
        episodes: how many.
        steps: decisions.
        loaded: Minari's own view of it.
    """

    path: Path
    task: str
    programs: tuple[str, ...]
    episodes: int
    steps: int
    loaded: Any

    def __iter__(self) -> Iterator[EpisodeSteps]:
        for episode in self.loaded.iterate_episodes():
            infos = episode.infos or {}
            state = {name: np.asarray(v) for name, v in infos.get("state", {}).items()}
            yield EpisodeSteps(
                observations=np.asarray(episode.observations),
                actions=np.asarray(episode.actions),
                rewards=np.asarray(episode.rewards),
                state=state,
            )


def open_dataset(path: Path) -> Dataset:
    """Opens a data set's folder.

    Raises:
        UsageError: it is none, or was not written by hlearn.
        SchemaTooNew: a newer hlearn wrote it.
        MissingExtra: Minari is not installed.
    """
    package = minari()
    try:
        meta = json.loads((path / "data" / "metadata.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} is no data set ({error}); write one with: hl dataset DIR --out NAME-v0"
        ) from None
    try:
        facts = json.loads(meta["hlearn"])
        schema, task, programs = int(facts["schema"]), str(facts["task"]), tuple(map(str, facts["programs"]))
    except (KeyError, TypeError, ValueError):
        raise UsageError(
            f"{path} is a data set of another schema: its metadata lacks what hlearn writes (`hlearn` with schema, "
            "task and programs); write one with: hl dataset DIR --out NAME-v0"
        ) from None
    if schema > SCHEMA:
        raise SchemaTooNew(f"{path} has schema {schema}, this hlearn reads up to {SCHEMA}: upgrade hlearn")
    try:
        loaded = package.MinariDataset(path / "data")
    except (ValueError, OSError, KeyError, AssertionError) as error:
        raise UsageError(f"{path}: Minari cannot load it: {error}") from error
    return Dataset(
        path=path,
        task=task,
        programs=programs,
        episodes=int(loaded.total_episodes),
        steps=int(loaded.total_steps),
        loaded=loaded,
    )
