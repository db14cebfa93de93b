"""``hl continual``: one program over variants that come one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hlearn.cli.options import EnvTimeout, KeyFile, Seed, Teach, Workers, key_of, lessons_every
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb


@verb
def continual(
    suite: Annotated[
        Path, typer.Argument(metavar="SUITE", help="A TOML file that names the variants.", show_default=False)
    ],
    out: Annotated[
        Path, typer.Option("--out", help="Folder for systems, program and results.json.", show_default=False)
    ],
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            min=1,
            help="Environment steps for each skill, instead of the file's.",
            show_default=False,
        ),
    ] = None,
    episodes: Annotated[int, typer.Option("--holdout-episodes", min=1, help="Fresh seeds per score.")] = 10,
    ppo: Annotated[
        bool,
        typer.Option(
            "--ppo", help="Train a PPO through the variants too, as a control. Needs stable-baselines3."
        ),
    ] = False,
    teach: Teach = None,
    seed: Seed = 0,
    key: KeyFile = None,
    workers: Workers = None,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Live through variants of a task one after the other: notice, reuse or learn, and break nothing old.

    The program is not told which variant it plays. Exit code 1 if a new skill was not accepted.
    """
    from hlearn.continual import read_sequence, run_sequence
    from hlearn.evaluate.allowance import usable_cores

    screen = console(as_json)
    sequence = read_sequence(suite, steps=steps)
    with screen.status("reading") as status:
        results = run_sequence(
            sequence,
            out,
            seed=seed,
            episodes=episodes,
            workers=workers or usable_cores(),
            key=key_of(key),
            on_stage=status.update,
            ppo=ppo,
            teach_every=None if teach is None else lessons_every(teach),
        )
    for line in results.lines():
        screen.print(line, markup=False, highlight=False, soft_wrap=True)
    return Answer(
        data={"out": str(out), "title": sequence.title, **results.as_json()},
        code=DONE if all(row.accepted for row in results.rows) else NO,
    )
