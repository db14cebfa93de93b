"""Why a program decided as it did: asked of it in its child, step by step of one episode.

The episode is played twice: as ever, which says what was done, and with questions, which must do the same. What is
changed in a counterfactual is measured in shares of a scale: the range of a parameter, the spread that a value has over
the episode.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from hlearn.errors import HarnessError, UsageError
from hlearn.evaluate.api import (
    Evaluator,
    EvaluatorMaker,
    Intervention,
    Job,
    Question,
    Record,
    Recording,
    Trace,
)
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.keyed import with_seeds
from hlearn.foreign_text import safe_line
from hlearn.records import Access, Failure, Outcome, Program
from hlearn.replays.columns import Columns
from hlearn.tasks.registry import report_cap
from hlearn.tasks.task import Task
from hlearn.trust import Worlds

Action = int | list[float]
_WIDEST = 64  # components of an observation that are changed one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A test that a program made.

    Attributes:
        path: of the file.
        line: from 1.
        text: as written.
        compared: left side, sign and right side as they were, where it compares two values.
        holds: which way it went.
    """

    path: str
    line: int
    text: str
    compared: tuple[object, str, object] | None
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCall:
    """A part of :mod:`hlearn.parts` that was asked: its arguments by name, and what it said."""

    name: str
    line: int
    given: tuple[tuple[str, object], ...]
    result: object


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPart:
    """A detector, rule, controller or reflex that was asked in a decision.

    Attributes:
        value: what it said; None where it passed.
        conditions: that it tested, in order.
        calls: of parts, in order.
    """

    name: str
    role: str
    value: object
    conditions: tuple[Condition, ...]
    calls: tuple[PartCall, ...]

    @property
    def spoke(self) -> bool:
        """Whether it said anything."""
        return self.value is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """A change of one value with which the program would have acted otherwise.

    Attributes:
        kind: "param", "state" or "observation".
        before: the value as it was.
        after: the nearest one found that turns the decision.
        action: that it would have taken.
        rule: that would have acted.
        share: the change as a share of the value's scale; smaller is nearer.
    """

    kind: str
    name: str
    before: float
    after: float
    action: Action
    rule: str
    share: float

    @property
    def change(self) -> Intervention:
        """To be played."""
        return Intervention(self.kind, self.name, self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedDecision:
    """One decision, and why it was taken.

    Attributes:
        step: from 0.
        stated: the action that the explanation ends in.
        taken: the action of the ordinary episode; the same, or the explanation is worth nothing.
        rule: what acted.
        asked: what was asked, in order, detectors first.
        state: what was seen, by name.
        counterfactuals: the nearest first.
        uncopyable: why no counterfactual could be looked for, "" where it could.
        lines: places that ran, (path, line).
        never: branches and functions that did not run in the whole episode until then: path, line, text.
    """

    seed: int
    step: int
    stated: Action
    taken: Action
    rule: str
    asked: tuple[AskedPart, ...]
    state: Mapping[str, object]
    counterfactuals: tuple[Counterfactual, ...]
    uncopyable: str
    lines: tuple[tuple[str, int], ...]
    never: tuple[tuple[str, int, str], ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether the stated decision is the one that was taken."""
        return self.stated == self.taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """An episode with explained decisions.

    Attributes:
        recording: of the ordinary episode, traces included.
    """

    outcome: Outcome
    recording: Recording
    decisions: tuple[ExplainedDecision, ...]


def explain_steps(
    task: Task,
    program: Program,
    seed: int,
    steps: Sequence[int],
    worlds: Worlds | None = None,
    *,
    search: bool = True,
    limit_s: float = 4.0,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
) -> Explained:
    """Explains decisions of one episode.

    Args:
        task: what is played.
        program: what plays.
        seed: the public label.
        steps: decisions, from 0; negative ones count from the end.
        worlds: reads the label.
        search: look for counterfactuals.
        limit_s: seconds for looking, per decision.
        evaluators: who plays.

    Raises:
        UsageError: a step is past the end, or the key is not on this machine.
        HarnessError: the program did not answer, or does not act the same again.
    """
    with closing(evaluators(task)) as evaluator:
        return explain_with(evaluator, task, program, seed, steps, worlds, search=search, limit_s=limit_s)


def explain_with(
    evaluator: Evaluator,
    task: Task,
    program: Program,
    seed: int,
    steps: Sequence[int],
    worlds: Worlds | None = None,
    *,
    search: bool = True,
    limit_s: float = 4.0,
) -> Explained:
    """The same with an evaluator that is there already."""
    worlds = worlds or Worlds()
    vector = task.access is Access.VECTOR
    usual = Job(
        program=program,
        seed=seed,
        max_steps=report_cap(task),
        record=Record.TRACE if vector else Record.TRACES,
    )
    outcome, recording = evaluator.run([with_seeds(usual, worlds)])[0]
    assert recording is not None
    if isinstance(outcome, Failure) and not len(recording.actions):
        raise UsageError(
            f"the program fails before its first decision, so there is nothing to explain: {outcome.message}"
        )
    wanted = _checked(steps, len(recording.actions), seed)
    question = Question(
        steps=tuple(sorted(set(wanted))),
        search=search,
        limit_s=limit_s,
        scales=scales_of(recording),
        observation=vector
        and recording.observations.ndim == 2
        and recording.observations.shape[1] <= _WIDEST,
    )
    job = Job(program=program, seed=seed, record=Record.ACTIONS, question=question)
    again = evaluator.run([with_seeds(job, worlds)])[0]
    assert again.recording is not None
    answers = again.recording.answers
    if len(answers) < len(question.steps):
        raise HarnessError(
            f"the program answered {len(answers)} of {len(question.steps)} questions ({again.outcome}); it plays on in "
            "ordinary episodes, so it may be too slow or too large to be asked why"
        )
    told = dict(zip(question.steps, answers, strict=False))
    taken = recording.actions.tolist()
    decisions = tuple(_decision(seed, step, told[step], taken[step]) for step in wanted)
    return Explained(outcome=outcome, recording=recording, decisions=decisions)


def play_change(
    evaluator: Evaluator,
    task: Task,
    program: Program,
    decision: ExplainedDecision,
    change: Intervention,
    worlds: Worlds,
) -> Action:
    """Plays the episode again with one value changed at a decision, and returns the action that was really taken."""
    question = Question(steps=(decision.step,), changes=(change,), search=False)
    job = Job(program=program, seed=decision.seed, record=Record.ACTIONS, question=question)
    recording = evaluator.run([with_seeds(job, worlds)])[0].recording
    assert recording is not None
    if len(recording.actions) <= decision.step:
        raise HarnessError(
            f"the program ended before decision {decision.step} when {change.name} was changed"
        )
    action: Action = recording.actions[decision.step].tolist()
    return action


def scales_of(recording: Recording) -> tuple[tuple[str, float], ...]:
    """What is a large change of each value: the spread of its middle nine tenths over the episode."""
    numbers = dict(Columns.of(recording.traces).numbers)
    seen = recording.observations
    if seen.ndim == 2 and seen.shape[1] <= _WIDEST:
        numbers |= {f"obs.{n}": seen[:, n].astype(np.float64) for n in range(seen.shape[1])}
    scales = []
    for name, column in numbers.items():
        known = column[np.isfinite(column)]
        if len(known) > 1:
            low, high = np.quantile(known, (0.05, 0.95))
            if high > low:
                scales.append((name, float(high - low)))
    return tuple(scales)


def _checked(steps: Sequence[int], length: int, seed: int) -> list[int]:
    wanted = [step + length if step < 0 else step for step in steps]
    for step, asked in zip(wanted, steps, strict=True):
        if not 0 <= step < length:
            raise UsageError(
                f"step {asked} is past the end: the episode of seed {seed} has {length} decisions, 0 to {length - 1}"
            )
    return wanted


def _decision(seed: int, step: int, told: Trace, taken: Action) -> ExplainedDecision:
    """An answer as values; a program that answers nonsense gets an explanation of nonsense, and no error."""
    conditions = [_condition(row) for row in _dicts(told.get("rows"))]
    calls = [_call(row) for row in _dicts(told.get("calls"))]
    asked = tuple(
        AskedPart(
            name=safe_line(str(part.get("name")), 80),
            role=str(part.get("role")),
            value=part.get("value"),
            conditions=tuple(conditions[_slice(part.get("rows"))]),
            calls=tuple(calls[_slice(part.get("calls"))]),
        )
        for part in _dicts(told.get("asked"))
    )
    state = told.get("state")
    stated: Any = told.get("action")
    lines, never = told.get("lines"), told.get("never")
    return ExplainedDecision(
        seed=seed,
        step=step,
        stated=stated,
        taken=taken,
        rule=safe_line(str(told.get("rule") or ""), 80),
        asked=asked,
        state=state if isinstance(state, dict) else {},
        counterfactuals=tuple(_counterfactual(row) for row in _dicts(told.get("changes"))),
        uncopyable=safe_line(str(told.get("uncopyable") or ""), 300),
        lines=tuple((str(p), int(n)) for p, n in lines) if isinstance(lines, list) else (),
        never=tuple((str(p), int(n), safe_line(str(t), 120)) for p, n, t in never)
        if isinstance(never, list)
        else (),
    )


def _dicts(value: object) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _slice(value: object) -> slice:
    if isinstance(value, list) and len(value) == 2 and all(isinstance(v, int) for v in value):
        return slice(max(value[0], 0), max(value[1], 0))
    return slice(0, 0)


def _condition(row: Mapping[str, Any]) -> Condition:
    compared = (row["left"], str(row["sign"]), row.get("right")) if "left" in row and "sign" in row else None
    return Condition(
        path=safe_line(str(row.get("path")), 80),
        line=int(row.get("line", 0)),
        text=safe_line(str(row.get("text")), 160),
        compared=compared,
        holds=bool(row.get("holds")),
    )


def _call(row: Mapping[str, Any]) -> PartCall:
    given = row.get("given")
    return PartCall(
        name=safe_line(str(row.get("name")), 80),
        line=int(row.get("line", 0)),
        given=tuple((safe_line(str(k), 40), v) for k, v in given.items()) if isinstance(given, dict) else (),
        result=row.get("result"),
    )


def _counterfactual(row: Mapping[str, Any]) -> Counterfactual:
    return Counterfactual(
        kind=str(row.get("kind")),
        name=safe_line(str(row.get("name")), 80),
        before=row.get("from", 0.0),
        after=row.get("to", 0.0),
        action=row.get("action", 0),
        rule=safe_line(str(row.get("rule") or ""), 80),
        share=float(row.get("share", 0.0)),
    )
