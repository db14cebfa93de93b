"""An editor that runs a command, such as a coding agent, in a git worktree of the system.

The command finds a brief in Markdown beside the worktree (``$HL_BRIEF``) and edits files. What it changed is judged
by the difference alone; its exit status says nothing. It gets no standard input, is ended at a time limit, and
nothing that it started outlives the call. It is not sandboxed: it runs with the user's rights, like any agent.
"""

from __future__ import annotations

import fnmatch
import os
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, runtime_checkable

from hlearn.editors.api import Brief, Lab, Proposal
from hlearn.editors.brief_text import brief_markdown
from hlearn.errors import HlearnError, UsageError
from hlearn.evaluate.api import Job
from hlearn.foreign_text import decoded, encoded, read_source, safe_line
from hlearn.records import Evaluation, Program, Split
from hlearn.system.cases import read_case
from hlearn.system.commands import ALLOWED, run_command
from hlearn.system.git import Git

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
_FILE_LIMIT = 1 << 20  # bytes of one added file
_NOTE_READ = 16 << 10  # bytes of a note that are looked at


@runtime_checkable
class SystemDoor(Protocol):
    """What a lab must offer beside measuring, for an editor that works on files."""

    def worktree(self) -> AbstractContextManager[Path]:
        """A throw-away checkout of the system; what it holds is dropped at the end."""

    def refused(self, why: str) -> None:
        """Writes down and shows why an attempt is no proposal."""


class _Refused(Exception):
    """The attempt is no proposal; the text says why."""


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
                with lab.worktree() as tree:
                    lab.say(f"running {self.command[:60]}")
                    program, files, note = self._attempt(brief, tree)
            except _Refused as refused:
                self.attempts.append(str(refused))
                lab.refused(str(refused))
                continue
            self._left -= 1
            results = lab.measure([Job(program=program, seed=s) for s in lab.seeds(0, self._dev_episodes)])
            dev = Evaluation(
                program=program.sha256, split=Split.DEV, outcomes=tuple(r.outcome for r in results)
            )
            return Proposal(program=program, note=note, dev=dev, files=files)
        return None

    def _attempt(self, brief: Brief, tree: Path) -> tuple[Program, tuple[tuple[str, str], ...], str]:
        git = Git(tree)
        base = git("rev-parse", "HEAD").strip()
        history = _branches(git)
        beside = tree.parent
        (beside / "BRIEF.md").write_bytes(encoded(brief_markdown(brief, attempts=self.attempts)))
        note = beside / "NOTE.txt"
        done = run_command(
            ["/bin/sh", "-c", self.command], cwd=tree, env=self._env(beside, tree), limit_s=self.limit_s
        )
        try:
            _put_back(git, history)
        except (HlearnError, OSError) as error:
            raise _Refused(f"refused as tampering: the worktree's git is broken: {error}") from error
        changed = _changes(git, base)
        refused = sorted(p for p, how in changed.items() if not _allowed(p, how))
        if refused:
            raise _Refused(f"refused as tampering: the command changed {', '.join(refused[:10])}")
        said = done.output.strip()[-600:]
        if "policy.py" not in changed:
            how = (
                f"ended at its time limit of {self.limit_s:g} s"
                if done.timed_out
                else f"exit status {done.status}"
            )
            if done.status in _NEVER_RAN:
                how += f": a command {_NEVER_RAN[done.status]}"
            raise _Refused(f"the command changed nothing in policy.py ({how})\n{said}")
        source = _text(tree, "policy.py")
        files = tuple((p, _text(tree, p)) for p in sorted(changed) if p != "policy.py")
        for path, _ in files:
            if path.startswith("cases/"):
                _check_case(tree / path)
        words = _note(note)
        program = Program(source=source, parent=brief.champion.sha256 if brief.champion else None)
        return program, files, words or safe_line(f"by {self.command[:80]}")

    def _env(self, beside: Path, tree: Path) -> dict[str, str]:
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
            **self._environment,
        }


def _changes(git: Git, base: str) -> dict[str, str]:
    """Paths that differ from the checkout, with how (A, M, D, T), committed by the command or not."""
    try:
        git("add", "--all", "--intent-to-add")
        listed = git("-c", "core.quotePath=false", "diff", "--no-renames", "--name-status", "-z", base)
    except (HlearnError, subprocess.SubprocessError, OSError) as error:
        raise _Refused(f"refused as tampering: the worktree's git is broken: {error}") from error
    parts = listed.split("\0")[:-1]
    return {path: how for how, path in zip(parts[::2], parts[1::2], strict=True) if _counts(path, how)}


def _branches(git: Git) -> dict[str, str]:
    """Where every branch and tag of the system stands; worktrees share them."""
    listed = git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(line.split(" ", 1) for line in listed)


def _put_back(git: Git, before: dict[str, str]) -> None:
    """Restores branches that the command moved, and refuses its work."""
    after = _branches(git)
    if after == before:
        return
    for name, target in before.items():
        git("update-ref", "--no-deref", name, target)
    for name in after.keys() - before.keys():
        git("update-ref", "-d", name)
    raise _Refused("refused as tampering: the command moved the system's history; it was put back")


def _counts(path: str, how: str) -> bool:
    """New files outside of what a system keeps are the command's scratch and are dropped."""
    return how != "A" or path == "policy.py" or path.split("/")[0] in ("tests", "cases")


def _allowed(path: str, how: str) -> bool:
    if path in ("policy.py", "memory/notes.md"):
        return how in "AM"
    return how == "A" and (
        path.startswith("tests/") or (path.startswith("cases/") and path.endswith(".json"))
    )


def _text(tree: Path, path: str) -> str:
    file = tree / path
    if file.is_symlink() or not file.is_file() or not file.resolve().is_relative_to(tree.resolve()):
        raise _Refused(f"refused: {path} is not a plain file")
    if file.stat().st_size > _FILE_LIMIT:
        raise _Refused(f"refused: {path} has {file.stat().st_size} bytes, at most {_FILE_LIMIT} are taken")
    try:
        return read_source(file)
    except UnicodeDecodeError:
        raise _Refused(f"refused: {path} is not UTF-8 text") from None


def _note(path: Path) -> str:
    """The first line that says something of the note that the command left, whatever bytes it holds; else ""."""
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open("rb") as file:
        lines = decoded(file.read(_NOTE_READ), _NOTE_READ).splitlines()
    return next((safe_line(line, 200) for line in lines if line.strip()), "")


def _check_case(path: Path) -> None:
    try:
        case = read_case(path)
    except UsageError as error:
        raise _Refused(f"refused: {error}") from error
    if case.split is not Split.DEV:
        raise _Refused(f"refused: {path.name} uses split {case.split}; added cases use development seeds")
