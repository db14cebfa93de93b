"""A decision with the policy's parts watched: which were asked, in order, and what each returned."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from hlearn.evaluate.asking.deciding import Changes, acted_of, decide
from hlearn.evaluate.asking.marks import MarkRecorder
from hlearn.evaluate.traces import plain

_TUPLES = ("_detectors", "_rules", "_across", "_down", "_press", "_reflexes")


def watched(
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
        "rule": acted_of(policy),
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
