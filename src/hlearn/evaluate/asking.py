"""Asking a program why it decides as it does: in its own child, behind its walls, never in the host.

The decision is taken with marks on (:mod:`hlearn.evaluate.instrument`): every part that was asked, in order, with what
it compared, what it called and what it returned. Then copies of the policy, as it stood before, take the same decision
with one value changed, until one acts otherwise: the nearest such change is a counterfactual. What comes out is the
program's own word, as a trace is, and is believed as little.
"""

from __future__ import annotations

import copy
import json
import operator
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from hlearn.evaluate import instrument
from hlearn.evaluate.actions import index_of, vector_of
from hlearn.evaluate.instrument import Mark
from hlearn.evaluate.traces import plain

_ROWS, _CALLS, _CHANGES, _NEVER = 120, 40, 60, 60  # told at most
_BYTES = 60_000  # of an answer
_DOUBLINGS = 10  # from a 64th of the scale to eight times it
_HALVINGS = 12
_TUPLES = ("_detectors", "_rules", "_across", "_down", "_press", "_reflexes")
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
Value = int | float
Changes = Mapping[tuple[str, str], Value]  # (kind, name): value; kinds are param, state and observation


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


class RepeatableDecision:
    """One decision of one policy, to be taken again and again.

    Args:
        policy: what decides; not touched, copies decide.
        observation: what it sees.
        box: components of an action, 0 for a discrete one.

    Raises:
        Exception: the policy cannot be copied.
    """

    def __init__(self, policy: Any, observation: np.ndarray, box: int) -> None:
        self._policy = copy.deepcopy(policy)
        self._observation = observation.copy()
        self._box = box
        self._random, self._numpy = random.getstate(), np.random.get_state()  # noqa: NPY002

    def decide(self, changes: Changes) -> tuple[Any, str]:
        """The action, checked and plain, and what acted, with some values changed."""
        random.setstate(self._random)
        np.random.set_state(self._numpy)  # noqa: NPY002
        policy = copy.deepcopy(self._policy)
        return decide(policy, self._observation, self._box, changes), _acted(policy)


def decide(policy: Any, observation: np.ndarray, box: int, changes: Changes) -> Any:
    """Has a policy act with some values changed; the policy stays changed where a parameter is."""
    state = {name: value for (kind, name), value in changes.items() if kind == "state"}
    for (kind, name), value in changes.items():
        if kind == "param":
            policy.__dict__[name] = value
        elif kind == "observation":
            observation = observation.copy()
            observation[int(name)] = value
    detectors = getattr(policy, "_detectors", ())
    if state and detectors:
        policy._detectors = tuple((n, _changing(n, m, state)) for n, m in detectors)
    try:
        action = policy.act(observation)
    finally:
        if state and detectors:
            policy._detectors = detectors
    return vector_of(action, box).tolist() if box else index_of(action)


def _changing(name: str, method: Any, state: Mapping[str, Value]) -> Any:
    own = {p: v for p, v in state.items() if p == name or p.startswith(f"{name}.")}
    if not own:
        return method

    def detector(self: Any, observation: np.ndarray) -> Any:
        value = method(self, observation)
        for path, new in own.items():
            value = _with(value, path.split(".")[1:], new)
        return value

    return detector


def _with(value: Any, path: Sequence[str], new: Value) -> Any:
    """A copy of a value with one number in it changed; as it was where there is no such number."""
    if not path:
        return type(value)(new) if isinstance(value, (int, float)) and not isinstance(value, bool) else new
    name = path[0]
    if isinstance(value, Mapping) and name in value:
        return {**value, name: _with(value[name], path[1:], new)}
    if isinstance(value, tuple) and hasattr(value, "_replace"):
        return value._replace(**{name: _with(getattr(value, name), path[1:], new)})
    if isinstance(value, (list, tuple, np.ndarray)) and name.isdigit() and int(name) < len(value):
        changed = value.copy() if isinstance(value, np.ndarray) else list(value)
        changed[int(name)] = _with(value[int(name)], path[1:], new)
        return tuple(changed) if isinstance(value, tuple) else changed
    if hasattr(value, name):
        value = copy.copy(value)
        object.__setattr__(value, name, _with(getattr(value, name), path[1:], new))
    return value


def answer(
    policy: Any,
    observation: np.ndarray,
    box: int,
    question: Mapping[str, Any],
    watch: MarkRecorder,
    paths: frozenset[str],
) -> tuple[Any, bytes]:
    """Takes a decision and says why.

    Args:
        policy: what decides; it really decides, and goes on from there.
        observation: what it sees.
        box: components of an action.
        question: as :class:`hlearn.evaluate.api.Question` is sent: ``changes``, ``search``, ``scales``, ``ranges``,
            ``observation``, ``limit_s``.
        watch: of its marks.
        paths: of its files.

    Returns:
        The action as the policy gave it, and the answer as JSON.
    """
    changes = {(c[0], c[1]): c[2] for c in question["changes"]}
    told: dict[str, Any] = {}
    asked = None
    if question["search"]:
        try:
            asked = RepeatableDecision(policy, observation, box)
        except Exception as error:  # noqa: BLE001 - whatever a program's own objects raise is said in the answer
            told["uncopyable"] = f"{type(error).__name__}: {error}"[:300]
    action = _watched(policy, observation, box, changes, watch, paths, told)
    if asked is not None:
        after = random.getstate(), np.random.get_state()  # noqa: NPY002
        told["changes"] = list(_nearest(asked, policy, told, question))[:_CHANGES]
        random.setstate(after[0])
        np.random.set_state(after[1])  # noqa: NPY002
    told["never"] = [
        (mark.path, mark.line, mark.text)
        for number, mark in enumerate(watch.marks)
        if mark.kind == instrument.SEEN and number not in watch.seen
    ][:_NEVER]
    data = json.dumps(told).encode()
    for name in (
        "never",
        "lines",
        "calls",
        "rows",
        "changes",
        "asked",
    ):  # what is too long goes, the least telling first
        if len(data) > _BYTES and name in told:
            told[name] = told[name][:10] if name == "asked" else []
            told["cut"] = True
            data = json.dumps(told).encode()
    return action, data


def _watched(
    policy: Any,
    observation: np.ndarray,
    box: int,
    changes: Changes,
    watch: MarkRecorder,
    paths: frozenset[str],
    told: dict[str, Any],
) -> Any:
    """Has the policy decide with its parts watched."""
    log: list[dict[str, Any]] = []
    before = {name: policy.__dict__[name] for name in _TUPLES if name in getattr(policy, "__dict__", {})}
    for name, parts in before.items():
        setattr(policy, name, tuple((n, _logging(n, m, name, log, watch)) for n, m in parts))
    controller = getattr(policy, "__dict__", {}).get("_controller")
    if controller is not None:
        policy._controller = (
            controller[0],
            _logging(controller[0], controller[1], "_controller", log, watch),
        )
    watch.rows, watch.calls, watch.on = [], [], True
    kept = watch.seen.copy()
    watch.seen.clear()
    old = sys.gettrace()
    sys.settrace(watch.trace_calls(paths))
    try:
        taken = decide(policy, observation, box, changes)
    finally:
        sys.settrace(old)
        watch.on = False
        for name, parts in before.items():
            setattr(policy, name, parts)
        if controller is not None:
            policy._controller = controller
    told |= {
        "action": taken,
        "rule": _acted(policy),
        "asked": log or [{"name": "act", "role": "act", "value": plain(taken, 2), "rows": [0, len(watch.rows)],
                          "calls": [0, len(watch.calls)]}],
        "rows": watch.rows,
        "calls": watch.calls,
        "state": plain(dict(getattr(getattr(policy, "s", None), "__dict__", {}))),
        "params": {
            n: [float(policy.__dict__.get(n, p.value)), p.low, p.high]
            for n, p in getattr(policy, "params", {}).items()
        },
    }  # fmt: skip
    told["lines"] = sorted({(watch.marks[n].path, watch.marks[n].line) for n in watch.seen})
    watch.seen |= kept
    return taken


def _logging(name: str, method: Any, attribute: str, log: list[dict[str, Any]], watch: MarkRecorder) -> Any:
    role = {
        "_detectors": "detect",
        "_rules": "rule",
        "_across": "horizontal",
        "_down": "vertical",
        "_press": "trigger",
        "_reflexes": "reflex",
        "_controller": "controller",
    }[attribute]

    def part(self: Any, given: Any) -> Any:
        rows, calls = len(watch.rows), len(watch.calls)
        value = method(self, given)
        log.append(
            {
                "name": name,
                "role": role,
                "value": plain(value, 2),
                "rows": [rows, len(watch.rows)],
                "calls": [calls, len(watch.calls)],
            }
        )
        return value

    return part


def _acted(policy: Any) -> str:
    acted = getattr(policy, "acted", "")
    if isinstance(acted, str) and acted:
        return acted
    trace = getattr(policy, "trace", None)
    said = trace() if callable(trace) else {}
    return str(said.get("rule", "")) if isinstance(said, Mapping) else ""


def _candidates(
    told: Mapping[str, Any], observation: np.ndarray, question: Mapping[str, Any]
) -> Iterator[tuple[str, str, Value, float, float, float]]:
    """Kind, name, present value, scale, lowest and highest value of what may be changed."""
    scales = question["scales"]
    far = float("inf")
    for name, (value, low, high) in told["params"].items():
        span = high - low if low is not None and high is not None and high > low else max(abs(value), 1.0)
        yield "param", name, value, span, -far if low is None else low, far if high is None else high
    for name, value in _numbers("", told["state"]):
        yield "state", name, value, float(scales.get(name) or max(abs(value) * 0.25, 1.0)), -far, far
    if question["observation"]:
        for place, value in enumerate(observation.tolist()):
            name = str(place)
            yield (
                "observation",
                name,
                value,
                float(scales.get(f"obs.{name}") or max(abs(value) * 0.25, 0.25)),
                -far,
                far,
            )


def _numbers(name: str, value: Any) -> Iterator[tuple[str, Value]]:
    if isinstance(value, bool):
        return
    if isinstance(value, (int, float)):
        if np.isfinite(value):
            yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(f"{name}.{key}" if name else str(key), inner)
    elif isinstance(value, list) and len(value) <= 16:
        for place, inner in enumerate(value):
            yield from _numbers(f"{name}.{place}", inner)


def _nearest(
    asked: RepeatableDecision, policy: Any, told: Mapping[str, Any], question: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The nearest change of each value that makes the policy act otherwise, the smallest share of its scale first."""
    end = time.monotonic() + float(question["limit_s"])
    ranges = question["ranges"]
    usual = told["action"], told["rule"]
    found = []
    for kind, name, value, scale, low, high in _candidates(told, asked._observation, question):
        if time.monotonic() > end:
            break
        for sign in (1, -1):
            change = _flip(asked, usual, ranges, kind, name, value, sign * scale, low, high)
            if change is not None:
                found.append({**change, "scale": scale, "share": abs(change["to"] - value) / scale})
    yield from sorted(found, key=lambda c: c["share"])


def _flip(
    asked: RepeatableDecision,
    usual: tuple[Any, str],
    ranges: Sequence[float],
    kind: str,
    name: str,
    value: Value,
    scale: float,
    low: float,
    high: float,
) -> dict[str, Any] | None:
    whole = isinstance(value, int)

    def at(distance: float) -> Value:
        moved = min(max(value + distance, low), high)
        return round(moved) if whole else float(moved)

    def tried(new: Value) -> tuple[Any, str] | None:
        try:
            action, rule = asked.decide({(kind, name): new})
        except Exception:  # noqa: BLE001 - a value that a program cannot take is no counterfactual
            return None
        return (action, rule) if differs(action, usual[0], ranges) else None

    near, far, hit = value, value, None
    for doubling in range(_DOUBLINGS):
        far = at(scale * 2.0 ** (doubling - 6))
        if whole and far == value:
            far = at(1.0 if scale > 0 else -1.0)
        if far == near:
            continue
        hit = tried(far)
        if hit is not None:
            break
        near = far
    if hit is None:
        return None
    for _ in range(_HALVINGS):
        middle: Value = (near + far) // 2 if whole else (near + far) / 2
        if middle in (near, far):
            break
        better = tried(middle)
        if better is None:
            near = middle
        else:
            far, hit = middle, better
    return {"kind": kind, "name": name, "from": value, "to": far, "action": hit[0], "rule": hit[1]}


def differs(action: Any, usual: Any, ranges: Sequence[float]) -> bool:
    """Whether an action is another one: another index, or a component moved by a quarter of its range or more."""
    if not isinstance(usual, list):
        return bool(action != usual)
    return any(abs(a - b) >= r / 4 for a, b, r in zip(action, usual, ranges, strict=True))
