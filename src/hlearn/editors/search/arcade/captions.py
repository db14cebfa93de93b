"""What the screen taught of bytes, written at the detectors that read them: in words, and as drawn on a film."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hlearn.editors.search.arcade.look_ram import byte_sight
from hlearn.editors.search.arcade.outlook import WorldModel
from hlearn.probe.player import PlayerFound
from hlearn.probe.things import Coordinate

PIXELS = {  # by code: pixels per unit of what the detector tells, and whether it decodes
    **{"plain": (1.0, False), "half": (0.5, False), "double": (2.0, False), "minus": (-1.0, False)},
    **{"fine_coarse": (1.0, True)},
}
NAMES = 3  # kinds that are named; more are "things"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What is known of one detector.

    Attributes:
        what: what it tells, a noun phrase ("azure", "the player").
        axis: the coordinate, "x" or "y"; "" where it tells a kind.
        drawn: source of the argument ``drawn``, "" where it is not drawn.
    """

    what: str
    axis: str
    drawn: str = ""

    @property
    def doc(self) -> str:
        """The detector's docstring."""
        if not self.axis:
            return f"Which of {self.what} is there."
        return f"Where {self.what} is, {'across' if self.axis == 'x' else 'down'}."


def captions(world: WorldModel | None) -> Mapping[str, Caption]:
    """Captions by key of the detector; the first that is known of one counts: the player, then slots, best first."""
    found: dict[str, Caption] = {}
    if world is not None and isinstance(world.player, PlayerFound):
        for key, caption in _of(world, world.player):
            found.setdefault(key, caption)
    return found


def _of(world: WorldModel, player: PlayerFound) -> Iterator[tuple[str, Caption]]:
    yield from _place("the player", player.x, player.y)
    for slot in world.slots:
        names = sorted({world.names[k] for k in slot.kinds.values() if k in world.names})
        what = " or ".join(names) if 0 < len(names) <= NAMES else "a thing"
        yield from _place(what, slot.x, slot.y)
        if slot.teller is not None:
            yield byte_sight(slot.teller).key, Caption(what=what, axis="")


def _place(what: str, x: Coordinate, y: Coordinate) -> Iterator[tuple[str, Caption]]:
    for axis, place in (("x", x), ("y", y)):
        if place.byte is not None and place.code in PIXELS:
            scale, coded = PIXELS[place.code]
            yield (
                byte_sight(place.byte, coded=coded).key,
                Caption(what=what, axis=axis, drawn=_drawn(axis, scale, place.plus)),
            )


def _drawn(axis: str, scale: float, plus: float) -> str:
    shape = "column" if axis == "x" else "row"
    both = [f"{n}=({v:g}, {v:g})" for n, v in (("scale", scale),) if v != 1.0]
    if plus:
        both.append(f"offset=({plus:g}, 0)" if axis == "x" else f"offset=(0, {plus:g})")
    return f'Drawn("{shape}", {", ".join(both)})' if both else f'"{shape}"'
