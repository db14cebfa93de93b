"""What belongs together and a kill took apart is finished by whoever writes next.

The ledger has the first step (an accepted trial with all that it brings, the end of a run), git lacks the next; of a
rollback, which begins with git, a file of one line says that it is under way. Only lines that a key on this machine
sealed are acted upon: what somebody else appended makes no champion.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hlearn.ledger import Committed, Decision, RolledBack, RunEnded, Trial
from hlearn.program import Program
from hlearn.system.changes import last_named_row
from hlearn.system.program_files import files_of
from hlearn.system.rollback import ROLLING_BACK, carry_back

if TYPE_CHECKING:
    from hlearn.system.system import System

WRITING = "hl-writing"  # in git's folder while the files of a program are written, one after another


def complete(system: System) -> None:
    """Finishes what was begun; the caller holds the system alone."""
    intent = system.git.folder / ROLLING_BACK
    if intent.exists():
        _finish_rollback(system, intent)
    if (trial := _uncommitted(system)) is not None:
        with _keeping_edit(system):
            system.commit(trial, system.programs.get(trial.program))
    if (system.git.folder / WRITING).exists():
        champion = system.champion()
        system.put_program(champion.as_files() if champion else {})
    _write_missing_note(system)
    ended = next((r for r in reversed(system.ledger.rows) if isinstance(r.event, RunEnded)), None)
    if ended is not None and ended.n > last_named_row(system.git):
        assert isinstance(ended.event, RunEnded)
        system.close_run(f"Run {ended.event.run} ends: {ended.event.why}")


def _finish_rollback(system: System, intent: Path) -> None:
    said = intent.read_text(encoding="ascii", errors="replace").strip()
    changes = system.history()
    change = next((c for c in changes if str(c.trial) == said and not c.rolled_back), None)
    if change is not None:
        last = changes[-1]
        if not (last.rolled_back and last.trial == change.trial):
            program = system.program_at(change.commit)
            if program is not None:
                with _keeping_edit(system):
                    carry_back(system, change, program)
        elif all(getattr(r.event, "commit", None) != last.commit for r in system.ledger.rows):
            system.ledger.append(RolledBack(trial=last.trial, program=last.program, commit=last.commit))
    intent.unlink()


@contextmanager
def _keeping_edit(system: System) -> Iterator[None]:
    """Leaves a person's edit of the program in the folder while another program is committed."""
    edit = {} if (system.git.folder / WRITING).exists() else files_of(system.path)
    with suppress(ValueError):  # what makes up no program is an edit too
        program = Program.of_files(edit)
        if program is None or program.sha256 in system.programs:
            edit = {}
    yield
    if edit:
        system.put_program(edit)


def _uncommitted(system: System) -> Trial | None:
    """The accepted trial whose commit, or whose row of it, is missing, as long as it is the last word."""
    for row in reversed(system.ledger.rows):
        event = row.event
        if isinstance(event, (Committed, RolledBack)):
            return None
        if isinstance(event, Trial):
            if event.decision is not Decision.ACCEPTED or event.program not in system.programs:
                return None
            if system.keys.find(row.epoch) is None:
                return None
            named = any(c.trial == event.trial and not c.rolled_back for c in system.history())
            champion = system.champion()
            beaten = champion.sha256 if champion else None
            return event if named or beaten == event.champion else None
    return None


def _write_missing_note(system: System) -> None:
    """Writes the note of the last trial that was turned down, where it is missing."""
    last = next((r.event for r in reversed(system.ledger.rows) if isinstance(r.event, Trial)), None)
    if last is None or last.decision is Decision.ACCEPTED or last.program not in system.programs:
        return
    if not system.memory.rejected_note(last.trial).exists():
        known = last.champion is not None and last.champion in system.programs
        champion = system.programs.get(last.champion) if known and last.champion else None
        system.memory.remember(last, system.programs.get(last.program), champion)
        trials = [r.event for r in system.ledger.rows if isinstance(r.event, Trial)]
        system.memory.remember_trials(trials)
