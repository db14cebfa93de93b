"""The vocabulary: how each kind of behaviour is written, in a few readable lines.

Adding a kind is adding a :class:`Kind` to :data:`KINDS`: its roles (the signals it is about), its knobs (the
constants that the search may turn) and the lines it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hlearn.editors.search.arcade.behaviors import DOWN, PRESS, Behavior


@dataclass(slots=True)
class Writing:
    """What a behaviour writes: names it may use, and lines it adds to ``setup`` and to the detectors."""

    see: Mapping[str, str]  # role -> expression for its present value
    rest: str  # expression for where the own thing comes to rest on this channel
    knob: Callable[[str], str]  # knob name -> expression
    part: Callable[[str, str], str]  # (word, constructor) -> expression of a part made in setup
    watch: Callable[[str, str, str], str]  # (word, parts expression, update call) -> state expression
    knobs: frozenset[str]  # the names of its knobs
    sign: int  # 1, or -1 where the command's direction lowers the position
    lines: list[str] = field(default_factory=list)

    def steer(self, expression: str) -> None:
        """Ends with the answer, turned round where the command's direction lowers the position."""
        self.lines.append(f"return {'-' if self.sign < 0 else ''}{expression}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one kind of behaviour is written.

    Attributes:
        doc: docstring of its method; ``{role}`` stands for the name of the role's detector.
        noun: role -> what the thing is called in the program.
        write: adds its lines to a :class:`Writing`.
        imports: names of ``hlearn.parts`` that its lines use.
    """

    doc: str
    noun: Mapping[str, str]  # role -> what the thing is called in the program
    write: Callable[[Behavior, Writing], None]
    imports: tuple[str, ...] = ()


def _follow(b: Behavior, w: Writing) -> None:
    w.steer(f"toward({w.rest} + {w.knob('offset')}, {w.see['target']}, {w.knob('deadband')})")


def _pursue(b: Behavior, w: Writing) -> None:
    speed = w.watch("speed", "Speed(6)", f"see({w.see['target']})")
    w.lines.append(f"ahead = {w.see['target']} + {w.knob('lead')} * {speed}")
    w.steer(f"toward({w.rest} + {w.knob('offset')}, ahead, {w.knob('deadband')})")


def _intercept(b: Behavior, w: Writing) -> None:
    track, depth = w.part("track", "Speed(8)"), w.part("depth", "Speed(8)")
    along = w.watch("along", "None", f"{track}.see({w.see['ball']})")
    across = w.watch("approach", "None", f"{depth}.see({w.see['depth']})")
    tally = next((w.see[r] for r, _ in b.roles if r == "tally"), "")
    variety = w.part("variety", "Variety()" if tally else "Variety(swell=25.0, patience=30)")
    told = f"coming, {tally or f'{track}.jumps'}"  # no score is seen: a new ball is progress
    coming = f"{across} > 0" if b.option > 0 else f"{across} < 0"
    w.lines += [
        f"coming = {coming}",
        f"aim = {w.knob('offset')} + {w.knob('spread')} * {variety}.next({told})",
        *_carefully(w, f"coming, {track}.jumps"),
        "if not coming:",
        f"    {'return -' if w.sign < 0 else 'return '}toward({w.rest} + aim, {w.see['ball']}, {w.knob('deadband')})",
        f"distance = {w.knob('line')} - {depth}.place",
        f"meet = landing({track}.place, {along}, distance, {across}, {w.knob('wall_low')}, {w.knob('wall_high')})",
    ]
    w.steer(f"toward({w.rest} + aim, meet, {w.knob('deadband')})")


def _carefully(w: Writing, told: str) -> list[str]:
    """After a lost ball the next one is met in the middle, where that is known apart from the aim."""
    if "middle" not in w.knobs:
        return []
    return [f"if {w.part('caution', 'Caution()')}.next({told}):", f"    aim = {w.knob('middle')}"]


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


def _hold(b: Behavior, w: Writing) -> None:
    w.steer(f"toward({w.rest}, {w.knob('place')}, {w.knob('deadband')})")


def _sweep(b: Behavior, w: Writing) -> None:
    sweep = w.part("sweep", f"Sweep({w.knob('left')}, {w.knob('right')})")
    w.steer(f"{sweep}.next({w.see['own']})")


def _push(b: Behavior, w: Writing) -> None:
    w.lines.append(f"return {b.option}")


def _swing(b: Behavior, w: Writing) -> None:
    pulse = w.part("swing", f"Pulse({w.knob('period')}, {w.knob('width')})")
    w.lines.append(f"return {b.option} if {pulse}.next() else {-b.option}")


def _step(b: Behavior, w: Writing) -> None:
    pulse = w.part("step", f"Pulse({w.knob('period')}, {w.knob('width')})")
    w.lines.append(f"return {b.option} if {pulse}.next() else 0")


def _press(b: Behavior, w: Writing) -> None:
    w.lines.append("return True")


def _pulse(b: Behavior, w: Writing) -> None:
    pulse = w.part("rhythm", f"Pulse({w.knob('period')}, {w.knob('width')})")
    w.lines.append(f"return {pulse}.next()")


def _serve(b: Behavior, w: Writing) -> None:
    pulse = w.part("serving", "Pulse(4, 2)")
    if b.role("ball").sight.optional:
        place = w.see["ball"].rsplit(".", 1)[0]
        w.lines.append(f"return {place} is None and {pulse}.next()")
        return
    speed = w.watch("stir", "Speed(4)", f"see({w.see['ball']})")
    w.lines.append(f"return {speed} == 0 and {pulse}.next()")


def _aim(b: Behavior, w: Writing) -> None:
    pulse = w.part("rhythm", f"Pulse({w.knob('period')}, {w.knob('width')})")
    error = f"{w.see['own']} + {w.knob('offset')} - {w.see['target']}"
    w.lines.append(f"return abs({error}) <= {w.knob('window')} and {pulse}.next()")


HAZARDS = 4  # that one rule looks at

KINDS: Mapping[str, Kind] = {
    "follow": Kind(
        doc="Stays level with the {target}.", noun={"target": "target"}, write=_follow, imports=("toward",)
    ),
    "pursue": Kind(
        doc="Goes where the {target} will be.",
        noun={"target": "target"},
        write=_pursue,
        imports=("Speed", "toward"),
    ),
    "intercept": Kind(
        doc="Meets the {ball} where it will cross the line, off-centre by a varying amount.",
        noun={"ball": "ball", "depth": "ball_depth", "tally": "score"},
        write=_intercept,
        imports=("Speed", "Variety", "landing", "toward"),
    ),
    "flee": Kind(
        doc="Makes way for the {hazard}.", noun={"hazard": "hazard"}, write=_flee, imports=("away",)
    ),
    "dodge": Kind(
        doc="Goes to the nearest place that nothing is about to hit.",
        noun={
            **{f"hazard{i}": "hazard" for i in range(HAZARDS)},
            **{f"depth{i}": "hazard_depth" for i in range(HAZARDS)},
        },
        write=_dodge,
        imports=("dodge",),
    ),
    "shelter": Kind(
        doc="Goes to the nearest place that nothing comes down on.",
        noun={"perils": "perils"},
        write=_shelter,
        imports=("dodge",),
    ),
    "reflex": Kind(
        doc="Steers this way at once while the {hazard0} comes close.",
        noun={"hazard0": "hazard", "depth0": "hazard_depth"},
        write=_reflex,
    ),
    "idle": Kind(doc="Does nothing while the {sign} warns.", noun={"sign": "warning"}, write=_idle),
    "cross": Kind(
        doc="Keeps going while the lane ahead is free, else waits.",
        noun={"lane": "lanes"},
        write=_cross,
        imports=("Speed",),
    ),
    "weave": Kind(
        doc="Keeps going while nothing is about to cross its way, else waits.",
        noun={f"car{i}": "car" for i in range(12)},
        write=_weave,
        imports=("Tracker",),
    ),
    "hold": Kind(doc="Goes to its place and stays.", noun={}, write=_hold, imports=("toward",)),
    "sweep": Kind(doc="Patrols between two ends.", noun={}, write=_sweep, imports=("Sweep",)),
    "push": Kind(doc="Keeps pushing one way.", noun={}, write=_push),
    "swing": Kind(
        doc="Pushes one way, then the other, in a rhythm.", noun={}, write=_swing, imports=("Pulse",)
    ),
    "step": Kind(doc="Takes a step, then rests, in a rhythm.", noun={}, write=_step, imports=("Pulse",)),
    "press": Kind(doc="Holds the button.", noun={}, write=_press),
    "pulse": Kind(doc="Presses in a rhythm.", noun={}, write=_pulse, imports=("Pulse",)),
    "serve": Kind(
        doc="Presses while the {ball} rests.", noun={"ball": "ball"}, write=_serve, imports=("Pulse", "Speed")
    ),
    "aim": Kind(
        doc="Presses when level with the {target}.", noun={"target": "target"}, write=_aim, imports=("Pulse",)
    ),
}
