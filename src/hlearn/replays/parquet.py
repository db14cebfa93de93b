"""Traces of an episode as one Parquet file, a row per decision, for pandas, DuckDB or whatever reads columns.

Columns: ``seed``, ``step``, ``reward``, ``score`` (the return until then), ``lives``, ``rule`` (what acted), ``tried``
(what was asked, in order), ``action`` (or ``action.0``, ...), and the program's named state under ``s.``. The file's
metadata names the task and the program. However long an episode is, one block of it is in memory at a time.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hlearn.errors import HarnessError, MissingExtra, StorageFull, UsageError, is_full
from hlearn.evaluate.api import EvaluatorMaker, Job, Record
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.keyed import with_seeds
from hlearn.evaluate.spool import Block, read_spool
from hlearn.foreign_text import safe_line
from hlearn.policy.order import RuleOrder
from hlearn.records import Outcome, Program
from hlearn.replays.columns import MOST_COLUMNS, leaves
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIX = ".parquet"


class Traced(NamedTuple):
    """What was written.

    Attributes:
        rows: decisions.
        columns: names, in order.
    """

    outcome: Outcome
    rows: int
    columns: tuple[str, ...]


def check_traces(path: Path) -> None:
    """Checks a file's name, and that Parquet can be written, before anything is played.

    Raises:
        UsageError: another suffix, a folder has that name, or its folder does not exist.
        MissingExtra: pyarrow is not installed.
    """
    if path.suffix.lower() != SUFFIX:
        raise UsageError(f"{path}: traces are written as {SUFFIX}; give the name such an ending")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name the file otherwise")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}; create it first")
    arrow()


def trace_episode(
    path: Path,
    task: Task,
    program: Program,
    seed: int,
    worlds: Worlds | None = None,
    *,
    max_steps: int | None = None,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
) -> Traced:
    """Plays an episode in the sandbox and writes its traces; the file appears whole or not at all.

    Args:
        path: ends in .parquet.
        task: what is played.
        program: what plays.
        seed: the public label.
        worlds: reads it.
        max_steps: environment steps at which the episode is cut.
        evaluators: who plays.

    Raises:
        UsageError: it cannot be written there, or the key is not on this machine.
        MissingExtra: pyarrow is not installed.
        StorageFull: the disk is full; nothing is left half written.
    """
    check_traces(path)
    with _spool_beside(path) as spool:
        job = Job(program=program, seed=seed, max_steps=max_steps, record=Record.TRACES, spool=str(spool))
        with closing(evaluators(task)) as evaluator:
            outcome = evaluator.run([with_seeds(job, worlds or Worlds())])[0].outcome
        order = RuleOrder.of(program)
        facts = {
            "env_id": task.env_id,
            "access": task.access.value,
            "protocol": task.protocol.value,
            "program": program.sha256,
            "seed": str(seed),
            "rules": ",".join(order.acting),
            "detectors": ",".join(order.detectors),
        }
        rows, names = _write(path, spool, seed, order, facts)
    return Traced(outcome, rows, names)


@contextlib.contextmanager
def _spool_beside(path: Path) -> Iterator[Path]:
    try:
        handle, name = tempfile.mkstemp(prefix=".hl-trace-", dir=path.absolute().parent)
    except OSError as error:
        raise UsageError(f"{path}: cannot write there ({error.strerror}); choose another place") from error
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _write(
    path: Path, spool: Path, seed: int, order: RuleOrder, facts: dict[str, str]
) -> tuple[int, tuple[str, ...]]:
    pa = arrow()
    import pyarrow.parquet as pq

    numbers, texts, floats = _names(read_spool(spool))
    schema = _schema(pa, numbers, texts, floats).with_metadata(facts)
    part = path.with_name(f".{path.name}.part")
    rows, score = 0, 0.0
    try:
        with pq.ParquetWriter(part, schema, compression="zstd") as writer:
            for block in read_spool(spool):
                if block.rewards:
                    table, score = _table(pa, schema, block, rows, score, seed, order)
                    writer.write_table(table)
                    rows += len(block.rewards)
        os.replace(part, path)
    except OSError as error:
        if is_full(error) or "space" in str(error) or "File too large" in str(error):
            raise StorageFull(f"{path}: no space for traces; everything else is intact") from error
        raise HarnessError(f"{path}: cannot write traces: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return rows, tuple(schema.names)


def _names(blocks: Iterable[Block]) -> tuple[list[str], list[str], int]:
    """Names of the numbers and of the texts of the state, and the components of an action (0: it is a number)."""
    numbers: dict[str, None] = {}
    texts: dict[str, None] = {}
    floats = 0
    for block in blocks:
        if block.actions and isinstance(block.actions[0], list):
            floats = len(block.actions[0])
        for trace in block.traces:
            for name, value in leaves(trace):
                kind = texts if isinstance(value, str) else numbers
                if len(kind) < MOST_COLUMNS:
                    kind.setdefault(name)
    return list(numbers), [f"{t}.text" if t in numbers else t for t in texts], floats


def _schema(pa: Any, numbers: list[str], texts: list[str], floats: int) -> pa.Schema:
    word = pa.dictionary(pa.int32(), pa.string())
    actions = [(f"action.{i}", pa.float64()) for i in range(floats)] or [("action", pa.int64())]
    return pa.schema(
        [
            ("seed", pa.int64()),
            ("step", pa.int64()),
            *actions,
            ("reward", pa.float64()),
            ("score", pa.float64()),
            ("lives", pa.int16()),
            ("rule", word),
            ("tried", word),
            *((f"s.{name}", pa.float64()) for name in numbers),
            *((f"s.{name}", word) for name in texts),
        ]
    )


def _table(
    pa: Any, schema: pa.Schema, block: Block, first: int, score: float, seed: int, order: RuleOrder
) -> tuple[pa.Table, float]:
    count = len(block.rewards)
    scores = score + np.cumsum(block.rewards)
    rules = [safe_line(r, 80) if isinstance(r := t.get("rule"), str) else None for t in block.traces]
    tried = {rule: ",".join(order.tried(rule or "")) for rule in set(rules)}
    data: dict[str, Any] = {
        "seed": [seed] * count,
        "step": range(first, first + count),
        "reward": block.rewards,
        "score": scores,
        "lives": block.lives,
        "rule": rules,
        "tried": [tried[rule] for rule in rules],
    }
    state: dict[str, list[object]] = {n: [None] * count for n in schema.names if n.startswith("s.")}
    for step, trace in enumerate(block.traces):
        for name, value in leaves(trace):
            column = f"s.{name}"
            if isinstance(value, str) and f"{column}.text" in state:
                column += ".text"
            if column in state:
                state[column][step] = value
    floats = [n for n in schema.names if n.startswith("action.")]
    for place, name in enumerate(floats):
        data[name] = [action[place] for action in block.actions]  # type: ignore[index]
    if not floats:
        data["action"] = block.actions
    data |= state
    columns = [pa.array(list(data[f.name]), type=f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema), float(scores[-1])


def arrow() -> Any:
    """Pyarrow.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingExtra(
            "traces are written as Parquet, which needs pyarrow; install it with: pip install 'hlearn[traces]'"
        ) from None
    return pa
