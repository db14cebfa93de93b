"""A policy's trace as plain JSON values, the same whichever process it comes from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

_DEPTH = 6
_ARRAY = 256  # elements of an array shown in full


def encode_trace(policy: Any) -> bytes:
    """Returns ``policy.trace()`` as JSON, ``{}`` where the policy has none. NaN and infinities stay."""
    method = getattr(policy, "trace", None)
    value = method() if callable(method) else {}
    return json.dumps(plain(value)).encode()


def plain(value: Any, depth: int = _DEPTH) -> Any:
    """Turns a value into JSON's types: arrays to lists, records to mappings, the rest to its repr."""
    if value is None or isinstance(value, (bool, str)):
        return value if not isinstance(value, str) else value[:1000]
    if isinstance(value, np.generic):
        return plain(value.item(), depth)
    if isinstance(value, int):
        return int(value) if abs(value) < 2**63 else float(value)
    if isinstance(value, float):
        return float(value)
    if depth == 0:
        return repr(value)[:200]
    if isinstance(value, np.ndarray):
        if value.size <= _ARRAY and value.dtype.kind in "biuf":
            return value.tolist()
        return f"array{list(value.shape)} {value.dtype}"
    return _container(value, depth)


def _container(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return {str(k): plain(v, depth - 1) for k, v in value.items()}
    drawn = getattr(type(value), "__hl_drawn__", None)  # hlearn.policy.drawing
    how = {"drawn": drawn} if isinstance(drawn, str) else {}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {**{k: plain(v, depth - 1) for k, v in value._asdict().items()}, **how}
    if isinstance(value, (list, tuple)):
        return [plain(v, depth - 1) for v in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(v, depth - 1) for v in value), key=repr)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (f.name for f in dataclasses.fields(value))
        return {**{name: plain(getattr(value, name, None), depth - 1) for name in fields}, **how}
    return repr(value)[:200]
