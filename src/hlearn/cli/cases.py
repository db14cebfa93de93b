"""``hl case``: a failure or a skill becomes a regression case; the cases that there are, and which hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.opening import open_system, shown_seed, standing_program
from hlearn.cli.options import EnvTimeout, SystemDir
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb
from hlearn.errors import UsageError

if TYPE_CHECKING:
    from hlearn.records import Outcome, Program
    from hlearn.system import Case, System

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Regression cases: add one, or play all.")
_EPISODES = 5  # that a failure is looked for in, as hl failures does


@app.command("add")
@verb
def add(
    directory: SystemDir,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, help="A development seed. Default: the first.", show_default=False),
    ] = None,
    step: Annotated[
        int | None, typer.Option("--step", min=0, help="The decision that matters.", show_default=False)
    ] = None,
    failure: Annotated[
        int | None,
        typer.Option(
            "--failure", min=1, help="Take seed and step of this failure of hl failures.", show_default=False
        ),
    ] = None,
    before: Annotated[
        int,
        typer.Option("--before", min=0, help="Decisions before the step at which the program takes over."),
    ] = 60,
    after: Annotated[
        int, typer.Option("--after", min=1, help="Decisions after the step that it plays.")
    ] = 30,
    min_score: Annotated[
        float | None,
        typer.Option("--min-score", help="What it must score from there on.", show_default=False),
    ] = None,
    lives: Annotated[
        bool | None,
        typer.Option(
            "--lives/--no-lives",
            help="No life may be lost. Default: where the environment has lives and nothing else is asked.",
            show_default=False,
        ),
    ] = None,
    goes_on: Annotated[
        bool | None,
        typer.Option(
            "--goes-on/--may-end",
            help="The episode may not end. Default: where nothing else is asked.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Default: from seed and step.", show_default=False)
    ] = None,
    why: Annotated[
        str | None, typer.Option("--why", help="One sentence for people.", show_default=False)
    ] = None,
    program: Annotated[
        str | None,
        typer.Option("--program", help="Whose actions lead there. Default: the program as it stands."),
    ] = None,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Turn a failure or a skill into a regression case: a state reached by seed and actions, what must hold, how long.

    From then on the gate plays it for every proposal and names it where it breaks.
    """
    from hlearn.evidence.replay import replay as play
    from hlearn.records import Split
    from hlearn.system import Case
    from hlearn.system.cases import case_text
    from hlearn.system.files import write_whole
    from hlearn.tasks.seeds import split_of

    screen = console(as_json)
    system = open_system(directory, screen)
    subject = standing_program(system, directory, program)
    said = why
    if failure is not None:
        if seed is not None or step is not None:
            raise UsageError("--failure names the moment; leave out --seed and --step")
        with screen.status("looking for failures"):
            seed, step, found = _moment(system, subject, failure)
        said = why or found
    seed = shown_seed(system, seed)
    if split_of(seed) is not Split.DEV:
        raise UsageError(f"seed {seed} is no development seed; a case takes one, such as {seed % 1000}")
    if step is None:
        raise UsageError("which moment? Name --step (and --seed), or --failure N of hl failures")
    with screen.status("playing the episode"):
        film = play(system.task, subject, seed, system.worlds)
    actions, left = film.recording.actions, film.recording.lives
    if step >= len(actions):
        raise UsageError(
            f"step {step} is past the end: the episode of seed {seed} has {len(actions)} decisions"
        )
    begin = max(0, step - before)
    prefix = tuple(tuple(a.tolist()) if a.ndim else int(a) for a in actions[:begin])
    has_lives = bool(len(left) and left.max())
    lives = has_lives and min_score is None and goes_on is None if lives is None else lives
    if lives and not has_lives:
        raise UsageError(f"{system.task.env_id} tells of no lives; ask for --goes-on or --min-score")
    goes_on = (not lives and min_score is None) if goes_on is None else goes_on
    frames = film.outcome.env_steps / max(film.outcome.length, 1)
    case = Case(
        name=name or f"seed-{seed}-step-{step}",
        why=said or f"what came at step {step} of seed {seed} must go well",
        split=Split.DEV,
        seed=seed,
        max_steps=round((step + after) * frames) + 1,
        min_score=min_score,
        prefix=prefix,
        min_lives=int(left[max(begin - 1, 0)]) if lives else None,
        goes_on=goes_on,
    )
    _check_name(system, case.name)
    outcome = _play(system, subject, case)
    broken = _broken(case, outcome)
    write_whole(system.path, f"cases/{case.name}.json", case_text(case))
    screen.print(
        f"cases/{case.name}.json: {len(prefix)} actions lead to it, then {step + after - begin} decisions. "
        + ("The present program keeps it." if broken is None else f"The present program breaks it: {broken}."),
        soft_wrap=True, markup=False,
    )  # fmt: skip
    if broken is not None:
        screen.print(
            "No proposal is accepted until one keeps it; delete the file to take that back.", markup=False
        )
    return Answer(
        data={
            "system": str(system.path),
            "case": case.name,
            "path": str(system.path / "cases" / f"{case.name}.json"),
            "seed": seed,
            "step": step,
            "prefix": len(prefix),
            "max_steps": case.max_steps,
            "min_score": case.min_score,
            "min_lives": case.min_lives,
            "goes_on": case.goes_on,
            "holds": broken is None,
            "broken": broken,
        }
    )


@app.command("run")
@verb
def run(
    directory: SystemDir,
    program: Annotated[
        str | None,
        typer.Option("--program", help="Default: the program as it stands.", show_default=False),
    ] = None,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Play every regression case that may be looked at (development seeds), and say which hold.

    Exit code 1 if one breaks. Cases of the gate are played by the gate alone.
    """
    from hlearn.records import Split

    screen = console(as_json)
    system = open_system(directory, screen)
    subject = standing_program(system, directory, program)
    rows = []
    for case in system.judged.cases():
        if case.split is not Split.DEV or not (case.key is None or system.worlds.has(case.key)):
            continue
        broken = _broken(case, _play(system, subject, case))
        rows.append((case, broken))
        screen.print(f"{case.name}: {'holds' if broken is None else broken}", soft_wrap=True, markup=False)
    holds = sum(broken is None for _, broken in rows)
    screen.print(f"{holds} of {len(rows)} development cases hold", markup=False)
    return Answer(
        data={
            "system": str(system.path),
            "cases": [{"name": c.name, "why": c.why, "holds": b is None, "broken": b} for c, b in rows],
        },
        code=DONE if holds == len(rows) else NO,
    )


def _moment(system: System, program: Program, rank: int) -> tuple[int, int, str]:
    from hlearn.failures import mine, play_mined
    from hlearn.records import Split
    from hlearn.tasks.seeds import split_seeds

    seeds = split_seeds(Split.DEV, system.config.seed, 0, _EPISODES)
    groups = mine(play_mined(system.task, program, seeds, system.worlds), program)
    if rank > len(groups):
        raise UsageError(f"there is no failure {rank}: hl failures lists {len(groups)}")
    worst = groups[rank - 1].worst
    return worst.seed, worst.step, worst.said


def _play(system: System, program: Program, case: Case) -> Outcome:
    from hlearn.evaluate.api import Job
    from hlearn.evaluate.isolated import IsolatedEvaluator
    from hlearn.evaluate.keyed import with_seeds

    job = Job(
        program=program, seed=case.resolve(system.config.seed), key=case.key, max_steps=case.max_steps,
        prefix=case.prefix,
    )  # fmt: skip
    with IsolatedEvaluator(system.task) as evaluator:
        return evaluator.run([with_seeds(job, system.worlds)])[0].outcome


def _broken(case: Case, outcome: Outcome) -> str | None:
    from hlearn.records import Failure

    if isinstance(outcome, Failure):
        return f"the program fails ({outcome.kind.value})"
    return case.broken_by(outcome)


def _check_name(system: System, name: str) -> None:
    from hlearn.system.additions import unfit

    path = f"cases/{name}.json"
    refusal = unfit(path, b"", ())
    if refusal is not None or not name.replace("-", "").replace("_", "").isalnum():
        raise UsageError(f"--name {name}: {refusal[1] if refusal else 'expected letters, digits, - and _'}")
    if (Path(system.path) / path).exists():
        raise UsageError(f"{system.path / path} is there already; choose another --name")
