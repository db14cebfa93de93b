"""The heuristic system on disk: an ordinary git repository that a person or an agent can open and understand."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hlearn.errors import UsageError
from hlearn.foreign_text import encoded, read_source, write_source
from hlearn.ledger import Committed, Ledger, ProgramAdded, ProgramStore, RolledBack, Trial
from hlearn.ledger.journal import Clock
from hlearn.records import Failure, Program, Split
from hlearn.system import memory
from hlearn.system.cases import Case, read_cases, write_case
from hlearn.system.changes import Change, check_named_rows, read_changes
from hlearn.system.config import Config, read_config
from hlearn.system.founding import found
from hlearn.system.git import Git
from hlearn.tasks.task import Task

_JUDGED = ("policy.py", "tests", "cases")  # committed with an accepted trial only
_KEPT = ("failures", "memory", "ledger.jsonl", "programs")  # committed at the end of a run too


class System:
    """A system that exists; use :meth:`create` or :meth:`open`.

    Attributes:
        path: its folder.
        config: task and learning seed.
        ledger: everything measured.
        programs: every program measured.
    """

    def __init__(self, path: Path, config: Config, *, clock: Clock = time.time) -> None:
        self.path = path
        self.config = config
        self.clock = clock
        self.ledger = Ledger(path / "ledger.jsonl", clock=clock)
        self.programs = ProgramStore(path / "programs" / "pack")
        self.git = Git(path)

    @classmethod
    def create(cls, path: Path | str, task: Task, *, seed: int = 0, clock: Clock = time.time) -> System:
        """Creates a system without a program yet.

        Args:
            path: a folder that does not exist or is empty.
            task: what to learn.
            seed: learning seed.
            clock: seconds since the epoch.

        Raises:
            OutputExists: the folder is not empty.
            UsageError: git is not installed.
        """
        found(Path(path).absolute(), task, seed=seed, clock=clock)
        return cls.open(path, clock=clock)

    @classmethod
    def open(cls, path: Path | str, *, clock: Clock = time.time) -> System:
        """Opens a system and checks its ledger's chain.

        Raises:
            UsageError: the folder is no system.
            SchemaTooNew: a newer hlearn wrote it.
            LedgerCorrupt: a past line of the ledger was edited.
        """
        path = Path(path).absolute()
        config = read_config(path / "hl.toml")
        if not (path / ".git").exists():
            raise UsageError(f"{path} has hl.toml but no git repository; restore its .git folder")
        return cls(path, config, clock=clock)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Holds the system for one writer.

        Raises:
            UsageError: another hl works in it.
        """
        fd = os.open(self.path / ".git" / "hl.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(f"another hl is working in {self.path}; wait for it or stop it") from None
            (self.path / ".git" / "index.lock").unlink(missing_ok=True)  # left by a git that was killed
            self.git("worktree", "prune")
            yield
        finally:
            os.close(fd)

    # The program ------------------------------------------------------------------------------------------

    @property
    def task(self) -> Task:
        """What is learnt."""
        return self.config.task

    def champion(self) -> Program | None:
        """The committed program, None before the first accepted trial."""
        source = self.git.show("HEAD", "policy.py")
        return None if source is None else Program(source=source)

    def working(self) -> Program | None:
        """``policy.py`` as it stands in the folder, edits of a person included.

        Raises:
            UsageError: it is no UTF-8 text.
        """
        path = self.path / "policy.py"
        if not path.exists():
            return None
        try:
            return Program(source=read_source(path))
        except UnicodeDecodeError as error:
            raise UsageError(
                f"{path} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8, or drop the edit "
                f"with: git -C {self.path} checkout policy.py"
            ) from None

    def restore(self) -> None:
        """Puts ``policy.py`` back to the champion, unless a person edited it.

        Raises:
            UsageError: the file holds an edit that no ledger knows.
        """
        working, champion = self.working(), self.champion()
        if (working and working.sha256) == (champion and champion.sha256):
            return
        if working is not None and working.sha256 not in self.programs:
            raise UsageError(
                f"{self.path / 'policy.py'} was edited and not committed; judge it with: hl gate {self.path}, "
                f"or drop it with: git -C {self.path} checkout policy.py"
            )
        if champion is None:
            (self.path / "policy.py").unlink(missing_ok=True)
        else:
            write_source(self.path / "policy.py", champion.source)

    def commit(
        self,
        trial: Trial,
        program: Program,
        cases: Sequence[Case] = (),
        files: Sequence[tuple[str, str]] = (),
    ) -> str:
        """Makes the program of an accepted trial the champion; does nothing if that was done before.

        Args:
            trial: the trial that accepted it.
            program: becomes ``policy.py``.
            cases: regression cases that it brings.
            files: other files that came with the proposal (path within the system, text).

        Returns:
            The commit's hash.
        """
        for row in self.ledger.rows:
            if isinstance(row.event, Committed) and row.event.trial == trial.trial:
                return row.event.commit
        known = {c.trial: c for c in self.history() if not c.rolled_back}
        if trial.trial in known:  # killed between the commit and its row
            commit = known[trial.trial].commit
        else:
            write_source(self.path / "policy.py", program.source)
            for case in cases:
                write_case(self.path / "cases", case)
            for path, text in files:
                (self.path / path).parent.mkdir(parents=True, exist_ok=True)
                (self.path / path).write_text(text)
            number, digest = self.ledger.head
            reasons = "\n".join(f"- {r}" for r in trial.reasons)
            commit = self._commit(
                f"Trial {trial.trial}: {' '.join(trial.note.split())[:100]}",
                f"{reasons}\n\nTrial: {trial.trial}\nProgram: {program.sha256}\nLedger: {number} {digest}",
            )
        self.programs.sync()
        self.ledger.append(Committed(trial=trial.trial, program=program.sha256, commit=commit))
        return commit

    def history(self) -> tuple[Change, ...]:
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
        source = self.git.show(found, "policy.py") if found else None
        if source is None:
            raise UsageError(
                f"{self.path} has no program {text}; accepted trials: {_accepted(self.history())}"
            )
        return Program(source=source)

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
        changes = self.history()
        change = next((c for c in changes if c.trial == trial), None)
        if change is None:
            raise UsageError(
                f"{self.path}: trial {trial} was never accepted; accepted trials: {_accepted(changes)}"
            )
        source = self.git.show(change.commit, "policy.py")
        champion = self.champion()
        if source is None or (champion is not None and champion.source == source):
            raise UsageError(f"{self.path}: trial {trial} is the champion already")
        self.restore()
        write_source(self.path / "policy.py", source)
        self._restore_cases(trial, change.commit)
        number, digest = self.ledger.head
        commit = self._commit(
            f"Roll back to trial {trial}",
            f"Program: {change.program}\nRestores: {trial}\nLedger: {number} {digest}",
        )
        self.ledger.append(RolledBack(trial=trial, program=change.program, commit=commit))
        return commit

    def _restore_cases(self, trial: int, commit: str) -> None:
        for case in self.cases():
            if case.trial > trial:
                (self.path / "cases" / f"{case.name}.json").unlink()
        for name in self.git("ls-tree", "--name-only", commit, "cases/").split():
            if not (self.path / name).exists() and (text := self.git.show(commit, name)) is not None:
                (self.path / name).write_text(text, encoding="utf-8")

    def _commit(self, subject: str, body: str) -> str:
        tracked = (*_JUDGED, "failures", "memory")
        self.git("add", "--", *(p for p in tracked if (self.path / p).exists()))
        self.git("commit", "--quiet", "--allow-empty", "-m", subject, "-m", body, when=self.clock())
        return self.git("rev-parse", "HEAD").strip()

    # Memory -----------------------------------------------------------------------------------------------

    def cases(self) -> tuple[Case, ...]:
        """Every regression case, by name."""
        return read_cases(self.path / "cases")

    def disturbed_cases(self) -> tuple[str, ...]:
        """Paths of committed cases that were edited or deleted in the folder since."""
        return tuple(self.git("diff", "--name-only", "HEAD", "--", "cases").splitlines())

    def add_program(self, program: Program, note: str) -> None:
        """Keeps a proposal's source and names it in the ledger, once."""
        self.programs.add(program)
        if not any(
            isinstance(r.event, ProgramAdded) and r.event.program == program.sha256 for r in self.ledger.rows
        ):
            self.ledger.append(ProgramAdded(program=program.sha256, parent=program.parent, note=note))

    def remember(self, trial: Trial, program: Program, champion: Program | None) -> None:
        """Keeps a proposal that was not accepted, as a patch with the reasons."""
        folder = self.path / "memory" / "rejected"
        folder.mkdir(parents=True, exist_ok=True)
        text = memory.rejected_text(trial, program, champion)
        (folder / f"{trial.trial:04d}.patch").write_bytes(encoded(text))

    def remember_failures(
        self, trial: int, program: Program, failures: Sequence[Failure], split: Split
    ) -> None:
        """Keeps the first failed episode of each kind of a trial."""
        folder = self.path / "failures"
        folder.mkdir(parents=True, exist_ok=True)
        for kind, failure in {f.kind: f for f in reversed(failures)}.items():
            text = memory.failure_text(trial, program, failure, split.value)
            (folder / f"{trial:04d}-{kind.value}.md").write_bytes(encoded(text))

    def rejected(self) -> tuple[str, ...]:
        """Notes of the latest proposals that were turned down, with reasons, oldest first."""
        return memory.rejected_notes(self.path / "memory" / "rejected")

    def close_run(self, subject: str) -> None:
        """Commits the ledger, the program store and the memory as they stand at the end of a run.

        Edits of the program, of tests and of cases stay where they are: only an accepted trial commits them.
        """
        self.programs.sync()
        kept = [p for p in _KEPT if (self.path / p).exists()]
        self.git("add", "--", *kept)
        if self.git("status", "--porcelain", "--untracked-files=no", "--", *kept).strip():
            number, digest = self.ledger.head
            said = ("-m", subject, "-m", f"Ledger: {number} {digest}")
            self.git("commit", "--quiet", *said, "--", *kept, when=self.clock())

    def verify(self) -> int:
        """Checks the ledger's chain, and that every commit's word about the ledger still holds.

        Returns:
            The number of ledger rows.

        Raises:
            LedgerCorrupt: names the line or the commit.
        """
        check_named_rows(self.git, self.ledger)
        return self.ledger.verify()

    @contextmanager
    def worktree(self) -> Iterator[Path]:
        """A throw-away checkout of the champion's commit, outside the system's folder."""
        with tempfile.TemporaryDirectory(prefix="hlearn-") as folder:
            path = Path(folder) / "system"
            self.git("worktree", "add", "--quiet", "--detach", str(path), "HEAD")
            try:
                yield path
            finally:
                self.git("worktree", "remove", "--force", str(path), ok=(0, 128))
                self.git("worktree", "prune")


def _accepted(changes: Sequence[Change]) -> str:
    """The trials' numbers; a rollback names one again."""
    return ", ".join(str(n) for n in dict.fromkeys(c.trial for c in changes)) or "none yet"
