"""A throw-away copy of a system for an editor: what it changes there is found by comparing files, and nothing else.

The copy has a repository of its own with one commit, so that an agent can stash, branch, commit, reset and compare as
it is used to. It has no remote and no link to the system's repository, and no part of it is asked for anything
afterwards: not its git, not its configuration. The ledger, the program store and recordings stay outside.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hlearn.program import PROGRAM_PATHS, in_system
from hlearn.system.files import entries, is_scratch, read_plain, same_text
from hlearn.system.git import Git, Position
from hlearn.system.program_files import remove

_REMEMBERED = ("memory", "failures")  # written after the commit, by trials that were turned down
_NOTES = "memory/notes.md"  # the editor's own; a person's edit of it waits for its commit
_LEFT_OUT = ("ledger.jsonl", "programs/")
_GUARDED = (*PROGRAM_PATHS, "hl.toml", "tests", "cases")  # of the system's own folder
_COMPARED = 64 << 20  # bytes of a file that are looked at
MARK = "hl-copy"  # a file in the copy's .git that says what it is


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCopy:
    """A copy that an editor works in.

    Attributes:
        path: its folder; the folder above it is throw-away too, for what lies beside.
        files: what was put there, by path.
        system: the system's own folder.
    """

    path: Path
    files: Mapping[str, bytes]
    system: Path
    guard: FolderGuard

    def changed(self) -> dict[str, str]:
        """Paths that differ from what was put there, each with how: A added, M edited, D deleted.

        A file that differs in line ends, spaces at the ends of lines or a byte order mark was not edited.
        """
        found: dict[str, str] = {}
        for path in entries(self.path):
            before = self.files.get(path)
            if before is None:
                found[path] = "A"
                continue
            present = read_plain(self.path, path, _COMPARED)
            if present is None or not same_text(present, before):
                found[path] = "M"
        gone = self.files.keys() - set(entries(self.path))
        found |= {path: "D" for path in gone if not path.endswith(".gitkeep") and not is_scratch(path)}
        return found


class FolderGuard:
    """Remembers how the system's own folder and repository stand, and puts back what was changed since.

    Args:
        path: the folder.
        git: its repository.
    """

    def __init__(self, path: Path, git: Git) -> None:
        self._path = path
        self._git = git
        self._position: Position = git.position()
        self._files: dict[str, bytes] = {}
        for start in _GUARDED:
            for name in entries(path, start):
                content = read_plain(path, name, _COMPARED)
                if content is not None:
                    self._files[name] = content

    def moved(self) -> bool:
        """Whether HEAD or its branch moved; they are put back."""
        try:
            if self._git.position() == self._position:
                return False
        except Exception:  # noqa: BLE001 - a HEAD that names nothing moved as well
            pass
        (self._git.folder / "HEAD").write_text(
            f"ref: {self._position.branch}\n" if self._position.branch else f"{self._position.commit}\n"
        )
        self._git.return_to(self._position)
        return True

    def disturbed(self) -> list[str]:
        """Files by which programs are judged that were changed or deleted since; they are put back."""
        changed = [n for n, was in self._files.items() if read_plain(self._path, n, _COMPARED) != was]
        for name in changed:
            file = self._path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.is_dir() and not file.is_symlink():
                shutil.rmtree(file)
            file.unlink(missing_ok=True)
            file.write_bytes(self._files[name])
        # A file of a program that was not there would be part of it, or make two of it.
        added = [n for n in entries(self._path, *PROGRAM_PATHS) if in_system(n) and n not in self._files]
        for name in added:
            remove(self._path, name)
        return sorted(changed + added)


@contextmanager
def working_copy(path: Path, git: Git) -> Iterator[WorkingCopy]:
    """Makes a copy of the champion's commit, with the memory as it stands, and drops it at the end.

    Args:
        path: the system's folder.
        git: its repository.
    """
    files = {name: content for name, content in git.files("HEAD").items() if not name.startswith(_LEFT_OUT)}
    for name in entries(path, *_REMEMBERED):
        content = read_plain(path, name, _COMPARED)
        if content is not None and name != _NOTES:
            files[name] = content
    with tempfile.TemporaryDirectory(prefix="hlearn-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder).resolve() / "system"
        for name, content in files.items():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(content)
        own = Git(copy)
        own("init", "--quiet", "--initial-branch=main")
        (own.folder / "info").mkdir(exist_ok=True)
        (own.folder / "info" / "attributes").write_text(
            "* -text\n"
        )  # whatever the agent's core.autocrlf says
        (own.folder / MARK).touch()
        own("config", "user.name", "editor")
        own("config", "user.email", "editor@localhost")
        own("add", "--all", "--force")
        subject = git("log", "-1", "--format=%s", "HEAD").strip()
        own("commit", "--quiet", "--allow-empty", "-m", subject or "The champion")
        yield WorkingCopy(path=copy, files=files, system=path, guard=FolderGuard(path, git))


def is_copy(path: Path) -> bool:
    """Whether a folder is such a copy."""
    return (path / ".git" / MARK).is_file()
