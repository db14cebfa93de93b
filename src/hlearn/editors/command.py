"""An editor that runs a command, such as a coding agent, in a throw-away copy of the system.

The command finds a brief in Markdown beside the copy (``$HL_BRIEF``) and edits files. What it changed is judged by the
files as they lie there when it ends, compared with the champion's; its exit status says nothing, and no git of the
copy is asked. It gets no standard input, is ended at a time limit, and nothing that it started outlives the call. It
runs with the user's rights, like any agent; but, where the machine allows it, it sees neither the keys, nor the
system's own folder, nor any process but its own (:mod:`hlearn.system.commands`).
"""

from __future__ import annotations

import fnmatch
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from hlearn.door import LabDoor
from hlearn.door.messages import ENVIRONMENT
from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.editors.brief_text import brief_markdown
from hlearn.editors.changes import RefusedAttempt, read_changes, read_note
from hlearn.errors import UsageError
from hlearn.evaluate.api import Job
from hlearn.foreign_text import encoded, safe_line
from hlearn.ledger import Refusal
from hlearn.program import PROGRAM_FILE
from hlearn.records import Evaluation, Split
from hlearn.system.commands import ALLOWED, Finished, run_command
from hlearn.system.copies import WorkingCopy
from hlearn.trust import key_folders

_PASSED = (
    *ALLOWED,
    "USER",
    "LOGNAME",
    "SHELL",
    "*_API_KEY",
    "*_BASE_URL",
    "*_API_BASE",
    "*_proxy",
    "*_PROXY",
)
_NEVER_RAN = {126: "cannot be executed", 127: "was not found"}  # what a shell means by an exit status


@runtime_checkable
class SystemDoor(Protocol):
    """What a lab must offer beside measuring, for an editor that works on files."""

    @property
    def charged(self) -> tuple[int, int]:
        """Episodes and environment steps charged so far."""

    def working_copy(self) -> AbstractContextManager[WorkingCopy]:
        """A throw-away copy of the system; what it holds is dropped at the end."""

    def refused(self, why: str, kind: Refusal) -> None:
        """Writes down and shows why an attempt is no proposal."""


class _FileLab(Lab, SystemDoor, Protocol):
    """Both."""


class CommandEditor:
    """Runs a command once per proposal and takes the difference as the proposal.

    Args:
        command: a shell command line.
        limit_s: wall seconds after which the command is ended with everything it started.
        dev_episodes: development episodes with which the result is measured before it is proposed.
        patience: attempts in a row without a proposal after which the editor gives up.
        proposals: proposals at most.
        private_home: give the command an empty HOME, so that it reads no login of the user.
        environment: additions to the allow-listed environment (PATH, HOME, language, ``*_API_KEY``, ``*_BASE_URL``).

    Attributes:
        attempts: what became of the runs that were no proposals, oldest first.
    """

    deterministic = False

    def __init__(
        self,
        command: str,
        *,
        limit_s: float = 1800.0,
        dev_episodes: int = 3,
        patience: int = 2,
        proposals: int = 50,
        private_home: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if not command.strip():
            raise UsageError("the command of the editor is empty; expected command:'COMMAND LINE'")
        self.name = f"command:{command}"
        self.command = command
        self.limit_s = limit_s
        self._dev_episodes = dev_episodes
        self._patience = patience
        self._left = proposals
        self._private_home = private_home
        self._environment = dict(environment or {})
        self.attempts: list[str] = []

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        """Runs the command until it proposes something; None after several attempts without.

        Raises:
            UsageError: the lab has no system on disk to work in.
        """
        if not isinstance(lab, SystemDoor):
            raise UsageError("this editor works on files; it needs a lab with a system on disk")
        for _ in range(self._patience):
            if self._left <= 0:
                return None
            try:
                proposal = self._attempt(brief, lab)
            except RefusedAttempt as refused:
                self.attempts.append(str(refused))
                lab.refused(str(refused), refused.kind)
                continue
            self._left -= 1
            jobs = [Job(program=proposal.program, seed=s) for s in lab.seeds(0, self._dev_episodes)]
            outcomes = tuple(r.outcome for r in lab.measure(jobs))
            dev = Evaluation(program=proposal.program.sha256, split=Split.DEV, outcomes=outcomes)
            return Proposal(program=proposal.program, note=proposal.note, dev=dev, files=proposal.files)
        return None

    def _attempt(self, brief: Brief, lab: _FileLab) -> Proposal:
        with lab.working_copy() as copy:
            lab.say(f"running {self.command[:60]}")
            done = self._run(brief, lab, copy)
            self._check_system(copy, done)
            changes = read_changes(copy)
            for kind, why in changes.left_out:
                self.attempts.append(why)
                lab.refused(why, kind)
            if changes.program is None:
                how = (
                    f"ended at its time limit of {self.limit_s:g} s"
                    if done.timed_out
                    else f"exit status {done.status}"
                )
                if done.status in _NEVER_RAN:
                    how += f": a command {_NEVER_RAN[done.status]}"
                where = brief.champion.path if brief.champion else PROGRAM_FILE
                raise RefusedAttempt(
                    Refusal.NO_CHANGE,
                    f"the command changed nothing in {where} ({how})\n{done.output.strip()[-600:]}",
                )
            note = read_note(copy.path.parent / "NOTE.txt") or safe_line(f"by {self.command[:80]}")
        parent = brief.champion.sha256 if brief.champion else None
        return Proposal(program=replace(changes.program, parent=parent), note=note, files=changes.files)

    def _run(self, brief: Brief, lab: _FileLab, copy: WorkingCopy) -> Finished:
        beside = copy.path.parent
        (beside / "BRIEF.md").write_bytes(encoded(brief_markdown(brief, attempts=self.attempts)))
        with LabDoor(beside / "lab", lab) as door:
            return run_command(
                ["/bin/sh", "-c", self.command],
                cwd=copy.path,
                env=self._env(beside, copy.path, door.path),
                limit_s=self.limit_s,
                hidden=tuple(_hidden(copy)),
                doors=(door,) if door.path else (),
            )

    def _check_system(self, copy: WorkingCopy, done: Finished) -> None:
        """Puts back what the command changed in the system's own folder, where no wall kept it away, and says so."""
        moved, disturbed = copy.guard.moved(), copy.guard.disturbed()
        if moved:
            raise RefusedAttempt(
                Refusal.HISTORY_MOVED,
                "refused as tampering: the command moved the history of the system's own repository; it was put back",
            )
        if disturbed:
            raise RefusedAttempt(
                Refusal.SYSTEM_DISTURBED,
                f"refused as tampering: the command changed {', '.join(disturbed[:10])} in the system's own folder; "
                "it was put back",
            )
        if done.killed:
            raise RefusedAttempt(
                Refusal.SUPERVISOR_KILLED,
                "refused as tampering: the command ended the process that had started it, which ends what it leaves "
                "running",
            )

    def _env(self, beside: Path, tree: Path, door: Path | None) -> dict[str, str]:
        env = {k: v for k, v in os.environ.items() if any(fnmatch.fnmatchcase(k, p) for p in _PASSED)}
        home = (
            tempfile.mkdtemp(prefix="home-", dir=beside)
            if self._private_home
            else os.environ.get("HOME", "/")
        )
        return env | {
            "HOME": home,
            "HL_BRIEF": str(beside / "BRIEF.md"),
            "HL_NOTE": str(beside / "NOTE.txt"),
            "HL_SYSTEM": str(tree),
            **({ENVIRONMENT: str(door)} if door else {}),
            **self._environment,
        }


def _hidden(copy: WorkingCopy) -> Iterator[Path]:
    """The keys, and the system's own folder unless what the command needs lies in it."""
    yield from key_folders()
    system = copy.system.resolve()
    needed = (copy.path, Path(sys.prefix).resolve(), Path(os.environ.get("HOME", "/")).resolve())
    if not any(path.is_relative_to(system) for path in needed):
        yield system
