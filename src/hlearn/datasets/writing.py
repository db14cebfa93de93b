"""A data set from a system: played, filtered, written beside its place, and moved there when it is whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hlearn.datasets.card import card_text
from hlearn.datasets.choosing import Chosen, Filters, Left, choose
from hlearn.datasets.minari_format import DATASET_ID, MinariWriter, minari
from hlearn.datasets.parquet_format import ParquetWriter
from hlearn.datasets.playing import RecordedEpisode, names_of_state, play_for_data
from hlearn.errors import HarnessError, OutputExists, StorageFull, UsageError, is_full
from hlearn.evaluate.api import EvaluatorMaker
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.versions import versions
from hlearn.records import Failure, Program
from hlearn.replays.parquet import arrow
from hlearn.tasks.registry import describe
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

SCHEMA = 1  # of the facts in the metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written.

    Attributes:
        path: the folder.
        dataset_id: what Minari calls it.
        episodes: of the data set.
        steps: decisions.
        scores: of the episodes that were kept, as they were played.
        left: what was left out.
        failures: of the program while it played.
        env_steps: environment steps that were played.
        size_bytes: of the folder.
        state: names of the named state.
        rules: what acted.
    """

    path: Path
    dataset_id: str
    episodes: int
    steps: int
    scores: tuple[float, ...]
    left: Left
    failures: tuple[Failure, ...]
    env_steps: int
    size_bytes: int
    state: tuple[str, ...]
    rules: tuple[str, ...]


def check_place(path: Path) -> None:
    """Checks a data set's folder, and that it can be written, before anything is played.

    Raises:
        UsageError: the name is no Minari id, or its folder does not exist.
        OutputExists: something is there.
        MissingExtra: Minari, h5py or pyarrow is not installed.
    """
    if not DATASET_ID.fullmatch(path.name):
        plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in path.name) or "data"
        raise UsageError(
            f"{path}: the folder's name is what Minari calls the data set, letters, digits, - and _, then -vNUMBER; "
            f"name it {plain}-v0"
        )
    if os.path.lexists(path):
        raise OutputExists(f"{path} exists; name another, such as the next version, or remove it")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}; create it first")
    minari()
    arrow()


def write_dataset(
    path: Path,
    task: Task,
    programs: Sequence[Program],
    seeds: Sequence[int],
    *,
    worlds: Worlds | None = None,
    filters: Filters | None = None,
    state: bool = True,
    max_steps: int | None = None,
    workers: int = 1,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
    on_episode: Callable[[int], None] | None = None,
) -> Written:
    """Has programs play and writes what they did; the folder appears whole or not at all.

    Args:
        path: the folder, named as the data set: ``NAME-v0``.
        task: what is played.
        programs: who plays, each every seed.
        seeds: labels of episodes.
        worlds: reads the labels.
        filters: what is kept.
        state: whether to ask the programs for their named state and what acted.
        max_steps: environment steps at which an episode is cut.
        workers: episodes side by side.
        evaluators: makes who plays.
        on_episode: told how many episodes have ended.

    Raises:
        UsageError: it cannot be written there, nothing is left after the filters, or the key is not on this machine.
        MissingExtra: Minari, h5py or pyarrow is not installed.
        StorageFull: the disk is full; nothing is left half written.
    """
    check_place(path)
    filters = filters or Filters()
    with _beside(path) as work:
        spools, made = work / "spools", work / path.name
        spools.mkdir()
        played = play_for_data(
            task,
            programs,
            seeds,
            spools,
            worlds=worlds or Worlds(),
            evaluators=evaluators,
            workers=workers,
            state=state,
            max_steps=max_steps,
            on_episode=on_episode,
        )
        chosen, left = choose(played, filters)
        if not chosen:
            raise UsageError(_nothing(played, left))
        try:
            written = _write(made, path, task, chosen, left, filters, played)
            os.rename(made, path)
        except OSError as error:
            if is_full(error) or "space" in str(error):
                raise StorageFull(f"{path}: no space for the data set; everything else is intact") from error
            raise HarnessError(f"{path}: the data set cannot be written: {error}") from error
    return written


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    try:
        work = Path(tempfile.mkdtemp(prefix=f".{path.name}.part-", dir=path.absolute().parent))
    except OSError as error:
        raise UsageError(f"{path}: cannot write there ({error.strerror}); choose another place") from error
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _nothing(played: Sequence[RecordedEpisode], left: Left) -> str:
    first = next((p.outcome for p in played if isinstance(p.outcome, Failure)), None)
    why = f"; the program failed, first with: {first.message.splitlines()[-1]}" if first is not None else ""
    best = max((p.outcome.score for p in played), default=0.0)
    return (
        f"of {len(played)} episodes none is left: {left.low} below the score (best {best:g}), {left.failed} failed, "
        f"{left.repeated} repeated, {left.empty} without such a stretch{why}; loosen the filters"
    )


def _write(
    made: Path,
    path: Path,
    task: Task,
    chosen: Sequence[Chosen],
    left: Left,
    filters: Filters,
    played: Sequence[RecordedEpisode],
) -> Written:
    description = describe(task)
    state = names_of_state([c.played for c in chosen])
    texts = tuple(dict.fromkeys(n for c in chosen for n in c.played.texts))
    rules = tuple(dict.fromkeys(r for c in chosen for r in c.played.rules))
    used = dict(versions())
    facts: dict[str, object] = {
        "schema": SCHEMA,
        "description": f"Programs of a heuristic system in {task.env_id}",
        "env_id": task.env_id,
        "access": task.access.value,
        "protocol": task.protocol.value,
        "kwargs": dict(task.kwargs),
        "variant": task.variant,
        "model": task.model.value,
        "task": task.key,
        "programs": sorted({c.played.program.sha256 for c in chosen}),
        "rules": list(rules),
        "state": list(state),
        "versions": used,
    }
    data = made / "data"
    data.mkdir(parents=True)
    plain = {k: str(v) for k, v in facts.items() if isinstance(v, (str, int))}
    table = ParquetWriter(
        made / "steps.parquet", description, numbers=state, texts=texts, facts={"dataset": path.name} | plain
    )
    writer = MinariWriter(data, path.name, description, state=state, rules=rules, facts=facts)
    try:
        for one in chosen:
            writer.add(one)
            table.add(one)
            one.played.spool.unlink()
    except BaseException:
        writer.abandon()
        raise
    table.close()
    writer.close()
    (made / "README.md").write_text(
        card_text(
            path.name, task, description, chosen, left, filters, state=state, rules=rules, versions=used
        ),
        encoding="utf-8",
    )
    return Written(
        path=path,
        dataset_id=path.name,
        episodes=writer.episodes,
        steps=writer.steps,
        scores=tuple(c.played.outcome.score for c in chosen),
        left=left,
        failures=tuple(p.outcome for p in played if isinstance(p.outcome, Failure)),
        env_steps=sum(p.outcome.env_steps for p in played),
        size_bytes=sum(p.stat().st_size for p in made.rglob("*") if p.is_file()),
        state=state,
        rules=rules,
    )
