"""The files of a folder as they lie on disk; links are not followed, repositories and caches not entered."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from hlearn.foreign_text import encoded

_SCRATCH = {".git", "__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".hypothesis"}


def is_scratch(path: str) -> bool:
    """Whether a path is what tools leave behind and nobody keeps."""
    parts = path.split("/")
    return not _SCRATCH.isdisjoint(parts) or parts[-1].endswith((".pyc", ".lock", "~", ".swp", ".orig"))


def entries(folder: Path, *under: str) -> Iterator[str]:
    """Paths within a folder of everything but folders: files, and also links, pipes and devices; sorted by name.

    Args:
        folder: where.
        *under: paths of interest within it; the whole folder where there are none.
    """
    for start in under or (".",):
        yield from _walk(folder, "" if start == "." else start)


def _walk(folder: Path, path: str) -> Iterator[str]:
    if path and is_scratch(path):
        return
    try:
        mode = os.lstat(folder / path).st_mode
    except OSError:
        return
    if not stat.S_ISDIR(mode):
        yield path
        return
    try:
        names = sorted(os.listdir(folder / path))
    except OSError:
        return
    for name in names:
        yield from _walk(folder, f"{path}/{name}" if path else name)


def is_plain(folder: Path, path: str) -> bool:
    """Whether a path is an ordinary file that no link on the way leads out to."""
    try:
        if not stat.S_ISREG(os.lstat(folder / path).st_mode):
            return False
        return (folder / path).resolve() == folder.resolve() / path
    except OSError:
        return False


def read_plain(folder: Path, path: str, limit: int) -> bytes | None:
    """Reads an ordinary file of at most ``limit`` bytes; None where it is something else, or longer."""
    try:
        fd = os.open(folder / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        data = file.read(limit + 1)
    return data if len(data) <= limit else None


def same_text(a: bytes, b: bytes) -> bool:
    """Whether two files differ in line ends, a byte order mark and spaces at the ends of lines at most."""
    return a == b or _bare(a) == _bare(b)


def _bare(data: bytes) -> bytes:
    lines = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").split(b"\n")
    return b"\n".join(line.rstrip() for line in lines).rstrip()


def write_whole(system: Path, path: str, content: str | bytes) -> None:
    """Writes a file of a system, whole or not at all.

    Args:
        system: its folder.
        path: within it.
        content: text is written as UTF-8.
    """
    whole = system / path
    whole.parent.mkdir(parents=True, exist_ok=True)
    folder = system / ".git"
    part = folder / "hl-part" if folder.is_dir() else system / ".hl-part"
    data = content if isinstance(content, bytes) else encoded(content)
    part.write_bytes(data)
    try:
        os.replace(part, whole)
    except OSError as error:
        part.unlink()
        if error.errno != errno.EXDEV:
            raise
        beside = whole.parent / ".hl-part"  # sandboxes of coding agents move nothing from folder to folder
        beside.write_bytes(data)
        os.replace(beside, whole)
