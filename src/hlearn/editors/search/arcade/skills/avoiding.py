"""How kinds of behaviour are written that keep clear of something."""

from __future__ import annotations

from collections.abc import Mapping

from hlearn.editors.search.arcade.behaviors import DOWN, PRESS, Behavior
from hlearn.editors.search.arcade.writing import BehaviorKind, Writing

HAZARDS = 4  # that one rule looks at


def _flee(b: Behavior, w: Writing) -> None:
    w.lines.append(f"turn = away({w.rest} + {w.knob('offset')}, {w.see['hazard']}, {w.knob('radius')})")
    w.lines.append("return turn" if w.sign > 0 else "return -turn if turn is not None else None")


def _dodge(b: Behavior, w: Writing) -> None:
    w.lines.append("near = []")
    for at in range(sum(r.startswith("hazard") for r, _ in b.roles)):
        tests = _imminent(b, w, at)
        place = f"near.append({w.see[f'hazard{at}']} - {w.knob(f'offset{at}')})"
        w.lines += [f"if {' and '.join(tests)}:", f"    {place}"] if tests else [place]
    call = f"dodge({w.rest}, near, {w.knob('radius')}, {w.knob('low')}, {w.knob('high')})"
    w.lines += (
        [f"return {call}"] if w.sign > 0 else [f"turn = {call}", "return -turn if turn is not None else None"]
    )


def _shelter(b: Behavior, w: Writing) -> None:
    w.lines.append(f"near = [peril.x - {w.knob('offset')} for peril in {w.see['perils']}]")
    call = f"dodge({w.rest}, near, {w.knob('radius')}, {w.knob('low')}, {w.knob('high')})"
    w.lines += (
        [f"return {call}"] if w.sign > 0 else [f"turn = {call}", "return -turn if turn is not None else None"]
    )


def _reflex(b: Behavior, w: Writing) -> None:
    gap = f"abs({w.see['hazard0']} - {w.see['beside']} - {w.knob('offset0')}) < {w.knob('window')}"
    w.lines += [f"if {' and '.join([*_imminent(b, w, 0), gap])}:", f"    return {b.option}", "return None"]


def _idle(b: Behavior, w: Writing) -> None:
    w.lines += [
        f"if {w.see['sign']} {'>=' if b.option > 0 else '<='} {w.knob('level')}:",
        f"    return {'False' if b.channel == PRESS else '0'}",
        "return None",
    ]


def _imminent(b: Behavior, w: Writing, at: int) -> list[str]:
    """What must hold for a hazard to be about to hit: it is seen, and at the player's height soon."""
    knobs, roles = dict(b.knobs), dict(b.roles)
    depth = w.see.get(f"depth{at}", "")
    seen = [r for r in (f"hazard{at}", f"depth{at}") if r in roles and roles[r].sight.optional]
    tests = list(dict.fromkeys(f"{w.see[r].rsplit('.', 1)[0]} is not None" for r in seen))
    if f"from{at}" in knobs:
        tests.append(f"{depth} > {w.knob(f'from{at}')}")
    elif f"until{at}" in knobs:
        tests.append(f"{depth} < {w.knob(f'until{at}')}")
    elif f"reach{at}" in knobs:
        level = f" - {w.knob(f'level{at}')}" if f"level{at}" in knobs else ""
        tests.append(f"abs({depth} - {w.see[f'beside{at}']}{level}) < {w.knob(f'reach{at}')}")
    return tests


def _cross(b: Behavior, w: Writing) -> None:
    count = int(dict(b.knobs)["count"].value)
    speeds = w.part("speeds", f"[Speed(6) for _ in range({count})]")
    moving = w.watch("drift", "None", f"[v.see(x) for v, x in zip({speeds}, {w.see['lane']}, strict=True)]")
    w.lines += [
        f"lane = int(({w.see['own']} + {w.knob('ahead')} - {w.knob('origin')}) // {w.knob('height')})",
        f"if 0 <= lane < {count}:",
        f"    gap = {w.see['lane']}[lane] + {w.knob('lead')} * {moving}[lane] - {w.knob('place')}",
        f"    if abs(gap) < {w.knob('radius')}:",
        "        return 0",
        f"return {b.option}",
    ]


def _weave(b: Behavior, w: Writing) -> None:
    cars = [w.see[r] for r, _ in b.roles if r.startswith("car")]
    tracks = w.part("tracks", f"[Tracker(6) for _ in range({len(cars)})]")
    update = (
        f"[t.see(c.x, c.y) for t, c in zip({tracks}, ({', '.join(cars)},), strict=True) if c is not None]"
    )
    moving = w.watch("cars", "None", update)
    own = w.see["own"].rsplit(".", 1)[0]
    along, across = ("y", "x") if b.channel == DOWN else ("x", "y")
    w.lines += [
        f"ahead = {own}.{along} + {w.knob('ahead')}",
        f"for car in {moving}:",
        f"    gap = car.{across} + {w.knob('lead')} * car.v{across} - {own}.{across}",
        f"    if abs(car.{along} - ahead) < {w.knob('height')} and abs(gap) < {w.knob('radius')}:",
        "        return 0",
        f"return {b.option}",
    ]


KINDS: Mapping[str, BehaviorKind] = {
    "flee": BehaviorKind(
        told="make way for {}",
        rests=True,
        avoids=True,
        doc="Makes way for the {hazard}.",
        noun={"hazard": "hazard"},
        write=_flee,
        imports=("away",),
    ),
    "dodge": BehaviorKind(
        told="keep clear of {}",
        rests=True,
        avoids=True,
        doc="Goes to the nearest place that nothing is about to hit.",
        noun={
            **{f"hazard{i}": "hazard" for i in range(HAZARDS)},
            **{f"depth{i}": "hazard_depth" for i in range(HAZARDS)},
        },
        write=_dodge,
        imports=("dodge",),
    ),
    "shelter": BehaviorKind(
        told="keep clear of whatever comes down",
        rests=True,
        avoids=True,
        doc="Goes to the nearest place that nothing comes down on.",
        noun={"perils": "perils"},
        write=_shelter,
        imports=("dodge",),
    ),
    "reflex": BehaviorKind(
        told="turn {way} at once while {} comes close",
        avoids=True,
        doc="Steers {way} at once while the {hazard0} comes close.",
        noun={"hazard0": "hazard", "depth0": "hazard_depth"},
        write=_reflex,
    ),
    "idle": BehaviorKind(
        told="let go while {} warns",
        avoids=True,
        doc="Does nothing while the {sign} warns.",
        noun={"sign": "warning"},
        write=_idle,
    ),
    "cross": BehaviorKind(
        told="cross the lanes of {} when free",
        doc="Keeps going {way} while the lane ahead is free, else waits.",
        noun={"lane": "lanes"},
        write=_cross,
        imports=("Speed",),
    ),
    "weave": BehaviorKind(
        told="go on while the way is free",
        doc="Keeps going {way} while nothing is about to cross its way, else waits.",
        noun={f"car{i}": "car" for i in range(12)},
        write=_weave,
        imports=("Tracker",),
    ),
}
