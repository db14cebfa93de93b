"""What was tried and what went wrong, as files that people and agents read.

``memory/rejected/0012.patch`` is a proposal that the gate turned down: the reasons on top, the change below, in
the format that ``git apply`` takes. ``failures/0012-crashed.md`` is one failed episode.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from hlearn.foreign_text import lines_of
from hlearn.ledger import Trial
from hlearn.records import Failure, Program

_PATCH_LIMIT = 200_000  # characters


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
    patch = unified(champion, program, "a/policy.py" if champion else "/dev/null", "b/policy.py")
    if len(patch) > _PATCH_LIMIT:
        patch = f"# the change has {len(patch)} characters; its program is in programs/pack\n"
    return head + patch


def unified(a: Program | None, b: Program, name_a: str, name_b: str) -> str:
    """The change from one program to another, in the format that ``git apply`` takes."""
    old = lines_of(a.source) if a else []
    change = difflib.unified_diff(old, lines_of(b.source), name_a, name_b)
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
