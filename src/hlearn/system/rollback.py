"""Back to an earlier champion: its program, and the regression cases that it stood for."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from hlearn.errors import UsageError
from hlearn.ledger import RolledBack
from hlearn.program import Program
from hlearn.system.cases import parse_case
from hlearn.system.changes import ChampionChange, accepted
from hlearn.system.judged import is_case

if TYPE_CHECKING:
    from hlearn.system.system import System

ROLLING_BACK = "hl-rollback"  # in git's folder while a rollback is under way: the trial to go back to


def roll_back(system: System, trial: int) -> str:
    """Makes the program of an earlier accepted trial the champion again, by a new commit.

    The regression cases are those that it stood for: what later trials stored is taken back, for it would turn
    down whatever is built on this one.

    Returns:
        The new commit's hash.

    Raises:
        UsageError: no such accepted trial, or it is the champion already.
    """
    with system.exclusive():
        changes = system.history()
        change = next((c for c in changes if c.trial == trial), None)
        if change is None:
            raise UsageError(
                f"{system.path}: trial {trial} was never accepted; accepted trials: {accepted(changes)}"
            )
        program, champion = system.program_at(change.commit), system.champion()
        if program is None or (champion is not None and champion.sha256 == program.sha256):
            raise UsageError(f"{system.path}: trial {trial} is the champion already")
        system.restore()
        intent = system.git.folder / ROLLING_BACK
        system.write(os.path.relpath(intent, system.path), f"{trial}\n")
        commit = carry_back(system, change, program)
        intent.unlink()
        return commit


def carry_back(system: System, change: ChampionChange, program: Program) -> str:
    """Commits an earlier champion's program with the cases that it stood for; a step of :func:`roll_back`."""
    number, digest = system.ledger.head
    commit = system.commit_changes(
        f"Roll back to trial {change.trial}",
        f"Program: {change.program}\nRestores: {change.trial}\nLedger: {number} {digest}",
        {**system.turned_into(program), **_cases_of(system, change)},
    )
    system.ledger.append(RolledBack(trial=change.trial, program=change.program, commit=commit))
    return commit


def _cases_of(system: System, change: ChampionChange) -> dict[str, bytes | None]:
    """What changes in ``cases/`` where a trial's champion comes back: its cases, none of later ones."""
    standing = system.git.files("HEAD", "cases")
    changes: dict[str, bytes | None] = {}
    for path, content in standing.items():
        with suppress(UsageError):  # what is no case was stored by no trial
            if is_case(path) and parse_case(path, content).trial > change.trial:
                changes[path] = None
    for path, content in system.git.files(change.commit, "cases").items():
        if path not in standing or path in changes:
            changes[path] = content
    return changes
