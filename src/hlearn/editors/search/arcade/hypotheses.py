"""From signals to first guesses: what each thing seen could be to a player.

Nothing here knows a game. A guess is a behaviour with starting values that the probe measured; racing decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hlearn.editors.search.arcade.behaviors import ACROSS, DOWN, PRESS, Behavior, BehaviorKnob
from hlearn.editors.search.arcade.lanes import Lanes
from hlearn.editors.search.arcade.meetings import EventAssociation
from hlearn.editors.search.arcade.relations import DistanceAssociation
from hlearn.editors.search.arcade.signals import Signal
from hlearn.editors.search.arcade.starts import (
    deadband_knob,
    fixed_knob,
    offset_knob,
    pixel_knob,
    place_knob,
    swell_knob,
)


def presses(movers: Sequence[Signal], *, has_button: bool) -> list[Behavior]:
    """Ways to use the button: hold it, press in a rhythm, press while something rests."""
    if not has_button:
        return []
    found = [Behavior(kind="press", channel=PRESS), pulse(8, 4), pulse(30, 2)]
    found += [Behavior(kind="serve", channel=PRESS, roles=(("ball", m),)) for m in movers]
    return found


def pulse(period: float, width: float) -> Behavior:
    """Pressing for ``width`` of every ``period`` steps."""
    return Behavior(
        kind="pulse",
        channel=PRESS,
        knobs=(
            ("period", BehaviorKnob(value=period, low=2, high=240, unit="steps", step=4)),
            ("width", BehaviorKnob(value=width, low=1, high=60, unit="steps", step=2)),
        ),
    )


def aims(own: Signal, targets: Sequence[Signal]) -> list[Behavior]:
    """Pressing when level with a target."""
    return [
        Behavior(
            kind="aim",
            channel=PRESS,
            roles=(("target", t), ("own", own)),
            knobs=(
                ("offset", offset_knob(0.0, own)),
                ("window", pixel_knob(6, 1, 60, 3)),
                ("period", BehaviorKnob(value=8, low=2, high=60, unit="steps", step=3)),
                ("width", BehaviorKnob(value=4, low=1, high=30, unit="steps", step=2)),
            ),
        )
        for t in targets
    ]


def blind(channel: str) -> list[Behavior]:
    """Steering that looks at nothing."""
    found = [Behavior(kind="push", channel=channel, option=o) for o in (-1, 1)]
    rhythm = (
        ("period", BehaviorKnob(value=60, low=4, high=400, unit="steps", step=15)),
        ("width", BehaviorKnob(value=30, low=1, high=200, unit="steps", step=8)),
    )
    found.append(Behavior(kind="swing", channel=channel, option=1, knobs=rhythm))
    found += [Behavior(kind="step", channel=channel, option=o, knobs=rhythm) for o in (-1, 1)]
    return found


def constants(directions: Sequence[tuple[int, int]], *, has_button: bool) -> list[tuple[Behavior, ...]]:
    """Doing the same all the time: every direction (across, down), with the button held and without."""
    held = (Behavior(kind="press", channel=PRESS), None) if has_button else (None,)
    found: list[tuple[Behavior, ...]] = []
    for press in held:
        for steer in dict.fromkeys([(0, 0), *directions]):
            pushes = zip((ACROSS, DOWN), steer, strict=True)
            ways = [Behavior(kind="push", channel=c, option=o) for c, o in pushes if o]
            found.append((*ways, *([press] if press is not None else [])))
    return found


def steering(own: Signal, movers: Sequence[Signal], channel: str) -> Iterator[Behavior]:
    """Ways to steer one's own position by what moves."""
    dead = deadband_knob(own)
    yield Behavior(
        kind="hold",
        channel=channel,
        knobs=(("place", place_knob((own.low + own.high) / 2, own)), ("deadband", dead)),
    )
    yield Behavior(
        kind="sweep",
        channel=channel,
        roles=(("own", own),),
        knobs=(
            ("left", place_knob(own.low + 0.1 * own.span, own)),
            ("right", place_knob(own.high - 0.1 * own.span, own)),
        ),
    )
    for mover in movers:
        if not _comparable(own, mover):
            continue
        offset = mover.middle - own.middle if mover.turns and abs(mover.middle - own.middle) < 16 else 0.0
        yield Behavior(
            kind="follow",
            channel=channel,
            roles=(("target", mover),),
            knobs=(("offset", offset_knob(offset, own)), ("deadband", dead)),
        )
        yield Behavior(
            kind="flee",
            channel=channel,
            roles=(("hazard", mover),),
            knobs=(
                ("offset", offset_knob(0.0, own)),
                ("radius", pixel_knob(round(0.15 * own.span, 1), 1, own.span, 0.05 * own.span)),
            ),
        )


def from_relation(relation: DistanceAssociation, channel: str) -> list[Behavior]:
    """What a relation suggests: go for what was near at gains, make way for what was near at losses."""
    own, other = relation.own, relation.other
    gap = offset_knob(relation.gap, own)
    step = max(1.0, 0.5 * relation.width)
    width = pixel_knob(round(1.5 * relation.width, 1), 1, own.span, step, "probe: losses")
    if relation.event == "loss":
        knobs = (("offset", gap), ("radius", width))
        return [Behavior(kind="flee", channel=channel, roles=(("hazard", other),), knobs=knobs)]
    knobs = (("offset", gap), ("deadband", deadband_knob(own)))
    return [Behavior(kind="follow", channel=channel, roles=(("target", other),), knobs=knobs)]


def chases(across: Signal, down: Signal, movers: Sequence[Signal]) -> list[tuple[Behavior, ...]]:
    """Following one thing on both axes, for every two coordinates that may be one thing's."""
    found: list[tuple[float, int, tuple[Behavior, ...]]] = []
    for x in (m for m in movers if _comparable(across, m)):
        for y in (m for m in movers if m.key != x.key and _comparable(down, m)):
            known = x.axis is not None and y.axis is not None
            if known and x.sight.key != y.sight.key:
                continue
            least, most = sorted((x.moving, y.moving))
            if not known and (least < 0.1 or most > 1.6 * least):
                continue
            pair = ((ACROSS, across, x), (DOWN, down, y))
            rules = [
                Behavior(
                    kind="follow",
                    channel=channel,
                    roles=(("target", mover),),
                    knobs=(("offset", offset_knob(0.0, own)), ("deadband", deadband_knob(own))),
                )
                for channel, own, mover in pair
            ]
            found.append((most / max(least, 1e-6), len(found), tuple(rules)))
    return [rules for _, _, rules in sorted(found, key=lambda f: f[:2])]


def approaches(meeting: EventAssociation, across: Signal, down: Signal) -> tuple[Behavior, ...]:
    """Going where something was when points were won, on both axes."""
    channel = ACROSS if meeting.own.key == across.key else DOWN
    source = f"{meeting.explained} of {meeting.events} gains"
    first = offset_knob(meeting.gap, meeting.own)
    knobs = (("offset", replace(first, source=source)), ("deadband", deadband_knob(meeting.own)))
    found = [Behavior(kind="follow", channel=channel, roles=(("target", meeting.thing),), knobs=knobs)]
    if meeting.depth is not None and meeting.beside is not None:
        other, own = (DOWN, down) if channel == ACROSS else (ACROSS, across)
        second = offset_knob(meeting.level, own)
        knobs = (("offset", replace(second, source=source)), ("deadband", deadband_knob(own)))
        found.append(Behavior(kind="follow", channel=other, roles=(("target", meeting.depth),), knobs=knobs))
    return tuple(found)


def crossings(lanes: Lanes, own: Signal, channel: str) -> list[Behavior]:
    """Crossing lanes, either way, waiting while the next one is not free."""
    source = f"probe: {lanes.events} accidents"
    size = abs(lanes.height)
    origin, height, place = lanes.origin, lanes.height, lanes.place
    found = []
    for option in (1, -1):
        ahead = 0.6 * size * option * own.sign
        found.append(
            Behavior(
                kind="cross",
                channel=channel,
                roles=(("lane", lanes.row), ("own", own)),
                option=option,
                knobs=(
                    ("count", fixed_knob(lanes.count, source)),
                    ("origin", pixel_knob(round(origin, 1), origin - size, origin + size, 1, source)),
                    ("height", pixel_knob(height, height - 2, height + 2, 0.3, source)),
                    ("ahead", pixel_knob(round(ahead, 1), -2 * size, 2 * size, 2)),
                    ("place", pixel_knob(place, place - 16, place + 16, 2, source)),
                    ("radius", pixel_knob(12, 0, 60, 3)),
                    ("lead", BehaviorKnob(value=8, low=0, high=60, unit="steps", step=4)),
                ),
            )
        )
    return found


def weaves(own: Signal, movers: Sequence[Signal], channel: str) -> list[Behavior]:
    """Going one way, either one, while nothing seen in two dimensions is about to cross it."""
    sights = {m.sight.key: m for m in movers if m.field and m.sight.key != own.sight.key}
    if not own.field or not sights:
        return []
    cars = tuple((f"car{i}", m) for i, m in enumerate(list(sights.values())[:12]))
    return [
        Behavior(
            kind="weave",
            channel=channel,
            roles=(*cars, ("own", own)),
            option=option,
            knobs=(
                ("ahead", pixel_knob(10 * option, -40, 40, 3)),
                ("height", pixel_knob(10, 0, 40, 2)),
                ("radius", pixel_knob(12, 0, 60, 3)),
                ("lead", BehaviorKnob(value=8, low=0, high=60, unit="steps", step=4)),
            ),
        )
        for option in (1, -1)
    ]


def pursuit(own: Signal, mover: Signal, channel: str) -> Behavior:
    """Following with a lead."""
    return Behavior(
        kind="pursue",
        channel=channel,
        roles=(("target", mover),),
        knobs=(
            ("offset", offset_knob(0.0, own)),
            ("lead", BehaviorKnob(value=8, low=-60, high=60, unit="steps", step=5)),
            ("deadband", deadband_knob(own)),
        ),
    )


def interceptions(
    own: Signal, movers: Sequence[Signal], channel: str, tally: Signal | None = None
) -> Iterator[Behavior]:
    """Meeting something that bounces between walls along the own axis while it comes along the other."""
    for ball in movers:
        if ball.turns is None or not _comparable(own, ball):
            continue
        for depth in movers:
            if depth is ball or depth.turns is None or (ball.axis is not None and ball.axis is depth.axis):
                continue
            if not _one_thing(ball, depth):
                continue
            for option in (1, -1):
                low, high = depth.turns
                line = high if option > 0 else low
                wide = max(4.0, 0.1 * (high - low))
                left, right = ball.turns
                yield Behavior(
                    kind="intercept",
                    channel=channel,
                    roles=(("ball", ball), ("depth", depth), *((("tally", tally),) if tally else ())),
                    option=option,
                    knobs=(
                        ("offset", offset_knob(ball.middle - own.middle, own)),
                        ("spread", pixel_knob(round(0.03 * own.span, 1), 0, 0.2 * own.span, 1.0)),
                        ("swell", swell_knob(own, seen=tally is not None)),
                        ("deadband", deadband_knob(own)),
                        ("line", pixel_knob(round(line, 1), line - wide, line + wide, wide / 8, "probe")),
                        ("wall_low", pixel_knob(left, left - 8, left + 8, 1, "probe")),
                        ("wall_high", pixel_knob(right, right - 8, right + 8, 1, "probe")),
                    ),
                )


def _one_thing(one: Signal, other: Signal) -> bool:
    """Whether both may be coordinates of one flying thing: it moves in both, about as often."""
    if one.axis is not None and other.axis is not None:
        return one.sight.key == other.sight.key
    least, most = sorted((one.moving, other.moving))
    return least > 0.15 and most < 1.35 * least


def _comparable(own: Signal, other: Signal) -> bool:
    """Whether both can lie along one axis: same axis if known, overlapping ranges in any case."""
    if other.axis is not None and own.axis is not None and other.axis is not own.axis:
        return False
    overlap = min(own.high, other.high) - max(own.low, other.low)
    return overlap > 0.3 * min(own.span, other.span) and other.span > 0.15 * own.span
