"""A skill from elsewhere: does it fit here, what does it break, and the files with which it comes in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hlearn.errors import UsageError
from hlearn.evaluate.api import EvaluatorMaker, Job
from hlearn.evaluate.isolated import IsolatedEvaluator
from hlearn.evaluate.keyed import KeyedEvaluator
from hlearn.policy.skills import Skill, read_skill, skill_name, skills_of, with_skill
from hlearn.program import Program
from hlearn.records import Episode, Split
from hlearn.skills.exchange import Packed, read_packed
from hlearn.skills.verify import Verified, parse_cases, verify_skill
from hlearn.system import Case, System
from hlearn.tasks.registry import describe
from hlearn.tasks.seeds import split_seeds

_FIRST = 600_000  # position of the first seed of skills' cases in the development split


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of an import.

    Attributes:
        skill: as it is called here.
        program: with the skill; in the folder only where it was taken.
        verified: what held.
        taken: whether its files were written.
        left_cases: cases that were left behind.
    """

    skill: Skill
    program: Program
    verified: Verified
    taken: bool
    left_cases: tuple[str, ...]


def import_skill(
    system: System,
    path: Path,
    *,
    name: str | None = None,
    without_cases: bool = False,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
) -> Imported:
    """Brings a skill into a system's folder where everything of it holds there; else nothing is written.

    Module, tests and cases lie in the folder as a person's edit does: the gate runs them with the next judgement,
    and an accepted program commits them.

    Args:
        system: where to.
        path: the skill file.
        name: what to call it here.
        without_cases: leave the cases behind that do not hold here.
        evaluators: makes who plays.

    Raises:
        UsageError: no skill file, it does not fit the task, or there is a skill or test of that name.
    """
    packed = read_packed(path)
    if misfits := packed.manifest.misfits(system.task, describe(system.task)):
        raise UsageError(
            f"{path}: the skill {packed.manifest.name} does not fit {system.path}: {'; '.join(misfits)}"
        )
    if name is not None:
        packed = _renamed(packed, name)
    skill = _with_origin(packed)
    base = system.working() or system.champion()
    if base is not None and any(s.name == skill.name for s in _skills(base)):
        raise UsageError(
            f"{system.path} has a skill {skill.name} already; bring this one in under another name: --as NAME"
        )
    try:
        program = with_skill(base, skill)
    except ValueError as error:
        raise UsageError(
            f"{system.path}: {error}; bring the skill in under another name: --as NAME"
        ) from None
    places = [f"tests/{n}" for n in packed.tests] + [f"cases/{n}" for n in packed.cases]
    if there := [p for p in places if (system.path / p).exists()]:
        raise UsageError(
            f"{system.path} has {there[0]} already; bring the skill in under another name: --as NAME"
        )
    cases = parse_cases(packed.cases)
    verified = verify_skill(system, program, skill, tests=packed.tests, cases=cases, evaluators=evaluators)
    left = tuple(c.name for c in verified.cases if c.why)
    if without_cases and left:
        verified = replace(verified, cases=tuple(c for c in verified.cases if not c.why))
    if verified.good:
        with system.exclusive():
            system.put_program(program.as_files())
            for file, text in packed.tests.items():
                system.write(f"tests/{file}", text)
            for file, text in packed.cases.items():
                if not without_cases or file.removesuffix(".json") not in left:
                    system.write(f"cases/{file}", text)
    return Imported(skill=skill, program=program, verified=verified, taken=verified.good, left_cases=left)


def cases_from_play(
    system: System,
    only: Program,
    name: str,
    count: int,
    *,
    evaluators: EvaluatorMaker = IsolatedEvaluator,
) -> Sequence[Case]:
    """Cases of what a skill reaches alone: as many development episodes, each to reach the worst score less the range.

    Under another key the same labels mean other episodes, so none is held to the score that it had here.

    Raises:
        UsageError: it fails in an episode.
    """
    seeds = split_seeds(Split.DEV, system.config.seed, _FIRST, count)
    evaluator = KeyedEvaluator(evaluators(system.task, workers=1), system.worlds)
    try:
        outcomes = [r.outcome for r in evaluator.run([Job(program=only, seed=s) for s in seeds])]
    finally:
        evaluator.close()
    for outcome in outcomes:
        if not isinstance(outcome, Episode):
            raise UsageError(f"the skill {name} fails alone: {outcome.kind.value}: {outcome.message}")
    scores = [o.score for o in outcomes]
    floor = min(scores) - (max(scores) - min(scores))
    why = f"the skill {name} alone reached {min(scores):g} to {max(scores):g} in {count} episodes"
    return [
        Case(name=f"skill-{name}-{n}", why=why, seed=seed, min_score=floor) for n, seed in enumerate(seeds, 1)
    ]


def _skills(program: Program) -> tuple[Skill, ...]:
    try:
        return skills_of(program)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _renamed(packed: Packed, name: str) -> Packed:
    try:
        skill_name(name)
    except ValueError as error:
        raise UsageError(str(error)) from None
    old = packed.manifest.name
    if packed.skill.assets:
        raise UsageError(
            f"the skill {old} reads its assets by name and cannot be renamed; rename the other one"
        )
    word = re.compile(rf"\b{re.escape(old)}\b")
    tests = {
        n.replace(f"test_skill_{old}", f"test_skill_{name}", 1): word.sub(name, text)
        for n, text in packed.tests.items()
    }
    cases = {n.replace(f"skill-{old}-", f"skill-{name}-", 1): text for n, text in packed.cases.items()}
    return replace(
        packed,
        manifest=replace(packed.manifest, name=name),
        skill=replace(packed.skill, name=name),
        tests=tests,
        cases=cases,
    )


def _with_origin(packed: Packed) -> Skill:
    """The skill with a line in its card that says where it comes from."""
    manifest = packed.manifest
    skill = packed.skill
    origin = f"{manifest.env_id}, program {manifest.program[:12]}, file {packed.sha256[:12]}"
    source = skill.source
    if '"from"' not in source and (found := re.search(r"^CARD\s*=\s*\{", source, re.MULTILINE)):
        source = f'{source[: found.end()]}\n    "from": {origin!r},{source[found.end() :]}'
    return replace(read_skill(skill.name, source), assets=skill.assets)
