"""What the bytes that a program reads stand for, as far as the screen taught it."""

from __future__ import annotations

from collections.abc import Iterator

from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.outlook import WorldModel
from hlearn.editors.search.arcade.signals import Signal
from hlearn.probe.player import PlayerFound


def read_bytes(genome: Genome, world: WorldModel | None) -> Iterator[str]:
    """A line for each byte that a program reads, in the order of its rules."""
    signals: list[Signal] = [s for s in (genome.across, genome.down) if s is not None]
    for behavior in genome.behaviors:
        signals += [s for _, s in behavior.roles]
        signals += [behavior.guard.signal] if behavior.guard is not None else []
    used = {s.key: s for s in signals if s.key.startswith("ram[")}
    for key in used:
        told = sorted({t for b in _bytes(key) for t in _told(b, world)}) if world is not None else []
        yield f"the program reads {key}: {' and '.join(told) or 'nothing on the screen is known to go with it'}"


def _bytes(key: str) -> range:
    """The bytes that a key names: ``ram[7]``, with whatever is done to it, or ``ram[7:12]``."""
    first, _, end = key[4:].partition("]")[0].partition(":")
    return range(int(first), int(end or int(first) + 1))


def _told(byte: int, world: WorldModel) -> Iterator[str]:
    player = world.player
    if isinstance(player, PlayerFound):
        for place, axis in ((player.x, "across"), (player.y, "down")):
            if place.byte == byte:
                yield f"where the player is, {axis}"
    for slot in world.slots:
        names = sorted({world.names[k] for k in slot.kinds.values() if k in world.names})
        what = " or ".join(names) or "a thing"
        for place, axis in ((slot.x, "across"), (slot.y, "down")):
            if place.byte == byte:
                yield f"where {what} is, {axis}"
        if slot.teller == byte:
            yield f"which of {what} is there"
