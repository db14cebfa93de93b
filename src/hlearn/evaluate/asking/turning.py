"""The nearest change of each value that makes a policy act otherwise: counterfactuals."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from hlearn.evaluate.asking.deciding import RepeatableDecision, Value

_DOUBLINGS = 10  # from a 64th of the scale to eight times it
_HALVINGS = 12


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


def nearest_changes(
    asked: RepeatableDecision, policy: Any, told: Mapping[str, Any], question: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The nearest change of each value that makes the policy act otherwise, the smallest share of its scale first."""
    end = time.monotonic() + float(question["limit_s"])
    ranges = question["ranges"]
    usual = told["action"], told["rule"]
    found = []
    for kind, name, value, scale, low, high in _candidates(told, asked.observation, question):
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
