"""Families of policies that push by urges: weighted sums of what is seen, one per axis of action."""

from __future__ import annotations

from collections.abc import Sequence

from hlearn.editors.search.knobs import Knob
from hlearn.editors.search.vector.products import polynomial, swing
from hlearn.editors.search.vector.template import Formula, Template, Term
from hlearn.editors.search.vector.urges import act_by_urges, away, gain_of, meaning, urge_template, weigh
from hlearn.probe.vector.sketch import (
    ANGLE,
    CHANGE,
    COS,
    FLAG,
    PLAIN,
    SIN,
    ActionAxis,
    Feature,
    VectorFindings,
)

WIDE = 150  # more weights than this: each axis listens to what it drives and to the body alone


def urge_families(sketch: VectorFindings, title: str) -> list[Template]:
    """Every family that fits the sketch, the plainest first."""
    angles = any(s.kind == ANGLE for s in sketch.signals)
    plain = [s for s in sketch.signals if s.kind in (PLAIN, ANGLE, FLAG)]
    families = [linear(sketch, title, plain, "linear")]
    if angles:
        round_ = [s for s in sketch.signals if s.kind in (PLAIN, COS, SIN, FLAG)]
        families.append(linear(sketch, title, round_, "linear in sines"))
    changes = [s for s in sketch.signals if s.kind == CHANGE]
    if changes:
        families.append(linear(sketch, title, [*plain, *changes], "linear with changes"))
    odd = frozenset(axis.name for axis in sketch.axes if axis.minus is not None)
    if sketch.discrete and 0 < len(odd) < len(sketch.axes) and _sideways(sketch, odd):
        families.append(mirror(sketch, title, odd))
    richer = swing(sketch, title) or polynomial(sketch, title)
    families += [richer] if richer is not None else []
    if len(sketch.axes) == 1 and len(plain) <= 6:
        families.append(two_modes(sketch, title))
    return families


def linear(
    sketch: VectorFindings,
    title: str,
    signals: Sequence[Feature],
    name: str,
    *,
    most: int = WIDE,
    centred: bool = False,
) -> Template:
    """Every axis's urge is a weighted sum of signals.

    Args:
        sketch: what the probe found.
        title: name of the class.
        signals: what is weighed.
        name: of the family.
        most: weights; with more, each axis listens to what it drives and to the body alone.
        centred: whether a signal counts from where episodes begin.
    """
    knobs: list[Knob] = []
    formulas = []
    wide = len(sketch.axes) * len(signals) > most
    for axis in sketch.axes:
        heard = _near(sketch, axis, signals) if wide else signals
        terms = [
            weigh(knobs, axis.name, s.name, away(s) if centred else f"s.{s.name}", gain_of(axis) / s.scale)
            for s in heard
        ]
        terms.append(weigh(knobs, axis.name, "bias", "1", gain_of(axis)))
        formulas.append(Formula(name=axis.name, doc=meaning(axis, sketch), terms=tuple(terms)))
    story = "Pushes along each axis by a weighted sum of what it sees."
    return urge_template(sketch, title, name, story, knobs, formulas, act_by_urges(sketch))


def mirror(sketch: VectorFindings, title: str, odd_axes: frozenset[str]) -> Template:
    """For worlds that look the same from left and right.

    What the odd axes drive is taken for the sideways part of the state: their urges are odd functions of it, the
    other axes' urges even ones.

    Args:
        sketch: what the probe found.
        title: name of the class.
        odd_axes: names of the axes that push sideways.
    """
    odd = _sideways(sketch, odd_axes)
    knobs: list[Knob] = []
    formulas = []
    for axis in sketch.axes:
        terms = []
        for signal in sketch.signals:
            if signal.kind not in (PLAIN, ANGLE, FLAG):
                continue
            spread = gain_of(axis) / signal.scale
            if axis.name in odd_axes and signal.name in odd:
                terms.append(weigh(knobs, axis.name, signal.name, f"s.{signal.name}", spread))
            elif axis.name not in odd_axes and signal.name in odd and signal.rate_of is None:
                terms.append(weigh(knobs, axis.name, f"abs_{signal.name}", f"abs(s.{signal.name})", spread))
            elif axis.name not in odd_axes and signal.name not in odd:
                terms.append(weigh(knobs, axis.name, signal.name, f"s.{signal.name}", spread))
        if axis.name not in odd_axes:
            terms.append(weigh(knobs, axis.name, "bias", "1", gain_of(axis)))
        formulas.append(Formula(name=axis.name, doc=meaning(axis, sketch), terms=tuple(terms)))
    story = "Balances sideways by opposite pushes; how far off it is, left or right alike, decides the rest."
    return urge_template(sketch, title, "mirror", story, knobs, formulas, act_by_urges(sketch))


def two_modes(sketch: VectorFindings, title: str) -> Template:
    """One axis: pump energy by pushing with the motion, until near the goal; there, balance."""
    axis = sketch.axes[0]
    gain = gain_of(axis)
    knobs: list[Knob] = []
    near: list[Term] = []
    hold: list[Term] = []
    pump: list[Term] = []
    for signal in sketch.signals:
        see = f"s.{signal.name}"
        if signal.kind == COS:
            near.append(weigh(knobs, "near", signal.name, see, 1.0))
        elif signal.kind == SIN:
            hold.append(weigh(knobs, "hold", signal.name, see, gain))
            pump.append(weigh(knobs, "pump", signal.name, see, gain))
        elif signal.kind == PLAIN and signal.rate_of is not None:
            square = 0.5 / signal.scale**2
            near.append(weigh(knobs, "near", f"{signal.name}_squared", f"{see}**2", square))
            hold.append(weigh(knobs, "hold", signal.name, see, gain / signal.scale))
            pump.append(weigh(knobs, "pump", signal.name, see, gain / signal.scale))
        elif signal.kind == PLAIN:
            near.append(weigh(knobs, "near", signal.name, see, 1.0 / signal.scale))
            hold.append(weigh(knobs, "hold", signal.name, see, gain / signal.scale))
    near.append(weigh(knobs, "near", "bias", "1", 1.0))
    formulas = [
        Formula(name="near", doc="Above 0: close enough to the goal to balance.", terms=tuple(near)),
        Formula(name="hold", doc="The push that balances.", terms=tuple(hold)),
        Formula(name="pump", doc="The push that gathers energy.", terms=tuple(pump)),
        Formula(
            name=axis.name,
            doc=meaning(axis, sketch),
            terms=(),
            source="s.hold if s.near > 0.0 else s.pump",
        ),
    ]
    story = "Gathers energy by pushing with the motion; near the goal it balances."
    return urge_template(sketch, title, "two modes", story, knobs, formulas, act_by_urges(sketch))


def _sideways(sketch: VectorFindings, odd_axes: frozenset[str]) -> set[str]:
    """Signals that the odd axes drive about as strongly as any other axis, and what they are rates of."""
    others = [dict(axis.drives) for axis in sketch.axes if axis.name not in odd_axes]
    driven = {
        name
        for axis in sketch.axes
        if axis.name in odd_axes
        for name, effect in axis.drives
        if all(abs(effect) > 0.5 * abs(other.get(name, 0.0)) for other in others)
    }
    return driven | {s.rate_of for s in sketch.signals if s.name in driven and s.rate_of is not None}


def _near(sketch: VectorFindings, axis: ActionAxis, signals: Sequence[Feature]) -> list[Feature]:
    """What an axis drives, and what no axis drives strongly (the body)."""
    own = [name for name, _ in axis.drives[:4]]
    own += [s.rate_of for s in signals if s.name in own and s.rate_of is not None]
    joints = {name for a in sketch.axes for name, _ in a.drives[:2]}
    joints |= {s.rate_of for s in signals if s.name in joints and s.rate_of is not None}
    free = max(4, WIDE // len(sketch.axes) - len(own))
    body = [s.name for s in signals if s.name not in joints][:free]
    return [s for s in signals if s.name in own or s.name in body]
