"""The best program of a run that was stopped or ended too early for the gate: it lies where a user finds it."""

from __future__ import annotations

import shutil
from pathlib import Path

from hlearn.lab.dev_scores import DevScores
from hlearn.ledger import Trial
from hlearn.probe.random_play import is_probe
from hlearn.program import PROGRAM_FILE
from hlearn.records import Program
from hlearn.system import System
from hlearn.system.program_files import write_file

_NAME = "unjudged"  # .py, or a folder where the program is a package


def best_unjudged(system: System, dev: DevScores) -> Program | None:
    """The best program by development episodes that no trial has judged, if it promises more than the champion.

    Random probing programs are none. None where there is nothing of the kind.
    """
    judged = {r.event.program for r in system.ledger.rows if isinstance(r.event, Trial)}
    champion = system.champion()
    bar = None if champion is None else dev.mean(champion.sha256)
    for sha256 in dev.ranking():
        if champion is not None and sha256 == champion.sha256:
            return None  # it leads
        mean = dev.mean(sha256)
        if mean is None or (bar is not None and mean <= bar):
            return None
        if sha256 not in judged and not is_probe(program := system.programs.get(sha256)):
            return program
    return None


def leave_unjudged(system: System, dev: DevScores | None) -> Path | None:
    """Writes that program into the system's folder, or takes an old one away; returns its path if there is one."""
    file, folder = system.path / f"{_NAME}.py", system.path / _NAME
    file.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    program = None if dev is None else best_unjudged(system, dev)
    if program is None:
        return None
    for path, data in program.as_files().items():
        write_file(file if path == PROGRAM_FILE else folder / path.partition("/")[2], data)
    return folder if program.files else file
