"""``hl replay``: one episode again, and a film of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from hlearn.cli.opening import open_system, shown_seed, standing_program
from hlearn.cli.options import EnvTimeout, SystemDir
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb
from hlearn.cli.words import duration, number, several
from hlearn.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from hlearn.evidence.replay import Replay
    from hlearn.records import Program
    from hlearn.system import System

_GIF_S = 20.0  # a GIF is cut after so many seconds unless told otherwise
_SHEET = 16  # pictures of a contact sheet
_FILM_HZ = {".mp4": 30, ".gif": 20}


@verb
def replay(
    directory: SystemDir,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", min=0, help="Environment seed. Default: the first development seed.", show_default=False
        ),
    ] = None,
    program: Annotated[
        str | None,
        typer.Option(
            "--program",
            help="A trial number, SHA-256 prefix or git revision. Default: the program as it stands.",
            show_default=False,
        ),
    ] = None,
    video: Annotated[
        Path | None, typer.Option("--video", help="Write a film: FILE.mp4 or FILE.gif.", show_default=False)
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", min=0.01, help="1 is the natural speed, 4 four times as fast.")
    ] = 1.0,
    start_s: Annotated[
        float, typer.Option("--start-s", min=0, help="Where the film begins, in episode seconds.")
    ] = 0.0,
    length_s: Annotated[
        float | None,
        typer.Option(
            "--length-s",
            min=0.1,
            help="Length of the film. Default: all of it, for GIF at most 20 s.",
            show_default=False,
        ),
    ] = None,
    caption: Annotated[
        bool, typer.Option("--caption/--no-caption", help="Score and acting rule below.")
    ] = True,
    overlay: Annotated[
        bool,
        typer.Option(
            "--overlay", help="Draw what the program sees onto the pictures, its state beside them."
        ),
    ] = False,
    sheet: Annotated[
        Path | None,
        typer.Option(
            "--sheet", help="Write a contact sheet: 16 pictures as one FILE.png.", show_default=False
        ),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            "--keep",
            help="Store the episode as FILE.replay, or under its own name in a folder.",
            show_default=False,
        ),
    ] = None,
    traces: Annotated[
        Path | None,
        typer.Option(
            "--traces",
            help="Write what was seen, tried and done at every step as FILE.parquet.",
            show_default=False,
        ),
    ] = None,
    stored: Annotated[
        Path | None,
        typer.Option(
            "--stored",
            help="Play a stored episode (FILE.replay, or all of a folder) again and compare every step.",
            show_default=False,
        ),
    ] = None,
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Play one episode again, film it, store it, or compare a stored one with itself.

    Exit code 1 if the program fails in it, or a stored episode goes another way; 3 if it goes another way than the
    ledger says it went.
    """
    from hlearn.evidence.replay import check_repeats
    from hlearn.evidence.replay import replay as play
    from hlearn.records import Failure
    from hlearn.tasks.registry import traits

    screen = console(as_json)
    _check_places(video, sheet, traces)
    system = open_system(directory, screen)
    if stored is not None:
        from hlearn.cli.stored_replays import compare

        if seed is not None or program is not None or keep is not None or traces is not None:
            raise UsageError("--stored names the episode; leave out --seed, --program, --keep and --traces")
        view = ReplayOptions(video, sheet, speed, start_s, length_s, caption, overlay)
        return compare(system, stored, screen, view)
    subject = standing_program(system, directory, program)
    seed = shown_seed(system, seed)
    with screen.status("playing the episode"):
        episode = play(system.task, subject, seed, system.worlds)
    outcome = episode.outcome
    check_repeats(episode, subject, system.ledger)
    failure = outcome if isinstance(outcome, Failure) else None
    per_second = traits(system.task).decisions_per_second
    screen.print(
        f"{system.task.env_id}, seed {seed}: score {number(outcome.score)} in {several(outcome.length, 'decision')}, "
        f"{duration(outcome.length / per_second)} at natural speed"
        + (f"; FAILED: {failure.kind.value}" if failure else ""),
        soft_wrap=True,
        markup=False,
    )
    if failure is not None:
        screen.print(failure.message.rstrip(), markup=False, soft_wrap=True)
    shares = _shares(episode)
    if shares:
        screen.print(
            "acted: " + ", ".join(f"{name} {share:.0%}" for name, share in shares),
            markup=False,
            soft_wrap=True,
        )
    view = ReplayOptions(video, sheet, speed, start_s, length_s, caption, overlay)
    pictures = show(episode, view, per_second, screen)
    if traces is not None:
        with screen.status(f"writing {traces}"):
            rows = _traced(system, subject, seed, traces)
        screen.print(f"{traces}: {several(rows, 'row')}", soft_wrap=True, markup=False)
    kept = None
    if keep is not None:
        from hlearn.cli.stored_replays import keep_episode

        kept = keep_episode(episode, subject, keep, screen)
    data = {
        "system": str(system.path),
        "program_sha256": subject.sha256,
        "seed": seed,
        "score": outcome.score,
        "length": outcome.length,
        "env_steps": outcome.env_steps,
        "failure": failure.kind.value if failure else None,
        "rules": dict(shares),
        "video": str(video) if video else None,
        "pictures": pictures,
        "sheet": str(sheet) if sheet else None,
        "traces": str(traces) if traces else None,
        "stored": str(kept) if kept else None,
    }
    return Answer(data=data, code=NO if failure else DONE)


def _check_places(video: Path | None, sheet: Path | None, traces: Path | None) -> None:
    """Says what cannot be written before anything is played."""
    from hlearn.evidence.film import check_film
    from hlearn.evidence.renderers import ready_to_draw
    from hlearn.evidence.sheets import check_sheet

    if video is not None:
        check_film(video)
    if sheet is not None:
        check_sheet(sheet)
    if video is not None or sheet is not None:
        ready_to_draw()
    if traces is not None:
        from hlearn.replays.parquet import check_traces

        check_traces(traces)


def _traced(system: System, program: Program, seed: int, path: Path) -> int:
    from hlearn.replays.parquet import trace_episode
    from hlearn.tasks.registry import report_cap

    task = system.task
    return trace_episode(path, task, program, seed, system.worlds, max_steps=report_cap(task)).rows


class ReplayOptions(NamedTuple):
    """How an episode is to be shown; the options of ``hl replay``."""

    video: Path | None
    sheet: Path | None
    speed: float
    start_s: float
    length_s: float | None
    caption: bool
    overlay: bool


def show(episode: Replay, view: ReplayOptions, per_second: float, screen: Console) -> int:
    """Makes the film and the contact sheet that are asked for; returns the film's number of pictures."""
    pictures = 0
    if view.video is not None:
        with screen.status(f"filming {view.video}"):
            pictures = _film(episode, view.video, per_second, view)
        screen.print(f"{view.video}: {several(pictures, 'picture')}", soft_wrap=True, markup=False)
    if view.sheet is not None:
        with screen.status(f"drawing {view.sheet}"):
            _sheet(episode, view.sheet, per_second, view)
        screen.print(str(view.sheet), soft_wrap=True, markup=False)
    return pictures


def _stretch(episode: Replay, per_second: float, view: ReplayOptions) -> tuple[int, float | None]:
    """First decision, and length in seconds."""
    start = int(view.start_s * per_second)
    if start > len(episode.recording.actions):
        raise UsageError(
            f"--start-s {view.start_s:g} is after the episode's end at "
            f"{len(episode.recording.actions) / per_second:.1f} s"
        )
    return start, view.length_s


def _film(episode: Replay, video: Path, per_second: float, view: ReplayOptions) -> int:
    from hlearn.evidence.film import write_film
    from hlearn.evidence.replay import shots

    suffix = video.suffix.lower()
    rate = min(_FILM_HZ[suffix], max(1, round(per_second * view.speed)))
    every = per_second * view.speed / rate
    start, length_s = _stretch(episode, per_second, view)
    if length_s is None and suffix == ".gif":
        length_s = _GIF_S
    stop = None if length_s is None else start + int(length_s * rate * every)
    pictures = (
        s.picture
        for s in shots(
            episode, every=every, start=start, stop=stop, caption=view.caption, overlay=view.overlay
        )
    )
    return write_film(video, pictures, per_second=rate)


def _sheet(episode: Replay, sheet: Path, per_second: float, view: ReplayOptions) -> None:
    from hlearn.evidence.replay import shots
    from hlearn.evidence.sheets import contact_sheet, write_png

    start, length_s = _stretch(episode, per_second, view)
    end = len(episode.recording.actions)
    if length_s is not None:
        end = min(end, start + int(length_s * per_second))
    every = max(1.0, (end - start) / (_SHEET - 1))
    seen = shots(episode, every=every, start=start, stop=end, caption=view.caption, overlay=view.overlay)
    write_png(sheet, contact_sheet([s.picture for s in seen][:_SHEET]))


def _shares(episode: Replay) -> list[tuple[str, float]]:
    """Which rule acted in which share of the decisions, the busiest first."""
    counts: dict[str, int] = {}
    for rule in episode.rules:
        if rule:
            counts[rule] = counts.get(rule, 0) + 1
    total = max(len(episode.rules), 1)
    return [(name, n / total) for name, n in sorted(counts.items(), key=lambda item: -item[1])[:12]]
