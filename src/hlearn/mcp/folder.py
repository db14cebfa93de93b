"""What the tools do in a folder: a system of the user's, or the copy of an editor."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hlearn.door import Request, ask, door_of
from hlearn.errors import UsageError
from hlearn.evidence.sheets import contact_sheet, png_bytes
from hlearn.foreign_text import safe, safe_line
from hlearn.probe.random_play import random_program
from hlearn.program import PROGRAM_FILE, in_system
from hlearn.records import Episode, Program
from hlearn.system.commands import allowed_environment
from hlearn.system.config import read_config
from hlearn.system.copies import is_copy
from hlearn.system.git import Git
from hlearn.system.memory import unified
from hlearn.system.program_files import read_program
from hlearn.tasks.registry import describe

_VERB_S = 3600.0
_SAID = 12_000  # characters of an answer
_PICTURES = 12
_FAILURES = 5
_NOTES = 6_000  # characters of each file of the memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An answer: words, and pictures as PNG."""

    text: str
    pictures: tuple[bytes, ...] = ()


class Folder:
    """A system or a copy of one.

    Args:
        path: the folder.

    Raises:
        UsageError: there is no system.
    """

    def __init__(self, path: Path) -> None:
        if not (path / "hl.toml").is_file():
            raise UsageError(f"{path} is no system (no hl.toml); make one with hl init or hl learn")
        self.path = path.resolve()
        self.task = read_config(self.path / "hl.toml").task
        self.copy = is_copy(self.path) or door_of() is not None

    # Measuring ----------------------------------------------------------------------------------------------

    def evaluate(self, episodes: int, pictures: bool) -> Shown:
        """The program as it stands, on development seeds."""
        if self.copy:
            return self._asked(self._program(), episodes, pictures)
        said = self._verb("eval", str(self.path), "--episodes", str(episodes), "--split", "dev")
        return Shown(text=said, pictures=self._sheet() if pictures else ())

    def probe(self, steps: int) -> Shown:
        """What random play shows."""
        if self.copy:
            _, actions = describe(self.task)
            shown = self._asked(random_program(actions), 1, True)
            return Shown(text=f"random play\n{shown.text}", pictures=shown.pictures)
        task = self.task
        words = [task.env_id, "--access", task.access.value, "--protocol", task.protocol.value]
        words += [w for k, v in task.kwargs for w in ("--env", f"{k}={json.dumps(v)}")]
        return Shown(text=self._verb("probe", *words, "--steps", str(steps)))

    def propose(self, note: str) -> Shown:
        """The gate judges the program as it stands."""
        if self.copy:
            beside = self.path.parent / "NOTE.txt"
            beside.write_text(safe_line(note) + "\n", encoding="utf-8")
            return Shown(
                text="Noted. This is a copy: the gate judges the files as they lie here when you end your turn."
            )
        return Shown(text=self._verb("gate", str(self.path), "--note", safe_line(note)))

    # Looking ------------------------------------------------------------------------------------------------

    def failures(self) -> Shown:
        """What goes wrong in development episodes; in a copy the failed episodes and the brief's pictures."""
        if not self.copy:
            with tempfile.TemporaryDirectory() as out:
                said = self._verb("failures", str(self.path), "--out", out, "--clips", "2")
                sheets = sorted(Path(out).rglob("*.png"))[:4]
                return Shown(text=said, pictures=tuple(p.read_bytes() for p in sheets if _is_plain(p)))
        folder = self.path / "failures"
        notes = sorted(folder.glob("*.md"))[-_FAILURES:]
        texts = [_text(path, 3_000) for path in notes]
        evidence = self.path.parent / "evidence"  # of the brief, beside the copy
        pictures = [p for p in sorted(evidence.glob("*.png")) if _is_plain(p)][:4]
        if not texts and not pictures:
            return Shown(text="No program has failed an episode.")
        return Shown(text="\n".join(texts), pictures=tuple(p.read_bytes() for p in pictures))

    def memory(self) -> Shown:
        """What was tried, why it failed, what was learnt."""
        folder = self.path / "memory"
        texts = [f"# memory/{p.name}\n\n{_text(p, _NOTES)}" for p in sorted(folder.glob("*.md"))]
        heads = []
        for patch in sorted((folder / "rejected").glob("*.patch"))[-10:]:
            lines = _text(patch, 4_000).splitlines()
            heads.append("\n".join(line[2:] for line in lines if line.startswith("# ")))
        if heads:
            texts.append("# Turned down\n\n" + "\n\n".join(heads))
        return Shown(text="\n\n".join(texts) or "Nothing was tried yet.")

    def history(self) -> Shown:
        """The trials."""
        if self.copy:
            return self.memory()
        return Shown(text=self._verb("history", str(self.path)))

    def diff(self, a: str, b: str) -> Shown:
        """The change between two programs; in a copy what was changed until now."""
        if self.copy or not (a and b):
            change = unified(self._committed(), self._program())
            return Shown(text=safe(change, _SAID) or "The program is as it was.")
        return Shown(text=self._verb("diff", str(self.path), a, b))

    def why(self, trial: str, step: int) -> Shown:
        """What became of a trial and why; without one, why the program decided as it did."""
        if not trial and not self.copy:
            return Shown(text=self._verb("why", str(self.path), "--step", str(step)))
        if not trial.isdigit():
            raise UsageError(f"expected the number of a trial, got {trial}")
        patch = self.path / "memory" / "rejected" / f"{int(trial):04d}.patch"
        if patch.is_file():
            return Shown(text=_text(patch, _SAID))
        if self.copy:
            return Shown(text=f"Trial {trial} was not turned down; see the tool memory.")
        return Shown(text=self._verb("history", str(self.path)))

    def budgets(self) -> Shown:
        """What may still be spent."""
        if self.copy:
            door = door_of()
            if door is None:
                raise UsageError("nobody measures for this copy")
            left = ask(door, Request(source="", episodes=0)).remaining
            return Shown(text=f"environment steps left for editing: {left:,}")
        return Shown(text=self._verb("report", str(self.path), "--no-picture"))

    # Details ------------------------------------------------------------------------------------------------

    def _program(self) -> Program:
        program = read_program(self.path)
        if program is None:
            raise UsageError(f"there is no program yet; write {PROGRAM_FILE}")
        return program

    def _committed(self) -> Program | None:
        files = {p: c for p, c in Git(self.path).files("HEAD").items() if in_system(p)}
        return Program.of_files(files) if files else None

    def _asked(self, program: Program, episodes: int, pictures: bool) -> Shown:
        door = door_of()
        if door is None:
            raise UsageError("the run that measures for this copy is not there; is it over?")
        answer = ask(door, Request.of(program, episodes, pictures=_PICTURES if pictures else 0))
        if answer.refusal is not None:
            raise UsageError(f"the run does not measure this ({answer.refusal.value}): {answer.why}")
        lines = []
        for outcome in answer.outcomes:
            if isinstance(outcome, Episode):
                end = "stopped" if outcome.stopped else "truncated" if outcome.truncated else "terminated"
                lines.append(f"score {outcome.score:g} after {outcome.length} decisions, {end}")
            else:
                lines.append(f"{outcome.kind.value} after {outcome.length} decisions: {outcome.message}")
        scores = [o.score for o in answer.outcomes if isinstance(o, Episode)]
        if len(scores) == len(answer.outcomes):
            lines.append(f"mean {sum(scores) / len(scores):g}")
        lines.append(f"charged {answer.charged_steps:,} steps, {answer.remaining:,} left for editing")
        frames = [
            np.frombuffer(zlib.decompress(base64.b64decode(p)), np.uint8).reshape(answer.picture_shape)
            for p in answer.pictures
        ]
        sheets = (png_bytes(contact_sheet(frames)),) if frames else ()
        return Shown(text=safe("\n".join(lines), _SAID), pictures=sheets)

    def _sheet(self) -> tuple[bytes, ...]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sheet.png"
            self._verb("replay", str(self.path), "--sheet", str(path))
            return (path.read_bytes(),) if path.is_file() else ()

    def _verb(self, *words: str) -> str:
        return self._run([sys.executable, "-m", "hlearn.cli.main", *words])

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            cwd=self.path,
            env=allowed_environment(**_own_variables()),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_VERB_S,
        )
        text = done.stdout.decode(errors="replace")
        if done.returncode not in (0, 1):
            raise UsageError(safe(done.stderr.decode(errors="replace").strip()[-2000:]))
        return safe(text.strip(), _SAID)


def _own_variables() -> dict[str, str]:
    names = ("HOME", "HLEARN_STATE", "HLEARN_KEY", "XDG_STATE_HOME", "PYTHONPATH", "HL_LAB")
    return {name: os.environ[name] for name in names if name in os.environ}


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size < 4 << 20


def _text(path: Path, most: int) -> str:
    if path.is_symlink() or not path.is_file():
        return ""
    return safe(path.read_bytes()[: 4 * most].decode(errors="replace"), most)
