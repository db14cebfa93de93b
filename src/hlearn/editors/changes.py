"""From the files of a copy to a proposal, or to a typed reason why they are none."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from hlearn.errors import UsageError
from hlearn.foreign_text import decoded, safe_line
from hlearn.ledger import Refusal
from hlearn.program import PACKAGE, PROGRAM_FILE, PROGRAM_PATHS, in_system
from hlearn.records import Program, Split
from hlearn.system.additions import unfit
from hlearn.system.cases import cases_in
from hlearn.system.copies import WorkingCopy
from hlearn.system.files import entries, is_plain, read_plain
from hlearn.system.kept_tools import FOLDER, unfit_tool

_FILE_LIMIT = 1 << 20  # bytes of one file
_MOST_FILES = 200  # added tests and cases
_NOTE_READ = 16 << 10  # characters of a note that are looked at
_NOTES = "memory/notes.md"
TOOLS = f"{FOLDER}/"
_FORGED = ("ledger.jsonl", "programs")
_NAMED = {"hl.toml": Refusal.TASK_CHANGED, "tests": Refusal.TESTS_CHANGED, "cases": Refusal.CASES_CHANGED}


class RefusedAttempt(Exception):
    """The attempt is no proposal; the text says why.

    Args:
        kind: why, typed.
        why: in words.
    """

    def __init__(self, kind: Refusal, why: str) -> None:
        super().__init__(why)
        self.kind = kind


class Changes(NamedTuple):
    """What a command made of a copy.

    Attributes:
        program: what became of it, None where it is as it was.
        files: added tests and cases, added and edited tools, edited notes: path within the system and text.
        left_out: added tests and cases that are not taken, each with why; the rest is judged without them.
    """

    program: Program | None
    files: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[Refusal, str], ...] = ()


def read_changes(copy: WorkingCopy) -> Changes:
    """Reads what was changed. New files elsewhere are the command's scratch, and are left behind.

    Raises:
        RefusedAttempt: something was changed that is not the editor's, or the program cannot be taken.
    """
    changed = {path: how for path, how in copy.changed().items() if _counts(path, how)}
    _check_allowed(changed)
    if len(changed) > _MOST_FILES:
        raise RefusedAttempt(
            Refusal.TOO_LARGE, f"refused: {len(changed)} files were added, at most {_MOST_FILES} are taken"
        )
    texts, left_out = {}, []
    for path in sorted(p for p in changed if not in_system(p)):
        try:
            text = _text(copy.path, path)
            if path.startswith(TOOLS):
                if why := unfit_tool(path, text.encode()):
                    raise RefusedAttempt(Refusal.UNFIT_TOOL, why)
            elif not _is_ours(path):
                _check_added(copy, path, text)
            texts[path] = text
        except RefusedAttempt as refused:
            left_out.append((refused.kind, f"left out, judged without it: {refused}"))
    program = _program(copy, {p: how for p, how in changed.items() if in_system(p)})
    return Changes(program, tuple(texts.items()), tuple(left_out))


def _is_ours(path: str) -> bool:
    """Whether an editor may edit it."""
    return path == _NOTES or path.startswith(TOOLS) or in_system(path)


def _counts(path: str, how: str) -> bool:
    return how != "A" or _is_ours(path) or path.split("/")[0] in ("tests", "cases", *_FORGED)


def _program(copy: WorkingCopy, changed: Mapping[str, str]) -> Program | None:
    """The program as the command left it; of one file and a package side by side the one that is new is meant."""
    if not changed:
        return None
    before = {path for path in copy.files if in_system(path)}
    paths = [p for p in entries(copy.path, *PROGRAM_PATHS) if in_system(p)]
    if PROGRAM_FILE in paths and f"{PACKAGE}/__init__.py" in paths:
        dropped = PROGRAM_FILE if PROGRAM_FILE in before else PACKAGE
        paths = [p for p in paths if p.split("/")[0] != dropped]
    # What differs in line ends alone stays as it was.
    files = {p: _bytes(copy.path, p) if p in changed else copy.files[p] for p in paths}
    try:
        program = Program.of_files(files)
    except ValueError as error:
        raise RefusedAttempt(Refusal.NO_TEXT, f"refused: {error}") from error
    if program is None:
        raise RefusedAttempt(Refusal.FILE_CHANGED, "refused as tampering: the command deleted the program")
    return None if program.as_files() == {p: copy.files[p] for p in before} else program


def _check_allowed(changed: Mapping[str, str]) -> None:
    refused = {}
    for path, how in changed.items():
        top = path.split("/")[0]
        if in_system(path) or (how != "D" and _is_ours(path)):
            continue
        if how == "A":
            if top in _FORGED:
                refused[path] = Refusal.LEDGER_FORGED
            continue
        refused[path] = _NAMED.get(top, Refusal.FILE_CHANGED)
    if refused:
        first = min(refused.values(), key=list(Refusal).index)
        raise RefusedAttempt(
            first, f"refused as tampering: the command changed {', '.join(sorted(refused)[:10])}"
        )


def _check_added(copy: WorkingCopy, path: str, text: str) -> None:
    reason = unfit(path, text.encode(), copy.files)
    if reason is not None:
        raise RefusedAttempt(*reason)
    if not path.startswith("cases/"):
        return
    try:
        (case,) = cases_in([(path, text)])
    except UsageError as error:
        raise RefusedAttempt(Refusal.UNFIT_CASE, str(error)) from error
    if case.split is not Split.DEV:
        raise RefusedAttempt(
            Refusal.UNFIT_CASE, f"{path} uses split {case.split}; added cases use development seeds"
        )


def _text(folder: Path, path: str) -> str:
    try:
        return _bytes(folder, path).decode()
    except UnicodeDecodeError:
        raise RefusedAttempt(Refusal.NO_TEXT, f"{path} is not UTF-8 text") from None


def _bytes(folder: Path, path: str) -> bytes:
    if not is_plain(folder, path):
        raise RefusedAttempt(Refusal.NO_PLAIN_FILE, f"{path} is not a plain file")
    data = read_plain(folder, path, _FILE_LIMIT)
    if data is None:
        size = os.lstat(folder / path).st_size
        raise RefusedAttempt(Refusal.TOO_LARGE, f"{path} has {size} bytes, at most {_FILE_LIMIT} are taken")
    return data


def read_note(path: Path) -> str:
    """The first line that a command left for people; "" where it left none."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return ""
    except OSError:
        return ""
    data = read_plain(path.parent, path.name, _FILE_LIMIT) or b""
    lines = decoded(data, _NOTE_READ).splitlines()
    return next((safe_line(line, 200) for line in lines if line.strip()), "")
