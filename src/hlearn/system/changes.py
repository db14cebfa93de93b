"""The commits of a system that changed its champion."""

from __future__ import annotations

from dataclasses import dataclass

from hlearn.system.git import Git


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
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


def read_changes(git: Git) -> tuple[Change, ...]:
    """The commits that changed the champion, oldest first."""
    trailers = (f"%(trailers:key={key},valueonly)" for key in ("Trial", "Program", "Restores"))
    form = "%x1f".join(("%H", "%ct", "%s", *trailers)) + "%x1e"
    changes = []
    for entry in git("log", "--reverse", f"--format={form}", "HEAD").split("\x1e"):
        fields = [f.strip() for f in entry.split("\x1f")]
        if len(fields) == 6 and fields[4]:
            changes.append(
                Change(
                    commit=fields[0],
                    when=float(fields[1]),
                    subject=fields[2],
                    trial=int(fields[5] or fields[3]),
                    program=fields[4],
                    rolled_back=bool(fields[5]),
                )
            )
    return tuple(changes)
