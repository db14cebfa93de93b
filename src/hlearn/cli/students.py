"""``hl distill`` and ``hl teach``: networks taught by programs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.opening import open_system, standing_program
from hlearn.cli.options import EnvTimeout, SystemDir, Workers
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb
from hlearn.cli.words import number, several
from hlearn.errors import OutputExists, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from hlearn.program import Program
    from hlearn.system import System


@verb
def distill(
    directory: SystemDir,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            help="The folder to write: policy/ with the network, and student.json.",
            show_default=False,
        ),
    ],
    episodes: Annotated[
        int, typer.Option("--episodes", min=1, help="Episodes that the program plays first.")
    ] = 20,
    rounds: Annotated[
        int,
        typer.Option(
            "--rounds", min=0, help="Rounds in which the student plays and the program corrects it."
        ),
    ] = 3,
    round_episodes: Annotated[
        int, typer.Option("--round-episodes", min=1, help="Episodes of each such round.")
    ] = 10,
    samples: Annotated[
        int, typer.Option("--samples", min=1, help="Decisions to learn from at most.")
    ] = 1_000_000,
    frames: Annotated[
        int | None,
        typer.Option(
            "--frames",
            min=1,
            help="Observations seen at once. Default: 1 of vectors, else 2.",
            show_default=False,
        ),
    ] = None,
    epochs: Annotated[
        int, typer.Option("--epochs", min=1, help="Passes over the samples in each round.")
    ] = 20,
    rate: Annotated[float, typer.Option("--rate", min=1e-9, help="Adam's step.")] = 1e-3,
    holdout: Annotated[
        int, typer.Option("--holdout-episodes", min=1, help="Fresh seeds on which both are scored; recorded.")
    ] = 30,
    seed: Annotated[int, typer.Option("--seed", min=0, max=9, help="Of weights, order and episodes.")] = 0,
    tree: Annotated[
        int | None,
        typer.Option(
            "--tree",
            min=1,
            max=16,
            metavar="DEPTH",
            help="Fit a decision tree to what it does instead: a program of rules, from a network too.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="With --tree: fit it to this policy instead: NET.onnx, MODEL.zip of Stable-Baselines3, or "
            "module:function. It runs in this process, outside of the sandbox.",
            show_default=False,
        ),
    ] = None,
    workers: Workers = None,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Teach a network what the program does, and score it beside the program on fresh seeds.

    The network plays in the sandbox as any program, of the class network. Exit code 1 if it breaks one of the system's
    cases or fails in an episode; it is written all the same.
    """
    from hlearn.evaluate.allowance import usable_cores
    from hlearn.policy.modules import kind_of
    from hlearn.students import Lesson, compare
    from hlearn.students.teaching import teach as give_lesson
    from hlearn.students.teaching import teach_tree
    from hlearn.students.training import Rates

    screen = console(as_json)
    if os.path.lexists(out):
        raise OutputExists(f"{out} exists; name another folder, or remove it")
    system = open_system(directory, screen)
    if source is not None:
        if tree is None:
            raise UsageError("--from takes a policy that a tree is fitted to; say how deep: --tree 6")
        return _tree_from(system, source, out, tree, episodes, rounds, holdout, workers, screen)
    teacher = standing_program(system, directory)
    side = workers or usable_cores()
    lesson = Lesson(
        episodes=episodes,
        rounds=rounds,
        round_episodes=round_episodes,
        samples=samples,
        frames=frames,
        rates=Rates(learning=rate, epochs=epochs),
        seed=seed,
    )
    with screen.status("teaching") as status:
        if tree is not None:
            student = teach_tree(
                system.task,
                teacher,
                depth=tree,
                episodes=episodes,
                run_seed=system.config.seed,
                worlds=system.worlds,
                workers=side,
            )
        else:
            student = give_lesson(
                system.task,
                teacher,
                lesson,
                run_seed=system.config.seed,
                worlds=system.worlds,
                workers=side,
                on_stage=status.update,
            )
        status.update("scoring both on fresh seeds")
        compared = compare(system, student.program, teacher, episodes=holdout, workers=side)
    data: dict[str, object] = {
        "system": str(system.path),
        "student": str(out),
        "class": kind_of(student.program),
        "program_sha256": student.program.sha256,
        "teacher_sha256": teacher.sha256,
        "samples": student.samples,
        "loss": student.loss,
        "rounds": list(student.rounds),
        "targets": list(student.targets),
        "score": _mean(compared.student),
        "teacher_score": _mean(compared.teacher),
        "ratio": compared.ratio,
        "interval": list(compared.interval) if compared.interval else None,
        "holdout_episodes": holdout,
        "failures": compared.failures,
        "cases": compared.cases,
        "broken": list(compared.broken),
        "accepted": compared.accepted,
        "bytes": sum(len(d) for d in student.program.as_files().values()),
    }
    _write_student(out, student.program, data)
    share = "-" if compared.ratio is None else f"{compared.ratio:.3f}"
    if compared.interval is not None:
        share += f" [{compared.interval[0]:.3f}, {compared.interval[1]:.3f}]"
    screen.print(
        f"{out}: {several(student.samples, 'decision')} learnt from; student {number(_mean(compared.student))}, "
        f"program {number(_mean(compared.teacher))} on {several(holdout, 'fresh seed')}; student over program {share}",
        markup=False,
        soft_wrap=True,
    )
    for line in compared.broken:
        screen.print(f"breaks case {line}", markup=False, soft_wrap=True)
    screen.print(
        f"accepted: all {several(compared.cases, 'case')} hold" if compared.accepted else "not accepted",
        markup=False,
    )
    return Answer(data=data, code=DONE if compared.accepted else NO)


@verb
def teach(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="What hl continual --out left.", show_default=False)
    ],
    episodes: Annotated[
        int, typer.Option("--episodes", min=1, help="Episodes that the program plays first.")
    ] = 40,
    rounds: Annotated[int, typer.Option("--rounds", min=0, help="Rounds of correction.")] = 3,
    round_episodes: Annotated[
        int, typer.Option("--round-episodes", min=1, help="Episodes of each round.")
    ] = 20,
    samples: Annotated[
        int, typer.Option("--samples", min=1, help="Decisions to learn from at most.")
    ] = 1_000_000,
    frames: Annotated[
        int,
        typer.Option(
            "--frames", min=1, help="Observations seen at once: the world shows in how they follow."
        ),
    ] = 3,
    epochs: Annotated[
        int, typer.Option("--epochs", min=1, help="Passes over the samples in each round.")
    ] = 20,
    holdout: Annotated[int, typer.Option("--holdout-episodes", min=1, help="Fresh seeds per variant.")] = 10,
    again: Annotated[
        bool, typer.Option("--again", help="Also where the program is the one that taught last.")
    ] = False,
    workers: Workers = None,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Update the network of a program of several variants, taught in all of them, into FOLDER/student.

    It takes the old one's place where it loses at most a twentieth of the program's score on every variant (else exit
    code 1). Nothing is done where the program has not changed since.
    """
    from hlearn.evaluate.allowance import usable_cores
    from hlearn.students import Lesson
    from hlearn.students.training import Rates
    from hlearn.students.updating import update_student
    from hlearn.students.variants import FOLDER, is_taught, read_variants

    screen = console(as_json)
    variants = read_variants(folder)
    if is_taught(folder, variants.teacher) and not again:
        screen.print(
            "The program is the one that taught the student last; --again teaches anew.", markup=False
        )
        return Answer(data={"folder": str(folder), "taught": False})
    side = workers or usable_cores()
    lesson = Lesson(
        episodes=episodes,
        rounds=rounds,
        round_episodes=round_episodes,
        samples=samples,
        frames=frames,
        rates=Rates(epochs=epochs),
    )
    with screen.status("teaching") as status:
        update = update_student(
            folder, variants, lesson, episodes=holdout, workers=side, on_stage=status.update
        )
    for line in update.lines():
        screen.print(line, markup=False)
    screen.print(
        f"{folder / FOLDER}" if update.accepted else "not accepted: the old student stays",
        markup=False,
        soft_wrap=True,
    )
    data = {"folder": str(folder), "taught": True, **update.as_json()}
    return Answer(data=data, code=DONE if update.accepted else NO)


def _tree_from(
    system: System,
    source: str,
    out: Path,
    depth: int,
    episodes: int,
    rounds: int,
    holdout: int,
    workers: int | None,
    screen: Console,
) -> Answer:
    """Fits a tree to a policy from elsewhere; there is no program to score it beside, so its own scores are shown."""
    from hlearn.evaluate.allowance import usable_cores
    from hlearn.evidence.measure import measure_program
    from hlearn.records import Split
    from hlearn.students.experts import read_expert
    from hlearn.students.viper import fit_viper

    expert = read_expert(source)
    with screen.status("fitting trees") as status:
        fitted = fit_viper(
            system.task,
            expert,
            depth=depth,
            episodes=episodes,
            rounds=rounds,
            run_seed=system.config.seed,
            worlds=system.worlds,
        )
        status.update("scoring on fresh seeds")
        done = measure_program(
            system,
            fitted.program,
            split=Split.HOLDOUT,
            episodes=holdout,
            workers=workers or usable_cores(),
        )
    mean = done.evaluation.mean
    data: dict[str, object] = {
        "system": str(system.path),
        "student": str(out),
        "class": "program",
        "from": source,
        "program_sha256": fitted.program.sha256,
        "samples": fitted.samples,
        "rounds": list(fitted.rounds),
        "score": mean,
        "teacher_score": fitted.expert_score,
        "holdout_episodes": holdout,
    }
    _write_student(out, fitted.program, data)
    screen.print(
        f"{out}: {several(fitted.samples, 'decision')} learnt from; tree {number(mean)} on "
        f"{several(holdout, 'fresh seed')}, {expert.name} {number(fitted.expert_score)} on development seeds",
        markup=False,
        soft_wrap=True,
    )
    return Answer(data=data, code=DONE if mean is not None else NO)


def _write_student(out: Path, program: Program, data: dict[str, object]) -> None:
    from hlearn.system.program_files import write_program

    part = out.with_name(f".{out.name}.part-{os.getpid()}")
    part.mkdir()
    write_program(part, program.as_files())
    (part / "student.json").write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    os.rename(part, out)


def _mean(scores: tuple[float, ...]) -> float | None:
    return sum(scores) / len(scores) if scores else None
