"""The same data set as one Parquet file: a row per decision, for pandas, DuckDB or whatever reads columns.

Columns: ``episode``, ``step`` (of the episode as it was played), ``seed`` (its label), ``program`` (SHA-256),
``action`` or ``action.0``, ..., ``reward``, ``terminated``, ``truncated``, ``lives``, ``rule``, the named state
under ``s.``, and for vectors and RAM ``observation``, a list. Screens stay in the HDF5 file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hlearn.datasets.choosing import Chosen
from hlearn.datasets.playing import Stretch, blocks_of
from hlearn.evaluate.spool import Block
from hlearn.replays.columns import leaves
from hlearn.replays.parquet import arrow
from hlearn.tasks.environment import Description, Discrete

_WIDEST = 2_048  # components of an observation that are written here


class ParquetWriter:
    """Writes one file.

    Args:
        path: of the file.
        description: spaces.
        numbers: names of the named state that are numbers.
        texts: names of the named state that are texts.
        facts: go into the file's metadata.

    Raises:
        MissingExtra: pyarrow is not installed.
    """

    def __init__(
        self,
        path: Path,
        description: Description,
        *,
        numbers: Sequence[str],
        texts: Sequence[str],
        facts: Mapping[str, str],
    ) -> None:
        self._pa = pa = arrow()
        import pyarrow.parquet as pq

        size = int(np.prod(description.observation.shape))
        self._width = size if size <= _WIDEST else 0
        self._box = 0 if isinstance(description.actions, Discrete) else len(description.actions.low)
        word = pa.dictionary(pa.int32(), pa.string())
        actions = [(f"action.{i}", pa.float64()) for i in range(self._box)] or [("action", pa.int64())]
        kind = pa.uint8() if description.observation.dtype == "uint8" else pa.float64()
        seen = [("observation", pa.list_(kind, self._width))] if self._width else []
        self._numbers = {name: f"s.{name}" for name in numbers}
        self._texts = {name: f"s.{name}" + (".text" if name in numbers else "") for name in texts}
        self._schema = pa.schema(
            [
                ("episode", pa.int64()),
                ("step", pa.int64()),
                ("seed", pa.int64()),
                ("program", word),
                *actions,
                ("reward", pa.float64()),
                ("terminated", pa.bool_()),
                ("truncated", pa.bool_()),
                ("lives", pa.int16()),
                ("rule", word),
                *((name, pa.float64()) for name in self._numbers.values()),
                *((name, word) for name in self._texts.values()),
                *seen,
            ]
        ).with_metadata(dict(facts))
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._episode = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(self._schema.names)

    def add(self, chosen: Chosen) -> None:
        """Appends the stretches of an episode, each as an episode of its own."""
        for stretch in chosen.stretches:
            first = 0
            for block in blocks_of(chosen.played):
                start, stop = max(stretch.start - first, 0), min(stretch.stop - first, len(block.rewards))
                if stop > start:
                    self._writer.write_table(self._table(chosen, stretch, block, first, start, stop))
                first += len(block.rewards)
            self._episode += 1

    def close(self) -> None:
        """Finishes the file."""
        self._writer.close()

    def _table(
        self, chosen: Chosen, stretch: Stretch, block: Block, first: int, start: int, stop: int
    ) -> Any:
        pa, played, count = self._pa, chosen.played, stop - start
        over = np.zeros(count, bool)
        over[-1] = first + stop == stretch.stop
        ended = played.terminated and stretch.stop == played.length
        traces = block.traces[start:stop]
        data: dict[str, Any] = {
            "episode": np.full(count, self._episode),
            "step": np.arange(first + start, first + stop),
            "seed": np.full(count, played.outcome.seed),
            "program": [played.program.sha256] * count,
            "reward": np.asarray(block.rewards[start:stop], np.float64),
            "terminated": over & ended,
            "truncated": over & (not ended),
            "lives": np.asarray(block.lives[start:stop], np.int16),
            "rule": [r if isinstance(r := t.get("rule"), str) else None for t in traces] or [None] * count,
        }
        actions = np.asarray(block.actions[start:stop])
        data |= {f"action.{i}": actions[:, i] for i in range(self._box)} or {"action": actions}
        state: dict[str, list[object]] = {
            name: [None] * count for name in (*self._numbers.values(), *self._texts.values())
        }
        for step, trace in enumerate(traces):
            for name, value in leaves(trace):
                column = (self._texts if isinstance(value, str) else self._numbers).get(name)
                if column is not None:
                    state[column][step] = value
        data |= state
        columns = []
        for column in self._schema:
            if column.name == "observation":
                flat = pa.array(np.ascontiguousarray(block.observations[start:stop]).ravel())
                columns.append(pa.FixedSizeListArray.from_arrays(flat, self._width))
            else:
                columns.append(pa.array(data[column.name], type=column.type))
        return pa.Table.from_arrays(columns, schema=self._schema)
