"""Families of policies that push by urges: weighted sums of what is seen, one per axis of action."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

from hlearn.editors.search.knobs import Knob
from hlearn.editors.search.vector.sketch import ANGLE, COS, FLAG, PLAIN, SIN, Axis, Signal, Sketch
from hlearn.editors.search.vector.template import Formula, Template, Term

WIDE = 150  # more weights than this: each axis listens to what it drives and to the body alone


def urge_families(sketch: Sketch, title: str) -> list[Template]:
    """Every family that fits the sketch, the plainest first."""
    angles = any(s.kind == ANGLE for s in sketch.signals)
    plain = [s for s in sketch.signals if s.kind in (PLAIN, ANGLE, FLAG)]
    families = [linear(sketch, title, plain, "linear")]
    chase = pursuit(sketch, title)
    if chase is not None:
        families.append(chase)
    if angles:
        round_ = [s for s in sketch.signals if s.kind in (PLAIN, COS, SIN, FLAG)]
        families.append(linear(sketch, title, round_, "linear in sines"))
    if _has_mirror(sketch):
        families.append(mirror(sketch, title))
    if len(sketch.axes) == 1 and len(plain) <= 4:
        families.append(quadratic(sketch, title))
    if len(sketch.axes) == 1 and len(plain) <= 6:
        families.append(two_modes(sketch, title))
    return families


def linear(sketch: Sketch, title: str, signals: Sequence[Signal], name: str) -> Template:
    """Every axis's urge is a weighted sum of signals."""
    knobs: list[Knob] = []
    formulas = []
    wide = len(sketch.axes) * len(signals) > WIDE
    for axis in sketch.axes:
        heard = _near(sketch, axis, signals) if wide else signals
        terms = [_weigh(knobs, axis.name, s.name, f"s.{s.name}", _gain(axis) / s.scale) for s in heard]
        terms.append(_weigh(knobs, axis.name, "bias", "1", _gain(axis)))
        formulas.append(Formula(name=axis.name, doc=_meaning(axis, sketch), terms=tuple(terms)))
    story = "Pushes along each axis by a weighted sum of what it sees."
    return _template(sketch, title, name, story, knobs, formulas, act_by_urges(sketch))


def mirror(sketch: Sketch, title: str) -> Template:
    """For worlds that look the same from left and right: paired axes balance what they drive, others use its size.

    Where discrete pairs of opposite actions stand beside single ones, what a pair drives is taken for the sideways
    part of the state: the pair's urge is an odd function of it, the single actions' urges an even one.
    """
    odd = _sideways(sketch)
    knobs: list[Knob] = []
    formulas = []
    for axis in sketch.axes:
        terms = []
        for signal in sketch.signals:
            if signal.kind not in (PLAIN, ANGLE, FLAG):
                continue
            spread = _gain(axis) / signal.scale
            if axis.minus is not None and signal.name in odd:
                terms.append(_weigh(knobs, axis.name, signal.name, f"s.{signal.name}", spread))
            elif axis.minus is None and signal.name in odd and signal.rate_of is None:
                terms.append(_weigh(knobs, axis.name, f"abs_{signal.name}", f"abs(s.{signal.name})", spread))
            elif axis.minus is None and signal.name not in odd:
                terms.append(_weigh(knobs, axis.name, signal.name, f"s.{signal.name}", spread))
        if axis.minus is None:
            terms.append(_weigh(knobs, axis.name, "bias", "1", _gain(axis)))
        formulas.append(Formula(name=axis.name, doc=_meaning(axis, sketch), terms=tuple(terms)))
    story = "Balances sideways by opposite pushes; how far off it is, left or right alike, decides the rest."
    return _template(sketch, title, "mirror", story, knobs, formulas, act_by_urges(sketch))


def pursuit(sketch: Sketch, title: str) -> Template | None:
    """Every axis brings what it drives to a number that nothing drives and that has a similar range: a target.

    Returns:
        None where no axis has such a target.
    """
    moved = {name for axis in sketch.axes for name, _ in axis.drives}
    moved |= {s.rate_of for s in sketch.signals if s.name in moved and s.rate_of is not None}
    targets = [
        s for s in sketch.signals if s.kind == PLAIN and s.name not in moved and s.rate_of not in moved
    ]
    knobs: list[Knob] = []
    formulas, found = [], False
    for axis in sketch.axes:
        terms = []
        for own in (s for s in sketch.signals if s.name in dict(axis.drives) and s.kind == PLAIN):
            spread = _gain(axis) / own.scale
            if own.rate_of is not None:
                terms.append(_weigh(knobs, axis.name, own.name, f"s.{own.name}", spread))
                continue
            for target in (t for t in targets if _alike(own, t)):
                found = True
                name = f"{target.name}_from_{own.name}"
                terms.append(_weigh(knobs, axis.name, name, f"(s.{target.name} - s.{own.name})", spread))
        formulas.append(Formula(name=axis.name, doc=_meaning(axis, sketch), terms=tuple(terms)))
    if not found:
        return None
    story = "Brings what it moves to where the target is."
    return _template(sketch, title, "pursuit", story, knobs, formulas, act_by_urges(sketch))


def quadratic(sketch: Sketch, title: str) -> Template:
    """One axis, few signals: all products of two as well."""
    axis = sketch.axes[0]
    signals = [s for s in sketch.signals if s.kind in (PLAIN, ANGLE)]
    knobs: list[Knob] = []
    terms = [_weigh(knobs, axis.name, s.name, f"s.{s.name}", _gain(axis) / s.scale) for s in signals]
    for a, b in combinations_with_replacement(signals, 2):
        name = f"{a.name}_squared" if a is b else f"{a.name}_{b.name}"
        factor = f"s.{a.name}**2" if a is b else f"s.{a.name} * s.{b.name}"
        terms.append(_weigh(knobs, axis.name, name, factor, 0.5 * _gain(axis) / (a.scale * b.scale)))
    terms.append(_weigh(knobs, axis.name, "bias", "1", _gain(axis)))
    formula = Formula(name=axis.name, doc=_meaning(axis, sketch), terms=tuple(terms))
    story = "Pushes by a weighted sum of what it sees and of products of two."
    return _template(sketch, title, "quadratic", story, knobs, [formula], act_by_urges(sketch))


def two_modes(sketch: Sketch, title: str) -> Template:
    """One axis: pump energy by pushing with the motion, until near the goal; there, balance."""
    axis = sketch.axes[0]
    gain = _gain(axis)
    knobs: list[Knob] = []
    near: list[Term] = []
    hold: list[Term] = []
    pump: list[Term] = []
    for signal in sketch.signals:
        see = f"s.{signal.name}"
        if signal.kind == COS:
            near.append(_weigh(knobs, "near", signal.name, see, 1.0))
        elif signal.kind == SIN:
            hold.append(_weigh(knobs, "hold", signal.name, see, gain))
            pump.append(_weigh(knobs, "pump", signal.name, see, gain))
        elif signal.kind == PLAIN and signal.rate_of is not None:
            square = 0.5 / signal.scale**2
            near.append(_weigh(knobs, "near", f"{signal.name}_squared", f"{see}**2", square))
            hold.append(_weigh(knobs, "hold", signal.name, see, gain / signal.scale))
            pump.append(_weigh(knobs, "pump", signal.name, see, gain / signal.scale))
        elif signal.kind == PLAIN:
            near.append(_weigh(knobs, "near", signal.name, see, 1.0 / signal.scale))
            hold.append(_weigh(knobs, "hold", signal.name, see, gain / signal.scale))
    near.append(_weigh(knobs, "near", "bias", "1", 1.0))
    formulas = [
        Formula(name="near", doc="Above 0: close enough to the goal to balance.", terms=tuple(near)),
        Formula(name="hold", doc="The push that balances.", terms=tuple(hold)),
        Formula(name="pump", doc="The push that gathers energy.", terms=tuple(pump)),
        Formula(
            name=axis.name,
            doc=_meaning(axis, sketch),
            terms=(),
            source="s.hold if s.near > 0.0 else s.pump",
        ),
    ]
    story = "Gathers energy by pushing with the motion; near the goal it balances."
    return _template(sketch, title, "two modes", story, knobs, formulas, act_by_urges(sketch))


def act_by_urges(sketch: Sketch) -> str:
    """The method that turns urges into the action."""
    if not sketch.discrete:
        urges = ", ".join(f"s.{a.name}" for a in sketch.axes)
        return f"@controller\ndef push(self, s):\n    return [{urges}]"
    lines = ["@rule", "def push(self, s):"]
    if len(sketch.axes) == 1 and sketch.axes[0].minus is not None:
        axis = sketch.axes[0]
        lines.append(f"    return {axis.plus} if s.{axis.name} > 0.0 else {axis.minus}")
        return "\n".join(lines)
    sizes = ", ".join(_size(a) for a in sketch.axes)
    if sketch.neutral is not None:
        sizes += ", 1.0"
    lines.append(f"    strongest = max({sizes})")
    for axis in sketch.axes:
        lines.append(f"    if {_size(axis)} == strongest:")
        choice = (
            f"{axis.plus} if s.{axis.name} > 0.0 else {axis.minus}" if axis.minus is not None else axis.plus
        )
        lines.append(f"        return {choice}")
    lines.append("    return None")
    return "\n".join(lines)


def attributes(sketch: Sketch) -> tuple[str, ...]:
    """Class attributes: the idle action, or the bounds of the push."""
    if sketch.discrete:
        return (f"idle = {sketch.neutral if sketch.neutral is not None else 0}",)
    low, high = [a.low for a in sketch.axes], [a.high for a in sketch.axes]
    if len(set(low)) == 1 and len(set(high)) == 1:
        return (f"low = {low[0]:g}", f"high = {high[0]:g}")
    return (f"low = np.array({low})", f"high = np.array({high})")


def _template(
    sketch: Sketch,
    title: str,
    name: str,
    story: str,
    knobs: Sequence[Knob],
    formulas: Sequence[Formula],
    body: str,
) -> Template:
    return Template(
        name=name,
        title=title,
        story=story,
        composed=not sketch.discrete,
        attributes=attributes(sketch),
        knobs=tuple(knobs),
        signals=sketch.signals,
        formulas=tuple(formulas),
        body=body,
    )


def _weigh(knobs: list[Knob], formula: str, name: str, factor: str, spread: float) -> Term:
    """Opens a knob and returns the term that it weighs."""
    knob = Knob(name=f"{formula}_{name}", spread=spread)
    knobs.append(knob)
    return Term(knob=knob.name, factor=factor)


def _gain(axis: Axis) -> float:
    """Half the axis's range: a push of that size is a sensible answer to one deviation."""
    return 0.5 * (axis.high - axis.low) if axis.minus is None and axis.low < 0.0 else axis.high


def _size(axis: Axis) -> str:
    return f"abs(s.{axis.name})" if axis.minus is not None else f"s.{axis.name}"


def _meaning(axis: Axis, sketch: Sketch) -> str:
    moved = ", ".join(f"{'+' if effect > 0 else '-'}{name}" for name, effect in axis.drives[:2])
    moves = f" (moves {moved})" if moved else ""
    if not sketch.discrete:
        return f"Push on channel {axis.plus}{moves}."
    if axis.minus is None:
        return f"Urge for action {axis.plus}{moves}."
    return f"Urge for action {axis.plus}{moves}; below 0 for action {axis.minus}."


def _sideways(sketch: Sketch) -> set[str]:
    """Signals that a pair of opposite actions drives, and what they are rates of."""
    odd = {name for axis in sketch.axes if axis.minus is not None for name, _ in axis.drives}
    bases = {s.rate_of for s in sketch.signals if s.name in odd and s.rate_of is not None}
    return odd | bases


def _has_mirror(sketch: Sketch) -> bool:
    kinds = {axis.minus is None for axis in sketch.axes}
    return sketch.discrete and kinds == {True, False} and bool(_sideways(sketch))


def _alike(own: Signal, target: Signal) -> bool:
    """Whether two signals have a similar range."""
    apart = abs(own.centre - target.centre) < 2.0 * (own.scale + target.scale)
    return apart and 0.25 < own.scale / target.scale < 4.0


def _near(sketch: Sketch, axis: Axis, signals: Sequence[Signal]) -> list[Signal]:
    """What an axis drives, and what no axis drives strongly (the body)."""
    own = [name for name, _ in axis.drives[:4]]
    own += [s.rate_of for s in signals if s.name in own and s.rate_of is not None]
    joints = {name for a in sketch.axes for name, _ in a.drives[:2]}
    joints |= {s.rate_of for s in signals if s.name in joints and s.rate_of is not None}
    free = max(4, WIDE // len(sketch.axes) - len(own))
    body = [s.name for s in signals if s.name not in joints][:free]
    return [s for s in signals if s.name in own or s.name in body]
