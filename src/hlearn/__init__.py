"""hlearn: heuristic learning, reinforcement learning in which what is learnt is a readable program.

    from hlearn import learn

    result = learn("CartPole-v1", out="runs/cartpole", target=500)

The names below are what scripts need most, and are loaded when they are asked for: importing the package does nothing.
What programs import lies in :mod:`hlearn.policy` and :mod:`hlearn.parts`, test classes in :mod:`hlearn.testing`;
``docs/design.md`` draws the map.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hlearn.errors import HlearnError
    from hlearn.learning import LearnResult, learn
    from hlearn.records import Program
    from hlearn.system import System
    from hlearn.tasks import Task, resolve_task

__version__ = "0.1.0"
__all__ = ["HlearnError", "LearnResult", "Program", "System", "Task", "learn", "resolve_task"]

_HOMES = {
    "HlearnError": "hlearn.errors",
    "LearnResult": "hlearn.learning",
    "Program": "hlearn.records",
    "System": "hlearn.system",
    "Task": "hlearn.tasks",
    "learn": "hlearn.learning",
    "resolve_task": "hlearn.tasks",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'hlearn' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
