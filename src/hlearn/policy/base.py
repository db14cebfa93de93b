"""The interface that every program meets, and how the one policy class of a module is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Policy(Protocol):
    """What acts. Anything with these two methods can be evaluated."""

    def reset(self, seed: int) -> None:
        """Begin an episode. ``seed`` feeds the program's own randomness; it is not the environment's seed."""

    def act(self, observation: np.ndarray) -> Any:
        """Choose an action.

        Args:
            observation: uint8[128] (ram), uint8[210, 160, 3] (pixels) or float[n] (vector). A view that the
                next step overwrites: copy what must be kept.

        Returns:
            An int in ``[0, n)`` for discrete action spaces (the index in the environment's action list; numpy's
            integers and 0-d integer arrays count), or n floats for box actions (a plain number will do where n is
            1). Box actions are clipped to the space's bounds.
        """


def find_policy(namespace: Mapping[str, object], module: str) -> type[Policy]:
    """Returns the one policy class that a program's main module defines, or else imports from its other modules.

    A class counts if it was defined in the module itself, has ``reset`` and ``act``, does not start with an
    underscore and is not the base of another such class; protocols and abstract classes describe policies and are
    none. One class under two names is one class. Where several count, the one that is called ``Policy`` is meant.

    Raises:
        LookupError: there is none, or more than one.
    """
    found = {
        value: None
        for name, value in namespace.items()
        if isinstance(value, type)
        and value.__module__.partition(".")[0] == module
        and not name.startswith("_")
        and callable(getattr(value, "reset", None))
        and callable(getattr(value, "act", None))
        and not getattr(value, "__abstractmethods__", None)
        and not value.__dict__.get("_is_protocol", False)
    }
    leaves = [c for c in found if not any(o is not c and issubclass(o, c) for o in found)]
    named = [c for c in leaves if c is namespace.get("Policy")]
    leaves = named or [c for c in leaves if c.__module__ == module] or leaves
    if len(leaves) != 1:
        names = ", ".join(c.__name__ for c in leaves) or "none"
        hint = "; begin the names of the others with _, or end with Policy = TheOne" if leaves else ""
        raise LookupError(f"a program defines exactly one policy class (reset and act); found: {names}{hint}")
    return leaves[0]
