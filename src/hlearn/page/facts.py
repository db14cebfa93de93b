"""What the page says of a system: its course, its versions, its cases, its costs."""

from __future__ import annotations

from hlearn.evidence.history import RunHistory, summarize_run
from hlearn.foreign_text import safe, safe_line
from hlearn.ledger import Decision, Measured, Purpose
from hlearn.ledger.events import prefix_hash
from hlearn.records import Failure, Outcome, Split
from hlearn.system import System

_POINTS = 4_000
_DIFF = 20_000  # characters of one diff


def system_facts(system: System) -> dict[str, object]:
    """Everything but failures and episodes, as JSON's types."""
    history = summarize_run(system)
    task = system.task
    seen = history.holdout
    return {
        "task": safe_line(task.env_id),
        "access": task.access.value,
        "protocol": task.protocol.value,
        "seed": system.config.seed,
        "champion": history.champion,
        "target": task.target,
        "holdout": None
        if seen is None
        else {"mean": seen.mean, "low": seen.low, "high": seen.high, "count": seen.count, "hns": history.hns},
        "steps": history.totals.env_steps,
        "points": _points(history),
        "trials": _trials(history),
        "versions": _versions(system),
        "cases": _cases(system, history),
        "costs": _costs(system, history),
    }  # fmt: skip


def _points(history: RunHistory) -> list[list[float]]:
    points = history.points
    every = max(1, len(points) // _POINTS)
    return [[p.env_steps, p.score, int(p.capped)] for p in points[::every] if abs(p.score) < 1e300]


def _trials(history: RunHistory) -> list[dict[str, object]]:
    return [
        {
            "trial": j.trial.trial,
            "steps": j.env_steps,
            "decision": j.trial.decision.value,
            "score": j.trial.challenger_mean,
            "champion": j.trial.champion_mean,
            "note": safe_line(j.trial.note, 300),
            "reasons": [safe_line(r, 300) for r in j.trial.reasons[:6]],
            "program": j.trial.program,
        }
        for j in history.judged
    ]


def _versions(system: System) -> list[dict[str, object]]:
    """Commits of the champion, oldest first, each with its difference to the one before."""
    versions = []
    before = None
    for change in sorted(system.history(), key=lambda c: c.trial):
        program = system.program_at(change.commit)
        text = ""
        if program is not None:
            old = {m.path: m.source for m in before.modules} if before is not None else dict[str, str]()
            text = "".join(_difference(old.get(m.path, ""), m.source, m.path) for m in program.modules)
        versions.append({"trial": change.trial, "commit": change.commit[:12], "diff": safe(text, _DIFF)})
        before = program or before
    return versions


def _difference(old: str, new: str, path: str) -> str:
    import difflib

    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), f"a/{path}", f"b/{path}", lineterm="")
    return "\n".join(lines) + "\n"


def _cases(system: System, history: RunHistory) -> dict[str, object]:
    """Which case held for which accepted program, as far as the gate played it."""
    accepted = [j.trial for j in history.judged if j.trial.decision is Decision.ACCEPTED]
    played: dict[tuple[str, int, int | None, str], Outcome] = {}
    for row in system.ledger.rows:
        event = row.event
        if isinstance(event, Measured):
            for outcome in event.outcomes:
                if event.purpose is Purpose.CASE or event.split is Split.GATE:
                    played[event.program, outcome.seed, event.caps.max_steps, event.caps.prefix] = outcome
    rows = []
    for case in system.judged.cases():
        cells: list[bool | None] = []
        seed = case.resolve(system.config.seed)
        for trial in accepted:
            found = played.get((trial.program, seed, case.max_steps, prefix_hash(case.prefix)))
            if found is None:
                cells.append(None)
            elif isinstance(found, Failure):
                cells.append(False)
            else:
                cells.append(case.broken_by(found) is None)
        rows.append({"name": safe_line(case.name, 60), "why": safe_line(case.why, 200), "cells": cells})
    return {"trials": [t.trial for t in accepted], "rows": rows}


def _costs(system: System, history: RunHistory) -> list[list[object]]:
    steps = dict.fromkeys(Purpose, 0)
    episodes = dict.fromkeys(Purpose, 0)
    for row in system.ledger.rows:
        if isinstance(row.event, Measured):
            steps[row.event.purpose] += sum(o.env_steps for o in row.event.outcomes)
            episodes[row.event.purpose] += len(row.event.outcomes)
    rows: list[list[object]] = [[p.value, episodes[p], steps[p]] for p in Purpose if episodes[p]]
    return [*rows, ["learning, all counted", history.totals.episodes, history.totals.env_steps]]
