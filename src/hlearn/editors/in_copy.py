"""What editors have in common that run a command in a throw-away copy of the system.

The command finds a brief in Markdown beside the copy and edits files. What it changed is judged by the files as they
lie there when it ends, compared with the champion's; its exit status says nothing, and no git of the copy is asked. It
is ended at a time limit, and nothing that it started outlives the call. It runs with the user's rights, like any agent;
but, where the machine allows it, it sees neither the keys, nor the system's own folder, nor any process but its own
(:mod:`hlearn.system.commands`).
"""

from __future__ import annotations

import math
import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import hlearn
from hlearn.door import LabDoor
from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.editors.brief_text import brief_markdown
from hlearn.editors.changes import RefusedAttempt, read_changes, read_note
from hlearn.editors.transcript import Transcript
from hlearn.errors import UsageError
from hlearn.evaluate.api import Job, Result
from hlearn.foreign_text import encoded, safe_line
from hlearn.ledger import Refusal
from hlearn.program import PROGRAM_FILE
from hlearn.records import NO_COST, Cost, Evaluation, Split
from hlearn.system.commands import FinishedCommand, run_command
from hlearn.system.copies import WorkingCopy
from hlearn.trust import key_folders

_NOTES = "memory/notes.md"
_NEVER_RAN = {126: "cannot be executed", 127: "was not found"}  # what a shell means by an exit status


@runtime_checkable
class SystemDoor(Protocol):
    """What a lab must offer beside measuring, for an editor that works on files."""

    @property
    def charged(self) -> tuple[int, int]:
        """Episodes and environment steps charged so far."""

    def revisit(self, jobs: Sequence[Job]) -> list[Result]:
        """Plays episodes again that were paid for, with what is to be kept of them; charges nothing."""

    def working_copy(self) -> AbstractContextManager[WorkingCopy]:
        """A throw-away copy of the system; what it holds is dropped at the end."""

    def refused(self, why: str, kind: Refusal) -> None:
        """Writes down and shows why an attempt is no proposal."""

    def ran(
        self,
        *,
        cost: Cost,
        status: int,
        fault: Refusal | None,
        said: str,
        transcript: bytes,
        editor: str = "",
        env_steps: int = 0,
    ) -> tuple[str, str] | None:
        """Writes down that a client has ended, and keeps its output; returns where, with its SHA-256.

        Args:
            cost: what it cost beside environment steps.
            status: exit status.
            fault: what went wrong by its own words.
            said: its last words.
            transcript: its output, secrets taken out.
            editor: who it was, where not the run's editor.
            env_steps: environment steps charged while it ran.
        """

    def time_left(self) -> float:
        """Wall seconds that the run may still take, infinite without a cap."""

    def money_left(self) -> float | None:
        """US dollars that the run may still cost, None without a cap."""


class FileLab(Lab, SystemDoor, Protocol):
    """Both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where a command works.

    Attributes:
        tree: the copy.
        beside: the folder above it, throw-away too: the brief, the note and a private HOME lie there.
        brief: the brief's text.
        program: the program's path within the copy.
        door: the socket through which it measures, None where this machine has none.
        usd: US dollars that it may cost, None without a cap.
    """

    tree: Path
    beside: Path
    brief: str
    program: str
    door: Path | None
    usd: float | None = None

    @property
    def brief_file(self) -> Path:
        """Where the brief lies."""
        return self.beside / "BRIEF.md"

    @property
    def note_file(self) -> Path:
        """Where the command leaves a line for people."""
        return self.beside / "NOTE.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a command is started.

    Attributes:
        argv: program and arguments.
        env: its whole environment.
        secrets: texts that must not be in what is kept of its output.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a command's output says of it; the files say what it did.

    Attributes:
        cost: tokens and money, as far as it tells them.
        fault: what went wrong, None where nothing did.
        said: its last words, or the fault in its words.
    """

    cost: Cost = NO_COST
    fault: Refusal | None = None
    said: str = ""


class CopyEditor(ABC):
    """Runs a command once per proposal and takes the difference as the proposal.

    Args:
        name: how the ledger calls it.
        limit_s: wall seconds after which the command is ended with everything it started.
        dev_episodes: development episodes with which the result is measured before it is proposed.
        patience: attempts in a row without a proposal after which the editor gives up.
        proposals: proposals at most.
        label: what it is called before people, the name where "".
        at_once: how many proposals are made from one brief, each in a copy of its own; the best in development is
            judged first, and the gate chooses.
        feedback: whether brief and copy tell what became of earlier proposals; without, tries know nothing of each
            other but the champion: the control arm.

    Attributes:
        attempts: what became of the runs that were no proposals, oldest first.
    """

    deterministic = False

    def __init__(
        self,
        name: str,
        *,
        limit_s: float,
        dev_episodes: int,
        patience: int,
        proposals: int,
        label: str = "",
        at_once: int = 1,
        feedback: bool = True,
    ) -> None:
        self.name = name
        self._at_once = at_once
        self._feedback = feedback
        self._waiting: list[Proposal] = []
        self._label = label or name
        self.limit_s = limit_s
        self.attempts: list[str] = []
        self._dev_episodes = dev_episodes
        self._patience = patience
        self._left = proposals
        self._cost = Cost()  # since the last proposal
        self._kept: list[tuple[str, str]] = []

    @abstractmethod
    def _launch(self, place: Workspace) -> Launch:
        """Says how the command is started there."""

    def _read(self, place: Workspace, done: FinishedCommand, output: Transcript) -> Told:
        """Reads what the command said."""
        return Told(said=done.output.strip()[-600:])

    def _private_folders(self, copy: WorkingCopy) -> tuple[Path, ...]:
        """Folders of the user that the command has no use for."""
        return ()

    def _hopeless(self, kind: Refusal) -> bool:
        """Whether another attempt would end the same way."""
        return False

    def propose(self, brief: Brief, lab: Lab) -> Proposal | None:
        """Runs the command until it proposes something; None after several attempts without.

        Raises:
            UsageError: the lab has no system on disk to work in.
        """
        if not isinstance(lab, SystemDoor):
            raise UsageError("this editor works on files; it needs a lab with a system on disk")
        if not self._feedback:
            brief = replace(
                brief, rejected=(), lessons=(), since_accepted=0, evidence=None, champion_dev=None
            )
        if not self._waiting:
            for _ in range(self._at_once):
                made = self._one(brief, lab)
                if made is None:
                    break
                self._waiting.append(made)
            self._waiting.sort(key=_in_development)
        return self._waiting.pop() if self._waiting else None

    def _one(self, brief: Brief, lab: FileLab) -> Proposal | None:
        """One proposal from a brief."""
        for attempt in range(self._patience):
            if self._left <= 0 or (attempt and lab.remaining <= 0):
                return None
            try:
                proposal = self._attempt(brief, lab)
            except RefusedAttempt as refused:
                self.attempts.append(str(refused))
                lab.refused(str(refused), refused.kind)
                if self._hopeless(refused.kind):
                    return None
                continue
            self._left -= 1
            cost, kept = self._cost, tuple(self._kept)
            self._cost, self._kept = Cost(), []
            jobs = [Job(program=proposal.program, seed=s) for s in lab.seeds(0, self._dev_episodes)]
            outcomes = tuple(r.outcome for r in lab.measure(jobs))
            dev = Evaluation(program=proposal.program.sha256, split=Split.DEV, outcomes=outcomes)
            return replace(proposal, dev=dev, cost=cost, attachments=kept)
        return None

    def _attempt(self, brief: Brief, lab: FileLab) -> Proposal:
        with lab.working_copy() as copy:
            copy = copy if self._feedback else _forgetful(copy)
            lab.say(f"running {self._label[:60]}")
            where = brief.champion.path if brief.champion else PROGRAM_FILE
            done, told = self._run(brief, lab, copy, where)
            _check_system(copy, done)
            changes = read_changes(copy)
            for kind, why in changes.left_out:
                self.attempts.append(why)
                lab.refused(why, kind)
            if changes.program is None:
                raise RefusedAttempt(*self._nothing(done, told, where))
            note = read_note(copy.path.parent / "NOTE.txt") or safe_line(f"by {self._label[:80]}")
        parent = brief.champion.sha256 if brief.champion else None
        return Proposal(program=replace(changes.program, parent=parent), note=note, files=changes.files)

    def _nothing(self, done: FinishedCommand, told: Told, where: str) -> tuple[Refusal, str]:
        """Why nothing was changed."""
        how = f"exit status {done.status}"
        if done.timed_out:
            how = f"ended at its time limit of {self.limit_s:g} s"
        elif done.status in _NEVER_RAN:
            how += f": a command {_NEVER_RAN[done.status]}"
        kind = told.fault or Refusal.NO_CHANGE
        why = f"the command changed nothing in {where} ({how})"
        if told.fault is not None:
            why = f"{kind.value}: {why}"
        return kind, f"{why}\n{told.said.strip()[-600:]}"

    def _run(self, brief: Brief, lab: FileLab, copy: WorkingCopy, where: str) -> tuple[FinishedCommand, Told]:
        beside = copy.path.parent
        text = brief_markdown(brief, attempts=self.attempts if self._feedback else ())
        (beside / "BRIEF.md").write_bytes(encoded(text))
        for image in brief.evidence.images if brief.evidence is not None else ():
            (beside / "evidence").mkdir(exist_ok=True)
            (beside / "evidence" / image.name).write_bytes(image.data)
        limit_s = min(self.limit_s, max(1.0, lab.time_left()))
        with LabDoor(beside / "lab", lab) as door, Transcript() as output:
            place = Workspace(
                tree=copy.path,
                beside=beside,
                brief=text,
                program=where,
                door=door.path,
                usd=lab.money_left(),
            )
            launch = self._launch(place)
            began, charged = time.monotonic(), lab.charged[1]
            done = run_command(
                launch.argv,
                cwd=copy.path,
                env=launch.env,
                limit_s=limit_s,
                hidden=(*_hidden(copy), *self._private_folders(copy)),
                fixed=tuple(_fixed(copy)),
                own=beside,
                doors=(door,) if door.path else (),
                heard=output.hear,
            )
            told = self._read(place, done, output)
            if done.timed_out and told.fault in (None, Refusal.CLIENT_FAILED):
                told = replace(told, fault=Refusal.TIMED_OUT)
            cost = replace(told.cost, seconds=round(time.monotonic() - began, 3))
            kept = lab.ran(
                cost=cost,
                status=done.status,
                fault=told.fault,
                said=_without(told.said, launch.secrets),
                transcript=output.content(launch.secrets),
                env_steps=lab.charged[1] - charged,
            )
        self._cost += cost
        self._kept += [kept] if kept else []
        return done, replace(told, said=_without(told.said, launch.secrets))


def _forgetful(copy: WorkingCopy) -> WorkingCopy:
    """The copy without what was remembered of earlier trials."""
    told = [name for name in copy.files if name.startswith(("memory/", "failures/")) and name != _NOTES]
    for name in told:
        (copy.path / name).unlink(missing_ok=True)
    return replace(copy, files={name: data for name, data in copy.files.items() if name not in told})


def _in_development(proposal: Proposal) -> float:
    mean = proposal.dev.mean if proposal.dev is not None else None
    return -math.inf if mean is None else mean


def _without(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _check_system(copy: WorkingCopy, done: FinishedCommand) -> None:
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


def _fixed(copy: WorkingCopy) -> Iterator[Path]:
    """What judges: hlearn itself, and the interpreter with its packages that plays and judges."""
    package = Path(hlearn.__file__).resolve().parent
    for path in dict.fromkeys((package, Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve())):
        if not copy.path.is_relative_to(path) and path != Path("/"):
            yield path


def _hidden(copy: WorkingCopy) -> Iterator[Path]:
    """The keys, and the system's own folder unless what the command needs lies in it."""
    yield from key_folders()
    system = copy.system.resolve()
    needed = (copy.path, Path(sys.prefix).resolve(), Path(os.environ.get("HOME", "/")).resolve())
    if not any(path.is_relative_to(system) for path in needed):
        yield system
