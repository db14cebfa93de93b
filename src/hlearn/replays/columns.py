"""Traces as columns: what a program said of each decision, flattened to numbers and short texts by name.

``{"ball": {"x": 3, "y": 4}, "seen": None}`` becomes ``ball.x``, ``ball.y`` and ``seen``; a list of up to
:data:`SPREAD` numbers becomes a column per place, any other list its length (``blobs.n``) and its JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hlearn.evaluate.api import Trace
from hlearn.foreign_text import safe_line

SPREAD = 16  # numbers of a list that become columns
MOST_COLUMNS = 512
_TEXT = 500  # characters of a text that are kept
META = ("rule", "drawn")  # of a trace, what is no state


def leaves(trace: Trace) -> Iterator[tuple[str, float | str | None]]:
    """Names and values of a trace, everything flattened; without :data:`META`."""
    for name, value in trace.items():
        if name not in META:
            yield from _leaves(safe_line(str(name), 80), value)


def _leaves(name: str, value: object) -> Iterator[tuple[str, float | str | None]]:
    if value is None or isinstance(value, (bool, int, float)):
        yield name, None if value is None else float(value)
    elif isinstance(value, str):
        yield name, safe_line(value, _TEXT)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key != "drawn":
                yield from _leaves(f"{name}.{safe_line(str(key), 80)}", inner)
    elif isinstance(value, Sequence):
        plain = all(isinstance(v, (bool, int, float)) for v in value)
        if plain and len(value) <= SPREAD:
            for place, inner in enumerate(value):
                yield f"{name}.{place}", float(inner)
        else:
            yield f"{name}.n", float(len(value))
            yield f"{name}.json", json.dumps(value)[:_TEXT]
    else:
        yield name, safe_line(repr(value), _TEXT)


@dataclass(frozen=True, slots=True)
class Columns:
    """Named state over the decisions of one episode.

    Args:
        numbers: float64[T] each; NaN where the program saw nothing.
        texts: a list of T texts each, None where there was none.
        rules: what acted at each decision, "" where the program does not say.
    """

    numbers: dict[str, np.ndarray]
    texts: dict[str, list[str | None]]
    rules: tuple[str, ...]

    @classmethod
    def of(cls, traces: Sequence[Trace]) -> Columns:
        """Flattens the traces of an episode; at most :data:`MOST_COLUMNS` of each kind are kept, the first ones."""
        count = len(traces)
        numbers: dict[str, np.ndarray] = {}
        texts: dict[str, list[str | None]] = {}
        for step, trace in enumerate(traces):
            for name, value in leaves(trace):
                if isinstance(value, str):
                    if name not in texts and len(texts) < MOST_COLUMNS:
                        texts[name] = [None] * count
                    if name in texts:
                        texts[name][step] = value
                else:
                    column = numbers.get(name)
                    if column is None:
                        if len(numbers) >= MOST_COLUMNS:
                            continue
                        column = numbers[name] = np.full(count, np.nan)
                    if value is not None:
                        column[step] = value
        rules = tuple(safe_line(r, 80) if isinstance(r := t.get("rule"), str) else "" for t in traces)
        return cls(_without_shadows(numbers, texts), texts, rules)


def _without_shadows(
    numbers: dict[str, np.ndarray], texts: Mapping[str, list[str | None]]
) -> dict[str, np.ndarray]:
    """Drops columns of nothing but None that stand for a record seen at other times (``ball`` beside ``ball.x``)."""
    names = [*numbers, *texts]
    return {
        name: column
        for name, column in numbers.items()
        if not np.isnan(column).all() or not any(other.startswith(f"{name}.") for other in names)
    }
