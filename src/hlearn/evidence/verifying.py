"""Whether a system is what it says it is: ledger, seals, commits, programs, files, and episodes played again.

Nothing is written and nothing is charged. What cannot be told on this machine (a key is missing) is said to be unknown,
not to hold.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from hlearn.errors import HarnessError, LedgerCorrupt, SchemaTooNew, UsageError
from hlearn.evaluate.api import Job
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.keyed import KeyedEvaluator
from hlearn.ledger import Committed, Decision, Measured, RolledBack, Trial
from hlearn.records import Episode, Outcome
from hlearn.system import System, read_case

_SHOWN = 5  # of several things that are wrong
_FILES = (
    "hl.toml",
    "tests",
    "cases",
    ".gitattributes",
    ".gitignore",
)  # as committed, or the gate judges by others


class CheckState(StrEnum):
    """What a check says."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNKNOWN = "unknown"  # not to be told on this machine


class Check(NamedTuple):
    """One check.

    Attributes:
        name: ledger, seals, commits, champion, programs, files or episodes.
        said: what was checked, or what is wrong.
    """

    name: str
    state: CheckState
    said: str


class _Past(NamedTuple):
    """One recorded episode, with the line that holds it."""

    line: int
    event: Measured
    outcome: Episode


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What is so of a system.

    Attributes:
        rows: lines of the ledger, None where it cannot be read.
        recorded: the champion's recorded episodes that can be played again here.
        replayed: how many of them were.
    """

    checks: tuple[Check, ...]
    rows: int | None = None
    recorded: int = 0
    replayed: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing is broken."""
        return all(c.state is not CheckState.BROKEN for c in self.checks)

    @property
    def vouched(self) -> bool:
        """Whether nothing is broken and nothing unknown."""
        return all(c.state is CheckState.HOLDS for c in self.checks)


def verify_system(
    path: Path, *, replay: int | None = 5, workers: int = 1, rng: random.Random | None = None
) -> Verification:
    """Checks a system.

    Args:
        path: its folder.
        replay: how many of the champion's recorded episodes are played again; all where None.
        workers: episodes side by side.
        rng: draws which ones; from the machine's entropy where None, so that nobody knows before.

    Raises:
        UsageError: the folder is no system.
        HarnessError: the machinery that plays failed.
    """
    try:
        system = System.open(path)
        rows = system.ledger.verify()
    except LedgerCorrupt as error:
        return Verification(checks=(Check("ledger", CheckState.BROKEN, str(error)),))
    checks = [
        Check("ledger", CheckState.HOLDS, f"{rows} lines, each follows from the one before"),
        _seals(system),
        _commits(system),
        _champion(system),
        _programs(system),
        _files(system),
    ]
    past = _episodes(system)
    chosen = (
        past if replay is None or replay >= len(past) else (rng or random.SystemRandom()).sample(past, replay)
    )
    checks.append(
        _replayed(system, sorted(chosen, key=lambda p: (p.line, p.outcome.seed)), len(past), workers)
    )
    return Verification(checks=tuple(checks), rows=rows, recorded=len(past), replayed=len(chosen))


def _seals(system: System) -> Check:
    unknown = []
    for epoch, rows in groupby(system.ledger.rows, lambda row: row.epoch):
        lines = [row.n for row in rows]
        where = f"lines {lines[0]} to {lines[-1]}"
        if not epoch:
            unknown.append(f"{where} are older than keys")
        elif system.keys.find(epoch) is None:
            unknown.append(f"{where} are sealed with key {epoch}, which is not on this machine")
    if unknown:
        return Check("seals", CheckState.UNKNOWN, f"{'; '.join(unknown)}: who wrote them cannot be told")
    return Check("seals", CheckState.HOLDS, "every line was written by who has the key")


def _commits(system: System) -> Check:
    try:
        system.verify()
    except LedgerCorrupt as error:
        return Check("commits", CheckState.BROKEN, str(error))
    wrong = list(_wrong_commits(system))
    if wrong:
        return Check("commits", CheckState.BROKEN, _several(wrong))
    return Check(
        "commits",
        CheckState.HOLDS,
        "every accepted trial is a commit that holds the program it was accepted for",
    )


def _wrong_commits(system: System) -> Iterator[str]:
    changes = {c.commit: c for c in system.history()}
    settled = set()
    for row in system.ledger.rows:
        event = row.event
        if isinstance(event, (Committed, RolledBack)):
            settled.add(event.trial)
            program = system.program_at(event.commit) if event.commit in changes else None
            if program is None:
                yield f"line {row.n}: commit {event.commit[:12]} is not in the history"
            elif program.sha256 != event.program:
                yield f"line {row.n}: commit {event.commit[:12]} holds another program than {event.program[:12]}"
            changes.pop(event.commit, None)
    for change in changes.values():
        yield f"commit {change.commit[:12]} names trial {change.trial}, and no line of the ledger names that commit"
    for row in system.ledger.rows:
        event = row.event
        accepted = isinstance(event, Trial) and event.decision is Decision.ACCEPTED
        if accepted and isinstance(event, Trial) and event.trial not in settled:
            yield f"line {row.n}: trial {event.trial} was accepted and never committed"


def _champion(system: System) -> Check:
    settled = [r for r in system.ledger.rows if isinstance(r.event, (Committed, RolledBack))]
    champion = system.champion()
    if not settled:
        if champion is None:
            return Check("champion", CheckState.HOLDS, "there is none yet")
        return Check("champion", CheckState.BROKEN, "a program is committed that no trial accepted")
    last = settled[-1].event
    assert isinstance(last, (Committed, RolledBack))
    if champion is None or champion.sha256 != last.program:
        found = "none" if champion is None else champion.sha256[:12]
        return Check(
            "champion",
            CheckState.BROKEN,
            f"the ledger's last word is {last.program[:12]}, committed is {found}",
        )
    working = system.working()
    edited = "" if working == champion else "; the folder holds an edit that was not judged"
    return Check(
        "champion", CheckState.HOLDS, f"{last.program[:12]}, as trial {last.trial} was judged{edited}"
    )


def _programs(system: System) -> Check:
    wrong = []
    for sha256 in system.programs.matching(""):
        try:
            system.programs.get(sha256)
        except (HarnessError, KeyError, RecursionError) as error:
            wrong.append(str(error))
    named = {r.event.program for r in system.ledger.rows if isinstance(r.event, (Measured, Trial))}
    wrong += [
        f"program {sha} is named by the ledger and not kept"
        for sha in sorted(named)
        if sha not in system.programs
    ]
    if wrong:
        return Check("programs", CheckState.BROKEN, _several(wrong))
    return Check(
        "programs",
        CheckState.HOLDS,
        f"{len(system.programs)} programs, each has the hash that it is kept under",
    )


def _files(system: System) -> Check:
    kept = [p for p in _FILES if (system.path / p).exists() or p in ("hl.toml", "tests", "cases")]
    changed = system.git("diff", "--name-only", "-z", "HEAD", "--", *kept)
    added = system.git("ls-files", "--others", "--exclude-standard", "-z", "--", "cases", "tests")
    wrong = [f"{name} is not as committed" for name in filter(None, changed.split("\0"))]
    wrong += [f"{name} was added and not judged" for name in filter(None, added.split("\0"))]
    for path in sorted((system.path / "cases").glob("*.json")):
        try:
            read_case(path)
        except (UsageError, SchemaTooNew) as error:
            wrong.append(str(error))
    if wrong:
        return Check("files", CheckState.BROKEN, _several(wrong))
    return Check("files", CheckState.HOLDS, "hl.toml, tests and cases are as committed")


def _episodes(system: System) -> list[_Past]:
    """The champion's recorded episodes whose seeds can be told here."""
    worlds, champion, found = system.worlds, system.champion(), []
    for row in system.ledger.rows:
        event = row.event
        if (
            isinstance(event, Measured)
            and champion is not None
            and event.program == champion.sha256
            and event.task == system.task.key
            and worlds.has(event.key)
        ):
            found += [_Past(row.n, event, o) for o in event.outcomes if isinstance(o, Episode)]
    return found


def _replayed(system: System, chosen: Sequence[_Past], recorded: int, workers: int) -> Check:
    if not chosen:
        champion = system.champion()
        events = (row.event for row in system.ledger.rows)
        hidden = any(
            isinstance(e, Measured) and champion is not None and e.program == champion.sha256 for e in events
        )
        if hidden and not recorded:
            return Check(
                "episodes", CheckState.UNKNOWN, "none can be played again here: their key is missing"
            )
        return Check(
            "episodes", CheckState.HOLDS, "none was asked for" if recorded else "the champion has none"
        )
    champion = system.champion()
    assert champion is not None
    jobs = [
        Job(
            program=champion,
            seed=p.outcome.seed,
            key=p.event.key,
            max_steps=_until(p),
            stop_score=p.event.caps.stop_score,
            stall_steps=p.event.caps.stall_steps,
            hurdles=p.event.caps.hurdles,
        )
        for p in chosen
    ]
    with IsolatedEvaluator(system.task, workers=workers) as evaluator:
        results = KeyedEvaluator(evaluator, system.worlds).run(jobs)
    wrong = [
        f"line {p.line}, seed {p.outcome.seed}: the ledger says {_told(p.outcome)}, played again it is "
        f"{_told(r.outcome)}"
        for p, r in zip(chosen, results, strict=True)
        if _told(p.outcome) != _told(r.outcome)
    ]
    if wrong:
        why = "made up, or packages have changed since, or the task is not repeatable"
        return Check("episodes", CheckState.BROKEN, f"{_several(wrong)} ({why})")
    return Check(
        "episodes", CheckState.HOLDS, f"{len(chosen)} of the champion's {recorded} came out the same again"
    )


def _until(past: _Past) -> int | None:
    """Environment steps to play: an older hlearn stopped at the target also where the return falls."""
    caps, outcome = past.event.caps, past.outcome
    stopped = isinstance(outcome, Episode) and outcome.stopped
    if stopped and caps.stop_score is not None and outcome.score >= caps.stop_score:
        return outcome.env_steps
    return caps.max_steps


def _told(outcome: Outcome) -> str:
    if not isinstance(outcome, Episode):
        return f"a failure ({outcome.kind.value})"
    return f"score {outcome.score!r} after {outcome.length} decisions and {outcome.env_steps} steps"


def _several(wrong: Sequence[str]) -> str:
    more = len(wrong) - _SHOWN
    return "; ".join(wrong[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
