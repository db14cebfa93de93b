"""A program as files in a folder: read as it stands, and written so that nothing of another one stays beside it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from hlearn.errors import UsageError
from hlearn.program import (
    MOST_BYTES,
    MOST_NETWORK_BYTES,
    NETWORK,
    PACKAGE,
    PROGRAM_FILE,
    Program,
    is_program_file,
)


def read_program(folder: Path) -> Program | None:
    """The program that lies in a system's folder, edits of a person included; None where there is none.

    What a package may not hold (notes, caches, other kinds of files) is no part of it.

    Raises:
        UsageError: one file and a package at once, no main module, too large, or text that is not UTF-8.
    """
    try:
        return Program.of_files(files_of(folder))
    except ValueError as error:
        raise UsageError(f"{folder}: {error}") from error


def read_program_at(path: Path) -> Program:
    """The program in a file of whatever name, or in the folder of a package.

    Raises:
        UsageError: there is none.
    """
    if not path.is_dir():
        try:
            files = {PROGRAM_FILE: _read(path)}
        except FileNotFoundError:
            raise UsageError(f"there is no program {path}") from None
    else:
        files = {f"{PACKAGE}/{name}": _read(path / name) for name in _package(path)}
    try:
        program = Program.of_files(files)
    except ValueError as error:
        raise UsageError(f"{path}: {str(error).removeprefix(PROGRAM_FILE).strip()}") from error
    if program is None:
        raise UsageError(
            f"there is no program {path}; expected a Python file, or a folder with an __init__.py"
        )
    return program


def files_of(folder: Path) -> dict[str, bytes]:
    """The bytes of a system's program as they lie there, whether they make up a program or not; by path.

    Raises:
        UsageError: a file is too large, or may not be read.
    """
    return {path: _read(folder / path) for path in _paths(folder)}


def write_program(
    folder: Path, files: Mapping[str, bytes], write: Callable[[str, bytes], None] | None = None
) -> None:
    """Writes a program's files (:meth:`Program.as_files`) into a system and takes away what another one left.

    Args:
        folder: of the system.
        files: by path; none where there is to be no program.
        write: writes one of them; plainly by default.
    """
    present = set(_paths(folder))
    for path in present - set(files):
        remove(folder, path)
    for path, data in files.items():
        if path in present and (folder / path).read_bytes() == data:
            continue
        if write is None:
            write_file(folder / path, data)
        else:
            write(path, data)


def remove(folder: Path, path: str) -> None:
    """Takes a file away, and the folders that it leaves empty."""
    (folder / path).unlink(missing_ok=True)
    for parent in list(Path(path).parents)[:-1]:
        try:
            (folder / parent).rmdir()
        except OSError:
            return


def write_file(path: Path, data: bytes) -> None:
    """Writes a file, its folders too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def _paths(folder: Path) -> Iterator[str]:
    """Where the files of a program lie in a system's folder."""
    if _is_plain(folder / PROGRAM_FILE):
        yield PROGRAM_FILE
    yield from (f"{PACKAGE}/{name}" for name in _package(folder / PACKAGE))


def _package(folder: Path) -> Iterator[str]:
    """Names within a package of what may be part of it."""
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(here, name)
            within = path.relative_to(folder).as_posix()
            if is_program_file(within) and _is_plain(path):
                yield within


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _read(path: Path) -> bytes:
    limit = MOST_NETWORK_BYTES if path.suffix == NETWORK else MOST_BYTES
    try:
        size = path.stat().st_size
        if size > limit:
            raise UsageError(f"{path} has {size} bytes; a program has at most {limit}")
        with path.open("rb") as file:  # a pipe is fine: --program <(...)
            data = file.read(limit + 1)
    except PermissionError:
        raise UsageError(f"{path} may not be read") from None
    if len(data) > limit:
        raise UsageError(f"{path} has more than {limit} bytes; a program has at most as many")
    return data
