"""The folder of ``hl learn``: whether a system may begin there, or what there is to go on with."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hlearn.errors import OutputExists, UsageError

if TYPE_CHECKING:
    from hlearn.ledger.totals import Totals
    from hlearn.tasks.task import Task

_NAMED = 5  # systems nearby that a message names, those with the most similar names first
_USUAL_PLACE = Path("runs")  # where systems lie that nobody named a folder for


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the system that is to be resumed was started with, and what it cost and reached so far."""

    task: Task
    seed: int
    steps: int | None
    editor: str | None
    so_far: Totals


def read_before(out: Path) -> Before:
    """Reads the system that is to be resumed.

    Raises:
        UsageError: nothing stands there, or no system.
        OutputExists: it is a file.
    """
    from hlearn.ledger.totals import totals
    from hlearn.loop.opening import last_learning_run
    from hlearn.system import System

    refuse_a_file(out)
    if not out.exists() or not any(out.iterdir()):
        missing = "is empty" if out.exists() else "does not exist"
        raise UsageError(
            f"there is nothing to go on with: {out} {missing}; choose another folder by --out, or leave out --resume "
            f"to start there{_nearby(out)}"
        )
    if not _is_system(out):
        raise UsageError(f"{_no_system(out)}; name a system by --out{_nearby(out)}")
    system = System.open(out)
    last = last_learning_run(system.ledger)
    return Before(
        task=system.task,
        seed=system.config.seed,
        steps=last.steps if last else None,
        editor=last.editor if last else None,
        so_far=totals(system.ledger),
    )


def refuse_filled(out: Path) -> None:
    """Refuses a folder in which no new system can be made.

    Raises:
        OutputExists: it is a file, or not empty; says whether a system is there.
    """
    refuse_a_file(out)
    if not out.exists() or not any(out.iterdir()):
        return
    if _is_system(out):
        raise OutputExists(
            f"{out} exists and is not empty: it holds a system; go on with it by --resume, or choose another folder "
            "by --out"
        )
    raise OutputExists(f"{_no_system(out)}; choose another folder by --out, or empty it{_nearby(out)}")


def refuse_a_file(out: Path) -> None:
    """Refuses a file in place of a folder.

    Raises:
        OutputExists: it is one.
    """
    if out.exists() and not out.is_dir():
        raise OutputExists(f"{out} is a file, not a folder; choose another folder by --out")


def _no_system(out: Path) -> str:
    return f"{out} is not empty and no system: it holds other files (and no hl.toml)"


def _is_system(folder: Path) -> bool:
    return (folder / "hl.toml").is_file()


def _nearby(out: Path) -> str:
    """Which systems lie in a folder, beside it or in the usual place, for the end of a message; "" without any."""
    for place in (out, out.parent, _USUAL_PLACE):
        names = [p.parent.name for p in place.glob("*/hl.toml")]
        names.sort(key=lambda name: (-difflib.SequenceMatcher(None, name, out.name).ratio(), name))
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            return f". Systems in {place}: {', '.join(names[:_NAMED])}{more}"
    return ""
