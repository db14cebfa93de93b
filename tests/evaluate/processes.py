"""Looking at processes from outside."""

from __future__ import annotations

import time
from pathlib import Path


def parents() -> dict[int, int]:
    """Parent of every process that is not a zombie's shell, by process id."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found[int(stat.parent.name)] = int(parent)
    return found


def descendants(root: int) -> set[int]:
    """Every living process that descends from ``root``."""
    by_pid = parents()
    found: set[int] = set()
    while True:
        more = {pid for pid, parent in by_pid.items() if parent in found | {root}} - found
        if not more:
            return found
        found |= more


def gone(pids: set[int], within_s: float = 5.0) -> bool:
    """Whether all of them end within some time."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if not pids & set(parents()):
            return True
        time.sleep(0.02)
    return False
