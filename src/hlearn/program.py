"""A program: the files of one policy, addressed by their content (layer 0, standard library only).

Most programs are one file, ``policy.py``. A larger one is a package, ``policy/``: ``__init__.py`` with the policy,
other modules, and small binary assets such as tables. Where the files lie is said here and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

PACKAGE = "policy"  # the folder of a program of several files, and what it is imported as
PROGRAM_FILE = "policy.py"  # a program of one file
PROGRAM_PATHS = (PROGRAM_FILE, PACKAGE)  # a system has one of them
ASSETS = {".npy": b"\x93NUMPY", ".npz": b"PK", ".onnx": b"\x08"}
"""File types of assets, and the bytes with which such a file begins. Nothing that may hold a pickle is among them."""

MOST_FILES = 64
MOST_BYTES = 1 << 20  # all files of a program together, networks left out
NETWORK = ".onnx"
MOST_NETWORK_BYTES = 4 << 20  # all networks of a program together

_MAIN = "__init__.py"
_HEAD = b"\0hlearn program 1 "  # no Python begins with NUL
_RAW = b"\0hlearn file "  # so that one file that does is no package's content
_FOLDER = r"(?:[A-Za-z_][A-Za-z0-9_]*/)*"
_MODULE = re.compile(_FOLDER + r"[A-Za-z_][A-Za-z0-9_]*\.py")
_ASSET = re.compile(_FOLDER + r"[A-Za-z0-9_][A-Za-z0-9_-]*(?:" + "|".join(map(re.escape, ASSETS)) + ")")


def in_system(path: str) -> bool:
    """Whether a path within a system may be a file of its program."""
    folder, _, within = path.partition("/")
    return path == PROGRAM_FILE or (folder == PACKAGE and is_program_file(within))


def is_program_file(path: str) -> bool:
    """Whether a path within the package may be a file of a program: a module or an asset."""
    return bool(_MODULE.fullmatch(path) or _ASSET.fullmatch(path))


class Module(NamedTuple):
    """One module of a program.

    Attributes:
        name: as it is imported, ``policy`` or ``policy.detectors``.
        path: where it lies in a system, which is what tracebacks call it.
        source: its text.
        is_package: whether it is the ``__init__.py`` of a folder.
    """

    name: str
    path: str
    source: str
    is_package: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFile:
    """A file of a package beside its ``__init__.py``.

    Attributes:
        path: within the package, folders separated by ``/``.
        data: its bytes.
    """

    path: str
    data: bytes

    @property
    def is_module(self) -> bool:
        """Whether it is Python."""
        return self.path.endswith(".py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The source of one policy, addressed by its content.

    The source is the file's text byte for byte, a byte order mark and whatever line ends it has included, so that the
    address of a program of one file is the SHA-256 of that file. It runs as Python runs such a file: the mark is
    skipped, every line end ends a line. Two files that differ in these alone are two programs. (What is no UTF-8 at
    all, lone surrogates, has an address too, and is refused as soon as it is to run.)

    Attributes:
        source: Python source of the main module, which defines (or imports) exactly one concrete policy class.
        parent: SHA-256 of the program it was edited from, or None for the first.
        files: the other files of a package, by path; none where the program is one file.
    """

    source: str
    parent: str | None = None
    files: tuple[ProgramFile, ...] = ()
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        paths = [f.path for f in self.files]
        for path in paths:
            if path == _MAIN or not is_program_file(path):
                raise ValueError(
                    f"{PACKAGE}/{path} cannot be a file of a program; expected names of modules and of assets "
                    f"({', '.join(ASSETS)}) in plain folders"
                )
        if len(set(paths)) != len(paths):
            raise ValueError(f"a program has each file once, got {sorted(paths)}")
        object.__setattr__(self, "files", tuple(sorted(self.files, key=lambda f: f.path)))
        object.__setattr__(self, "sha256", hashlib.sha256(self.content()).hexdigest())

    def content(self) -> bytes:
        """What the address is the SHA-256 of: the file, or the list of files and then their bytes."""
        source = self.source.encode("utf-8", "surrogatepass")
        if not self.files:
            return _RAW + source if source.startswith(b"\0") else source
        parts = [(_MAIN, source), *((f.path, f.data) for f in self.files)]
        listed = json.dumps([[path, len(data)] for path, data in parts], separators=(",", ":"))
        return _HEAD + listed.encode() + b"\n" + b"".join(data for _, data in parts)

    @classmethod
    def of_content(cls, content: bytes, parent: str | None = None) -> Self:
        """The program with this content.

        Raises:
            ValueError: it is no content of a program.
        """
        if not content.startswith(_HEAD):
            source = content.removeprefix(_RAW)
            return cls(source=source.decode("utf-8", "surrogatepass"), parent=parent)
        listed, _, data = content[len(_HEAD) :].partition(b"\n")
        files: list[ProgramFile] = []
        for path, size in json.loads(listed):
            files.append(ProgramFile(path=path, data=data[:size]))
            data = data[size:]
        main, *others = files
        return cls(source=main.data.decode("utf-8", "surrogatepass"), parent=parent, files=tuple(others))

    @classmethod
    def of_files(cls, files: Mapping[str, bytes], parent: str | None = None) -> Self | None:
        """The program that lies in a folder; None where none does.

        Args:
            files: bytes by path within the system; what belongs to no program is passed over.
            parent: SHA-256 of the program it was edited from.

        Raises:
            ValueError: one file and a package at once, no main module, or text that is not UTF-8.
        """
        within = [path for path in files if path != PROGRAM_FILE and in_system(path)]
        packed = {path.partition("/")[2]: files[path] for path in within}
        if PROGRAM_FILE in files:
            if packed:
                raise ValueError(
                    f"there is both {PROGRAM_FILE} and {PACKAGE}/: a program is one or the other, remove one"
                )
            return cls(source=_text(PROGRAM_FILE, files[PROGRAM_FILE]), parent=parent)
        if not packed:
            return None
        if _MAIN not in packed:
            raise ValueError(f"{PACKAGE}/ has no {_MAIN}, which holds the policy")
        for path, data in packed.items():
            if path.endswith(".py"):
                _text(f"{PACKAGE}/{path}", data)
        others = tuple(ProgramFile(path=p, data=d) for p, d in packed.items() if p != _MAIN)
        return cls(source=packed[_MAIN].decode(), parent=parent, files=others)

    def as_files(self) -> dict[str, bytes]:
        """The files as they lie in a system, main module first."""
        source = self.source.encode("utf-8", "surrogatepass")
        if not self.files:
            return {PROGRAM_FILE: source}
        return {f"{PACKAGE}/{_MAIN}": source} | {f"{PACKAGE}/{f.path}": f.data for f in self.files}

    @property
    def path(self) -> str:
        """What to call it in a sentence: its file or its folder."""
        return f"{PACKAGE}/" if self.files else PROGRAM_FILE

    @property
    def modules(self) -> tuple[Module, ...]:
        """Its modules, the main one first."""
        main = f"{PACKAGE}/{_MAIN}" if self.files else PROGRAM_FILE
        found = [Module(PACKAGE, main, self.source, bool(self.files))]
        for file in self.files:
            if file.is_module:
                parts = [PACKAGE, *file.path.removesuffix(".py").split("/")]
                is_package = parts[-1] == "__init__"
                name = ".".join(parts[:-1] if is_package else parts)
                text = file.data.decode("utf-8", "surrogatepass")
                found.append(Module(name, f"{PACKAGE}/{file.path}", text, is_package))
        return tuple(found)

    @property
    def assets(self) -> dict[str, bytes]:
        """Its assets by path within the package."""
        return {f.path: f.data for f in self.files if not f.is_module}

    def with_source(self, path: str, source: str) -> Program:
        """The same program with another text of one module, whose parent is this one's.

        Args:
            path: of the module, as in :attr:`Module.path`.
            source: its text.

        Raises:
            KeyError: there is no such module.
        """
        if path == self.modules[0].path:
            return replace(self, source=source)
        within = path.removeprefix(PACKAGE + "/")
        if all(f.path != within or not f.is_module for f in self.files):
            raise KeyError(f"no module {path}; the program has: {', '.join(m.path for m in self.modules)}")
        data = source.encode("utf-8", "surrogatepass")
        return replace(
            self, files=tuple(replace(f, data=data) if f.path == within else f for f in self.files)
        )

    def without_file(self, path: str) -> Program:
        """The same program without one file of its package, ``path`` within it."""
        return replace(self, files=tuple(f for f in self.files if f.path != path))


def _text(path: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        ) from None
