"""Relatives of a task: what an unchanged program may meet elsewhere. Other game modes, late actions, heavier bodies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from ale_py import ALEInterface, LoggerMode, roms

from hlearn.errors import UsageError
from hlearn.records import Access, Protocol
from hlearn.tasks.families import family_of
from hlearn.tasks.gymnasium_ids import find_spec
from hlearn.tasks.registry import describe
from hlearn.tasks.task import Task

_EVERYWHERE = ("delay=1", "action_noise=0.1")
_OF_PIXELS = ("observation_noise=10", "flicker=0.25", "hue=60")
_OF_VECTORS = ("observation_noise=0.02",)
_OF_BODIES = ("mass=1.2", "mass=0.8", "friction=0.7", "gravity=1.1")


class Relative(NamedTuple):
    """A task that resembles another, and in what it differs."""

    name: str
    task: Task


def relatives(task: Task) -> list[Relative]:
    """Returns the relatives of a task that can be opened here; the task itself is not among them."""
    found = [*_games(task), *_disturbed(task)]
    return [r for r in found if _opens(r.task)]


def _games(task: Task) -> Iterator[Relative]:
    """Other modes, difficulties and protocols of a console game."""
    if Protocol.STICKY not in family_of(task.env_id).protocols:
        return
    given = dict(task.kwargs)
    modes, difficulties = _switches(str(find_spec(task.env_id).kwargs["game"]))
    for option, values in (("mode", modes), ("difficulty", difficulties)):
        default = given.get(option, values[0])
        for value in values:
            if value != default:
                kwargs = tuple(sorted({**given, option: value}.items()))
                yield Relative(f"{option} {value}", replace(task, kwargs=kwargs))
    for protocol in (Protocol.ARTICLE, Protocol.STICKY, Protocol.V5):
        if protocol is not task.protocol:
            yield Relative(f"protocol {protocol.value}", replace(task, protocol=protocol))


def _disturbed(task: Task) -> Iterator[Relative]:
    names = [*_EVERYWHERE]
    if task.access is Access.PIXELS:
        names += _OF_PIXELS
    if task.access is Access.VECTOR:
        names += [*_OF_VECTORS, *_OF_BODIES]
    for name in names:
        if not task.variant:
            yield Relative(name.replace("_", " ").replace("=", " "), replace(task, variant=name))


def _switches(game: str) -> tuple[list[int], list[int]]:
    """Modes and difficulties of a game, the default first."""
    ALEInterface.setLoggerMode(LoggerMode.Error)
    ale = ALEInterface()
    path = roms.get_rom_path(game)
    if path is None:
        return [0], [0]
    ale.loadROM(path)
    return list(ale.getAvailableModes()), list(ale.getAvailableDifficulties())


def _opens(task: Task) -> bool:
    try:
        describe(task)
    except UsageError:
        return False
    return True
