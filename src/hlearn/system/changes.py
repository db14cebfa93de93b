"""The commits of a system: which changed its champion, and what they say of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hlearn.errors import LedgerCorrupt, UsageError
from hlearn.ledger import Committed, Ledger, RolledBack
from hlearn.program import PROGRAM_PATHS
from hlearn.system.git import Git


@dataclass(frozen=True, slots=True, kw_only=True)
class ChampionChange:
    """One commit of the system that changed the champion.

    Attributes:
        trial: the trial that it names.
        rolled_back: the commit brought that trial's program back.
        when: seconds since the epoch.
    """

    trial: int
    program: str
    commit: str
    when: float
    subject: str
    rolled_back: bool = False


def read_changes(git: Git) -> tuple[ChampionChange, ...]:
    """The commits that changed the champion, oldest first."""
    trailers = (f"%(trailers:key={key},valueonly)" for key in ("Trial", "Program", "Restores"))
    form = "%x1f".join(("%H", "%ct", "%s", *trailers)) + "%x1e"
    changes = []
    for entry in git("log", "--reverse", f"--format={form}", "HEAD").split("\x1e"):
        fields = [f.strip() for f in entry.split("\x1f")]
        if len(fields) == 6 and fields[4]:
            changes.append(
                ChampionChange(
                    commit=fields[0],
                    when=float(fields[1]),
                    subject=fields[2],
                    trial=int(fields[5] or fields[3]),
                    program=fields[4],
                    rolled_back=bool(fields[5]),
                )
            )
    return tuple(changes)


def check_named_rows(git: Git, ledger: Ledger) -> None:
    """Checks that the ledger's row that a commit names is still the one that it named.

    Raises:
        LedgerCorrupt: names the line and the commit.
    """
    form = "%H %(trailers:key=Ledger,valueonly)"
    commits = git("log", f"--format={form}", "HEAD").splitlines()
    ledger.refresh()  # a commit may be younger than what was read
    hashes = {row.n: row.hash for row in ledger.rows}
    for entry in commits:
        words = entry.split()  # commit, number and hash; trailers end in empty lines
        if len(words) != 3 or hashes.get(int(words[1])) == words[2]:
            continue
        fate = "gone" if int(words[1]) > len(hashes) else f"not the one that commit {words[0][:12]} names"
        raise LedgerCorrupt(
            f"{ledger.path}: line {words[1]} is {fate}; the ledger was rewritten: restore it from git"
        )


def check_head(git: Git, ledger: Ledger, changes: Sequence[ChampionChange]) -> None:
    """Checks that what is checked out is the champion that the gate made, before anything is built on it.

    Args:
        git: of the system.
        ledger: its ledger.
        changes: what :func:`read_changes` gave.

    Raises:
        UsageError: HEAD moved to before the ledger's last word, or holds a program that was committed past the gate.
    """
    here = f"git -C {git.path}"
    last = next((r for r in reversed(ledger.rows) if isinstance(r.event, (Committed, RolledBack))), None)
    if last is not None and isinstance(last.event, (Committed, RolledBack)):
        named = last.event.commit
        known = {c.commit for c in changes}
        if named not in known:
            raise UsageError(
                f"HEAD of {git.path} was moved: commit {named[:12]}, which made trial {last.event.trial} the champion "
                f"(ledger line {last.n}), is not in its history; go back with: {here} reset --keep {named[:12]}"
            )
    if not changes:
        return
    champion = changes[-1]
    if git.names("HEAD", *PROGRAM_PATHS) != git.names(champion.commit, *PROGRAM_PATHS):
        raise UsageError(
            f"the program of {git.path} was committed past the gate, after trial {champion.trial}; to have it judged: "
            f"{here} reset --soft {champion.commit[:12]}, then: hl gate {git.path}"
        )


def last_named_row(git: Git) -> int:
    """The number of the latest ledger row that a commit names, 0 where none does."""
    named = git("log", "-1", "--grep=^Ledger: ", "--format=%(trailers:key=Ledger,valueonly)", "HEAD").split()
    return int(named[0]) if named and named[0].isdigit() else 0


def accepted(changes: Sequence[ChampionChange]) -> str:
    """The trials' numbers; a rollback names one again."""
    return ", ".join(str(n) for n in dict.fromkeys(c.trial for c in changes)) or "none yet"
