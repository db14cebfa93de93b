"""What every program of a system is judged by: its task, tests and cases, as they were committed."""

from __future__ import annotations

from pathlib import Path

from hlearn.system.additions import unfit
from hlearn.system.cases import Case, parse_case
from hlearn.system.files import entries, read_plain, same_text
from hlearn.system.git import Git

_JUDGED = ("tests", "cases")  # committed with an accepted trial only
_FILE_LIMIT = 1 << 20  # bytes of one added test or case


def is_case(path: str) -> bool:
    """Whether a path within a system is that of a regression case."""
    return path.startswith("cases/") and path.endswith(".json")


class JudgedFiles:
    """Tests and cases.

    Args:
        path: the system's folder.
        git: its repository.
    """

    def __init__(self, path: Path, git: Git) -> None:
        self._path = path
        self._git = git

    def committed(self) -> dict[str, bytes]:
        """Those by which a program is judged: as committed, whatever became of them in the folder."""
        return self._git.files("HEAD", *_JUDGED)

    def added(self) -> dict[str, bytes]:
        """Those that a person put into the folder and that were not committed yet."""
        known, added = self._git.names("HEAD", *_JUDGED), {}
        for path in entries(self._path, *_JUDGED):
            content = None if path in known else read_plain(self._path, path, _FILE_LIMIT)
            if content is not None and unfit(path, content, known) is None:
                added[path] = content
        return added

    def cases(self) -> tuple[Case, ...]:
        """Every regression case, by name: those that were committed, and those that a person added in the folder."""
        files = self.committed() | self.added()
        return tuple(parse_case(path, files[path]) for path in sorted(files) if is_case(path))

    def disturbed(self) -> tuple[str, ...]:
        """Paths of what must hold as committed (task, tests, cases) and was edited or deleted in the folder since.

        Line ends and spaces at the ends of lines do not count: a git with ``core.autocrlf`` changes them by itself.
        """
        committed = self._git.files("HEAD", "hl.toml", *_JUDGED)
        changed = []
        for path, content in committed.items():
            if path.endswith(".gitkeep"):
                continue
            present = read_plain(self._path, path, len(content) * 2 + _FILE_LIMIT)
            if present is None or not same_text(present, content):
                changed.append(path)
        return tuple(changed)
