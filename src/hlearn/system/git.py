"""The ``git`` binary, by subprocess, with nothing of anybody's configuration in it.

A repository can run commands by itself: hooks, filters and attributes, a file system monitor, signing and its program,
external diffs, includes of other files. None of it is the system's business, and all of it can be written by whoever
edits in the folder. So user's and machine's configuration are not read, what a repository's own could switch on is
overruled, and content goes in and out by commands that know no filters: what is committed are the bytes that were
given, what is read are the bytes that were committed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from hlearn.errors import HarnessError, StorageFull, UsageError

_CONFIG = {
    "user.name": "hlearn",
    "user.email": "hlearn@localhost",
    "core.hooksPath": "/dev/null",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.splitIndex": "false",
    "core.sparseCheckout": "false",
    "core.autocrlf": "false",
    "core.safecrlf": "false",
    "core.quotePath": "false",
    "core.fsync": "committed",
    "core.pager": "cat",
    "core.sshCommand": "false",
    "color.ui": "never",
    "commit.gpgsign": "false",
    "gpg.program": "false",
    "log.showSignature": "false",
    "log.mailmap": "false",
    "i18n.commitEncoding": "UTF-8",
    "i18n.logOutputEncoding": "UTF-8",
    "trailer.separators": ":",
    "protocol.allow": "never",
    "submodule.recurse": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "fastimport.unpackLimit": "1000",
    "init.defaultBranch": "main",
    "advice.detachedHead": "false",
}
_KEPT = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
_NEXT = "refs/hlearn/next"  # where a commit stands until the branch moves to it
_PLAIN = ("100644", "100755")


class Position(NamedTuple):
    """Where a repository stands: the branch that HEAD names ("" where it names a commit) and the commit."""

    branch: str
    commit: str


class Git:
    """One repository.

    Args:
        path: its working tree; ``.git`` in it is a folder, or the file of a linked worktree or submodule.

    Raises:
        UsageError: git is not installed.
    """

    def __init__(self, path: Path) -> None:
        binary = shutil.which("git")
        if binary is None:
            raise UsageError(
                "git is not installed; hlearn keeps a system's history in it: apt-get install git"
            )
        self.path = path
        self.inherited: tuple[
            int, ...
        ] = ()  # descriptors that every git keeps open: a lock that must outlive us
        self._command = [binary, *(x for k, v in _CONFIG.items() for x in ("-c", f"{k}={v}"))]
        self._env = {k: os.environ[k] for k in _KEPT if k in os.environ} | {
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_ALLOW_PROTOCOL": "none",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "HOME": os.devnull,
            "LC_ALL": "C.UTF-8",
        }

    def clear_locks(self) -> None:
        """Takes away the locks of a git that was killed; for who holds the repository alone."""
        for lock_file in (*self.folder.glob("*.lock"), *self.folder.glob("refs/**/*.lock")):
            if lock_file.name != "hl.lock":
                lock_file.unlink(missing_ok=True)

    def __call__(
        self, *arguments: str, ok: Sequence[int] = (0,), when: float | None = None, given: bytes = b""
    ) -> str:
        """Runs one git command in the working tree and returns its standard output.

        Args:
            *arguments: after ``git``.
            ok: exit codes that are no failure.
            when: time for a commit (seconds since the epoch); the present by default.
            given: standard input.

        Raises:
            StorageFull: git says that no space is left.
            UsageError: the repository belongs to another user.
            HarnessError: any other failure, with git's message.
        """
        return self._run(arguments, ok, when, given).decode(errors="replace")

    def _run(
        self,
        arguments: Sequence[str],
        ok: Sequence[int] = (0,),
        when: float | None = None,
        given: bytes = b"",
    ) -> bytes:
        env = self._env | {
            "GIT_WORK_TREE": str(self.path.absolute()),  # whatever core.worktree says
            "GIT_CEILING_DIRECTORIES": str(self.path.absolute().parent),
        }
        if when is not None:
            stamp = f"{int(when)} +0000"
            env |= {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
        if arguments[0] == "init":
            del env["GIT_WORK_TREE"]
        done = subprocess.run(
            [*self._command, *arguments],
            cwd=self.path,
            env=env,
            input=given,
            pass_fds=self.inherited,
            capture_output=True,
            check=False,
        )
        if done.returncode not in ok:
            message = (done.stderr.strip() or done.stdout.strip()).decode(errors="replace")
            if "No space left on device" in message:
                raise StorageFull(f"{self.path}: git {arguments[0]}: {message}; what was committed is intact")
            if "dubious ownership" in message:
                raise UsageError(
                    f"{self.path} belongs to another user, so git does not touch it; work in a copy of your own (cp -r)"
                )
            raise HarnessError(f"{self.path}: git {' '.join(arguments[:3])} failed: {message}")
        return done.stdout

    # Where it is ------------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """The repository's own folder: ``.git``, or where the file ``.git`` of a linked worktree points."""
        link = self.path / ".git"
        if link.is_file():
            said = link.read_text(errors="replace").strip()
            if said.startswith("gitdir:"):
                return (self.path / said.removeprefix("gitdir:").strip()).resolve()
        return link

    def position(self) -> Position:
        """The branch and the commit that are checked out."""
        branch = self("symbolic-ref", "--quiet", "HEAD", ok=(0, 1)).strip()
        return Position(branch, self("rev-parse", "--verify", "HEAD").strip())

    def return_to(self, position: Position) -> None:
        """Has HEAD and its branch stand where they stood; files and index stay as they are."""
        if position.branch:
            self("update-ref", "--no-deref", position.branch, position.commit)
            self("symbolic-ref", "HEAD", position.branch)
        else:
            self("update-ref", "--no-deref", "HEAD", position.commit)

    # Content ----------------------------------------------------------------------------------------------

    def files(self, revision: str, *under: str) -> dict[str, bytes]:
        """The plain files of a revision, by their paths; all of them, or those at and below some paths."""
        found = self.names(revision, *under)
        if not found:
            return {}
        data = self._run(("cat-file", "--batch"), given="".join(f"{n}\n" for n in found.values()).encode())
        files, at = {}, 0
        for path in found:
            end = data.index(b"\n", at)
            size = int(data[at:end].split()[2])
            files[path] = data[end + 1 : end + 1 + size]
            at = end + size + 2
        return files

    def names(self, revision: str, *under: str) -> dict[str, str]:
        """Paths of the plain files of a revision, with the name of each one's content (git's hash of it)."""
        found = {}
        for entry in self._run(("ls-tree", "-r", "-z", "--full-tree", revision, "--", *under)).split(b"\0")[
            :-1
        ]:
            about, path = entry.split(b"\t", 1)
            mode, _, name = about.decode().split()
            if mode in _PLAIN:
                found[os.fsdecode(path)] = name
        return found

    def differing(self, changes: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
        """Those of the changes that HEAD does not hold already."""
        names = self.names("HEAD")
        return {p: c for p, c in changes.items() if names.get(p) != (None if c is None else _name(c, names))}

    def read(self, revision: str, path: str) -> bytes | None:
        """A file's bytes at a revision, None where it is not there."""
        return self.files(revision, path).get(path)

    def show(self, revision: str, path: str) -> str | None:
        """Returns a file's text at a revision, or None where it is not there."""
        data = self.read(revision, path)
        return None if data is None else data.decode(errors="replace")

    def commit(self, changes: Mapping[str, bytes | None], message: str, *, when: float) -> str:
        """Commits the present commit's files with these changes, byte for byte; the working tree is not looked at.

        The index follows first and the branch last, so that a kill in between leaves the same changes staged.

        Args:
            changes: paths, each with its new bytes, or None where it is to go.
            message: subject, empty line, body.
            when: seconds since the epoch.

        Returns:
            The new commit's hash; one is made also where nothing changes.
        """
        head = self("rev-parse", "--verify", "HEAD").strip()
        changes = self.differing(changes)
        who = f"{_CONFIG['user.name']} <{_CONFIG['user.email']}> {int(when)} +0000".encode()
        parts = [b"commit ", _NEXT.encode(), b"\ncommitter ", who, b"\n", _data(message.encode()), b"from "]
        parts += [head.encode(), b"\n"]
        for path, content in changes.items():
            named = _quoted(path)
            parts.append(b"D " + named + b"\n" if content is None else b"M 100644 inline " + named + b"\n")
            if content is not None:
                parts.append(_data(content))
        parts.append(b"done\n")
        self._run(("fast-import", "--quiet", "--force", "--done"), given=b"".join(parts))
        commit = self("rev-parse", "--verify", _NEXT).strip()
        self._stage(commit, changes)
        self("update-ref", "-m", f"commit: {message.splitlines()[0]}", "HEAD", commit, head)
        self("update-ref", "-d", _NEXT, commit)
        return commit

    def _stage(self, commit: str, changes: Mapping[str, bytes | None]) -> None:
        entries = []
        for entry in self._run(("ls-tree", "-r", "-z", "--full-tree", commit)).split(b"\0")[:-1]:
            if os.fsdecode(entry.split(b"\t", 1)[1]) in changes:
                entries.append(entry + b"\0")
        gone = (path for path, content in changes.items() if content is None)
        entries += [b"0 " + b"0" * len(commit) + b"\t" + os.fsencode(path) + b"\0" for path in gone]
        # An index in the middle of a person's merge stays theirs.
        self._run(("update-index", "-z", "--index-info"), ok=(0, 128), given=b"".join(entries))


def _name(content: bytes, others: Mapping[str, str]) -> str:
    """Git's hash of a file's content, of the kind that the repository uses."""
    long = any(len(name) == 64 for name in others.values())
    return hashlib.new("sha256" if long else "sha1", b"blob %d\0" % len(content) + content).hexdigest()


def _data(content: bytes) -> bytes:
    return b"data %d\n" % len(content) + content + b"\n"


def _quoted(path: str) -> bytes:
    """A path as ``git fast-import`` reads it: in quotes, with what is special escaped."""
    raw = os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + raw + b'"'
