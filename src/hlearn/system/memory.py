"""What was tried and what went wrong, as files that people and agents read.

``memory/trials.md`` tells all trials and what follows from them. ``memory/rejected/0012.patch`` is a proposal that the
gate turned down: the reasons on top, the change below, in the format that ``git apply`` takes.
``failures/0012-crashed.md`` is one failed episode.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from hlearn.foreign_text import lines_of
from hlearn.ledger import Trial
from hlearn.records import Failure, Program, Split
from hlearn.system.trials_note import trials_text

SEEN = "memory/seen.md"  # what the editor of the champion saw of the environment, where it says
_PATCH_LIMIT = 200_000  # characters


class Memory:
    """The notes in a system's folder.

    Args:
        system: its folder.
        write: writes a file of it, whole or not at all.
    """

    def __init__(self, system: Path, write: Callable[[str, str], None]) -> None:
        self._system = system
        self._write_within = write

    def remember(self, trial: Trial, program: Program, champion: Program | None) -> None:
        """Keeps a proposal that was not accepted, as a patch with the reasons."""
        self._write(self.rejected_note(trial.trial), rejected_text(trial, program, champion))

    def remember_trials(self, trials: Sequence[Trial]) -> None:
        """Writes anew what was tried until now and what follows from it."""
        self._write(self._system / "memory" / "trials.md", trials_text(trials))

    def rejected_note(self, trial: int) -> Path:
        """The file that keeps a proposal that was not accepted."""
        return self._system / "memory" / "rejected" / f"{trial:04d}.patch"

    def remember_failures(
        self, trial: int, program: Program, failures: Sequence[Failure], split: Split
    ) -> None:
        """Keeps the first failed episode of each kind of a trial."""
        for kind, failure in {f.kind: f for f in reversed(failures)}.items():
            text = failure_text(trial, program, failure, split.value)
            self._write(self._system / "failures" / f"{trial:04d}-{kind.value}.md", text)

    def rejected(self) -> tuple[str, ...]:
        """Notes of the latest proposals that were turned down, with reasons, oldest first."""
        return rejected_notes(self._system / "memory" / "rejected")

    def _write(self, path: Path, text: str) -> None:
        self._write_within(str(path.relative_to(self._system)), text)


def rejected_text(trial: Trial, program: Program, champion: Program | None) -> str:
    """The note of a proposal that was not accepted."""
    reasons = "".join(f"#   - {line}\n" for reason in trial.reasons for line in reason.splitlines())
    head = (
        f"# trial {trial.trial}: {trial.decision.value}\n"
        f"# proposal: {_one_line(trial.note)}\n"
        f"# program: {program.sha256}\n"
        f"# against: {champion.sha256 if champion else 'nothing'}\n"
        f"# reasons:\n{reasons}"
    )
    patch = unified(champion, program)
    if len(patch) > _PATCH_LIMIT:
        patch = f"# the change has {len(patch)} characters; its program is in programs/pack\n"
    return head + patch


def unified(a: Program | None, b: Program, said_a: str = "", said_b: str = "") -> str:
    """The change from one program to another, file by file, in the format that ``git apply`` takes.

    Args:
        a: the older one, None where there was none.
        b: the newer one.
        said_a: what to call the older one beside its files' names.
        said_b: the same for the newer one.
    """
    old, new = ({} if p is None else p.as_files() for p in (a, b))
    changes = (_change(path, old.get(path), new.get(path), said_a, said_b) for path in sorted(old | new))
    return "".join(changes)


def _change(path: str, old: bytes | None, new: bytes | None, said_a: str, said_b: str) -> str:
    if old == new:
        return ""
    name_a, name_b = (
        "/dev/null" if data is None else f"{side}/{path}" for side, data in (("a", old), ("b", new))
    )
    if not path.endswith(".py"):
        return f"Binary files {name_a} and {name_b} differ\n"
    lines_a, lines_b = (lines_of((d or b"").decode("utf-8", "surrogatepass")) for d in (old, new))
    change = difflib.unified_diff(lines_a, lines_b, name_a, name_b, said_a, said_b)
    return "".join(x if x.endswith("\n") else x + "\n\\ No newline at end of file\n" for x in change)


def rejected_notes(folder: Path, last: int = 30) -> tuple[str, ...]:
    """The heads of the latest notes, oldest first, one string each."""
    notes = []
    for path in sorted(folder.glob("*.patch"))[-last:]:
        text = path.read_text(encoding="utf-8", errors="replace")
        head = [line[2:].rstrip() for line in text.split("\n") if line.startswith("# ")]
        notes.append("\n".join(head))
    return tuple(notes)


def failure_text(trial: int, program: Program, failure: Failure, split: str) -> str:
    """One failed episode as Markdown."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", failure.message)), default=0))
    return (
        f"# {failure.kind.value} in trial {trial}\n\n"
        f"- program: `{program.sha256}`\n- split: {split}\n- decisions taken: {failure.length}\n"
        f"- environment steps: {failure.env_steps}\n- score until then: {failure.score:g}\n\n"
        f"{fence}\n{failure.message.rstrip()}\n{fence}\n"
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())[:400]
