"""The vocabulary of the games' search: one file brings a kind of behaviour, or a few that belong together.

Each module has ``KINDS``: by name, how a kind is told and written
(:class:`hlearn.editors.search.arcade.writing.BehaviorKind`), and, where it is to be drawn like the plain ones, how. A
new kind is a new file here; nothing else names it. When the others are tried is said by ``hypotheses`` and ``joint``.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules

from hlearn.editors.search.arcade.writing import BehaviorKind


def found(path: Iterable[str]) -> dict[str, BehaviorKind]:
    """The kinds of every module in these folders of the package.

    Raises:
        ValueError: two modules bring a kind of the same name.
    """
    kinds: dict[str, BehaviorKind] = {}
    for module in iter_modules(path):
        brought = import_module(f"{__name__}.{module.name}").KINDS
        if twice := brought.keys() & kinds.keys():
            raise ValueError(
                f"two skills are called {', '.join(sorted(twice))}; one of them has to be renamed"
            )
        kinds |= brought
    return kinds


KINDS = found(__path__)
