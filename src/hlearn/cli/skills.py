"""``hl skill``: the skills of a system, and skills between systems."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.opening import open_system, standing_program
from hlearn.cli.options import EnvTimeout, SystemDir
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb
from hlearn.cli.words import number, several
from hlearn.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from hlearn.policy.skills import Skill
    from hlearn.records import Program
    from hlearn.skills import Verified
    from hlearn.system import System

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Skills of a system: list, show, test them, and hand them on with tests and cases. Each takes --json.",
)
SkillName = Annotated[str, typer.Argument(metavar="NAME", help="The skill's name.", show_default=False)]


@app.command("list")
@verb
def list_(directory: SystemDir, as_json: AsJson = False, debug: Debug = False) -> Answer:
    """List the skills of a system's program."""
    screen = console(as_json)
    system = open_system(directory, screen)
    found = _skills(standing_program(system, directory))
    for skill in found:
        screen.print(f"{skill.name:<20} {skill.achieves or '-'}", markup=False, soft_wrap=True)
    if not found:
        screen.print(
            "No skills. A skill is a module policy/skills/NAME.py with a CARD and one policy class.",
            markup=False,
        )
    return Answer(data={"system": str(system.path), "skills": [_data(skill) for skill in found]})


@app.command("show")
@verb
def show(directory: SystemDir, name: SkillName, as_json: AsJson = False, debug: Debug = False) -> Answer:
    """Show a skill's card, its tests, its cases and its text."""
    from hlearn.skills.exchange import is_test_of
    from hlearn.skills.verify import cases_of

    screen = console(as_json)
    system = open_system(directory, screen)
    skill = _skill(standing_program(system, directory), name)
    judged = system.judged.committed() | system.judged.added()
    tests = sorted(n for n in judged if n.startswith("tests/") and is_test_of(n[6:], name))
    cases = [c.name for c in cases_of(system, name)]
    screen.print(
        f"{skill.name}: {skill.achieves or '-'}\nexpects: {skill.expects or '-'}\n"
        f"from: {skill.origin or 'this system'}; trials {', '.join(map(str, skill.trials)) or '-'}\n"
        f"tests: {', '.join(tests) or 'none'}\ncases: {', '.join(cases) or 'none'}\n\n{skill.source}",
        markup=False,
        soft_wrap=True,
        highlight=False,
    )
    return Answer(
        data={
            "system": str(system.path),
            **_data(skill),
            "tests": tests,
            "cases": cases,
            "source": skill.source,
        }
    )


@app.command("test")
@verb
def test(
    directory: SystemDir,
    name: SkillName,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Run the system's tests and play the skill's cases by the skill alone.

    Exit code 1 if something does not hold.
    """
    from hlearn.skills import verify_skill

    screen = console(as_json)
    system = open_system(directory, screen)
    program = standing_program(system, directory)
    skill = _skill(program, name)
    with screen.status("testing"):
        verified = verify_skill(system, program, skill)
    _tell(screen, verified)
    return Answer(
        data={"system": str(system.path), "skill": name, **_held(verified)},
        code=DONE if verified.good else NO,
    )


@app.command("export")
@verb
def export(
    directory: SystemDir,
    name: SkillName,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.hlskill", help="Default: NAME.hlskill here.", show_default=False),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="The whole program, one file, becomes the skill of that name.")
    ] = False,
    achieves: Annotated[
        str, typer.Option("--achieves", help="With --whole: what it achieves, one line.")
    ] = "",
    episodes: Annotated[
        int,
        typer.Option(
            "--cases",
            min=0,
            help="Add so many cases of what the skill reaches alone. Default: 3 if it has none.",
        ),
    ] = 3,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Write a skill with its tests and cases as one file that hl skill import takes.

    Exit code 1 if its own tests or cases do not hold here; the file is then not written.
    """
    from hlearn.policy.skills import standing_alone
    from hlearn.skills import export_skill, verify_skill
    from hlearn.skills.exchange import SUFFIX
    from hlearn.skills.fitting import cases_from_play
    from hlearn.skills.verify import cases_of
    from hlearn.system.cases import case_text

    screen = console(as_json)
    system = open_system(directory, screen)
    program = standing_program(system, directory)
    skill = _whole(system, program, name, achieves) if whole else _skill(program, name)
    path = out or Path(f"{name}{SUFFIX}")
    if path.suffix != SUFFIX:
        raise UsageError(f"{path}: a skill is a file *{SUFFIX}; give the name such an ending")
    with screen.status("testing and playing cases"):
        if episodes and not cases_of(system, name):
            for case in cases_from_play(system, standing_alone(skill), name, episodes):
                system.write(f"cases/{case.name}.json", case_text(case))
        verified = verify_skill(system, program, skill)
    _tell(screen, verified)
    if verified.good:
        packed = export_skill(system, program, skill, path)
        screen.print(
            f"{path}: {several(len(packed.tests), 'test file')}, {several(len(packed.cases), 'case')}",
            markup=False,
        )
    return Answer(
        data={
            "system": str(system.path),
            "skill": name,
            "file": str(path) if verified.good else None,
            **_held(verified),
        },
        code=DONE if verified.good else NO,
    )


@app.command("import")
@verb
def import_(
    directory: SystemDir,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What hl skill export wrote.", show_default=False)
    ],
    as_name: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Call it so here.", show_default=False)
    ] = None,
    without_cases: Annotated[
        bool, typer.Option("--without-cases", help="Leave cases behind that do not hold here.")
    ] = False,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Bring a skill with its tests and cases into a system, where all of it holds there.

    It lies in the folder as an edit; hl gate judges it. Exit code 1 if something does not hold: nothing is written
    then.
    """
    from hlearn.skills import import_skill

    screen = console(as_json)
    system = open_system(directory, screen)
    with screen.status("testing it here"):
        done = import_skill(system, file, name=as_name, without_cases=without_cases)
    _tell(screen, done.verified)
    if done.taken:
        left = f"; left behind: {', '.join(done.left_cases)}" if done.left_cases else ""
        screen.print(
            f"{directory} has the skill {done.skill.name} in {done.program.path}skills/{left}. Call it from the policy "
            f"(hlearn.policy.DispatchPolicy), then: hl gate {directory}",
            markup=False,
            soft_wrap=True,
        )
    else:
        screen.print("Nothing was written.", markup=False)
    return Answer(
        data={
            "system": str(system.path),
            "skill": done.skill.name,
            "taken": done.taken,
            "left_cases": list(done.left_cases),
            "program_sha256": done.program.sha256,
            **_held(done.verified),
        },
        code=DONE if done.taken else NO,
    )


def _skills(program: Program) -> tuple[Skill, ...]:
    from hlearn.policy.skills import skills_of

    try:
        return skills_of(program)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _skill(program: Program, name: str) -> Skill:
    found = {skill.name: skill for skill in _skills(program)}
    if name not in found:
        raise UsageError(
            f"the program has no skill {name}; it has: {', '.join(found) or 'none'}. "
            "A program of one file becomes a skill with --whole"
        )
    return found[name]


def _whole(system: System, program: Program, name: str, achieves: str) -> Skill:
    from hlearn.policy.skills import read_skill

    if program.files:
        raise UsageError(
            "--whole takes programs of one file; move what the skill needs to policy/skills/NAME.py"
        )
    trials = [c.trial for c in system.history() if c.program == program.sha256]
    card = {
        "achieves": achieves or f"plays {system.task.env_id}",
        "expects": f"{system.task.env_id}, access {system.task.access.value}",
        "trials": trials,
    }
    try:
        return read_skill(name, f"{program.source.rstrip()}\n\n\nCARD = {card!r}\n")
    except ValueError as error:
        raise UsageError(str(error)) from None


def _data(skill: Skill) -> dict[str, object]:
    return {
        "name": skill.name,
        "achieves": skill.achieves,
        "expects": skill.expects,
        "trials": list(skill.trials),
        "from": skill.origin or None,
        "files": [f.path for f in skill.files],
    }


def _held(verified: Verified) -> dict[str, object]:
    return {
        "good": verified.good,
        "refused": list(verified.refused),
        "failed_tests": verified.tests,
        "case_results": [
            {"name": c.name, "score": c.score, "wanted": c.wanted, "why": c.why or None}
            for c in verified.cases
        ],
    }


def _tell(screen: Console, verified: Verified) -> None:
    for line in verified.refused:
        screen.print(f"refused: {line}", markup=False, soft_wrap=True)
    if verified.tests is not None:
        screen.print(f"a test fails:\n{verified.tests}", markup=False, soft_wrap=True)
    for case in verified.cases:
        said = case.why or f"holds: {number(case.score)}"
        screen.print(f"{case.name}: {said}", markup=False, soft_wrap=True)
