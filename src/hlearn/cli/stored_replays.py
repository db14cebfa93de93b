"""Stored episodes on the command line: written, found, and compared with what comes of playing them again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from hlearn.cli.output import DONE, NO, Answer
from hlearn.cli.replaying import ReplayOptions, show
from hlearn.cli.words import number, several
from hlearn.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from hlearn.evidence.replay import Replay
    from hlearn.records import Program
    from hlearn.replays import Reproduction, StoredReplay
    from hlearn.system import System

_SHOWN = 5


def keep_episode(episode: Replay, program: Program, place: Path, screen: Console) -> Path:
    """Stores an episode that was just played.

    Args:
        episode: as it was played.
        program: what played.
        place: a file, or a folder in which it gets its own name.
        screen: where this is said.
    """
    from hlearn.replays import StoredReplay, write_replay
    from hlearn.replays.stored import SUFFIX

    stored = StoredReplay.of(episode.task, program, episode.key, episode.outcome, episode.recording)
    path = place / f"{program.sha256[:12]}-{episode.seed}{SUFFIX}" if place.is_dir() else place
    size = write_replay(path, stored)
    screen.print(
        f"{path}: {several(len(stored.actions), 'decision')} in {size:,} bytes", soft_wrap=True, markup=False
    )
    return path


def compare(system: System, place: Path, screen: Console, view: ReplayOptions) -> Answer:
    """Plays stored episodes of a system again and says where one goes another way.

    The actions are played in the environment; where the system has the program, it also plays again in the sandbox.

    Raises:
        UsageError: there is none, one is damaged, of another task or of the gate, or its key is not on this machine.
    """
    from hlearn.evidence.replay import Replay
    from hlearn.replays import read_replay
    from hlearn.tasks.registry import traits

    paths = _found(place)
    if len(paths) > 1 and (view.video is not None or view.sheet is not None):
        raise UsageError(f"{place} holds {len(paths)} stored episodes; name one of them to show it")
    rows = []
    for path in paths:
        stored = read_replay(path)
        _check(system, path, stored)
        with screen.status(f"playing {path.name}"):
            world, program = _again(system, stored)
        first = next((r for r in (world, program) if r is not None and not r.exact), None)
        rows.append((path, stored, first))
        if first is not None:
            screen.print(f"{path} diverges {first.why}", soft_wrap=True, markup=False)
        elif len(paths) <= _SHOWN:
            also = "actions and program" if program is not None else "actions (its program is not here)"
            screen.print(
                f"{path}: seed {stored.seed}, score {number(stored.outcome.score)}, "
                f"{several(len(stored.actions), 'decision')}: the same again bit for bit, {also}",
                soft_wrap=True,
                markup=False,
            )
        if view.video is not None or view.sheet is not None:
            job_seed = _world_seed(system, stored)
            episode = Replay(
                stored.task, stored.seed, job_seed, stored.key, stored.outcome, world.recording, ()
            )
            show(episode, view, traits(stored.task).decisions_per_second, screen)
    exact = sum(first is None for _, _, first in rows)
    screen.print(f"{exact} of {several(len(rows), 'stored episode')} came out the same again", markup=False)
    return Answer(
        data={
            "system": str(system.path),
            "episodes": len(rows),
            "exact": exact,
            "decisions": sum(len(s.actions) for _, s, _ in rows),
            "diverged": [
                {"stored": str(path), "seed": s.seed, "step": r.step, "why": r.why}
                for path, s, r in rows
                if r is not None
            ],
            "programs": dict(Counter(s.program[:12] for _, s, _ in rows)),
            "video": str(view.video) if view.video else None,
            "sheet": str(view.sheet) if view.sheet else None,
        },
        code=DONE if exact == len(rows) else NO,
    )


def _found(place: Path) -> list[Path]:
    from hlearn.replays.stored import SUFFIX

    if not place.is_dir():
        return [place]
    paths = sorted(place.glob(f"*{SUFFIX}"))
    if not paths:
        raise UsageError(
            f"{place} holds no stored episode (*{SUFFIX}); store one: hl replay DIR --keep {place}"
        )
    return paths


def _check(system: System, path: Path, stored: StoredReplay) -> None:
    from hlearn.records import Split
    from hlearn.tasks.seeds import split_of

    if stored.task.key != system.task.key:
        raise UsageError(
            f"{path} is an episode of {stored.task.env_id} (access {stored.task.access}, protocol "
            f"{stored.task.protocol}), and {system.path} learns {system.task.env_id} (access {system.task.access}, "
            f"protocol {system.task.protocol}); name the system that it came from"
        )
    if split_of(stored.seed) is Split.GATE:
        raise UsageError(f"{path}: seed {stored.seed} belongs to the gate, which nobody looks at")


def _again(system: System, stored: StoredReplay) -> tuple[Reproduction, Reproduction | None]:
    from hlearn.replays import act_again, reproduce

    world = reproduce(stored, system.worlds)
    if not world.exact or stored.program not in system.programs:
        return world, None
    return world, act_again(stored, system.programs.get(stored.program), system.worlds)


def _world_seed(system: System, stored: StoredReplay) -> int:
    from hlearn.evaluate.api import Job
    from hlearn.evaluate.keyed import with_seeds
    from hlearn.evaluate.play import seed_of_world
    from hlearn.records import Program

    return seed_of_world(
        with_seeds(Job(program=Program(source=""), seed=stored.seed, key=stored.key), system.worlds)
    )
