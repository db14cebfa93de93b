"""Programs of several files, for tests."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from hlearn.program import Program, ProgramFile

MAIN = '''"""Balances a pole: detectors and skills have modules of their own."""

from hlearn.policy import asset
from policy.skills.push import Push

from . import detectors


class Balance:
    def reset(self, seed):
        self.push = Push()
        self.offset = asset("tables/offsets.npz")["offset"]

    def act(self, o):
        return self.push(detectors.lean(o) + self.offset)
'''
DETECTORS = """from hlearn.policy import asset

WEIGHTS = asset("weights.npy")


def lean(o):
    return WEIGHTS @ o
"""
PUSH = """from ..detectors import WEIGHTS


class Push:
    def __call__(self, x):
        assert WEIGHTS.shape == (4,)
        return int(x > 0)
"""


def npy(values: object) -> bytes:
    """A table as the bytes of an ``.npy`` file."""
    buffer = io.BytesIO()
    np.save(buffer, np.array(values), allow_pickle=False)
    return buffer.getvalue()


def npz(**values: object) -> bytes:
    """Tables as the bytes of an ``.npz`` file."""
    buffer = io.BytesIO()
    tables: dict[str, Any] = {k: np.array(v) for k, v in values.items()}
    np.savez_compressed(buffer, **tables)
    return buffer.getvalue()


def package(main: str = MAIN, **changes: str | bytes) -> Program:
    """The balancing program; keyword arguments replace or add files (``__`` for ``/``, the last ``_`` for the dot)."""
    files: dict[str, str | bytes] = {
        "detectors.py": DETECTORS,
        "skills/push.py": PUSH,
        "weights.npy": npy([0.1, 0.2, 1.0, 1.0]),
        "tables/offsets.npz": npz(offset=0.0),
    }
    for name, data in changes.items():
        stem, _, kind = name.replace("__", "/").rpartition("_")
        files[f"{stem}.{kind}"] = data
    packed = {path: data.encode() if isinstance(data, str) else data for path, data in files.items()}
    return Program(source=main, files=tuple(ProgramFile(path=p, data=d) for p, d in packed.items()))
