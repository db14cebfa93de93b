"""The heuristic system on disk: an ordinary git repository that a person or an agent can open and understand."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from hlearn.errors import LedgerCorrupt, UsageError
from hlearn.foreign_text import encoded
from hlearn.ledger import (
    Committed,
    Ledger,
    ProgramAdded,
    ProgramStore,
    Trial,
)
from hlearn.ledger.journal import Clock
from hlearn.ledger.locking import lock
from hlearn.program import PROGRAM_FILE, PROGRAM_PATHS, in_system
from hlearn.records import Program
from hlearn.system.cases import Case, case_text
from hlearn.system.changes import ChampionChange, accepted, check_head, check_named_rows, read_changes
from hlearn.system.completion import WRITING, complete
from hlearn.system.config import Config, read_config
from hlearn.system.copies import WorkingCopy, working_copy
from hlearn.system.creation import create_system
from hlearn.system.files import entries, is_plain, write_whole
from hlearn.system.git import Git
from hlearn.system.judged import JudgedFiles
from hlearn.system.keys import take_key
from hlearn.system.memory import Memory, unified
from hlearn.system.program_files import files_of, read_program, write_program
from hlearn.system.rollback import roll_back
from hlearn.tasks.task import Task
from hlearn.trust import Key, KeyStore, Seeding, Worlds, fresh_key

_REMEMBERED = ("failures", "memory")
_KEPT = (*_REMEMBERED, "ledger.jsonl", "programs")  # committed at the end of a run too


class System:
    """A system that exists; use :meth:`create` or :meth:`open`.

    Attributes:
        path: its folder.
        config: task and learning seed.
        ledger: everything measured.
        programs: every program measured.
        keys: where its keys lie, outside of its folder.
        judged: tests and cases.
        memory: notes of what was tried and what went wrong.
    """

    def __init__(
        self, path: Path, config: Config, *, clock: Clock = time.time, keys: KeyStore | None = None
    ) -> None:
        self.path = path
        self.config = config
        self.clock = clock
        self.keys = keys or KeyStore()
        self._held = 0
        self.ledger = Ledger(path / "ledger.jsonl", clock=clock, find_key=self.keys.find, closed=True)
        if config.key and config.key not in self.ledger.keys:
            raise LedgerCorrupt(
                f"{self.ledger.path} never adopts key {config.key}, which hl.toml names: it, or its beginning, was "
                "written anew; restore the file from git"
            )
        self.programs = ProgramStore(path / "programs" / "pack")
        self.git = Git(path)
        self.judged = JudgedFiles(path, self.git)
        self.memory = Memory(path, self.write)

    @classmethod
    def create(
        cls,
        path: Path | str,
        task: Task,
        *,
        seed: int = 0,
        clock: Clock = time.time,
        key: Key | None = None,
        keys: KeyStore | None = None,
    ) -> System:
        """Creates a system without a program yet.

        Args:
            path: a folder that does not exist or is empty.
            task: what to learn.
            seed: learning seed.
            clock: seconds since the epoch.
            key: its key; a new one where None. The same key and seed give the same episodes.
            keys: where keys are kept.

        Raises:
            OutputExists: the folder is not empty.
            UsageError: git is not installed.
        """
        keys = keys or KeyStore()
        create_system(Path(path).absolute(), task, seed=seed, clock=clock, key=key or fresh_key(), keys=keys)
        return cls.open(path, clock=clock, keys=keys)

    @classmethod
    def open(cls, path: Path | str, *, clock: Clock = time.time, keys: KeyStore | None = None) -> System:
        """Opens a system and checks its ledger's chain, and its seals where the key is on this machine.

        Raises:
            UsageError: the folder is no system.
            SchemaTooNew: a newer hlearn wrote it.
            LedgerCorrupt: a past line of the ledger was edited, or written by something that lacks the key.
        """
        path = Path(path).absolute()
        config = read_config(path / "hl.toml")
        if not (path / ".git").exists():
            raise UsageError(f"{path} has hl.toml but no git repository; restore its .git folder")
        return cls(path, config, clock=clock, keys=keys)

    @contextmanager
    def exclusive(self, *, wait_s: float = 0.0, key: Key | None = None) -> Iterator[None]:
        """Holds the system for one writer; may be nested.

        A system without a usable key (it is older than keys, its key is not on this machine or was opened) takes a new
        one; what was measured before is not reused from then on.

        Args:
            wait_s: how long to wait for another hl that works in it, in seconds.
            key: a new key is this one, where one is taken.

        Raises:
            UsageError: another hl works in it, or its file system has no locks.
        """
        if self._held:
            self._held += 1
            try:
                yield
            finally:
                self._held -= 1
            return
        fd = os.open(self.git.folder / "hl.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            if not lock(fd, self.path, wait_s=wait_s):
                raise UsageError(f"another hl is working in {self.path}; wait for it or stop it")
            self.git.inherited = (fd,)  # a git that outlives a killed hl holds the lock until it ends
            self.git.clear_locks()
            self.ledger.refresh()
            self.ledger.closed, self._held = False, 1
            take_key(self, key)
            complete(self)
            yield
        finally:
            self.ledger.closed, self._held, self.git.inherited = True, 0, ()
            os.close(fd)

    # Keys -------------------------------------------------------------------------------------------------

    @property
    def worlds(self) -> Worlds:
        """What the labels of this system's episodes stand for, as far as this machine can tell."""
        seedings: dict[str, Seeding] = dict(self.ledger.opened)
        for name in self.ledger.keys:
            if name not in seedings and (key := self.keys.find(name)) is not None:
                seedings[name] = key.seeds
        return Worlds(self.ledger.epoch, seedings, folder=str(self.keys.folder))

    def reopen(self) -> None:
        """Reads the ledger anew, with the keys that are here now."""
        self.ledger = Ledger(self.ledger.path, clock=self.clock, find_key=self.keys.find, closed=True)

    # The program ------------------------------------------------------------------------------------------

    @property
    def task(self) -> Task:
        """What is learnt."""
        return self.config.task

    def champion(self) -> Program | None:
        """The committed program, None before the first accepted trial."""
        return self.program_at("HEAD")

    def program_at(self, revision: str) -> Program | None:
        """The program of a commit, None where it has none.

        Raises:
            UsageError: its files make up no program.
        """
        try:
            return Program.of_files(self.git.files(revision, *PROGRAM_PATHS))
        except ValueError as error:
            raise UsageError(f"{self.path}, commit {revision}: {error}") from error

    def working(self) -> Program | None:
        """The program as it stands in the folder, edits of a person included.

        Raises:
            UsageError: its files make up no program, or are no UTF-8 text.
        """
        try:
            return read_program(self.path)
        except UsageError as error:
            raise UsageError(f"{error}; or drop the edit with: {self._undo()}") from None

    def _undo(self) -> str:
        """The command that drops an edit of the program."""
        champion = self.champion()
        path = champion.path.rstrip("/") if champion else PROGRAM_FILE
        return f"git -C {self.path} checkout {path}"

    def put_program(self, files: Mapping[str, bytes]) -> None:
        """Has the folder hold these files of a program and no others; a kill on the way leaves a mark behind."""
        mark = self.git.folder / WRITING
        several = max(len(files), len(files_of(self.path))) > 1
        if several:
            mark.touch()
        write_program(self.path, files, self.write)
        if several:
            mark.unlink(missing_ok=True)

    def restore(self) -> None:
        """Puts the program in the folder back to the champion, unless a person edited it.

        Raises:
            UsageError: the folder holds an edit that no ledger knows.
        """
        working, champion = self.working(), self.champion()
        if (working and working.sha256) == (champion and champion.sha256):
            return
        if working is not None and working.sha256 not in self.programs:
            raise UsageError(
                f"{self.path / working.path} was edited and not committed; judge it with: hl gate {self.path}, "
                f"or drop it with: {self._undo()}"
            )
        self.put_program(champion.as_files() if champion else {})

    def commit(
        self,
        trial: Trial,
        program: Program,
        cases: Sequence[Case] = (),
        files: Sequence[tuple[str, str]] = (),
    ) -> str:
        """Makes the program of an accepted trial the champion; does nothing if that was done before.

        Args:
            trial: the trial that accepted it, with the files that its row holds.
            program: its files become the system's.
            cases: regression cases that it brings, where its row does not hold them.
            files: other files that came with the proposal (path within the system, text), likewise.

        Returns:
            The commit's hash.
        """
        with self.exclusive():
            for row in self.ledger.rows:
                if isinstance(row.event, Committed) and row.event.trial == trial.trial:
                    return row.event.commit
            known = {c.trial: c for c in self.history() if not c.rolled_back}
            if trial.trial in known:  # killed between the commit and its row
                commit = known[trial.trial].commit
            else:
                commit = self._commit_trial(trial, program, cases, files)
            self.programs.sync()
            self.ledger.append(Committed(trial=trial.trial, program=program.sha256, commit=commit))
            return commit

    def _commit_trial(
        self, trial: Trial, program: Program, cases: Sequence[Case], files: Sequence[tuple[str, str]]
    ) -> str:
        changes: dict[str, bytes | None] = {**self.turned_into(program), **self.judged.added()}
        changes |= {path: encoded(text) for path, text in files}
        # Last what the gate stores: nothing that came with the proposal stands in for it.
        changes |= {f"cases/{case.name}.json": encoded(case_text(case)) for case in cases}
        changes |= {path: encoded(text) for path, text in trial.files}
        number, digest = self.ledger.head
        reasons = "\n".join(f"- {r}" for r in trial.reasons)
        return self.commit_changes(
            f"Trial {trial.trial}: {' '.join(trial.note.split())[:100]}",
            f"{reasons}\n\nTrial: {trial.trial}\nProgram: {program.sha256}\nLedger: {number} {digest}",
            changes,
        )

    def write(self, path: str, content: str | bytes) -> None:
        """Writes a file of the folder, whole or not at all; a path within it."""
        write_whole(self.path, path, content)

    def history(self) -> tuple[ChampionChange, ...]:
        """The commits that changed the champion, oldest first."""
        return read_changes(self.git)

    def program_of(self, name: str | int) -> Program:
        """Returns a program by trial number, SHA-256 (a prefix will do) or git revision.

        Raises:
            UsageError: nothing of that name.
        """
        text = str(name)
        if text.isdigit() and len(text) < 7:
            for row in reversed(self.ledger.rows):
                if isinstance(row.event, Trial) and row.event.trial == int(text):
                    return self.programs.get(row.event.program)
        matches = self.programs.matching(text) if len(text) >= 7 else ()
        if len(matches) == 1:
            return self.programs.get(matches[0])
        found = self.git("rev-parse", "--verify", "--quiet", f"{text}^{{commit}}", ok=(0, 1, 128)).strip()
        program = self.program_at(found) if found else None
        if program is None:
            raise UsageError(
                f"{self.path} has no program {text}; accepted trials: {accepted(self.history())}"
            )
        return program

    def diff(self, a: str | int, b: str | int) -> str:
        """The change from one program to another, as a unified diff; names as in :meth:`program_of`."""
        return unified(self.program_of(a), self.program_of(b), str(a), str(b))

    def rollback(self, trial: int) -> str:
        """Makes the program of an earlier accepted trial the champion again.

        See :func:`hlearn.system.rollback.roll_back`.
        """
        return roll_back(self, trial)

    def turned_into(self, program: Program) -> dict[str, bytes | None]:
        """What changes where a program becomes the champion: its files, and those that go."""
        standing = (p for p in self.git.names("HEAD", *PROGRAM_PATHS) if in_system(p))
        return {**dict.fromkeys(standing), **program.as_files()}

    def commit_changes(self, subject: str, body: str, changes: Mapping[str, bytes | None]) -> str:
        """Commits these changes and the memory as it stands, and writes the changes into the folder."""
        self.put_program({p: c for p, c in changes.items() if c is not None and in_system(p)})
        for name, content in changes.items():
            if in_system(name):
                continue
            if content is None:
                (self.path / name).unlink(missing_ok=True)
            else:
                self.write(name, content)
        kept = self._as_they_stand(*_REMEMBERED)
        return self.git.commit(kept | dict(changes), f"{subject}\n\n{body}\n", when=self.clock())

    def _as_they_stand(self, *under: str) -> dict[str, bytes | None]:
        """Files of the folder as they lie there, and what is gone from it."""
        changes: dict[str, bytes | None] = dict.fromkeys(self.git.names("HEAD", *under))
        for path in entries(self.path, *under):
            if is_plain(self.path, path):
                changes[path] = (self.path / path).read_bytes()
        return changes

    # Memory -----------------------------------------------------------------------------------------------

    def check_standing(self) -> None:
        """Checks that the system stands as it was left, before anything is judged by it.

        Raises:
            UsageError: HEAD was moved or holds a program past the gate, or tests, cases or the task are not as
                committed; names it and says how to put it right.
        """
        check_head(self.git, self.ledger, self.history())
        disturbed = self.judged.disturbed()
        if disturbed:
            raise UsageError(
                f"{', '.join(disturbed[:10])} of {self.path} must hold as committed, and was changed since; look at it "
                f"with: git -C {self.path} diff; put it back with: "
                f"git -C {self.path} checkout HEAD -- {' '.join(map(shlex.quote, disturbed[:10]))}"
            )

    def add_program(self, program: Program, note: str) -> None:
        """Keeps a proposal's source and names it in the ledger, once."""
        self.programs.add(program)
        self.programs.sync()  # before any row names it
        with self.exclusive():
            if not any(
                isinstance(r.event, ProgramAdded) and r.event.program == program.sha256
                for r in self.ledger.rows
            ):
                self.ledger.append(ProgramAdded(program=program.sha256, parent=program.parent, note=note))

    def close_run(self, subject: str) -> None:
        """Commits the ledger, the program store and the memory as they stand at the end of a run.

        Edits of the program, of tests and of cases stay where they are: only an accepted trial commits them.
        """
        self.programs.sync()
        kept = self._as_they_stand(*_KEPT)
        if self.git.differing(kept):
            number, digest = self.ledger.head
            self.git.commit(kept, f"{subject}\n\nLedger: {number} {digest}\n", when=self.clock())

    def verify(self) -> int:
        """Checks the ledger's chain, and that every commit's word about the ledger still holds.

        Returns:
            The number of ledger rows.

        Raises:
            LedgerCorrupt: names the line or the commit.
        """
        check_named_rows(self.git, self.ledger)
        return self.ledger.verify()

    def working_copy(self) -> AbstractContextManager[WorkingCopy]:
        """A throw-away copy of the champion's commit, outside of the system's folder and without a link to it."""
        return working_copy(self.path, self.git)
