"""What holds of a skill in a system: its tests, and its cases played by the skill alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from hlearn.evaluate.api import EvaluatorMaker, Job
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.keyed import KeyedEvaluator
from hlearn.foreign_text import safe_line
from hlearn.policy.modules import check_program
from hlearn.policy.skills import Skill, standing_alone
from hlearn.records import Failure, Program
from hlearn.system import System
from hlearn.system.cases import Case, parse_case
from hlearn.system.checks import run_system_tests


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHeld:
    """One case, played by the skill alone.

    Attributes:
        name: of the case.
        score: of the episode.
        wanted: what must be reached, or None.
        why: why it does not hold, "" where it does.
    """

    name: str
    score: float
    wanted: float | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What holds of a skill.

    Attributes:
        refused: what the static checks say against it.
        tests: what failed of the tests, None where all pass.
        cases: each case.
    """

    refused: tuple[str, ...]
    tests: str | None
    cases: tuple[CaseHeld, ...]

    @property
    def good(self) -> bool:
        """Whether everything holds."""
        return not self.refused and self.tests is None and not any(c.why for c in self.cases)


def cases_of(system: System, name: str) -> tuple[Case, ...]:
    """The cases of a skill that a system has."""
    return tuple(c for c in system.judged.cases() if c.name.startswith(f"skill-{name}-"))


def verify_skill(
    system: System,
    program: Program,
    skill: Skill,
    *,
    tests: Mapping[str, str] | None = None,
    cases: Sequence[Case] | None = None,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
) -> Verified:
    """Runs the system's tests on a program that has the skill, and plays the skill's cases by it alone.

    Args:
        system: whose task, tests and key.
        program: one that has the skill.
        skill: what is looked at.
        tests: tests that come with it, by file name; none are added where None.
        cases: its cases; those of the system where None.
        evaluators: makes who plays.

    Raises:
        HarnessError: the machinery failed.
    """
    only = standing_alone(skill)
    refused = tuple(check_program(only)) or tuple(check_program(program))
    if refused:
        return Verified(refused=refused, tests=None, cases=())
    added = [(f"tests/{name}", text) for name, text in (tests or {}).items()]
    failed = run_system_tests(system, program, files=added)
    held = _play(system, only, cases_of(system, skill.name) if cases is None else cases, evaluators)
    return Verified(refused=(), tests=failed, cases=held)


def parse_cases(texts: Mapping[str, str]) -> tuple[Case, ...]:
    """Cases from the text of their files, by file name."""
    return tuple(parse_case(name, text.encode()) for name, text in texts.items())


def _play(
    system: System, only: Program, cases: Sequence[Case], evaluators: EvaluatorMaker
) -> tuple[CaseHeld, ...]:
    if not cases:
        return ()
    jobs = [
        Job(
            program=only,
            seed=c.resolve(system.config.seed),
            key=c.key,
            max_steps=c.max_steps,
            prefix=c.prefix,
        )
        for c in cases
    ]
    with closing(KeyedEvaluator(evaluators(system.task, workers=1), system.worlds)) as evaluator:
        results = evaluator.run(jobs)
    held = []
    for case, result in zip(cases, results, strict=True):
        outcome, why = result.outcome, ""
        if isinstance(outcome, Failure):
            why = safe_line(f"{outcome.kind.value}: {outcome.message}", 500)
        else:
            why = case.broken_by(outcome) or ""
        held.append(CaseHeld(name=case.name, score=outcome.score, wanted=case.min_score, why=why))
    return tuple(held)
