"""What the marks of a program write down while it decides: comparisons, tests, and calls of parts."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hlearn.evaluate import instrument
from hlearn.evaluate.instrument import Mark
from hlearn.evaluate.traces import plain

_ROWS, _CALLS = 120, 40  # written down at most
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "is": operator.is_,
    "is not": operator.is_not,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}


class MarkRecorder:
    """What the marks of a program call.

    Args:
        marks: of the program.
    """

    def __init__(self, marks: Sequence[Mark]) -> None:
        self.marks = marks
        self.on = False
        self.rows: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.seen: set[int] = set()

    def hooks(self) -> dict[str, Any]:
        """By the names under which the program's modules find them."""
        return {
            instrument.COMPARE: self._compare,
            instrument.TEST: self._test,
            instrument.SEEN: self.seen.add,
        }

    def _compare(self, number: int, sign: str, left: Any, right: Any) -> Any:
        result = _OPERATORS[sign](left, right)
        if self.on and len(self.rows) < _ROWS and isinstance(result, (bool, np.bool_)):
            mark = self.marks[number]
            self.rows.append(
                {
                    "path": mark.path,
                    "line": mark.line,
                    "text": mark.text,
                    "left": plain(left, 2),
                    "sign": sign,
                    "right": plain(right, 2),
                    "holds": bool(result),
                }
            )
        return result

    def _test(self, number: int, value: Any) -> Any:
        simple = value is None or isinstance(value, (bool, int, float, str, np.generic))
        if self.on and len(self.rows) < _ROWS and simple:
            mark = self.marks[number]
            self.rows.append(
                {
                    "path": mark.path,
                    "line": mark.line,
                    "text": mark.text,
                    "value": plain(value, 2),
                    "holds": bool(value),
                }
            )
        return value

    def trace_calls(self, paths: frozenset[str]) -> Callable[..., Any]:
        """A trace function that notes what the program asks of ``hlearn.parts``, with arguments and results."""

        def local(frame: Any, event: str, value: Any) -> Any:
            if event == "return" and id(frame) in opened:
                opened.pop(id(frame))["result"] = plain(value, 3)
            return local

        def start(frame: Any, event: str, value: Any) -> Any:
            caller, code = frame.f_back, frame.f_code
            if (
                caller is None
                or caller.f_code.co_filename not in paths
                or not str(frame.f_globals.get("__name__", "")).startswith("hlearn.parts")
                or len(self.calls) >= _CALLS
            ):
                return None
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            given = {n: plain(frame.f_locals.get(n), 2) for n in names if n not in ("self", "cls")}
            call = {"name": code.co_qualname, "line": caller.f_lineno, "given": given, "result": None}
            opened[id(frame)] = call
            self.calls.append(call)
            return local

        opened: dict[int, dict[str, Any]] = {}
        return start
