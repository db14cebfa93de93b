"""``hl explain``: the whole program in plain words, from its own structure and its play."""

from __future__ import annotations

from typing import Annotated

import typer

from hlearn.cli.opening import open_system, standing_program
from hlearn.cli.options import EnvTimeout, SystemDir, Workers
from hlearn.cli.output import Answer, AsJson, Debug, console, verb


@verb
def explain(
    directory: SystemDir,
    program: Annotated[
        str | None,
        typer.Option(
            "--program",
            help="A trial number, SHA-256 prefix or git revision. Default: the program as it stands.",
            show_default=False,
        ),
    ] = None,
    episodes: Annotated[
        int, typer.Option("--episodes", min=2, help="Development episodes with and without each rule.")
    ] = 5,
    ablation: Annotated[
        bool, typer.Option("--ablation/--no-ablation", help="Measure what is lost without each rule.")
    ] = True,
    workers: Workers = None,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Tell the whole program: what it sees, what acts and is worth how much, what parameters do, what never runs.

    Ablations are measured on development seeds, recorded and charged as hl eval does.
    """
    from hlearn.evaluate.allowance import usable_cores
    from hlearn.explain.programs import story_lines, tell_program

    screen = console(as_json)
    system = open_system(directory, screen)
    subject = standing_program(system, directory, program)
    with screen.status("playing an episode") as status:
        story = tell_program(
            system,
            subject,
            episodes=episodes,
            ablate=ablation,
            workers=workers or usable_cores(),
            say=status.update,
        )
    for line in story_lines(story):
        screen.print(line, markup=False, soft_wrap=True, highlight=False)
    return Answer(
        data={
            "system": str(system.path),
            "program_sha256": subject.sha256,
            "seed": story.seed,
            "score": story.score,
            "decisions": story.decisions,
            "words": story.words,
            "parts": [
                {
                    "name": p.name,
                    "role": p.spec.role,
                    "summary": p.spec.summary,
                    "first_line": p.spec.first_line,
                    "last_line": p.spec.last_line,
                    "acted": p.acted,
                    "read": p.read,
                    "lost": p.ablation.lost if p.ablation else None,
                    "interval": list(p.ablation.interval) if p.ablation and p.ablation.interval else None,
                    "fails_without": p.ablation is not None and p.ablation.lost is None,
                }
                for p in story.parts
            ],
            "params": [
                {
                    "name": p.name,
                    "value": p.spec.value,
                    "low": p.spec.low,
                    "high": p.spec.high,
                    "unit": p.spec.unit,
                    "read": p.read,
                    "turns": p.turns,
                    "nearest": p.nearest,
                }
                for p in story.params
            ],
            "never": [list(n) for n in story.never],
        }
    )
