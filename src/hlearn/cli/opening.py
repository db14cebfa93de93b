"""Opening the system that a command line names."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from hlearn.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from hlearn.records import Program
    from hlearn.system import System


def standing_program(system: System, directory: Path, asked: str | None = None) -> Program:
    """The program that is asked for, else the one as it stands in the folder, else the champion.

    Raises:
        UsageError: there is none.
    """
    if asked:
        return system.program_of(asked)
    program = system.working() or system.champion()
    if program is None:
        raise UsageError(
            f"{directory} has no program yet; learn one with: "
            f"hl learn {system.task.env_id} --resume --out {shlex.quote(str(directory))}"
        )
    return program


def shown_seed(system: System, seed: int | None) -> int:
    """The seed of an episode that is looked at: the first development seed where none is asked for.

    Raises:
        UsageError: it belongs to the gate.
    """
    from hlearn.records import Split
    from hlearn.tasks.seeds import split_of, split_seeds

    if seed is None:
        return split_seeds(Split.DEV, system.config.seed, 0, 1)[0]
    if split_of(seed) is Split.GATE:
        raise UsageError(
            f"seed {seed} belongs to the gate, which nobody looks at; take another, such as {seed % 1000}"
        )
    return seed


def open_system(directory: Path, screen: Console) -> System:
    """Opens a system and says so where its ledger's last line is torn.

    Raises:
        UsageError: the folder is no system.
        SchemaTooNew: a newer hlearn wrote it.
        LedgerCorrupt: past lines of the ledger were edited or cut off.
    """
    from hlearn.system import System

    system = System.open(directory)
    system.verify()
    note_torn_ledger(directory, screen)
    note_key(system, screen)
    return system


def note_key(system: System, screen: Console) -> None:
    """Says so where results cannot be vouched for on this machine, or the next writer takes another key."""
    from hlearn.system.keys import needs_key

    why = needs_key(system)
    if why:
        screen.print(
            f"Note: {why}. Reading works; whoever writes next takes a new key, and what was measured until now is then "
            f"shown and not reused. Keys are in {system.keys.folder}.",
            markup=False,
            soft_wrap=True,
        )


def note_torn_ledger(directory: Path, screen: Console) -> None:
    """Says so where the last line of the ledger was not finished; the next append repairs it."""
    try:
        with (directory / "ledger.jsonl").open("rb") as file:
            file.seek(-1, os.SEEK_END)
            torn = file.read(1) != b"\n"
    except OSError:
        return
    if torn:
        screen.print(
            f"Note: the last line of {directory / 'ledger.jsonl'} is torn, as when a run is killed while it writes. "
            "Nothing before it is lost; it is repaired with the next measurement.",
            markup=False,
            soft_wrap=True,
        )
