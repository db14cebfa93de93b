"""``hl dataset``: what a system's programs do, as a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.opening import open_system, standing_program
from hlearn.cli.options import EnvTimeout, SystemDir, Workers
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb
from hlearn.cli.words import number, several
from hlearn.errors import UsageError

if TYPE_CHECKING:
    from hlearn.records import Program
    from hlearn.system import System

_FIRST = 500_000  # position of the first seed in the development split: no run of a system comes so far


@verb
def dataset(
    directory: SystemDir,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="NAME-v0",
            help="The folder to write, named as Minari shall call the data set.",
            show_default=False,
        ),
    ],
    episodes: Annotated[
        int, typer.Option("--episodes", min=1, help="Episodes that each program plays.")
    ] = 20,
    history: Annotated[
        bool, typer.Option("--history", help="All champions of the history play, not the present one alone.")
    ] = False,
    program: Annotated[
        str | None,
        typer.Option(
            "--program",
            help="A trial number, SHA-256 prefix or git revision. Default: the program as it stands.",
            show_default=False,
        ),
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option("--min-score", help="Keep episodes of this score at least.", show_default=False),
    ] = None,
    around_failures: Annotated[
        int | None,
        typer.Option(
            "--around-failures",
            min=1,
            metavar="N",
            help="Keep only the N decisions before each lost life, end or failure of the program.",
            show_default=False,
        ),
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Keep episodes in which the program failed, until then.")
    ] = False,
    repeated: Annotated[
        bool, typer.Option("--repeated", help="Keep episodes that are the same step by step.")
    ] = False,
    state: Annotated[
        bool, typer.Option("--state/--no-state", help="Named state of detectors and what acted.")
    ] = True,
    max_steps: Annotated[
        int | None,
        typer.Option(
            "--max-steps", min=1, help="Cut episodes after so many environment steps.", show_default=False
        ),
    ] = None,
    workers: Workers = None,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Write what a system's program does as a Minari data set and as Parquet.

    The folder appears whole or not at all. Exit code 1 if the program failed in an episode.
    """
    from hlearn.datasets.choosing import Filters
    from hlearn.datasets.writing import check_place, write_dataset
    from hlearn.evaluate.allowance import usable_cores
    from hlearn.records import Split
    from hlearn.tasks.registry import report_cap
    from hlearn.tasks.seeds import split_seeds

    screen = console(as_json)
    check_place(out)
    system = open_system(directory, screen)
    if history and program is not None:
        raise UsageError("--history plays all champions; leave out --program")
    programs = _champions(system) if history else (standing_program(system, directory, program),)
    seeds = split_seeds(Split.DEV, system.config.seed, _FIRST, episodes)
    total = len(programs) * episodes
    with screen.status(f"playing {several(total, 'episode')}") as status:
        written = write_dataset(
            out,
            system.task,
            programs,
            seeds,
            worlds=system.worlds,
            filters=Filters(
                min_score=min_score, around_failures=around_failures, failed=failed, repeated=repeated
            ),
            state=state,
            max_steps=max_steps if max_steps is not None else report_cap(system.task),
            workers=workers or usable_cores(),
            on_episode=lambda ended: status.update(f"played {ended} of {several(total, 'episode')}"),
        )
    left, scores = written.left, written.scores
    screen.print(
        f"{out}: {several(written.episodes, 'episode')} of {several(len(programs), 'program')}, "
        f"{several(written.steps, 'decision')}, mean score {number(sum(scores) / len(scores))}, "
        f"{written.size_bytes / 1e6:.1f} MB",
        markup=False,
        soft_wrap=True,
    )
    if any(left):
        screen.print(
            f"left out: {left.low} below the score, {left.failed} failed, {left.repeated} repeated, "
            f"{left.empty} without such a stretch",
            markup=False,
        )
    if written.failures:
        screen.print(f"the program failed: {written.failures[0].message}", markup=False, soft_wrap=True)
    screen.print(
        f"Load it with MINARI_DATASETS_PATH={out.absolute().parent}: minari.load_dataset({written.dataset_id!r})",
        markup=False,
        soft_wrap=True,
    )
    return Answer(
        data={
            "system": str(system.path),
            "dataset": str(out),
            "id": written.dataset_id,
            "programs": [p.sha256 for p in programs],
            "episodes": written.episodes,
            "decisions": written.steps,
            "scores": list(scores),
            "left_out": left._asdict(),
            "failures": len(written.failures),
            "env_steps": written.env_steps,
            "bytes": written.size_bytes,
            "state": list(written.state),
            "rules": list(written.rules),
        },
        code=NO if written.failures else DONE,
    )


def _champions(system: System) -> tuple[Program, ...]:
    """All programs that were champion once, oldest first."""
    names = dict.fromkeys(change.program for change in system.history())
    if not names:
        raise UsageError(f"{system.path} never had a champion; learn one first, or leave out --history")
    return tuple(system.programs.get(name) for name in names)
