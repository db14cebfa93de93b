"""A system's folder and its history: ``hl init``, ``hl history``, ``hl diff``, ``hl rollback``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.opening import open_system
from hlearn.cli.options import (
    AccessName,
    EnvArguments,
    EnvTimeout,
    KeyFile,
    ModelName,
    ProtocolName,
    Seed,
    SystemDir,
    Target,
    TaskName,
    VariantText,
    env_arguments,
    key_of,
)
from hlearn.cli.output import Answer, AsJson, Debug, console, verb
from hlearn.cli.words import arguments, count, number
from hlearn.errors import UsageError
from hlearn.foreign_text import safe_line
from hlearn.program import PROGRAM_FILE

if TYPE_CHECKING:
    from hlearn.evidence.history import Judged

_FULL_TIME = "%Y-%m-%d %H:%M"
_ROOMY = 110  # columns of a terminal from which on a table says whose each trial is
_ENDLESS = 1_000_000  # characters: a line that is never broken


@verb
def init(
    task: TaskName,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new or empty folder.", show_default=False)
    ],
    access: AccessName = None,
    protocol: ProtocolName = None,
    model: ModelName = None,
    variant: VariantText = None,
    env: EnvArguments = None,
    target: Target = None,
    seed: Seed = 0,
    env_timeout: EnvTimeout = None,
    key: KeyFile = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Create a heuristic system without a program, for a person or an agent to write one."""
    from hlearn.system import System
    from hlearn.tasks import resolve_task

    screen = console(as_json)
    resolved = resolve_task(
        task,
        access=access,
        protocol=protocol,
        target=target,
        model=model,
        variant=variant,
        **env_arguments(env),
    )
    system = System.create(directory, resolved, seed=seed, key=key_of(key))
    screen.print(
        f"Created {directory} for {resolved.env_id}{arguments(resolved)}: access {resolved.access.value}"
        f"{'' if access else ' (default)'}, protocol {resolved.protocol.value}{'' if protocol else ' (default)'}, "
        f"seed {seed}.\nRead {directory / 'AGENTS.md'}, write {directory / PROGRAM_FILE}, then: hl gate {directory}\n"
        f"Or let the embedded search write it: hl learn {task} --resume --out {directory}",
        soft_wrap=True,
        markup=False,
    )
    data = {
        "system": str(system.path),
        "task": resolved.env_id,
        "access": resolved.access.value,
        "protocol": resolved.protocol.value,
        "model": resolved.model.value,
        "variant": resolved.variant,
        "target": resolved.target,
        "seed": seed,
    }
    return Answer(data=data)


@verb
def history(directory: SystemDir, as_json: AsJson = False, debug: Debug = False) -> Answer:
    """List every trial: what was proposed, what the gate said, what it cost."""
    from rich.table import Table
    from rich.text import Text

    from hlearn.evidence.history import summarize_run
    from hlearn.ledger import RolledBack

    screen = console(as_json)
    system = open_system(directory, screen)
    history = summarize_run(system)
    roomy = not screen.is_terminal or screen.width >= _ROOMY
    several = roomy and len({j.editor for j in history.judged}) > 1  # then the table says whose each trial is
    titles = (
        "trial",
        "when",
        "steps",
        *(("by",) if several else ()),
        "verdict",
        "score",
        "against",
        "commit",
        "what",
    )
    table = Table(*titles, box=None, pad_edge=False, padding=(0, 1, 0, 0))
    form = "%m-%d %H:%M" if screen.is_terminal else _FULL_TIME
    for judged in history.judged:
        trial = judged.trial
        mark = "*" if trial.trial == history.champion_trial else " "
        note = " ".join(trial.note.split())
        table.add_row(
            f"{mark}{trial.trial}",
            _when(judged.when, form),
            count(judged.env_steps),
            *((safe_line(judged.editor)[:24],) if several else ()),
            trial.decision.value,
            number(trial.challenger_mean),
            number(trial.champion_mean),
            (judged.commit or "")[:7],
            Text(note, no_wrap=True, overflow="ellipsis"),
        )
    for column in table.columns[:-1]:
        column.no_wrap = True
    for at in (0, 2, 4 + several, 5 + several):
        table.columns[at].justify = "right"
    if history.judged:
        if not screen.is_terminal:  # whoever reads it from a pipe or a file wants all of it
            endless = screen.options.update(width=_ENDLESS)
            screen.width = max(screen.width, screen.measure(table, options=endless).maximum)
        screen.print(table)
        screen.print(
            f"* is the champion. Scores are means on gate seeds. Why one was turned down: {directory}/memory/rejected",
            markup=False,
            soft_wrap=True,
        )
    else:
        screen.print("No trials yet.")
    backs = [r for r in system.ledger.rows if isinstance(r.event, RolledBack)]
    for row in backs:
        assert isinstance(row.event, RolledBack)
        screen.print(f"{_when(row.time)}  rolled back to trial {row.event.trial} ({row.event.commit[:9]})")
    data = {
        "system": str(system.path),
        "champion_sha256": history.champion,
        "champion_trial": history.champion_trial,
        "trials": [_as_data(j) for j in history.judged],
        "rollbacks": [
            {"trial": r.event.trial, "commit": r.event.commit, "when": r.time}
            for r in backs
            if isinstance(r.event, RolledBack)
        ],
    }
    return Answer(data=data)


@verb
def diff(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="[DIR] A B",
            help="Two programs: trial numbers, SHA-256 prefixes or git revisions. DIR is here by default.",
            show_default=False,
        ),
    ],
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Show the change from program A to program B."""
    if len(names) not in (2, 3):
        raise UsageError(f"expected [DIR] A B, got {len(names)} name{'' if len(names) == 1 else 's'}")
    directory = Path(names[0]) if len(names) == 3 else Path()
    a, b = names[-2:]
    screen = console(as_json)
    system = open_system(directory, screen)
    text = system.diff(a, b)
    if screen.is_terminal and text:
        from rich.syntax import Syntax

        screen.print(Syntax(text, "diff", background_color="default"))
    else:
        print(text or "The two programs are the same.", end="" if text else "\n", file=screen.file)
    data = {
        "system": str(system.path),
        "a": system.program_of(a).sha256,
        "b": system.program_of(b).sha256,
        "diff": text,
    }
    return Answer(data=data)


@verb
def rollback(
    directory: SystemDir,
    trial: Annotated[
        int, typer.Argument(metavar="TRIAL", help="An accepted trial, see hl history.", show_default=False)
    ],
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Make the program of an earlier accepted trial the champion again, by a new commit."""
    screen = console(as_json)
    system = open_system(directory, screen)
    with system.exclusive():
        commit = system.rollback(trial)
    champion = system.champion()
    assert champion is not None
    screen.print(f"Trial {trial} is the champion again (commit {commit[:9]}).")
    return Answer(
        data={
            "system": str(system.path),
            "trial": trial,
            "commit": commit,
            "champion_sha256": champion.sha256,
        }
    )


def _as_data(judged: Judged) -> dict[str, object]:
    from hlearn.ledger.hypotheses import came_true

    trial = judged.trial
    return {
        "trial": trial.trial,
        "run": trial.run,
        "when": judged.when,
        "env_steps": judged.env_steps,
        "editor": judged.editor,
        "decision": trial.decision.value,
        "note": trial.note,
        "reasons": list(trial.reasons),
        "program_sha256": trial.program,
        "against_sha256": trial.champion,
        "pairs": trial.pairs,
        "challenger_mean": trial.challenger_mean,
        "champion_mean": trial.champion_mean,
        "commit": judged.commit,
        "came_true": came_true(trial),
        "cost": None if trial.cost is None else asdict(trial.cost),
        "attachments": [list(kept) for kept in trial.attachments],
    }


def _when(seconds: float, form: str = _FULL_TIME) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime(form)
