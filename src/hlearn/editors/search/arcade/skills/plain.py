"""The vocabulary: how each kind of behaviour is written, in a few readable lines.

A :class:`BehaviorKind` in :data:`KINDS` says its roles (the signals it is about), its knobs (the constants that the
search may turn) and the lines it writes. When to try it is said elsewhere: a hypothesis proposes it (``hypotheses``),
a mutation may (``vary``), ``prose`` has its words, and repairs that are about one kind name it.
"""

from __future__ import annotations

from collections.abc import Mapping

from hlearn.editors.search.arcade.behaviors import ACROSS, Behavior
from hlearn.editors.search.arcade.writing import BehaviorKind, Writing


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
    variety = w.part("variety", "Variety()" if tally else "Variety(patience=30)")
    told = f"coming, {tally or f'{track}.jumps'}"  # no score is seen: a new ball is progress
    coming = f"{across} > 0" if b.option > 0 else f"{across} < 0"
    w.lines += [
        f"coming = {coming}",
        f"aim = {w.knob('offset')} + {variety}.next({told}, {w.knob('spread')}, {w.knob('swell')})",
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


def _hold(b: Behavior, w: Writing) -> None:
    w.steer(f"toward({w.rest}, {w.knob('place')}, {w.knob('deadband')})")


def _sweep(b: Behavior, w: Writing) -> None:
    sweep = w.part("sweep", f"Sweep({w.knob('left')}, {w.knob('right')})")
    w.steer(f"{sweep}.next({w.see['own']})")


def _push(b: Behavior, w: Writing) -> None:
    w.lines.append(f"return {b.option}")


def _foresee(b: Behavior, w: Writing) -> None:
    w.lines.append(f"return s.plan[0][{0 if b.channel == ACROSS else 1}]")


def _shoot(b: Behavior, w: Writing) -> None:
    pulse = w.part("rhythm", f"Pulse({w.knob('period')}, {w.knob('width')})")
    w.lines.append(f"return True if s.plan[1] and {pulse}.next() else None")


def _rest(b: Behavior, w: Writing) -> None:
    w.lines.append("return 0")


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
    w.lines.append(f"return True if abs({error}) <= {w.knob('window')} and {pulse}.next() else None")


KINDS: Mapping[str, BehaviorKind] = {
    "follow": BehaviorKind(
        told="stay level with {}",
        rests=True,
        doc="Stays level with the {target}.",
        noun={"target": "target"},
        write=_follow,
        imports=("toward",),
    ),
    "pursue": BehaviorKind(
        told="go where {} will be",
        rests=True,
        doc="Goes where the {target} will be.",
        noun={"target": "target"},
        write=_pursue,
        imports=("toward",),
    ),
    "intercept": BehaviorKind(
        told="meet {}",
        rests=True,
        doc="Meets the {ball} where it will cross the line, off-centre by a varying amount.",
        noun={"ball": "ball", "depth": "ball_depth", "tally": "score"},
        write=_intercept,
        imports=("landing", "toward"),
    ),
    "hold": BehaviorKind(
        told="stay in place",
        rests=True,
        doc="Goes to its place and stays.",
        noun={},
        write=_hold,
        imports=("toward",),
    ),
    "sweep": BehaviorKind(told="patrol", doc="Patrols between two ends.", noun={}, write=_sweep),
    "push": BehaviorKind(told="keep pushing {way}", doc="Keeps pushing {way}.", noun={}, write=_push),
    "foresee": BehaviorKind(
        told="as the plan says", doc="Goes the best way for the next second.", noun={}, write=_foresee
    ),
    "shoot": BehaviorKind(
        told="press while something stands level",
        doc="Presses while something stands level.",
        noun={},
        write=_shoot,
    ),
    "rest": BehaviorKind(told="stay", doc="Does not steer.", noun={}, write=_rest),
    "swing": BehaviorKind(
        told="push {way} and back in a rhythm",
        doc="Pushes {way}, then the other way, in a rhythm.",
        noun={},
        write=_swing,
    ),
    "step": BehaviorKind(
        told="push {way} and rest in a rhythm",
        doc="Pushes {way}, then rests, in a rhythm.",
        noun={},
        write=_step,
    ),
    "press": BehaviorKind(told="hold", doc="Holds the button.", noun={}, write=_press),
    "pulse": BehaviorKind(told="press in a rhythm", doc="Presses in a rhythm.", noun={}, write=_pulse),
    "serve": BehaviorKind(
        told="press while {} rests",
        doc="Presses while the {ball} rests.",
        noun={"ball": "ball"},
        write=_serve,
    ),
    "aim": BehaviorKind(
        told="press when level with {}",
        doc="Presses when level with the {target}.",
        noun={"target": "target"},
        write=_aim,
    ),
}
