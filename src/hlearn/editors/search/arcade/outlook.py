"""Programs that know things: what each kind does, and a second ahead weighed in the program's own model.

Here is all of it: how such programs are proposed from what the probe read, written, told and varied.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from hlearn.editors.search.arcade.behaviors import BehaviorKnob
from hlearn.editors.search.arcade.signals import DetectorTemplate
from hlearn.policy.joystick import action_meaning
from hlearn.probe.effects import Effect, Lift, SampledEpisode, read_effects, unexplained
from hlearn.probe.player import PlayerFound
from hlearn.probe.things import Coordinate, SlotFound

TOLD = 1.3  # times chance, above which an effect is taken for a role


class Role(StrEnum):
    """What a kind is to the player."""

    NONE = "none"
    CLEAR = "clear"  # keep clear of it
    TAKE = "take"  # go into it
    ABOVE = "above"  # stand above or below it, and shoot
    BESIDE = "beside"  # stand beside it, and shoot


CONSTANT = {Role.CLEAR: "KILLS", Role.TAKE: "PAYS", Role.ABOVE: "ABOVE", Role.BESIDE: "BESIDE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerSeen:
    """The player where programs see the screen.

    Attributes:
        sight: its detector.
        size: width and height (pixels).
        speed: pixels per step when it is steered, across and down.
        low: smallest usual coordinates, ``high`` the largest.
        sure: share of looks in which it was seen.
    """

    sight: DetectorTemplate
    size: tuple[float, float]
    speed: tuple[float, float]
    low: tuple[float, float]
    high: tuple[float, float]
    sure: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorldModel:
    """What the probe found: the player, things, what each kind does, and the play that this was read from.

    Things are slots in memory, or what detectors see on the screen.
    """

    player: PlayerFound | PlayerSeen
    slots: tuple[SlotFound, ...] = ()
    sights: Mapping[int, DetectorTemplate] = field(default_factory=dict)
    names: Mapping[int, str]
    boxes: Mapping[int, tuple[float, float]]
    effects: tuple[Effect, ...]
    watches: tuple[SampledEpisode, ...] = ()
    recall: float = 0.0
    chance: float = 0.0

    def wiser(self, watches: Sequence[SampledEpisode]) -> WorldModel:
        """The same with effects read from more play: other players die other deaths."""
        every = (*self.watches, *watches)
        return replace(self, watches=every, effects=read_effects(every, self.boxes, self.player.size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How a program looks ahead.

    Attributes:
        world: what it knows.
        roles: what each kind is to it.
        knobs: its constants.
        face: turn to what stands level, instead of going on.
        go: a direction that it would rather go, (0, 0) for none.
        roam: whether it would rather be where it has not been lately.
    """

    world: WorldModel
    roles: tuple[tuple[int, Role], ...]
    knobs: tuple[tuple[str, BehaviorKnob], ...]
    face: bool = False
    go: tuple[int, int] = (0, 0)
    roam: bool = False

    def kinds(self, role: Role) -> list[int]:
        """The kinds of a role."""
        return [k for k, r in self.roles if r is role]

    @property
    def regarded(self) -> list[int]:
        """The kinds that have a role."""
        return [k for k, r in self.roles if r is not Role.NONE]

    @property
    def used(self) -> tuple[str, ...]:
        """The names of the constants that its roles need."""
        names = ["horizon"]
        names += ["berth_x", "berth_y"] if self.kinds(Role.CLEAR) else []
        names += ["reach_x", "reach_y", "near"] if self.kinds(Role.TAKE) else []
        names += ["window", "flight"] if self.kinds(Role.ABOVE) or self.kinds(Role.BESIDE) else []
        names += ["pull"] if self.go != (0, 0) else []
        return (*names, *(["curious"] if self.roam else []))

    def __str__(self) -> str:
        names = self.world.names
        told = [
            f"{role} {', '.join(names[k] for k in self.kinds(role))}" for role in CONSTANT if self.kinds(role)
        ]
        told += ["face"] if self.face else []
        told += [f"go {self.go}"] if any(self.go) else []
        return "; ".join([*told, *(["roam"] if self.roam else [])])


def outlooks(world: WorldModel, *, button: bool) -> list[Outlook]:
    """First guesses: by what was read of each kind, what is unknown left alone or kept clear of, and bolder ones."""
    kinds = sorted(world.names)
    read = {e.kind: _role(e, button=button) for e in world.effects}
    levels = [Role.ABOVE, Role.BESIDE] if button else []
    unknown = [k for k in kinds if read.get(k, Role.NONE) is Role.NONE]
    ways: list[dict[int, Role]] = [read, {**read, **dict.fromkeys(unknown, Role.CLEAR)}]
    ways += [dict.fromkeys(kinds, r) for r in (Role.CLEAR, Role.TAKE, *levels)]
    ways += [{**read, **dict.fromkeys(unknown, r)} for r in (Role.TAKE, *levels)]
    ways += [{k: Role.CLEAR if r is Role.CLEAR else level for k, r in read.items()} for level in levels]
    start = knobs(world)
    careful = dict.fromkeys(kinds, Role.CLEAR)
    roaming = [
        dict.fromkeys(kinds, Role.NONE),
        {k: r if r is Role.CLEAR else Role.NONE for k, r in read.items()},
        careful,
    ]
    found: list[Outlook] = []
    for roles, roam in [*((w, False) for w in ways), *((w, True) for w in roaming)]:
        outlook = Outlook(world=world, roles=tuple(sorted(roles.items())), knobs=start, roam=roam)
        if (roam or any(r is not Role.NONE for _, r in outlook.roles)) and outlook not in found:
            found.append(outlook)
    return found


def _role(effect: Effect, *, button: bool) -> Role:
    """What was read of a kind as a role."""

    def size(lift: Lift) -> float:
        return lift.times if lift else 0.0

    kills, pays = size(effect.kills), size(effect.pays)
    above, beside = (size(effect.above), size(effect.beside)) if button else (0.0, 0.0)
    if kills > TOLD and kills > pays:
        return Role.CLEAR
    if max(pays, above, beside) <= TOLD:
        return Role.NONE
    if pays >= max(above, beside):
        return Role.TAKE
    return Role.ABOVE if above >= beside else Role.BESIDE


def knobs(world: WorldModel) -> tuple[tuple[str, BehaviorKnob], ...]:
    """Constants to start from, as the sizes of player and things suggest."""
    width, height = world.player.size
    wide, high = (float(np.median([b[i] for b in world.boxes.values()] or [8.0])) for i in (0, 1))
    touch_x, touch_y = round((width + wide) / 2, 1), round((height + high) / 2, 1)

    def length(value: float, low: float, high: float, step: float) -> BehaviorKnob:
        return BehaviorKnob(value=value, low=low, high=high, unit="px", step=step, source="probe: sizes")

    return (
        ("horizon", BehaviorKnob(value=40, low=12, high=64, unit="steps", step=10)),
        ("berth_x", length(touch_x + 3, 1, 40, 2)),
        ("berth_y", length(touch_y + 3, 1, 40, 2)),
        ("reach_x", length(max(2.0, touch_x - 2), 1, 40, 2)),
        ("reach_y", length(max(2.0, touch_y - 2), 1, 40, 2)),
        ("near", BehaviorKnob(value=2, low=0, high=10, step=0.7)),
        ("window", length(4, 1, 16, 1.5)),
        ("flight", BehaviorKnob(value=8, low=0, high=48, unit="steps", step=4)),
        ("pull", BehaviorKnob(value=1, low=0, high=8, step=0.7)),
        ("curious", BehaviorKnob(value=4, low=0, high=20, step=1.5)),
    )


def varied(outlook: Outlook, directions: Sequence[tuple[int, int]], rng: np.random.Generator) -> Outlook:
    """The outlook with another role of one kind, or another direction to go, or roaming or facing, or not."""
    dice = rng.random()
    if dice < 0.65 and outlook.roles:
        kind = outlook.roles[int(rng.integers(len(outlook.roles)))][0]
        role = list(Role)[int(rng.integers(len(Role)))]
        return replace(outlook, roles=tuple((k, role if k == kind else r) for k, r in outlook.roles))
    if dice < 0.8:
        return replace(outlook, roam=not outlook.roam)
    if dice < 0.92:
        go = directions[int(rng.integers(len(directions)))] if outlook.go == (0, 0) else (0, 0)
        return replace(outlook, go=go)
    return replace(outlook, face=not outlook.face)


def constants(outlook: Outlook, buttons: Sequence[str]) -> Iterator[str]:
    """The module lines that say what the program knows."""
    world = outlook.world
    if isinstance(world.player, PlayerFound):
        yield from _slots(outlook, world.player)
    for role, name in CONSTANT.items():
        kinds_of = outlook.kinds(role)
        if kinds_of:
            told = ", ".join(f'"{world.names[k]}"' for k in kinds_of)
            yield f"{name} = ({told},)  # {_why(outlook, role)}"
    yield f"MOVES = {moves(buttons)!r}"


def _slots(outlook: Outlook, player: PlayerFound) -> Iterator[str]:
    """Where memory holds the player and the things that have a role."""
    world = outlook.world
    yield "# Taught by the screen while probing: there the bytes tell the places of"
    recall, chance = round(100 * world.recall), round(100 * world.chance)
    yield f"# {recall} % of what moves ({chance} % by chance); the program reads bytes alone."
    yield f'PLAYER = Slot("player", {_place(player.x)}, {_place(player.y)})'
    yield "SLOTS = ("
    for slot in world.slots:
        kinds = {v: k for v, k in slot.kinds.items() if k in outlook.regarded}
        if not kinds:
            continue
        names = {v: world.names[k] for v, k in sorted(kinds.items())}
        told = f'"{names[-1]}"' if slot.teller is None else f"({slot.teller}, {_spelt(names)})"
        half = slot.size[0] / 2, slot.size[1] / 2
        x, y = (_place(replace(c, plus=c.plus + h)) for c, h in zip((slot.x, slot.y), half, strict=True))
        yield f"    Slot({told}, {x}, {y}),"
    yield ")"


def _spelt(names: Mapping[int, str]) -> str:
    return "{" + ", ".join(f'{v}: "{n}"' for v, n in names.items()) + "}"


def _why(outlook: Outlook, role: Role) -> str:
    """What the probe read of the kinds of a role."""
    read = {e.kind: e for e in outlook.world.effects}
    told = []
    for kind in outlook.kinds(role):
        effect = read.get(kind)
        if effect is None:
            continue
        lift = {Role.CLEAR: effect.kills, Role.TAKE: effect.pays, Role.ABOVE: effect.above}.get(
            role, effect.beside
        )
        events = f"{effect.deaths} losses" if role is Role.CLEAR else f"{effect.gains} gains"
        if lift:
            told.append(f"{outlook.world.names[kind]} {lift.times:.1f} times chance, {events}")
    return "; ".join(told) or "tried by the search"


def _place(c: Coordinate) -> str:
    if c.byte is None:
        return f"Place(None, {c.plus:g})"
    return f"Place({c.byte}, {c.plus:g})" if c.code == "plain" else f'Place({c.byte}, {c.plus:g}, "{c.code}")'


def moves(buttons: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """The directions that can be steered."""
    return tuple(dict.fromkeys([(0, 0), *(action_meaning(b)[:2] for b in buttons)]))


def setup(outlook: Outlook) -> list[str]:
    """The lines of the policy's ``setup``."""
    p = outlook.world.player
    speed, low, high = (tuple(round(v, 2) for v in pair) for pair in (p.speed, p.low, p.high))
    ahead = f"Foresight(MOVES, speed={speed}, low={low}, high={high}, horizon=self.horizon)"
    if isinstance(p, PlayerSeen):
        return ["self._things = Things()", f"self._ahead = {ahead}", "self.s.plan = (0, 0), False"]
    return ["self._things = Things(SLOTS)", f"self._ahead = {ahead}"]


def detector(outlook: Outlook, seen: Mapping[int, str], player: str) -> list[str]:
    """The lines of the detector that plans.

    Args:
        outlook: what to write.
        seen: names of the detectors that see things, by kind, where programs see the screen.
        player: that of the player's.
    """
    lines = ["ahead = self._ahead"]
    if player:
        places = ", ".join(f'("{outlook.world.names[k]}", self.s.{n})' for k, n in seen.items())
        lines += [f"me = self.s.{player}", "if me is None or not ahead.due():", "    return self.s.plan"]
        lines.append(f"things = self._things.follow(({places}{',' if len(seen) == 1 else ''}), 4)")
    else:
        lines += ["if not ahead.due():", "    return self.s.plan"]
        lines.append("me, things = PLAYER.see(obs), self._things.see(obs, 4)")
    lines.append("ahead.begin(me.x, me.y)")
    if outlook.kinds(Role.CLEAR):
        lines.append("ahead.keep_clear(things, KILLS, self.berth_x, self.berth_y)")
    if outlook.kinds(Role.TAKE):
        lines.append("ahead.take(things, PAYS, self.reach_x, self.reach_y, self.near)")
    for role, name, axis in ((Role.ABOVE, "ABOVE", 0), (Role.BESIDE, "BESIDE", 1)):
        if outlook.kinds(role):
            lines.append(f"ahead.line_up(things, {name}, {axis}, self.window, self.flight)")
    if outlook.go != (0, 0):
        across, down = ({0: "0", 1: "self.pull", -1: "-self.pull"}[d] for d in outlook.go)
        lines.append(f"ahead.go({across}, {down})")
    if outlook.roam:
        lines.append("ahead.roam(self.curious)")
    way = "ahead.aim or ahead.best()" if outlook.face else "ahead.best()"
    return [*lines, f"return {way}, ahead.aim is not None"]


def told(outlook: Outlook) -> str:
    """What such a program does, in a sentence."""
    names = outlook.world.names
    words = {
        Role.CLEAR: "keeps clear of",
        Role.TAKE: "takes",
        Role.ABOVE: "stands above or below",
        Role.BESIDE: "stands beside",
    }
    parts = [
        f"{word} {', '.join(names[k] for k in outlook.kinds(role))}"
        for role, word in words.items()
        if outlook.kinds(role)
    ]
    parts += ["goes where it has not been lately"] if outlook.roam else []
    return f"Looks a second ahead and {'; '.join(parts)}." if parts else "Looks a second ahead."


def known(world: WorldModel) -> Iterator[str]:
    """What the probe found, in a few lines."""
    p = world.player
    eyes = "memory" if isinstance(p, PlayerFound) else "its detector"
    yield (
        f"player: {p.size[0]:.0f} by {p.size[1]:.0f} px, {p.speed[0]:.1f} and {p.speed[1]:.1f} px per step, "
        f"seen by {eyes} in {100 * p.sure:.0f} % of pictures"
    )
    if world.slots:
        yield (
            f"{len(world.slots)} slots of things, taught by the screen: {100 * world.recall:.0f} % of what moves "
            f"({100 * world.chance:.0f} % by chance)"
        )
    for e in world.effects:
        lifts = (("kills", e.kills), ("pays", e.pays), ("pays above", e.above), ("pays beside", e.beside))
        found = [
            f"{word} ({lift.times:.1f} times chance, {lift.errors:.0f} s.e.)" for word, lift in lifts if lift
        ]
        if found:
            yield f"{world.names[e.kind]}: {'; '.join(found)} over {e.deaths} losses and {e.gains} gains"
    if world.effects and world.effects[0].deaths:
        left = unexplained(world.watches, world.boxes, p.size, world.effects)
        yield f"lives lost near nothing that is known to kill: {left} of {world.effects[0].deaths}"


def name_kinds(colours: Mapping[int, tuple[int, int, int]], kinds: Sequence[int]) -> dict[int, str]:
    """A word for each kind, by its colour."""
    names: dict[int, str] = {}
    for kind in kinds:
        word = _colour_name(*colours[kind])
        count = sum(n.split(" ")[0] == word for n in names.values())
        names[kind] = word if not count else f"{word} {count + 1}"
    return names


def _colour_name(red: int, green: int, blue: int) -> str:
    hue, light, strong = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    if strong < 0.15 or light > 0.9 or light < 0.08:
        return "white" if light > 0.7 else "grey" if light > 0.25 else "black"
    words = (
        "red",
        "orange",
        "yellow",
        "lime",
        "green",
        "teal",
        "cyan",
        "azure",
        "blue",
        "violet",
        "pink",
        "rose",
    )
    return words[round(hue * 12) % 12]
