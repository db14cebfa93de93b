"""What a suite came to: a table of tracks, aggregates by class, curves, and published agents beside them.

Rows of different classes (access, protocol, editor, budget) are never put together. Controls stand beside every
score, measured
on the same fresh seeds by the run itself.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import NamedTuple

import numpy as np

from hlearn.errors import HlearnError
from hlearn.ledger import Decision, Measured, Purpose, Spent, Trial
from hlearn.records import Episode, Model, Split
from hlearn.suites.folder import SuiteFolder, TrackState, TrackStatus
from hlearn.suites.statistics import Aggregate, Estimate, aggregate, probability_of_improvement
from hlearn.suites.suite import Track
from hlearn.system import System
from hlearn.tasks.scores import human_normalized_score

_BLIND_MARGIN = 0.005  # of the normalised score, by which a program must beat its own blind replay

COLUMNS = (
    *(
        "track",
        "task",
        "env",
        "access",
        "protocol",
        "model",
        "variant",
        "editor",
        "options",
        "steps",
        "repeat",
        "seed",
        "status",
    ),
    *("score", "score_min", "score_max", "normalized", "blind_replay", "random_play", "best_constant"),
    *("better_than_trivial", "holdout_episodes", "env_steps", "trials", "accepted", "seconds"),
    *("input_tokens", "output_tokens", "usd", "taught_by_screen", "program_sha256", "reason"),
)


class TrackClass(NamedTuple):
    """What rows must share to be put together."""

    access: str
    protocol: str
    model: str
    variant: str
    editor: str
    options: str
    steps: int

    @property
    def words(self) -> str:
        """For titles."""
        model = "" if self.model == Model.NONE.value else f", model {self.model}"
        model += f", variant {self.variant}" if self.variant else ""
        options = f" {self.options}" if self.options else ""
        return f"{self.access}, {self.protocol}{model}, {self.editor}{options}, {self.steps:,} steps"


class Published(NamedTuple):
    """A published agent: normalised scores of its games, after so many frames, by which protocol."""

    agent: str
    frames: int
    protocol: str
    source: str
    scores: Mapping[str, Sequence[float]]


class SuiteCost(NamedTuple):
    """What tracks have cost, those that are not done included as far as it is known.

    Attributes:
        env_steps: environment steps of learning.
        reporting_steps: environment steps of holdout episodes and controls.
        seconds: wall time of learning, summed over tracks.
        tokens: that models have read and written.
        usd: US dollars, as clients or a table of prices tell.
    """

    env_steps: int
    reporting_steps: int
    seconds: float
    tokens: int
    usd: float

    @property
    def words(self) -> str:
        """On one line."""
        text = f"{self.env_steps:,} environment steps of learning, {self.reporting_steps:,} of reports"
        text += f", {self.seconds / 3600:.2f} hours of tracks"
        return text + (f", {self.tokens:,} tokens, {self.usd:.2f} USD" if self.tokens or self.usd else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReport:
    """What the tracks of one class came to.

    Attributes:
        states: its tracks.
        cost: what they have cost.
        runs: normalised scores by problem, of those that are done and have a scale.
        total: what they come to, None where none is done.
        blind: tracks whose program does not beat its own blind replay, of how many that have one.
        trivial: done tracks whose program is not better than trivial play.
        against: published agent, its aggregate, and the chance that a run of ours beats it on a task of both.
    """

    of: TrackClass
    states: tuple[TrackState, ...]
    cost: SuiteCost
    runs: Mapping[str, Sequence[float]]
    total: Aggregate | None
    blind: tuple[int, int]
    trivial: int
    against: tuple[tuple[Published, Aggregate, Estimate], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A track's course: normalised scores against environment steps, both rising where something better came.

    Attributes:
        best: the best development episode so far (the article's curve; flattering, since it is the best of many).
        champion: the champion's mean on gate seeds, which no editor saw.
    """

    best: tuple[tuple[int, float], ...]
    champion: tuple[tuple[int, float], ...]


def class_of(track: Track) -> TrackClass:
    """The class of a track."""
    task, options = track.task, " ".join(track.options)
    return TrackClass(
        task.access.value,
        task.protocol.value,
        task.model.value,
        task.variant,
        track.editor,
        options,
        track.steps,
    )


def report_suite(folder: SuiteFolder) -> list[ClassReport]:
    """Reads what a folder's tracks came to, a report per class, in the suite's order."""
    by_class: dict[TrackClass, list[TrackState]] = {}
    for state in folder.states():
        by_class.setdefault(class_of(state.track), []).append(state)
    return [_report(of, states) for of, states in by_class.items()]


def _report(of: TrackClass, states: Sequence[TrackState]) -> ClassReport:
    runs: dict[str, list[float]] = {}
    blind = replayed = trivial = 0
    for state in states:
        result = state.result
        if result is None:
            continue
        trivial += result.get("better_than_trivial") is False
        value = normalized(state)
        if value is None:
            continue
        runs.setdefault(state.track.problem, []).append(value)
        replay = result.get("blind_replay")
        if isinstance(replay, (int, float)) and result.get("blind_counts"):
            replayed += 1
            level = state.track.normalized(float(replay))
            blind += level is not None and value - level <= _BLIND_MARGIN
    total = aggregate(runs)
    return ClassReport(
        of=of,
        states=tuple(states),
        cost=cost_of(states),
        runs=runs,
        total=total,
        blind=(blind, replayed),
        trivial=trivial,
        against=tuple(_against(runs)) if total is not None else (),
    )


def cost_of(states: Sequence[TrackState]) -> SuiteCost:
    """What tracks have cost."""
    results = [s.result or {} for s in states]
    return SuiteCost(
        env_steps=sum(s.steps for s in states),
        reporting_steps=sum(r.get("holdout_env_steps") or 0 for r in results),
        seconds=sum(r.get("seconds") or 0.0 for r in results),
        tokens=sum((r.get("input_tokens") or 0) + (r.get("output_tokens") or 0) for r in results),
        usd=sum(r.get("usd") or 0.0 for r in results),
    )


def normalized(state: TrackState) -> float | None:
    """The normalised holdout score; None where the track is not done or has no scale.

    A run that ended without a champion counts as random play, which is what is left to its user.
    """
    if state.result is None or state.status is not TrackStatus.DONE:
        return None
    score = state.result.get("score")
    if not isinstance(score, (int, float)):
        score = state.result.get("random_play")
    if isinstance(score, (int, float)):
        return state.track.normalized(float(score))
    return 0.0 if state.track.normalized(0.0) is not None else None


def _against(runs: Mapping[str, Sequence[float]]) -> list[tuple[Published, Aggregate, Estimate]]:
    found = []
    for agent in published_agents():
        shared = {g: s for g, s in agent.scores.items() if g in runs}
        total, chance = aggregate(shared), probability_of_improvement(runs, shared)
        if total is not None and chance is not None:
            found.append((agent, total, chance))
    return found


def published_agents() -> list[Published]:
    """Published scores of the 57 Atari games, normalised like ours."""
    table = _data("published_atari57.csv")
    found = []
    for about in _data("published_agents.csv"):
        scores: dict[str, Sequence[float]] = {}
        for row in table:
            env_id = f"ALE/{''.join(w.capitalize() for w in row['game'].split('_'))}-v5"
            if not row[about["column"]]:
                continue
            value = human_normalized_score(env_id, float(row[about["column"]]))
            if value is not None:
                scores[env_id] = (value,)
        found.append(
            Published(about["agent"], int(about["frames"]), about["protocol"], about["source"], scores)
        )
    return found


def article_curve(access: str) -> list[tuple[int, float]]:
    """The article's median over games of the best score so far, against environment steps; no sticky actions.

    It ends where fewer than 54 of the 57 games go on: with a handful left the median of what only rises falls.
    """
    return [
        (int(r["env_steps"]), float(r["median_hns"]))
        for r in _data("article_curve.csv")
        if r["access"] == access
    ]


def _data(name: str) -> list[dict[str, str]]:
    text = resources.files("hlearn.suites").joinpath("data").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def course(folder: SuiteFolder, track: Track) -> Course | None:
    """A track's course from its ledger; None where there is none yet or the track has no scale."""
    try:
        rows = System.open(folder.system(track)).ledger.rows
    except (HlearnError, OSError):
        return None
    best: list[tuple[int, float]] = []
    champion: list[tuple[int, float]] = []
    steps = 0
    for row in rows:
        event = row.event
        if isinstance(event, Spent):
            steps += event.env_steps
        elif isinstance(event, Measured) and event.purpose is not Purpose.REPORT:
            steps += event.cost
            scores = [o.score for o in event.outcomes if isinstance(o, Episode)]
            if event.split is Split.DEV and scores:
                value = track.normalized(max(scores))
                if value is not None and (not best or value > best[-1][1]):
                    best.append((steps, value))
        elif isinstance(event, Trial) and event.decision is Decision.ACCEPTED:
            value = None if event.challenger_mean is None else track.normalized(event.challenger_mean)
            if value is not None:
                champion.append((steps, value))
    return Course(best=tuple(best), champion=tuple(champion))


def as_function(points: Sequence[tuple[int, float]]) -> Callable[[np.ndarray], np.ndarray]:
    """A curve of steps: the last value at or before each place; random play's 0 before the first."""
    places = np.array([x for x, _ in points], float)
    values = np.array([0.0, *(y for _, y in points)])

    def at(grid: np.ndarray) -> np.ndarray:
        return np.asarray(values[np.searchsorted(places, grid, side="right")])

    return at


def as_row(state: TrackState) -> dict[str, object]:
    """A track as a row of plain values, by :data:`COLUMNS`."""
    track, result = state.track, dict(state.result or {})
    value = normalized(state)
    row: dict[str, object] = {
        "track": track.name,
        "task": track.task.env_id,
        "env": track.problem.partition(" ")[2],
        "access": track.task.access.value,
        "protocol": track.task.protocol.value,
        "model": track.task.model.value,
        "variant": track.task.variant,
        "editor": track.editor,
        "options": " ".join(track.options),
        "steps": track.steps,
        "repeat": track.repeat,
        "seed": track.seed,
        "status": state.status.value,
        "normalized": None if value is None else round(value, 4),
        "reason": state.reason,
    }
    return {c: row[c] if c in row else result.get(c) for c in COLUMNS}


def as_csv(states: Sequence[TrackState]) -> str:
    """Every track as a line of CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(as_row(s) for s in states)
    return text.getvalue()
