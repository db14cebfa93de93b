"""How a system came to its program, rebuilt from its ledger: the trials, the cost, the curve, the last honest score."""

from __future__ import annotations

from dataclasses import dataclass

from hlearn.evidence.statistics import Summary, summarize
from hlearn.ledger import (
    Decision,
    EditorRan,
    HoldoutUsed,
    Measured,
    Purpose,
    RunEnded,
    RunStarted,
    Spent,
    Trial,
)
from hlearn.ledger.ledger import Row
from hlearn.ledger.totals import Point, Totals, curve, totals
from hlearn.records import Episode, Failure, Split
from hlearn.system import System
from hlearn.tasks.scores import human_normalized_score
from hlearn.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One trial in the course of learning.

    Attributes:
        when: seconds since the epoch.
        env_steps: learning steps that the system had spent when it was judged.
        commit: of an accepted trial.
        editor: who proposed it.
    """

    trial: Trial
    when: float
    env_steps: int
    commit: str | None
    editor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one of several editors contributed.

    Attributes:
        editor: its name.
        runs: how often it was run.
        env_steps: that were charged while it ran.
        gained: sum of the gate's score differences of its accepted trials; a first program has none.
    """

    editor: str
    trials: int
    accepted: int
    runs: int
    env_steps: int
    gained: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpan:
    """One run: who edited, from which step to which, how it ended (None: it did not end yet)."""

    run: RunStarted
    when: float
    first_step: int
    last_step: int
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHistory:
    """The course of a system.

    Attributes:
        champion: SHA-256 of the committed program, None before the first.
        champion_trial: the trial that it came from.
        points: development scores in the order measured.
        holdout: statistics of the champion on holdout seeds, None where it was never measured there.
        holdout_failures: holdout episodes that the champion did not complete.
        hns: human-normalised mean holdout score, None outside the 57 games.
        holdout_uses: how often holdout seeds were looked at, for whichever program.
        failures: failed episodes by kind.
        contributions: by editor, in the order of their first trial; the tuner of an agent's numbers stands apart.
    """

    task: Task
    seed: int
    champion: str | None
    champion_trial: int | None
    totals: Totals
    points: tuple[Point, ...]
    judged: tuple[Judged, ...]
    runs: tuple[RunSpan, ...]
    holdout: Summary | None
    holdout_failures: int
    hns: float | None
    holdout_uses: int
    failures: tuple[tuple[str, int], ...]
    contributions: tuple[Contribution, ...] = ()


def summarize_run(system: System) -> RunHistory:
    """Reads the course of a system from its ledger and its commits."""
    champion = system.champion()
    sha256 = champion.sha256 if champion else None
    changes = system.history()
    judged, runs = _course(system.ledger.rows, {c.trial: c.commit for c in changes if not c.rolled_back})
    holdout, broken = _holdout(system, sha256)
    rows = system.ledger.rows
    return RunHistory(
        task=system.task,
        seed=system.config.seed,
        champion=sha256,
        champion_trial=changes[-1].trial if changes else None,
        totals=totals(system.ledger),
        points=curve(system.ledger, split=Split.DEV),
        judged=judged,
        runs=runs,
        holdout=holdout,
        holdout_failures=broken,
        hns=None if holdout is None or broken else human_normalized_score(system.task.env_id, holdout.mean),
        holdout_uses=sum(isinstance(r.event, HoldoutUsed) for r in rows),
        failures=_failures(rows),
        contributions=_contributions(judged, rows),
    )


def _course(rows: tuple[Row, ...], commits: dict[int, str]) -> tuple[tuple[Judged, ...], tuple[RunSpan, ...]]:
    steps = 0
    judged: list[Judged] = []
    started: list[tuple[RunStarted, float, int]] = []
    last: dict[int, int] = {}
    why: dict[int, str] = {}
    editors: dict[int, str] = {}
    for row in rows:
        event = row.event
        if isinstance(event, Spent):
            steps += event.env_steps
        elif isinstance(event, Measured) and event.purpose is not Purpose.REPORT:
            steps += event.env_steps
            last[event.run] = steps
        elif isinstance(event, RunStarted):
            started.append((event, row.time, steps))
            editors[event.run] = event.editor
            last.setdefault(event.run, steps)
        elif isinstance(event, RunEnded):
            why[event.run] = event.why
        elif isinstance(event, Trial):
            commit = commits.get(event.trial) if event.decision is Decision.ACCEPTED else None
            by = event.editor or editors.get(event.run, "")
            judged.append(Judged(trial=event, when=row.time, env_steps=steps, commit=commit, editor=by))
    spans = (
        RunSpan(run=run, when=when, first_step=first, last_step=last[run.run], why=why.get(run.run))
        for run, when, first in started
    )
    return tuple(judged), tuple(spans)


def _contributions(judged: tuple[Judged, ...], rows: tuple[Row, ...]) -> tuple[Contribution, ...]:
    ran = [r.event for r in rows if isinstance(r.event, EditorRan)]
    names = dict.fromkeys([*(j.editor for j in judged), *(e.editor for e in ran)])
    found = []
    for name in names:
        trials = [j.trial for j in judged if j.editor == name]
        accepted = [t for t in trials if t.decision is Decision.ACCEPTED]
        means = ((t.challenger_mean, t.champion_mean) for t in accepted)
        found.append(
            Contribution(
                editor=name,
                trials=len(trials),
                accepted=len(accepted),
                runs=sum(e.editor == name for e in ran),
                env_steps=sum(e.env_steps for e in ran if e.editor == name),
                gained=sum(new - old for new, old in means if new is not None and old is not None),
            )
        )
    return tuple(found)


def _holdout(system: System, champion: str | None) -> tuple[Summary | None, int]:
    """The champion's holdout episodes under the system's own protocol, each seed once."""
    scores: dict[int, float] = {}
    broken: set[int] = set()
    for row in system.ledger.rows:
        event = row.event
        if (
            not isinstance(event, Measured)
            or event.program != champion
            or event.split is not Split.HOLDOUT
            or event.task != system.task.key
        ):
            continue
        for outcome in event.outcomes:
            if isinstance(outcome, Failure):
                broken.add(outcome.seed)
            elif not outcome.stopped:
                scores[outcome.seed] = outcome.score
    return summarize(tuple(scores.values())), len(broken)


def _failures(rows: tuple[Row, ...]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for row in rows:
        if isinstance(row.event, Measured):
            for outcome in row.event.outcomes:
                if not isinstance(outcome, Episode):
                    counts[outcome.kind.value] = counts.get(outcome.kind.value, 0) + 1
    return tuple(sorted(counts.items()))
