"""Families of environments, one file each, and the one table that says who is asked for an id.

Comes in: ids. Goes out: the family that has the say. An installed package adds a family with an entry point in the
group ``hlearn.environments`` (an instance, or a class that is made without arguments), asked before those in the box.
"""

from __future__ import annotations

import importlib.metadata
from functools import cache

from hlearn.errors import UsageError
from hlearn.tasks.families.ale import AleFamily
from hlearn.tasks.families.gymnasium import GymnasiumFamily, ModuleFamily
from hlearn.tasks.family import EnvironmentFamily

ENTRY_POINTS = "hlearn.environments"
IN_THE_BOX: tuple[EnvironmentFamily, ...] = (AleFamily(), ModuleFamily(), GymnasiumFamily())


@cache
def families() -> tuple[EnvironmentFamily, ...]:
    """Every family, in the order in which they are asked.

    Raises:
        UsageError: an installed package's entry point cannot be loaded.
    """
    return (*map(_loaded, importlib.metadata.entry_points(group=ENTRY_POINTS)), *IN_THE_BOX)


def family_of(env_id: str) -> EnvironmentFamily:
    """Returns the first family that claims an id; Gymnasium's claims whatever nobody else does."""
    return next(family for family in families() if family.claims(env_id))


def _loaded(entry: importlib.metadata.EntryPoint) -> EnvironmentFamily:
    try:
        found = entry.load()
        family: EnvironmentFamily = found() if isinstance(found, type) else found
    except (ImportError, AttributeError, TypeError) as error:
        raise UsageError(
            f"the environment family {entry.name} ({entry.value}) of an installed package cannot be loaded: {error}; "
            "mend or uninstall that package"
        ) from error
    return family
