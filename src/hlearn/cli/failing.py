"""``hl failures``: what goes wrong most, with the moment, the picture and the command that tells why."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.at_door import failures_at_door, is_editors
from hlearn.cli.detectors import detector_data, detector_lines, screen_data, screen_lines, show_on_screen
from hlearn.cli.opening import open_system, standing_program
from hlearn.cli.options import EnvTimeout, SystemDir, Workers
from hlearn.cli.output import Answer, AsJson, Debug, console, verb
from hlearn.cli.words import number, several

if TYPE_CHECKING:
    from hlearn.failures import FailureGroup
    from hlearn.failures.on_screen import ScreenCheck
    from hlearn.failures.showing import ShownFailure


@verb
def failures(
    directory: SystemDir,
    episodes: Annotated[
        int, typer.Option("--episodes", min=1, help="Development episodes to look through.")
    ] = 5,
    program: Annotated[
        str | None,
        typer.Option(
            "--program",
            help="A trial number, SHA-256 prefix or git revision. Default: the program as it stands.",
            show_default=False,
        ),
    ] = None,
    clips: Annotated[
        int,
        typer.Option("--clips", min=0, help="Of how many failures to film a clip and draw a contact sheet."),
    ] = 3,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where clips, sheets and traces go. Default: DIR/recordings/failures."),
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="Failures to list at most.")] = 10,
    detectors: Annotated[
        bool,
        typer.Option(
            "--detectors",
            help="Also print the checks of every detector; of memory, against the screen too.",
        ),
    ] = False,
    workers: Workers = None,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """List the distinct failures of the program on development episodes, worst loss first.

    Episodes that the ledger does not know yet are measured and charged as hl eval does. In an editor's copy the run
    that started the editor plays, and there are no clips.
    """
    from hlearn.evaluate.allowance import usable_cores
    from hlearn.evidence.measure import measure_program
    from hlearn.evidence.renderers import ready_to_draw
    from hlearn.failures import mine, play_mined
    from hlearn.failures.detectors import check_detectors
    from hlearn.failures.episodes import usual_of
    from hlearn.failures.showing import show_failure
    from hlearn.records import Access, Split
    from hlearn.tasks.seeds import split_seeds

    screen = console(as_json)
    key = ""
    if is_editors(directory):
        clips = 0  # who may not play an episode by itself has no pictures of it
        with screen.status("waiting for the run to play episodes"):
            subject, task, played = failures_at_door(directory, program, episodes)
    else:
        system = open_system(directory, screen)
        subject, task = standing_program(system, directory, program), system.task
        workers, key = workers or usable_cores(), system.worlds.current
        with screen.status("playing episodes"):
            measure_program(system, subject, split=Split.DEV, episodes=episodes, workers=workers)
            seeds = split_seeds(Split.DEV, system.config.seed, 0, episodes)
            played = play_mined(task, subject, seeds, system.worlds, workers=workers)
    groups = mine(played, subject, most=most)
    checks = check_detectors(played, usual_of(played))
    folder = out or directory / "recordings" / "failures"
    shown: list[ShownFailure | None] = []
    by_seed = {e.seed: e for e in played}
    places: tuple[ScreenCheck, ...] = ()
    if clips:
        ready_to_draw()
    for rank, group in enumerate(groups, start=1):
        one = None
        if rank <= clips:
            with screen.status(f"filming {group.title}"):
                one = show_failure(
                    folder / f"{rank:02d}-{group.name}", task, group, by_seed[group.worst.seed], key,
                )  # fmt: skip
        shown.append(one)
    for line in _lines(groups, shown, len(played), directory):
        screen.print(line, markup=False, soft_wrap=True, highlight=False)
    if detectors:
        lines = detector_lines(checks)
        if task.access is Access.RAM and not is_editors(directory):  # a copy knows no episode's world
            with screen.status("holding numbers against the screen"):
                places = show_on_screen(task, played[0], folder / "detectors.png")
            lines += screen_lines(places, folder / "detectors.png")
        for line in lines:
            screen.print(line, markup=False, soft_wrap=True, highlight=False)
    return Answer(
        data={
            "system": str(directory.absolute()),
            "program_sha256": subject.sha256,
            "episodes": len(played),
            "scores": [e.outcome.score for e in played],
            "failures": [_data(g, s, directory) for g, s in zip(groups, shown, strict=True)],
            "detectors": [detector_data(c) for c in checks],
            "on_screen": [screen_data(c) for c in places],
        }
    )


def _lines(
    groups: tuple[FailureGroup, ...], shown: list[ShownFailure | None], episodes: int, directory: Path
) -> list[str]:
    from hlearn.failures.showing import changed_words

    if not groups:
        return [f"Nothing that looks like a failure in {several(episodes, 'episode')}."]
    lines = [f"{several(len(groups), 'failure')} in {several(episodes, 'episode')}, worst loss first:"]
    for rank, (group, one) in enumerate(zip(groups, shown, strict=True), start=1):
        sign = group.worst
        lines.append(
            f"{rank}. {group.title}, about {number(group.loss)} points an episode; {several(group.count, 'moment')} in "
            f"{several(group.episodes, 'episode')}"
        )
        lines.append(f"   {sign.said} (seed {sign.seed}, step {sign.step})")
        if group.changed:
            lines.append("   unusual before it: " + "; ".join(changed_words(c) for c in group.changed[:3]))
        lines.append(f"   {why_command(directory, sign.seed, sign.step)}")
        if one is not None:
            lines.append("   " + ", ".join(str(p) for p in (one.clip, one.sheet, one.trace) if p is not None))
    return lines


def why_command(directory: Path, seed: int, step: int) -> str:
    """The command that tells why the program decided so at a step."""
    return f"hl why {shlex.quote(str(directory))} --seed {seed} --step {step}"


def _data(group: FailureGroup, shown: ShownFailure | None, directory: Path) -> dict[str, object]:
    sign = group.worst
    return {
        "kind": group.kind,
        "subject": group.subject,
        "name": group.name,
        "said": sign.said,
        "loss": group.loss,
        "count": group.count,
        "episodes": group.episodes,
        "seed": sign.seed,
        "step": sign.step,
        "start": sign.start,
        "stop": sign.stop,
        "others": [list(o) for o in group.others],
        "changed": [
            {"name": c.name, "before": c.before, "at": c.at, "low": c.low, "high": c.high}
            for c in group.changed
        ],
        "rules": dict(group.rules),
        "why": why_command(directory, sign.seed, sign.step),
        "clip": str(shown.clip) if shown and shown.clip else None,
        "sheet": str(shown.sheet) if shown and shown.sheet else None,
        "trace": str(shown.trace) if shown else None,
    }
