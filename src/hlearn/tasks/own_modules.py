"""Modules of a user, who names an environment or an editor as ``module:Name`` from the folder where they lie."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType


def import_own(module: str) -> ModuleType:
    """Imports a module from where Python finds it, else from the current folder.

    A system's own folder is no such place: what an editor left there is no environment, and no editor.
    """
    try:
        here: Path | None = Path.cwd()
    except OSError:
        here = None  # it was deleted meanwhile
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if here is None:
            raise
        first = module.partition(".")[0]
        found = (here / f"{first}.py").is_file() or (here / first).is_dir()
        if error.name != first or not found or str(here) in sys.path or (here / "hl.toml").exists():
            raise
        sys.path.append(str(here))  # workers inherit it
        importlib.invalidate_caches()
        return importlib.import_module(module)
