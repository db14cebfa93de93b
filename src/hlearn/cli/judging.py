"""Changing the champion by the gate: ``hl gate`` for an edit, ``hl compress`` for a simpler program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.at_door import is_editors
from hlearn.cli.evaluating import read_program, working_program
from hlearn.cli.opening import note_torn_ledger
from hlearn.cli.options import EnvTimeout, SystemDir, Workers
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb
from hlearn.cli.words import count
from hlearn.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from hlearn.editors.api import Editor
    from hlearn.ledger import Trial
    from hlearn.records import Program
    from hlearn.system import System

_GATE_STEPS = 1_000_000
_COMPRESS_STEPS = 500_000


@verb
def gate(
    directory: SystemDir,
    program: Annotated[
        Path | None,
        typer.Option(
            "--program",
            help="A program: a file, or a package's folder. Default: as it stands in DIR.",
            show_default=False,
        ),
    ] = None,
    note: Annotated[
        str, typer.Option("--note", help="One line about the edit, kept in the history.")
    ] = "an edit by hand",
    steps: Annotated[
        int,
        typer.Option(
            "--steps",
            min=1,
            help="Environment steps to spend at most. An episode is cut at 1.5 % of them, not before 10,000.",
        ),
    ] = _GATE_STEPS,
    workers: Workers = None,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Judge an edited program against the committed champion, on seeds that nobody saw.

    An accepted program becomes a commit (exit code 0); a rejected or undecided one is kept as a patch with the
    reasons, and the edited file stays as it is (exit code 1).
    """
    from hlearn.loop.outside import OneEdit

    screen = console(as_json)
    system = _own_system(directory, screen)
    subject = read_program(program) if program else working_program(directory)
    before = system.champion()
    with system.exclusive():  # what a killed hl left half done is finished first
        champion = system.champion()
    if champion is not None and champion != before and champion.sha256 == subject.sha256:
        screen.print("This very program was accepted when hl was killed; its commit is made now.")
        return _judged(system, [_accepted_last(system)], screen)
    if champion is not None and champion.sha256 == subject.sha256:
        raise UsageError(f"{program or directory / subject.path} is the committed champion; edit it first")
    (trial,) = _aside(system, OneEdit(subject, note), steps, workers, screen)
    return _judged(system, [trial], screen)


@verb
def compress(
    directory: SystemDir,
    steps: Annotated[
        int, typer.Option("--steps", min=1, help="Environment steps to spend at most.")
    ] = _COMPRESS_STEPS,
    episodes: Annotated[
        int,
        typer.Option("--episodes", min=1, help="Development episodes on which a shorter program must hold."),
    ] = 5,
    workers: Workers = None,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Drop the champion's parts that do not pay; each drop goes through the gate, where equal and simpler wins.

    Exit code 1 if nothing could be dropped.
    """
    from hlearn.compress.editor import CompressEditor
    from hlearn.gate import program_size

    screen = console(as_json)
    system = _own_system(directory, screen)
    champion = system.champion()
    if champion is None:
        raise UsageError(
            f"{directory} has no program yet; learn one with: hl learn {system.task.env_id} --out {directory} --resume"
        )
    working = system.working()
    if working is not None and working.sha256 != champion.sha256:
        raise UsageError(f"{directory / working.path} was edited; judge it first with: hl gate {directory}")
    trials = _aside(
        system, CompressEditor(episodes=episodes, size=program_size), steps, workers, screen, share=0.5
    )
    if not trials:
        screen.print(
            "Nothing to drop: every part is missed by development episodes, or the program has no parts."
        )
    return _judged(system, trials, screen, before=champion)


def _accepted_last(system: System) -> Trial:
    from hlearn.ledger import Decision, Trial

    events = (row.event for row in reversed(system.ledger.rows))
    return next(e for e in events if isinstance(e, Trial) and e.decision is Decision.ACCEPTED)


def _own_system(directory: Path, screen: Console) -> System:
    from hlearn.evidence.measure import open_target

    if is_editors(directory):
        raise UsageError(
            f"{directory} is open to an editor; leave the edit in place, the gate judges it next"
        )
    system = open_target(directory)
    note_torn_ledger(directory, screen)
    with system.exclusive():  # what a killed hl left half done is finished first
        system.check_standing()
    return system


def _aside(
    system: System, editor: Editor, steps: int, workers: int | None, screen: Console, *, share: float = 1.0
) -> list[Trial]:
    from hlearn.cli.progress import showing
    from hlearn.evaluate.allowance import usable_cores
    from hlearn.gate import Gate
    from hlearn.loop.outside import run_outside_learning, unfinished_run

    unfinished = unfinished_run(system)
    if unfinished is not None:
        screen.print(
            f"Run {unfinished.run} was interrupted; this closes it, and hl learn --resume starts a new one."
        )
    with showing(system.task.env_id, system.task.env_id, screen) as progress:
        trials = run_outside_learning(
            system,
            editor,
            steps=steps,
            workers=workers or usable_cores(),
            gate=Gate(budget_fraction=share),
            progress=progress,
        )
    return list(trials)


def _judged(system: System, trials: list[Trial], screen: Console, *, before: Program | None = None) -> Answer:
    from hlearn.gate import Decision, program_size

    accepted = [t for t in trials if t.decision is Decision.ACCEPTED]
    commits = {c.trial: c.commit for c in system.history()}
    for trial in trials if before is None else accepted:
        screen.print(
            f"Trial {trial.trial}: {trial.decision.value}",
            style="bold green" if trial in accepted else "bold",
        )
        for reason in trial.reasons:
            screen.print(f"  {reason}", markup=False, soft_wrap=True)
    if before is None and not accepted:
        screen.print(
            "The edited file stays as it is; the change and the reasons are kept in memory/rejected."
        )
        if trials[0].decision is Decision.UNDECIDED and not trials[0].final:
            screen.print(
                "Asked again, hl gate plays on after these pairs; more of them with a larger --steps."
            )
    champion = system.champion()
    sizes = [program_size(p) for p in (before, champion) if p is not None]
    if before is not None and accepted:
        screen.print(f"Size {count(sizes[0])} -> {count(sizes[1])} syntax nodes.")
    data = {
        "system": str(system.path),
        "champion_sha256": champion.sha256 if champion else None,
        "size": sizes[-1] if sizes else None,
        "size_before": sizes[0] if before is not None else None,
        "accepted": len(accepted),
        "trials": [
            {
                "trial": t.trial,
                "decision": t.decision.value,
                "note": t.note,
                "reasons": list(t.reasons),
                "program_sha256": t.program,
                "pairs": t.pairs,
                "challenger_mean": t.challenger_mean,
                "champion_mean": t.champion_mean,
                "commit": commits.get(t.trial) if t in accepted else None,
            }
            for t in trials
        ],
    }
    if before is None:
        data["decision"] = trials[0].decision.value
    return Answer(data=data, code=DONE if accepted else NO)
