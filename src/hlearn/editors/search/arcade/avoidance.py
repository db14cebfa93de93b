"""From deaths to rules: keeping clear of what has been seen to kill, or turning at once when it comes close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hlearn.editors.search.arcade.behaviors import PRESS, STEERING, Behavior, BehaviorKnob
from hlearn.editors.search.arcade.genome import Genome
from hlearn.editors.search.arcade.meetings import EventAssociation
from hlearn.editors.search.arcade.omens import Precursor
from hlearn.editors.search.arcade.signals import Signal
from hlearn.editors.search.arcade.skills.avoiding import HAZARDS
from hlearn.editors.search.arcade.starts import offset_knob, pixel_knob

REACTION = 6  # steps from seeing to moving, sticky actions included


def dodging(
    meetings: Sequence[EventAssociation], own: Signal, channel: str, *, wide: float = 1.0, early: float = 1.0
) -> Behavior:
    """Keeping clear of everything that has been seen to kill, while it is near.

    Args:
        meetings: at least one, all relative to ``own``; at most as many as the kind has room for are used.
        own: what is moved out of the way.
        channel: on which it is steered.
        wide: how many times the distance that seems to be needed is kept.
        early: how many times the time that seems to be needed is taken.
    """
    speed = max(0.5, own.speed)
    width = max(d.width for d in meetings)
    radius = round(wide * (width + max(3.0, 0.03 * own.span)), 1)
    roles: list[tuple[str, Signal]] = []
    knobs: list[tuple[str, BehaviorKnob]] = [
        ("radius", pixel_knob(radius, 1, 0.5 * own.span + width, max(1.0, 0.3 * radius))),
        ("low", pixel_knob(own.low, own.low - 16, own.low + 0.3 * own.span, 4, "probe")),
        ("high", pixel_knob(own.high, own.high - 0.3 * own.span, own.high + 16, 4, "probe")),
    ]
    for at, meeting in enumerate(meetings[:HAZARDS]):
        more_roles, more_knobs = _hazard(meeting, at, early * (radius / speed + REACTION))
        roles += more_roles
        knobs += more_knobs
    return Behavior(kind="dodge", channel=channel, roles=tuple(roles), knobs=tuple(knobs))


def reflexes(meeting: EventAssociation, channel: str) -> list[Behavior]:
    """Steering one way on a channel, or stopping, as soon as what has been seen to kill comes close."""
    lead = meeting.closing * REACTION * 2
    roles, knobs = _hazard(meeting, 0, 3 * REACTION)
    offset = dict(knobs)["offset0"]
    ahead = replace(offset, value=round(min(max(offset.value - lead / 2, offset.low), offset.high), 1))
    window = pixel_knob(round(abs(lead) / 2 + meeting.width + 2, 1), 1, 0.5 * meeting.own.span + 20, 3)
    return [
        Behavior(
            kind="reflex",
            channel=channel,
            roles=(*roles, ("beside", meeting.own)),
            knobs=(*((n, ahead if n == "offset0" else k) for n, k in knobs), ("window", window)),
            option=option,
        )
        for option in (-1, 1, 0)
    ]


def shelters(own: Signal, perils: Sequence[Signal], channel: str) -> list[Behavior]:
    """Keeping clear of everything that comes down, near and wide."""
    if own.field != "x":
        return []
    return [
        Behavior(
            kind="shelter",
            channel=channel,
            roles=(("perils", peril),),
            knobs=(
                ("offset", offset_knob(0.0, own)),
                ("radius", pixel_knob(radius, 1, 40, 3)),
                ("low", pixel_knob(own.low, own.low - 16, own.low + 0.3 * own.span, 4, "probe")),
                ("high", pixel_knob(own.high, own.high - 0.3 * own.span, own.high + 16, 4, "probe")),
            ),
        )
        for peril in perils
        for radius in (8.0, 14.0)
    ]


def idling(omen: Precursor, channel: str, level: float) -> Behavior:
    """Doing nothing on a channel while a number warns, which it does from ``level`` on."""
    source = f"{omen.explained} of {omen.events} deaths"
    low, high = sorted((omen.sign.low, omen.sign.high))
    border = BehaviorKnob(value=level, low=low, high=high, step=max(1.0, 0.1 * (high - low)), source=source)
    return Behavior(
        kind="idle",
        channel=channel,
        roles=(("sign", omen.sign),),
        knobs=(("level", border),),
        option=1 if omen.high else -1,
    )


def heeding(genome: Genome, omens: Sequence[Precursor]) -> list[Genome]:
    """The genome letting go of what does not move it while a number stands as before its deaths, or well before."""
    children = []
    for omen, level in ((o, at) for o in omens for at in dict.fromkeys((o.early, o.level))):
        child = genome
        for channel in (c for c in (*STEERING, PRESS) if genome.on(c) and genome.own(c) is None):
            child = child.with_channel(channel, (idling(omen, channel, level), *genome.on(channel)))
        if child != genome:
            children.append(child)
    return children


def _hazard(
    meeting: EventAssociation, at: int, notice: float
) -> tuple[list[tuple[str, Signal]], list[tuple[str, BehaviorKnob]]]:
    """Roles and knobs that tell where a hazard is, and whether it arrives within ``notice`` steps."""
    source = f"{meeting.explained} of {meeting.events} deaths"
    roles = [(f"hazard{at}", meeting.thing)]
    knobs = [(f"offset{at}", replace(offset_knob(meeting.gap, meeting.own), source=source))]
    depth = meeting.depth
    if depth is None:
        return roles, knobs
    roles.append((f"depth{at}", depth))
    warning = abs(meeting.approach) * notice  # it travels meanwhile
    if meeting.beside is not None:
        roles.append((f"beside{at}", meeting.beside))
        if abs(meeting.level) > 2:
            low, high = meeting.level - 20, meeting.level + 20
            knobs.append((f"level{at}", pixel_knob(round(meeting.level, 1), low, high, 4, source)))
        knobs.append((f"reach{at}", pixel_knob(round(max(10.0, warning + 8), 1), 1, 120, 6, source)))
        return roles, knobs
    down = meeting.approach > 0
    level = meeting.level - (1 if down else -1) * max(10.0, warning)
    level = round(min(max(level, depth.low), depth.high), 1)
    knobs.append((f"{'from' if down else 'until'}{at}", pixel_knob(level, 0, 255, 8, source)))
    return roles, knobs
