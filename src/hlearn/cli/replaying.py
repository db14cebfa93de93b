"""``hl replay``: one episode again, and a film of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hlearn.cli.opening import open_system
from hlearn.cli.options import EnvTimeout, SystemDir
from hlearn.cli.output import DONE, NO, Answer, AsJson, Debug, console, verb
from hlearn.cli.words import duration, number, several
from hlearn.errors import UsageError

if TYPE_CHECKING:
    from hlearn.evidence.replay import Replay
    from hlearn.records import Program
    from hlearn.system import System

_GIF_S = 20.0  # a GIF is cut after so many seconds unless told otherwise
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
    env_timeout: EnvTimeout = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> Answer:
    """Play one episode again, and film it.

    Exit code 1 if the program fails in it; 3 if it goes another way than the ledger says it went.
    """
    from hlearn.evidence.film import check_film
    from hlearn.evidence.renderers import ready_to_draw
    from hlearn.evidence.replay import check_repeats
    from hlearn.evidence.replay import replay as play
    from hlearn.records import Failure, Split
    from hlearn.tasks.registry import traits
    from hlearn.tasks.seeds import split_of, split_seeds

    screen = console(as_json)
    if video is not None:
        check_film(video)
        ready_to_draw()
    system = open_system(directory, screen)
    subject = system.program_of(program) if program else _standing(system, directory)
    if seed is None:
        seed = split_seeds(Split.DEV, system.config.seed, 0, 1)[0]
    elif split_of(seed) is Split.GATE:
        raise UsageError(
            f"seed {seed} belongs to the gate, which nobody looks at; take another, such as {seed % 1000}"
        )
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
    pictures = 0
    if video is not None:
        with screen.status(f"filming {video}"):
            pictures = _film(episode, video, per_second, speed, start_s, length_s, caption)
        screen.print(f"{video}: {several(pictures, 'picture')}", soft_wrap=True, markup=False)
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
    }
    return Answer(data=data, code=NO if failure else DONE)


def _film(
    episode: Replay,
    video: Path,
    per_second: float,
    speed: float,
    start_s: float,
    length_s: float | None,
    caption: bool,
) -> int:
    from hlearn.evidence.film import write_film
    from hlearn.evidence.replay import shots

    suffix = video.suffix.lower()
    rate = min(_FILM_HZ[suffix], max(1, round(per_second * speed)))
    every = per_second * speed / rate
    if length_s is None and suffix == ".gif":
        length_s = _GIF_S
    start = int(start_s * per_second)
    if start > len(episode.recording.actions):
        raise UsageError(
            f"--start-s {start_s:g} is after the episode's end at {len(episode.recording.actions) / per_second:.1f} s"
        )
    stop = None if length_s is None else start + int(length_s * rate * every)
    pictures = (s.picture for s in shots(episode, every=every, start=start, stop=stop, caption=caption))
    return write_film(video, pictures, per_second=rate)


def _standing(system: System, directory: Path) -> Program:
    program = system.working() or system.champion()
    if program is None:
        raise UsageError(
            f"{directory} has no program yet; learn one with: "
            f"hl learn {system.task.env_id} --resume --out {shlex.quote(str(directory))}"
        )
    return program


def _shares(episode: Replay) -> list[tuple[str, float]]:
    """Which rule acted in which share of the decisions, the busiest first."""
    counts: dict[str, int] = {}
    for rule in episode.rules:
        if rule:
            counts[rule] = counts.get(rule, 0) + 1
    total = max(len(episode.rules), 1)
    return [(name, n / total) for name, n in sorted(counts.items(), key=lambda item: -item[1])[:12]]
