"""``hl eval``: what a program scores, edits included."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from hlearn.cli.at_door import is_editors, measure_through_door
from hlearn.cli.opening import note_key, note_torn_ledger
from hlearn.cli.options import EnvTimeout, SystemDir, VariantText, Workers
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb
from hlearn.cli.words import count, number, several
from hlearn.errors import UsageError
from hlearn.program import PROGRAM_FILE

if TYPE_CHECKING:
    from enum import StrEnum

    from rich.console import Console

    from hlearn.evidence.measure import Measurement
    from hlearn.evidence.robustness import Elsewhere
    from hlearn.evidence.statistics import Summary
    from hlearn.loop.controls import Controls
    from hlearn.records import Outcome, Program, Split
    from hlearn.system import System

C = TypeVar("C", bound="StrEnum")


@verb
def evaluate(
    directory: SystemDir,
    split: Annotated[
        str,
        typer.Option(
            "--split", metavar="dev|gate|holdout", help="Whose seeds; each use of holdout is recorded."
        ),
    ] = "dev",
    episodes: Annotated[int, typer.Option("--episodes", min=1, help="Whole episodes to play.")] = 10,
    protocol: Annotated[
        str | None,
        typer.Option(
            "--protocol",
            help="Another protocol than the system's, to see what carries over.",
            show_default=False,
        ),
    ] = None,
    variant: VariantText = None,
    robustness: Annotated[
        bool,
        typer.Option(
            "--robustness",
            help="Also play the same seeds a step late, with noise, heavier, lighter, more slippery, and all at once.",
        ),
    ] = False,
    program: Annotated[
        Path | None,
        typer.Option(
            "--program",
            help="A program: a file, or a package's folder. Default: as it stands in DIR.",
            show_default=False,
        ),
    ] = None,
    workers: Workers = None,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Measure a system's program, edits included, and record what was measured.

    Exit code 1 if the program failed an episode.
    """
    from hlearn.evaluate.allowance import usable_cores
    from hlearn.evidence.measure import measure_program, open_target
    from hlearn.evidence.statistics import summarize
    from hlearn.loop.controls import play_controls_of
    from hlearn.records import Protocol, Split
    from hlearn.tasks.scores import human_normalized_score

    screen = console(as_json)
    chosen = _choice(Split, split, "split")
    wanted = None if protocol is None else _choice(Protocol, protocol, "protocol")
    system: System | None = None
    if is_editors(directory):
        subject = read_program(program) if program else working_program(directory)
        with screen.status(f"waiting for {several(episodes, 'episode')}"):
            measured = measure_through_door(
                directory, subject, split=chosen, episodes=episodes, protocol=protocol
            )
    else:
        system = open_target(directory)
        note_torn_ledger(directory, screen)
        note_key(system, screen)
        subject = read_program(program) if program else working_program(directory)
        with _saying_what_is_kept(screen), screen.status(f"playing {several(episodes, 'episode')}"):
            measured = measure_program(
                system,
                subject,
                split=chosen,
                episodes=episodes,
                protocol=wanted,
                variant=variant,
                workers=workers or usable_cores(),
            )
    evaluation, task = measured.evaluation, measured.task
    summary = summarize(evaluation.scores)
    hns = None if evaluation.mean is None else human_normalized_score(task.env_id, evaluation.mean)
    _show_evaluation(measured, summary, hns, screen)
    controls = None
    if system is not None and chosen is Split.HOLDOUT and evaluation.mean is not None:
        with (
            _saying_what_is_kept(screen),
            screen.status("playing at random and constant actions, to compare"),
        ):
            controls = play_controls_of(system, task, evaluation, workers=workers or usable_cores())
    if controls is not None:
        _show_controls(controls, screen)
    others: tuple[Elsewhere, ...] = ()
    if robustness:
        others = _try_elsewhere(system, subject, chosen, episodes, workers or usable_cores(), screen)
    data = {
        "elsewhere": [{**other._asdict(), "share": other.share} for other in others],
        "system": str(directory.absolute()),
        "task": task.env_id,
        "access": task.access.value,
        "protocol": task.protocol.value,
        "split": chosen.value,
        "program_sha256": subject.sha256,
        "mean": evaluation.mean,
        "min": summary.low if summary else None,
        "max": summary.high if summary else None,
        "iqm": summary.iqm if summary else None,
        "iqm_interval": list(summary.iqm_interval) if summary else None,
        "mean_interval": list(summary.mean_interval) if summary else None,
        "hns": hns,
        "completed": len(evaluation.episodes),
        "failed": len(evaluation.failures),
        "env_steps": evaluation.env_steps,
        "model": task.model.value,
        "variant": task.variant,
        "planner_steps": evaluation.planner_steps,
        "ms_per_decision": measured.ms_per_decision,
        "random_play": controls.random.mean if controls else None,
        "best_constant": controls.constant.mean if controls else None,
        "best_constant_action": controls.constant.name if controls else None,
        "better_than_trivial": controls.better if controls else None,
        "trivial_verdict": controls.reason if controls else None,
        "played": measured.played,
        "played_steps": measured.played_steps,
        "episodes": [] if chosen is Split.GATE else [_as_data(o) for o in evaluation.outcomes],
    }
    return Answer(data=data, code=NO if evaluation.failures else DONE)


def _decision(measured: Measurement) -> str:
    """How long a decision took, beside how long the environment takes it to last, where it is known."""
    from hlearn.tasks.registry import traits

    if not measured.ms_per_decision:
        return ""
    simulated = measured.evaluation.planner_steps // max(
        1, sum(e.length for e in measured.evaluation.episodes)
    )
    planned = f", {count(simulated)} simulated steps" if simulated else ""
    lasts = number(1000.0 / traits(measured.task).decisions_per_second)
    return f"   {number(measured.ms_per_decision)} ms per decision{planned} (of {lasts} ms)"


def _try_elsewhere(
    system: System | None, program: Program, split: Split, episodes: int, workers: int, screen: Console
) -> tuple[Elsewhere, ...]:
    """Plays the same seeds in other worlds and shows what is left of the score.

    Raises:
        UsageError: an editor asks for it, or the split is the gate's.
    """
    from hlearn.errors import UsageError
    from hlearn.evidence.measure import measure_program
    from hlearn.evidence.robustness import WORLDS, elsewhere
    from hlearn.records import Split as Splits

    if system is None or split is Splits.GATE:
        raise UsageError("--robustness is for dev and holdout seeds, and not for editors; leave it away")
    for world in WORLDS:
        try:
            with _saying_what_is_kept(screen), screen.status(f"another world: {world}"):
                measure_program(
                    system, program, split=split, episodes=episodes, variant=world, workers=workers
                )
        except UsageError as error:  # masses of what is not MuJoCo's, noise on pictures
            screen.print(f"{world}: not here: {error}", markup=False, soft_wrap=True)
    found = elsewhere(system, program.sha256)
    for other in found:
        share = "" if other.share is None else f"   {other.share:.0%} of {number(other.own)}"
        mean = (
            "FAILED" if other.mean is None else f"mean {number(other.mean)}   min {number(other.low)}{share}"
        )
        screen.print(f"{other.variant}: {mean}", markup=False, soft_wrap=True)
    return found


@contextmanager
def _saying_what_is_kept(screen: Console) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        screen.print("What was measured until now is kept; the same command goes on with it.")
        raise


def read_program(path: Path) -> Program:
    """Reads a program: a file, or the folder of a package.

    Raises:
        UsageError: there is none, or it is not UTF-8 text.
    """
    from hlearn.system.program_files import read_program_at

    return read_program_at(path)


def working_program(directory: Path) -> Program:
    """The program as it stands in a system's folder, edits included.

    Raises:
        UsageError: there is none, or it is not UTF-8 text.
    """
    from hlearn.system import program_files
    from hlearn.system.config import read_config

    program = program_files.read_program(directory)
    if program is None:
        env_id = read_config(directory / "hl.toml").task.env_id
        raise UsageError(
            f"{directory} has no {PROGRAM_FILE} yet; write one, or learn one with: "
            f"hl learn {env_id} --resume --out {shlex.quote(str(directory))}"
        )
    return program


def _show_evaluation(
    measured: Measurement, summary: Summary | None, hns: float | None, screen: Console
) -> None:
    from rich.table import Table

    from hlearn.records import Episode, Split

    evaluation, task = measured.evaluation, measured.task
    world = f", variant {task.variant}" if task.variant else ""
    screen.print(
        f"{task.env_id}, access {task.access.value}, protocol {task.protocol.value}{world}, "
        f"split {evaluation.split.value}, program {evaluation.program[:12]}",
        soft_wrap=True,
    )
    if evaluation.split is not Split.GATE:
        table = Table("seed", "score", "decisions", "steps", "ended", box=None, pad_edge=False)
        for column in table.columns[:4]:
            column.justify = "right"
        for outcome in evaluation.outcomes:
            ended = _ended(outcome)
            table.add_row(
                str(outcome.seed),
                number(outcome.score),
                count(outcome.length),
                count(outcome.env_steps),
                ended,
            )
        screen.print(table)
    if summary is not None:
        low, high = summary.iqm_interval
        screen.print(
            f"mean {number(summary.mean)}   min {number(summary.low)}   max {number(summary.high)}   "
            f"IQM {number(summary.iqm)} (95 % interval {number(low)} to {number(high)})   n {summary.count}"
            + ("" if hns is None else f"   HNS {hns:.2f}")
            + _decision(measured),
            style="bold",
            soft_wrap=True,
        )
    known = len(evaluation.outcomes) - measured.played
    screen.print(
        f"{count(measured.played_steps)} environment steps played"
        + (
            f"; {several(known, 'episode')} {'was' if known == 1 else 'were'} in the ledger already"
            if known
            else ""
        ),
        soft_wrap=True,
    )
    shown: set[str] = set()
    for outcome in evaluation.outcomes:
        if isinstance(outcome, Episode) or outcome.kind.value in shown:
            continue
        shown.add(outcome.kind.value)
        screen.print(
            f"{outcome.kind.value}, seed {outcome.seed}, after {several(outcome.length, 'decision')}:",
            style="bold red",
        )
        screen.print(outcome.message.rstrip(), markup=False, soft_wrap=True)


def _show_controls(controls: Controls, screen: Console) -> None:
    said = {
        True: "better than both",
        False: "NOT better than trivial play",
        None: "too few episodes to compare",
    }
    screen.print(
        f"random play {number(controls.random.mean)}   {controls.constant.name} {number(controls.constant.mean)} "
        f"(the best constant) on the same seeds: {said[controls.better]}",
        markup=False,
        soft_wrap=True,
    )


def _ended(outcome: Outcome) -> str:
    from hlearn.records import Failure

    if isinstance(outcome, Failure):
        return f"FAILED: {outcome.kind.value}"
    return "terminated" if outcome.terminated else "truncated" if outcome.truncated else "stopped"


def _as_data(outcome: Outcome) -> dict[str, object]:
    from hlearn.records import Failure

    data: dict[str, object] = {
        "seed": outcome.seed,
        "score": outcome.score,
        "length": outcome.length,
        "env_steps": outcome.env_steps,
        "ended": "failed" if isinstance(outcome, Failure) else _ended(outcome),
    }
    if isinstance(outcome, Failure):
        data |= {"kind": outcome.kind.value, "message": outcome.message}
    else:
        data["lives"] = outcome.lives
    return data


def _choice(kind: type[C], value: str, what: str) -> C:
    try:
        return kind(value)
    except ValueError:
        choices = " or ".join(kind)
        raise UsageError(f"no {what} {value}; choose {choices}") from None
