"""The best program of a run that was stopped or ended too early for the gate: it lies where a user finds it."""

from __future__ import annotations

from pathlib import Path

from hlearn.editors.search.probes import is_probe
from hlearn.lab.tallies import Tallies
from hlearn.ledger import Trial
from hlearn.records import Program
from hlearn.system import System

NAME = "unjudged.py"


def best_unjudged(system: System, dev: Tallies) -> Program | None:
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


def leave_unjudged(system: System, dev: Tallies | None) -> Path | None:
    """Writes that program into the system's folder, or takes an old one away; returns the file if there is one."""
    path = system.path / NAME
    program = None if dev is None else best_unjudged(system, dev)
    if program is None:
        path.unlink(missing_ok=True)
        return None
    path.write_bytes(program.source.encode(errors="surrogatepass"))
    return path
