"""Two suites side by side: the same problems, by another editor, another budget or another revision of hlearn.

Only tracks of one problem, access, protocol, model and variant stand in one row. What else differs between the two
(editor, options, steps, versions) is what is compared, and is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hlearn.errors import UsageError
from hlearn.records import Model
from hlearn.suites.folder import SuiteFolder, TrackState, TrackStatus
from hlearn.suites.report import SuiteCost, cost_of, normalized
from hlearn.suites.statistics import Aggregate, Estimate, aggregate, probability_of_improvement
from hlearn.suites.suite import Track

_TOLD: Mapping[str, Callable[[Track], str]] = {
    "editor": lambda track: track.editor,
    "options": lambda track: " ".join(track.options),
    "steps": lambda track: f"{track.steps:,}",
    "learning seeds": lambda track: str(track.seed),
}
"""What a comparison may be about."""


class ProblemClass(NamedTuple):
    """What tracks of two suites must share to be compared."""

    problem: str
    access: str
    protocol: str
    model: str
    variant: str

    @property
    def words(self) -> str:
        """For a row."""
        model = () if self.model == Model.NONE.value else (f"model {self.model}",)
        variant = (f"variant {self.variant}",) if self.variant else ()
        return ", ".join([self.problem, self.access, self.protocol, *model, *variant])


class ComparedProblem(NamedTuple):
    """One problem in both suites; scores are means over holdout episodes, one per repeat, higher is better.

    Attributes:
        first: scores of the first suite's repeats.
        second: of the second one's.
        chance: chance that a repeat of the first beats one of the second, ties counting one half.
    """

    of: ProblemClass
    first: tuple[float, ...]
    second: tuple[float, ...]
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteComparison:
    """What two suites came to on the problems that both have done.

    Attributes:
        rows: the problems, in the first suite's order.
        chance: chance that a run of the first beats one of the second on the same problem, with its interval.
        totals: normalised scores of both over the problems that have a scale; None where none has.
        costs: of the tracks that are compared.
        differences: in what the two differ: who edited, with what, how long, with which versions.
        left_out: problems that only one of them has, or has done.
    """

    rows: tuple[ComparedProblem, ...]
    chance: Estimate
    totals: tuple[Aggregate, Aggregate] | None
    costs: tuple[SuiteCost, SuiteCost]
    differences: tuple[str, ...]
    left_out: tuple[str, ...]


def compare_suites(first: SuiteFolder, second: SuiteFolder) -> SuiteComparison:
    """Compares what is done in both.

    Raises:
        UsageError: nothing is.
    """
    one, two = _by_problem(first), _by_problem(second)
    rows = []
    for of, states in one.items():
        ours, theirs = _scores(states), _scores(two.get(of, ()))
        if ours and theirs:
            found = probability_of_improvement({"": ours}, {"": theirs})
            assert found is not None
            rows.append(ComparedProblem(of, ours, theirs, found.value))
    if not rows:
        raise UsageError(
            f"{first.path} and {second.path} have no problem in common that is done in both (the same environment, "
            "access, protocol, model and variant); see hl suite status"
        )
    chance = probability_of_improvement(
        {r.of.words: r.first for r in rows}, {r.of.words: r.second for r in rows}
    )
    assert chance is not None
    there = {r.of for r in rows}
    tracks = [[s for r in rows for s in by[r.of] if s.result is not None] for by in (one, two)]
    return SuiteComparison(
        rows=tuple(rows),
        chance=chance,
        totals=_totals(tracks),
        costs=(cost_of(tracks[0]), cost_of(tracks[1])),
        differences=tuple(_differences(first, second, tracks)),
        left_out=tuple(of.words for of in {**one, **two} if of not in there),
    )


def _by_problem(folder: SuiteFolder) -> dict[ProblemClass, list[TrackState]]:
    found: dict[ProblemClass, list[TrackState]] = {}
    for state in folder.states():
        task = state.track.task
        of = ProblemClass(
            state.track.problem, task.access.value, task.protocol.value, task.model.value, task.variant
        )
        found.setdefault(of, []).append(state)
    return found


def _scores(states: Sequence[TrackState]) -> tuple[float, ...]:
    """Holdout scores of those that are done; a run without a champion leaves its user with random play."""
    found = []
    for state in states:
        if state.result is not None and state.status is TrackStatus.DONE:
            score = state.result.get("score")
            score = state.result.get("random_play") if score is None else score
            if isinstance(score, (int, float)):
                found.append(float(score))
    return tuple(found)


def _totals(tracks: Sequence[Sequence[TrackState]]) -> tuple[Aggregate, Aggregate] | None:
    runs: list[dict[str, list[float]]] = []
    for states in tracks:
        by: dict[str, list[float]] = {}
        for state in states:
            if (value := normalized(state)) is not None:
                task = state.track.task
                name = f"{state.track.problem} {task.access.value} {task.protocol.value} {task.variant}"
                by.setdefault(name, []).append(value)
        runs.append(by)
    one, two = ({k: v for k, v in by.items() if k in runs[0] and k in runs[1]} for by in runs)
    totals = aggregate(one), aggregate(two)
    return None if totals[0] is None or totals[1] is None else (totals[0], totals[1])


def _differences(
    first: SuiteFolder, second: SuiteFolder, tracks: Sequence[Sequence[TrackState]]
) -> list[str]:
    found = []
    for name, told in _TOLD.items():
        ours, theirs = (", ".join(dict.fromkeys(told(s.track) for s in states)) for states in tracks)
        if ours != theirs:
            found.append(f"{name}: {ours or 'none'} against {theirs or 'none'}")
    before, after = first.measured_with, second.measured_with
    found += [
        f"version of {name}: {before.get(name)} against {after.get(name)}"
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]
    return found
