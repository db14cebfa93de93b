"""The heuristic system on disk: an ordinary git repository that a person or an agent can open and understand."""

from __future__ import annotations

import errno
import os
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from hlearn.errors import LedgerCorrupt, UsageError
from hlearn.foreign_text import encoded
from hlearn.ledger import (
    Committed,
    Ledger,
    ProgramAdded,
    ProgramStore,
    RolledBack,
    SeedsOpened,
    Trial,
)
from hlearn.ledger.journal import Clock
from hlearn.ledger.locking import lock
from hlearn.program import PROGRAM_FILE, PROGRAM_PATHS, in_system
from hlearn.records import Failure, Program, Split
from hlearn.system import memory
from hlearn.system.additions import unfit
from hlearn.system.cases import Case, case_text, parse_case
from hlearn.system.changes import ChampionChange, check_head, check_named_rows, read_changes
from hlearn.system.completion import ROLLING_BACK, WRITING, complete
from hlearn.system.config import Config, read_config
from hlearn.system.copies import WorkingCopy, working_copy
from hlearn.system.creation import create_system
from hlearn.system.files import entries, is_plain, read_plain, same_text
from hlearn.system.git import Git
from hlearn.system.program_files import files_of, read_program, write_program
from hlearn.tasks.task import Task
from hlearn.trust import PLAIN, Key, KeyStore, Seeding, Worlds, fresh_key

_JUDGED = ("tests", "cases")  # committed with an accepted trial only
_REMEMBERED = ("failures", "memory")
_KEPT = (*_REMEMBERED, "ledger.jsonl", "programs")  # committed at the end of a run too
_FILE_LIMIT = 1 << 20  # bytes of one added test or case


class System:
    """A system that exists; use :meth:`create` or :meth:`open`.

    Attributes:
        path: its folder.
        config: task and learning seed.
        ledger: everything measured.
        programs: every program measured.
        keys: where its keys lie, outside of its folder.
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
            self._clear_locks()
            self.ledger.refresh()
            self.ledger.closed, self._held = False, 1
            self._take_key(key)
            complete(self)
            yield
        finally:
            self.ledger.closed, self._held, self.git.inherited = True, 0, ()
            os.close(fd)

    def _clear_locks(self) -> None:
        """Takes away the locks of a git that was killed."""
        folder = self.git.folder
        for lock_file in (*folder.glob("*.lock"), *folder.glob("refs/**/*.lock")):
            if lock_file.name != "hl.lock":
                lock_file.unlink(missing_ok=True)

    # Keys -------------------------------------------------------------------------------------------------

    @property
    def worlds(self) -> Worlds:
        """What the labels of this system's episodes stand for, as far as this machine can tell."""
        seedings: dict[str, Seeding] = dict(self.ledger.opened)
        for name in self.ledger.keys:
            if name not in seedings and (key := self.keys.find(name)) is not None:
                seedings[name] = key.seeds
        return Worlds(self.ledger.epoch, seedings, folder=str(self.keys.folder))

    @property
    def needs_key(self) -> str:
        """Why the next writer takes another key, in one sentence; "" where the present one serves."""
        epoch = self.ledger.epoch
        if epoch == PLAIN:
            return "the system is older than keys: the seeds of its episodes until here are public"
        if epoch in self.ledger.opened:
            return f"the seeds of key {epoch} were opened"
        if self.keys.find(epoch) is None:
            return f"key {epoch} is not on this machine"
        return ""

    def accept_key(self, key: Key) -> None:
        """Brings the present key of this system to this machine.

        Raises:
            UsageError: it is another key.
        """
        epoch = self.ledger.epoch
        if key.id != epoch and epoch != PLAIN and epoch not in self.ledger.opened:
            raise UsageError(
                f"{self.path} has key {epoch}, not {key.id}; a key is given to a new system, or "
                "to one whose own was opened"
            )
        self.keys.keep(key)
        self._reopen()

    def _reopen(self) -> None:
        """Reads the ledger anew, with the keys that are here now."""
        self.ledger = Ledger(self.ledger.path, clock=self.clock, find_key=self.keys.find, closed=True)

    def _take_key(self, key: Key | None) -> None:
        why = self.needs_key
        if why:
            key = key or fresh_key()
            if key.id in self.ledger.opened:
                key = Key.new()
            self.keys.keep(key)
            self.ledger.adopt(key, why)

    def open_seeds(self) -> tuple[str, ...]:
        """Shows the seeds of every key that is here and was not opened: anybody can then play every episode again.

        What seals the ledger stays secret. Whoever writes next takes a new key.

        Returns:
            The ids of the keys that were opened.
        """
        closed = [name for name in self.ledger.keys if name not in self.ledger.opened]
        here = [key for name in closed if (key := self.keys.find(name)) is not None]
        if here:
            with self.exclusive():
                self.ledger.append(*(SeedsOpened(key=key.id, secret=key.seeds.secret.hex()) for key in here))
                self.close_run("Open the seeds")
        return tuple(key.id for key in here)

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
        write_program(self.path, files, self._write)
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
        changes: dict[str, bytes | None] = {**self._turned_into(program), **self.added_files()}
        changes |= {path: encoded(text) for path, text in files}
        # Last what the gate stores: nothing that came with the proposal stands in for it.
        changes |= {f"cases/{case.name}.json": encoded(case_text(case)) for case in cases}
        changes |= {path: encoded(text) for path, text in trial.files}
        number, digest = self.ledger.head
        reasons = "\n".join(f"- {r}" for r in trial.reasons)
        return self._commit(
            f"Trial {trial.trial}: {' '.join(trial.note.split())[:100]}",
            f"{reasons}\n\nTrial: {trial.trial}\nProgram: {program.sha256}\nLedger: {number} {digest}",
            changes,
        )

    def _write(self, path: str, content: str | bytes) -> None:
        """Writes a file of the system, whole or not at all."""
        whole = self.path / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        folder = self.path / ".git"
        part = folder / "hl-part" if folder.is_dir() else self.path / ".hl-part"
        data = content if isinstance(content, bytes) else encoded(content)
        part.write_bytes(data)
        try:
            os.replace(part, whole)
        except OSError as error:
            part.unlink()
            if error.errno != errno.EXDEV:
                raise
            beside = (
                whole.parent / ".hl-part"
            )  # sandboxes of coding agents move nothing from folder to folder
            beside.write_bytes(data)
            os.replace(beside, whole)

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
                f"{self.path} has no program {text}; accepted trials: {_accepted(self.history())}"
            )
        return program

    def diff(self, a: str | int, b: str | int) -> str:
        """The change from one program to another, as a unified diff; names as in :meth:`program_of`."""
        return memory.unified(self.program_of(a), self.program_of(b), str(a), str(b))

    def rollback(self, trial: int) -> str:
        """Makes the program of an earlier accepted trial the champion again, by a new commit.

        The regression cases are those that it stood for: what later trials stored is taken back, for it would turn
        down whatever is built on this one.

        Returns:
            The new commit's hash.

        Raises:
            UsageError: no such accepted trial, or it is the champion already.
        """
        with self.exclusive():
            changes = self.history()
            change = next((c for c in changes if c.trial == trial), None)
            if change is None:
                raise UsageError(
                    f"{self.path}: trial {trial} was never accepted; accepted trials: {_accepted(changes)}"
                )
            program, champion = self.program_at(change.commit), self.champion()
            if program is None or (champion is not None and champion.sha256 == program.sha256):
                raise UsageError(f"{self.path}: trial {trial} is the champion already")
            self.restore()
            intent = self.git.folder / ROLLING_BACK
            self._write(os.path.relpath(intent, self.path), f"{trial}\n")
            commit = self.carry_back(change, program)
            intent.unlink()
            return commit

    def carry_back(self, change: ChampionChange, program: Program) -> str:
        """Commits an earlier champion's program with the cases that it stood for; a step of :meth:`rollback`."""
        number, digest = self.ledger.head
        commit = self._commit(
            f"Roll back to trial {change.trial}",
            f"Program: {change.program}\nRestores: {change.trial}\nLedger: {number} {digest}",
            {**self._turned_into(program), **self._cases_of(change)},
        )
        self.ledger.append(RolledBack(trial=change.trial, program=change.program, commit=commit))
        return commit

    def _turned_into(self, program: Program) -> dict[str, bytes | None]:
        """What changes where a program becomes the champion: its files, and those that go."""
        standing = (p for p in self.git.names("HEAD", *PROGRAM_PATHS) if in_system(p))
        return {**dict.fromkeys(standing), **program.as_files()}

    def _cases_of(self, change: ChampionChange) -> dict[str, bytes | None]:
        """What changes in ``cases/`` where a trial's champion comes back: its cases, none of later ones."""
        standing = self.git.files("HEAD", "cases")
        changes: dict[str, bytes | None] = {}
        for path, content in standing.items():
            with suppress(UsageError):  # what is no case was stored by no trial
                if _is_case(path) and parse_case(path, content).trial > change.trial:
                    changes[path] = None
        for path, content in self.git.files(change.commit, "cases").items():
            if path not in standing or path in changes:
                changes[path] = content
        return changes

    def _commit(self, subject: str, body: str, changes: Mapping[str, bytes | None]) -> str:
        """Commits these changes and the memory as it stands, and writes the changes into the folder."""
        self.put_program({p: c for p, c in changes.items() if c is not None and in_system(p)})
        for name, content in changes.items():
            if in_system(name):
                continue
            if content is None:
                (self.path / name).unlink(missing_ok=True)
            else:
                self._write(name, content)
        kept = self._as_they_stand(*_REMEMBERED)
        return self.git.commit(kept | dict(changes), f"{subject}\n\n{body}\n", when=self.clock())

    def _as_they_stand(self, *under: str) -> dict[str, bytes | None]:
        """Files of the folder as they lie there, and what is gone from it."""
        changes: dict[str, bytes | None] = dict.fromkeys(self.git.names("HEAD", *under))
        for path in entries(self.path, *under):
            if is_plain(self.path, path):
                changes[path] = (self.path / path).read_bytes()
        return changes

    # What every program is judged by ----------------------------------------------------------------------

    def judged_files(self) -> dict[str, bytes]:
        """Tests and cases by which a program is judged: as committed, whatever became of them in the folder."""
        return self.git.files("HEAD", *_JUDGED)

    def added_files(self) -> dict[str, bytes]:
        """Tests and cases that a person put into the folder and that were not committed yet."""
        known, added = self.git.names("HEAD", *_JUDGED), {}
        for path in entries(self.path, *_JUDGED):
            content = None if path in known else read_plain(self.path, path, _FILE_LIMIT)
            if content is not None and unfit(path, content, known) is None:
                added[path] = content
        return added

    # Memory -----------------------------------------------------------------------------------------------

    def cases(self) -> tuple[Case, ...]:
        """Every regression case, by name: those that were committed, and those that a person added in the folder."""
        files = self.judged_files() | self.added_files()
        return tuple(parse_case(path, files[path]) for path in sorted(files) if _is_case(path))

    def disturbed(self) -> tuple[str, ...]:
        """Paths of what must hold as committed (task, tests, cases) and was edited or deleted in the folder since.

        Line ends and spaces at the ends of lines do not count: a git with ``core.autocrlf`` changes them by itself.
        """
        committed = self.git.files("HEAD", "hl.toml", *_JUDGED)
        changed = []
        for path, content in committed.items():
            if path.endswith(".gitkeep"):
                continue
            present = read_plain(self.path, path, len(content) * 2 + _FILE_LIMIT)
            if present is None or not same_text(present, content):
                changed.append(path)
        return tuple(changed)

    def check_standing(self) -> None:
        """Checks that the system stands as it was left, before anything is judged by it.

        Raises:
            UsageError: HEAD was moved or holds a program past the gate, or tests, cases or the task are not as
                committed; names it and says how to put it right.
        """
        check_head(self.git, self.ledger, self.history())
        disturbed = self.disturbed()
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

    def remember(self, trial: Trial, program: Program, champion: Program | None) -> None:
        """Keeps a proposal that was not accepted, as a patch with the reasons."""
        text = memory.rejected_text(trial, program, champion)
        self._write(os.path.relpath(self.rejected_note(trial.trial), self.path), text)

    def rejected_note(self, trial: int) -> Path:
        """The file that keeps a proposal that was not accepted."""
        return self.path / "memory" / "rejected" / f"{trial:04d}.patch"

    def remember_failures(
        self, trial: int, program: Program, failures: Sequence[Failure], split: Split
    ) -> None:
        """Keeps the first failed episode of each kind of a trial."""
        for kind, failure in {f.kind: f for f in reversed(failures)}.items():
            text = memory.failure_text(trial, program, failure, split.value)
            self._write(f"failures/{trial:04d}-{kind.value}.md", text)

    def rejected(self) -> tuple[str, ...]:
        """Notes of the latest proposals that were turned down, with reasons, oldest first."""
        return memory.rejected_notes(self.path / "memory" / "rejected")

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


def _is_case(path: str) -> bool:
    return path.startswith("cases/") and path.endswith(".json")


def _accepted(changes: Sequence[ChampionChange]) -> str:
    """The trials' numbers; a rollback names one again."""
    return ", ".join(str(n) for n in dict.fromkeys(c.trial for c in changes)) or "none yet"
